// Rule 16, the device's half: which COMMAND is to be begun, which asks again for a kept RESULT, and
// the RESULT itself. Fed from `handle` in sender.ts.
//
// The shell does what must be done in between, in this order, once `todo` says so: it makes (epoch,
// cmd) durable as *begun*, lets the application act, makes the result durable, and sends what
// `answer` gives. A power cut before the first leaves nothing done; one after it leaves a command
// begun without a result, which the shell finds at boot and puts into `result` as code 4: it is
// answered, and never done again. One number is enough to know what was begun, because the gateway
// offers one command at a time, in the order of their numbers, and the next only after the RESULT.
// What lost: acting from within `handle`, where nothing is durable yet and, on a board, a socket's
// callback would wait for the application.

import { u8 } from "./bytes.ts";
import { seal } from "./hello.ts";
import type { Sender } from "./state.ts";
import { encodeResultHead, RESULT } from "./wire.ts";

/** Codes of a RESULT (protocol section 2). */
export const DONE = 0;
export const REFUSED = 1;
export const FAILED = 2;
export const NO_HANDLER = 3;
export const INTERRUPTED = 4;

/** In `todo`: answer again; begin. */
export const AGAIN = 1;
export const BEGIN = 2;

/** Numbers go around from 65535 to 1. */
const CMD_MAX = 65535;
/** A result in all: its code, and a payload of up to 239 bytes. */
export const RESULT_MAX = 240;

/** What a COMMAND with this number asks for: BEGIN, AGAIN, or 0. */
export function askedBy(s: Sender, cmd: number): number {
  const ahead = (cmd - s.cmd + CMD_MAX) % CMD_MAX;
  return !cmd || ahead > 32767 ? 0 : ahead ? BEGIN : s.cmd && AGAIN;
}

/** A COMMAND that verifies asks for `asked`. One that waits to be begun is not asked for twice. */
export function ordered(s: Sender, asked: number, cmd: number, payload: string): void {
  if (asked === BEGIN) {
    s.cmd = cmd;
    s.payload = payload;
  }
  s.todo = Math.max(s.todo, asked);
}

/** What the application gave back as a RESULT's code and payload; a number that is none: failed. */
export function resultOf(came: string | number | undefined): string {
  if (typeof came === "number") return u8(came >= 0 && came <= INTERRUPTED ? came : FAILED);
  return "\0" + (came || "");
}

/** The RESULT of the last command begun; `result` has it. */
export function answer(s: Sender): string {
  const body = encodeResultHead(s.id, s.ackSeq, s.cmd, s.reach) + s.result;
  s.todo = 0;
  return body + seal(s, RESULT, s.epoch, s.ackSeq, body);
}
