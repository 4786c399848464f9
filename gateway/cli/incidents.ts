/** `incidents`: what went wrong, newest last; `ack INCIDENT`: somebody takes one on. */

import { type Command, InvalidArgumentError } from "commander";
import { ago, span } from "../durations.ts";
import type { IncidentJson } from "../http/answers.ts";
import { askGateway, columns, type GatewayOptions, type Streams, withGateway } from "./common.ts";

interface Options extends GatewayOptions {
  readonly open?: boolean;
  readonly site?: string;
}

const HEAD = ["INCIDENT", "SCOPE", "CAUSE", "DEVICES", "AWAY", "OPENED", "LASTED", "STATE", "TOLD"];
const PAGE = 1_000;

export function addIncidents(program: Command, streams: Streams): void {
  const command = program
    .command("incidents")
    .description("list incidents, newest last")
    .option("--open", "only those that are open")
    .option("--site <site>", "only those of this site's devices");
  withGateway(command).action(async (options: Options) => {
    const found = await all(options);
    if (options.json) streams.out(`${JSON.stringify(found)}\n`);
    else if (found.length === 0) streams.out("no incidents\n");
    else streams.out(columns([HEAD, ...found.map((each) => row(each, Date.now()))]));
  });
}

export function addAck(program: Command, streams: Streams): void {
  const command = program
    .command("ack")
    .description("take an incident on: nobody is told of it again before it closes")
    .argument("<incident>", "its number", number);
  withGateway(command).action(async (n: number, options: GatewayOptions) => {
    const found = (await askGateway(options, "POST", `incidents/${n}/ack`)) as IncidentJson;
    streams.out(options.json ? `${JSON.stringify(found)}\n` : `acknowledged ${found.n}\n`);
  });
}

async function all({ open, site, ...options }: Options): Promise<IncidentJson[]> {
  const found: IncidentJson[] = [];
  const query = new URLSearchParams({ limit: `${PAGE}` });
  if (open) query.set("open", "true");
  if (site !== undefined) query.set("site", site);
  for (;;) {
    const page = (await askGateway(options, "GET", `incidents?${query}`)) as {
      items: IncidentJson[];
      next: number | null;
    };
    found.push(...page.items);
    if (page.next === null) return found;
    query.set("after", `${page.next}`);
  }
}

function row(incident: IncidentJson, now: number): string[] {
  const { n, scope, cause, joined, away, closedAt, ackedAt, told, hushed } = incident;
  const openedAt = Date.parse(incident.openedAt);
  const endedAt = closedAt === null ? now : Date.parse(closedAt);
  const state = closedAt !== null ? "closed" : ackedAt !== null ? "acknowledged" : "open";
  return [
    ...[`${n}`, scope, cause, `${joined}`, `${away}`, ago(now - openedAt)],
    ...[span(endedAt - openedAt), state, told.join(", ") || hushed || "-"],
  ];
}

function number(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new InvalidArgumentError("Expected the number of an incident.");
  }
  return Number(text);
}
