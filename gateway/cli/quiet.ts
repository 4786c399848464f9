/**
 * `mute`, `maintenance` and `unmute`: who is not told of. A device or a site is quiet for a while,
 * or until `unmute`; what is still open then is told then.
 */

import type { Command } from "commander";
import { ago } from "../durations.ts";
import type { QuietJson } from "../http/answers.ts";
import { QUIET_MAX_MS } from "../quiets.ts";
import { askGateway, type GatewayOptions, type Streams, Usage, withGateway } from "./common.ts";
import { duration } from "./words.ts";

interface Options extends GatewayOptions {
  readonly site?: string;
  readonly for?: number;
}

const ABOUT = {
  mute: "tell nobody of a device or a site: its owner knows",
  maintenance: "tell nobody of a device or a site: announced work is done there",
  unmute: "end a mute or a maintenance; what is still open is told now",
} as const;

export function addQuiet(program: Command, streams: Streams): void {
  for (const kind of ["mute", "maintenance", "unmute"] as const) {
    const command = program
      .command(`${kind} [id]`)
      .description(ABOUT[kind])
      .option("--site <site>", "every device of this site");
    if (kind !== "unmute") {
      const length = duration(1_000, QUIET_MAX_MS, "1s to 366d");
      command.option("--for <duration>", "how long (default: until unmute)", length);
    }
    withGateway(command).action(async (id: string | undefined, options: Options) => {
      const path = pathOf(kind, id, options);
      if (kind === "unmute") {
        await askGateway(options, "DELETE", path);
        streams.out(options.json ? "{}\n" : `people are told of ${id ?? options.site} again\n`);
        return;
      }
      const body = { kind, ...(options.for !== undefined && { for: `${options.for}ms` }) };
      const set = (await askGateway(options, "PUT", path, body)) as QuietJson;
      streams.out(options.json ? `${JSON.stringify(set)}\n` : sentence(set));
    });
  }
}

function pathOf(kind: string, id: string | undefined, { site }: Options): string {
  if ((id === undefined) === (site === undefined)) {
    const given = id === undefined ? "neither" : "both";
    throw new Usage(`${kind}: given ${given}, expected an ID or --site S`);
  }
  return id === undefined
    ? `quiet/sites/${encodeURIComponent(site!)}`
    : `quiet/devices/${encodeURIComponent(id)}`;
}

function sentence({ target, kind, untilAt }: QuietJson): string {
  const end =
    untilAt === null
      ? "until unmute"
      : `until ${untilAt.slice(0, 19)}Z (${ago(wholeSeconds(Date.now() - Date.parse(untilAt)))})`;
  return `${kind} of ${target.replace(":", " ")} ${end}\n`;
}

/** What was asked for a moment ago as "2h" is not told as 1 h 59 min. */
function wholeSeconds(ms: number): number {
  return Math.round(ms / 1_000) * 1_000;
}
