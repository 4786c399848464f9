/**
 * `commands`: what waits for a device, and what came of the rest; takes back what was never sent.
 */

import { type Command, InvalidArgumentError } from "commander";
import { ago } from "../durations.ts";
import type { CommandJson } from "../http/answers.ts";
import { askGateway, columns, type GatewayOptions, type Streams, withGateway } from "./common.ts";

interface Options extends GatewayOptions {
  readonly cancel?: number;
}

const HEAD = ["N", "PAYLOAD", "STATE", "QUEUED", "RESULT", "EXPECTED", "NOT AFTER"];

export function addCommands(program: Command, streams: Streams): void {
  const command = program
    .command("commands <id>")
    .description("list the commands of a device; ID is six hex digits or its name")
    .option("--cancel <n>", "take this one back, which was never sent", numberOf);
  withGateway(command).action(async (id: string, options: Options) => {
    const { cancel } = options;
    const path = `devices/${encodeURIComponent(id)}/commands`;
    if (cancel !== undefined) {
      await askGateway(options, "DELETE", `${path}/${cancel}`);
      streams.out(options.json ? "{}\n" : `${id}: command ${cancel} taken back\n`);
      return;
    }
    const { items } = (await askGateway(options, "GET", path)) as { items: CommandJson[] };
    if (options.json) streams.out(`${JSON.stringify(items)}\n`);
    else streams.out(columns([HEAD, ...items.map((item) => row(item, Date.now()))]));
  });
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected the number of a command.");
}

function row(command: CommandJson, now: number): string[] {
  const when = (at: string | null) => (at === null ? "-" : ago(now - Date.parse(at)));
  const waits = command.state === "queued" || command.state === "offered";
  return [
    `${command.n}`,
    shortly(command.payload ?? `hex ${command.payloadHex}`),
    command.state,
    when(command.queuedAt),
    outcome(command),
    waits && command.forecastAt !== null ? ahead(command.forecastAt, now) : "-",
    waits ? when(command.notAfter) : "-",
  ];
}

/** When a command will probably be delivered: "now", "in 12 min". */
export function ahead(forecastAt: string, now: number): string {
  const ms = Date.parse(forecastAt) - now;
  return ms < 1_000 ? "now" : ago(-ms);
}

/** The result in words; a failure without one may have been a success. */
export function outcome({ state, code, result, resultHex }: CommandJson): string {
  if (code !== null) {
    const words = ["", "", "", "unknown command", "interrupted, outcome unknown"][code] ?? "";
    const said = result ?? `hex ${resultHex}`;
    return (
      [words, said === "" ? "" : shortly(said)].filter((part) => part !== "").join(": ") || "-"
    );
  }
  return state === "failed" ? "outcome unknown" : "-";
}

function shortly(text: string): string {
  const line = JSON.stringify(text).slice(1, -1);
  return line.length > 40 ? `${line.slice(0, 37)}...` : line;
}
