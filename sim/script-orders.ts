// Commands in transcripts: what boards do with one, how one is queued, and what became of all.
//
//   send a led-on [ttl=1h] [supersede=led]    the payload is one word
//   commands a
//
// A board does what it is told and says so; but it refuses what begins with `refuse`, fails at what
// begins with `fail`, and knows nothing that begins with `unknown`.

import { FAILED, NO_HANDLER, REFUSED } from "../device/commands.ts";
import { NOT_AFTER_DEFAULT_MS } from "../gateway/limits.ts";
import { commandsOf } from "./asking.ts";
import type { OnCommand } from "./board-kind.ts";
import { sayInstant } from "./duration.ts";
import { duration, type Line, mistake } from "./line.ts";
import { boardOf, type Stage } from "./stage.ts";
import { table } from "./tell.ts";

const CODES: Record<string, number> = { refuse: REFUSED, fail: FAILED, unknown: NO_HANDLER };

/** The application of the boards of a transcript. */
export function application({ checkers, teller, world }: Stage): OnCommand {
  return (payload, id) => {
    const code = CODES[/^[a-z]*/.exec(payload)![0]];
    if (code !== undefined) return code;
    checkers.commands.acted(id, payload);
    teller.acted(id, payload, world.now);
    return `did ${payload}`;
  };
}

export function send(stage: Stage, line: Line): string[] {
  const board = boardOf(stage, line, line.words[0]);
  const payload = line.words[1];
  if (!payload) throw mistake(line, "send a payload");
  const ttl = line.options.get("ttl");
  const order = {
    payload,
    notAfterMs: ttl === undefined ? NOT_AFTER_DEFAULT_MS : duration(line, ttl),
    supersede: line.options.get("supersede") ?? "",
  };
  const { machine } = stage.world;
  const sent = machine.ask((gateway, now) => gateway.requests.send(board.id, order, now));
  if (!sent) throw mistake(line, "the gateway is not running");
  return [`  command ${sent.n}`, ...stage.teller.take()];
}

export function commands({ world, ...stage }: Stage, line: Line): string[] {
  const board = boardOf({ world, ...stage }, line, line.words[0]);
  const rows = [["n", "cmd", "payload", "state", "result", "forecast", "not after"]];
  for (const command of commandsOf(world.host, board.id, world.now)) {
    const { n, cmd, payload, state, result, forecastAt, notAfterAt } = command;
    const when = (at: number | null) => (at === null ? "-" : sayInstant(at));
    const waits = state === "queued" || state === "offered";
    const until = waits ? when(notAfterAt) : "-";
    rows.push([`${n}`, `${cmd}`, payload, state, result || "-", when(forecastAt), until]);
  }
  return table(rows);
}
