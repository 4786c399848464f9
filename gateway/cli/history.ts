/**
 * `history ID [--hours N]`: what a device did, as a bar of minutes or hours in the terminal, and
 * the time that it was up.
 *
 * A line is an hour of minutes, or a day of hours. Letters and not colours: a log keeps them, and
 * everybody can tell them apart.
 */

import { type Command, InvalidArgumentError } from "commander";
import { span } from "../durations.ts";
import { BY_HOUR_HOURS, HOUR_MS } from "../history/code.ts";
import type { Uptime } from "../history/read.ts";
import type { HistoryJson } from "../http/answers.ts";
import { askGateway, columns, type GatewayOptions, type Streams, withGateway } from "./common.ts";

interface Options extends GatewayOptions {
  readonly hours: number;
}

const LEGEND = "| heard  + heard and missed  x missed  . nothing due  ~ we were deaf  ? not known";

export function addHistory(program: Command, streams: Streams): void {
  const command = program
    .command("history <id>")
    .description("show the beats heard and missed of a device, and the time it was up")
    .option("--hours <n>", `how far back, 1 to ${BY_HOUR_HOURS}; by the hour above 48`, hours, 24);
  withGateway(command).action(async (id: string, options: Options) => {
    const path = `devices/${encodeURIComponent(id)}/history?hours=${options.hours}`;
    const told = (await askGateway(options, "GET", path)) as HistoryJson;
    streams.out(options.json ? `${JSON.stringify(told)}\n` : text(told));
  });
}

function text({ items, stepMs, uptime, changes }: HistoryJson): string {
  const lineMs = stepMs < HOUR_MS ? HOUR_MS : 24 * HOUR_MS;
  const lines = new Map<number, { bar: string; heard: number; missed: number }>();
  for (const item of items) {
    const at = Date.parse(item.at);
    const start = startOf(at, lineMs);
    const line = lines.get(start) ?? { bar: "", heard: 0, missed: 0 };
    const place = Math.floor((at - start) / stepMs);
    line.bar = line.bar.padEnd(place) + letter(item, stepMs);
    line.heard += item.heard ?? 0;
    line.missed += item.missed ?? 0;
    lines.set(start, line);
  }
  const rows = [...lines].map(([at, { bar, heard, missed }]) => [
    label(at, lineMs),
    bar.padEnd(lineMs / stepMs),
    `${heard}`,
    `${missed}`,
  ]);
  const bars = columns([["FROM", "", "HEARD", "MISSED"], ...rows]);
  const times = (["day", "week", "quarter"] as const).map((name) => [
    { day: "24 hours", week: "7 days", quarter: "90 days" }[name],
    ...upRow(uptime[name]),
  ]);
  const up = columns([["UP", "SHARE", "UP FOR", "DOWN", "DEAF", "NOT KNOWN"], ...times]);
  const { length } = changes;
  return `${bars}${LEGEND}\n\n${up}\n${length} ${length === 1 ? "change" : "changes"} of status\n`;
}

function letter(item: HistoryJson["items"][number], stepMs: number): string {
  const { heard, missed, deafMs } = item;
  if (deafMs * 2 >= stepMs && !heard) return "~";
  if (heard === null || missed === null) return "?";
  if (missed > 0) return heard > 0 ? "+" : "x";
  return heard > 0 ? "|" : ".";
}

function upRow({ share, upMs, downMs, deafMs, unknownMs }: Uptime): string[] {
  const part = share === null ? "-" : `${(Math.floor(share * 100_000) / 1_000).toFixed(3)} %`;
  return [part, span(upMs), span(downMs), span(deafMs), span(unknownMs)];
}

/** The full hour, or midnight, of this terminal's time at or before an instant. */
function startOf(at: number, lineMs: number): number {
  const start = new Date(at);
  start.setMinutes(0, 0, 0);
  if (lineMs > HOUR_MS) start.setHours(0);
  return start.getTime();
}

function label(at: number, lineMs: number): string {
  const [date, time] = new Date(at).toLocaleString("sv").split(" ");
  return lineMs > HOUR_MS ? date! : `${date} ${time!.slice(0, 5)}`;
}

function hours(given: string): number {
  const n = /^\d{1,4}$/.test(given) ? Number(given) : 0;
  if (n >= 1 && n <= BY_HOUR_HOURS) return n;
  throw new InvalidArgumentError(`Expected a number of hours from 1 to ${BY_HOUR_HOURS}.`);
}
