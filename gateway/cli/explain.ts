/**
 * `explain ID [--at TIME]`: why a device has the status it has, or had at a moment. Instants are
 * told in the time zone of this terminal.
 */

import { type Command, InvalidArgumentError } from "commander";
import { parseDuration } from "../../device/words.ts";
import type { ExplainJson } from "../http/answers.ts";
import { askGateway, type GatewayOptions, type Streams, withGateway } from "./common.ts";

interface Options extends GatewayOptions {
  readonly at?: string;
}

const AT_WORDS = "14:05, 2026-11-22T14:05, with Z or an offset, or -2h for two hours ago";

export function addExplain(program: Command, streams: Streams): void {
  const command = program
    .command("explain <id>")
    .description("say why a device has the status it has, with numbers and what was ruled out")
    .option("--at <time>", `of a moment: ${AT_WORDS}`, moment);
  withGateway(command).action(async (id: string, options: Options) => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    const query = new URLSearchParams({ zone: timeZone });
    if (options.at !== undefined) query.set("at", options.at);
    const path = `devices/${encodeURIComponent(id)}/explain?${query}`;
    const told = (await askGateway(options, "GET", path)) as ExplainJson;
    streams.out(options.json ? `${JSON.stringify(told)}\n` : text(told));
  });
}

function text({ sentences, ruledOut }: ExplainJson): string {
  const out = ruledOut.length === 0 ? [] : ["", "Ruled out:", ...ruledOut.map((it) => `  ${it}`)];
  return `${[...sentences, ...out].join("\n")}\n`;
}

/** As HTTP takes it. A time of day alone is the last one that there was. */
export function moment(given: string, _before?: unknown, now = new Date()): string {
  if (given.startsWith("-") && parseDuration(given.slice(1)) !== undefined) return given;
  const day = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(given);
  if (day !== null) {
    const [hour, minute, second] = day.slice(1).map((part) => Number(part ?? 0)) as [
      number,
      number,
      number,
    ];
    if (hour < 24 && minute < 60 && second < 60) {
      const at = new Date(now);
      at.setHours(hour, minute, second, 0);
      if (at > now) at.setDate(at.getDate() - 1);
      return at.toISOString();
    }
  }
  const full = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(given);
  const at = full ? Date.parse(given.replace(" ", "T")) : Number.NaN;
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError(`Expected ${AT_WORDS}.`);
}
