/**
 * The frames that carry commands down, and how long to wait for an answer: COMMAND, and the ACK
 * again that ends a window.
 *
 * All are bound to the last accepted beat, so that only the board that sent it takes them, and go
 * to where it came from (rule 5). Each COMMAND has MORE: what ends the window is the ACK without
 * it, since only after the RESULT is known whether another command follows.
 */

import { SUITE_CRC, sealAck, sealTag } from "../../device/tag.ts";
import { COMMAND, DOWN, encodeCommand } from "../../device/wire.ts";
import type { Command } from "../affairs.ts";
import type { Ledger } from "../effects.ts";
import {
  COMMAND_RTO_FIRST,
  COMMAND_RTO_MAX,
  COMMAND_RTO_MIN,
  COMMAND_RTO_SLEEPER,
  type Limits,
} from "../limits.ts";
import type { Speech } from "../parts.ts";
import type { Hints } from "../receiver/hints.ts";
import type { Records } from "../records.ts";
import * as row from "../rows.ts";
import type { Queue } from "./queue.ts";

/** Whom commands ask. */
export interface Neighbours {
  readonly records: Records;
  readonly ledger: Ledger;
  readonly limits: Limits;
  readonly hints: Hints;
  readonly speech: Speech;
}

/** Types 4 to 7 do not exist under suite 0. */
export function takesCommands(records: Records, slot: number): boolean {
  return records.rows.bytes[slot * row.BYTES + row.SUITE] !== SUITE_CRC;
}

export function sleeps(records: Records, slot: number): boolean {
  return records.rows.bytes[slot * row.BYTES + row.REACH] !== 0;
}

/** The lower half of `state`: commands waiting, 15 = 15 or more. */
export function waitingNibble(waiting: number): number {
  return Math.min(15, waiting);
}

/** The COMMAND for a command that has its number. */
export function commandFrame(records: Records, { slot }: Queue, command: Command): string {
  const seq = records.rows.words[slot * row.WORDS + row.SEQ]!;
  const body = encodeCommand(seq, command.cmd, command.payload, true);
  const p = (DOWN << 7) | COMMAND;
  const key = records.tagKey(slot);
  return body + sealTag(key, p, command.epoch, seq, body, records.tag(slot));
}

/** The ACK of the last accepted beat once more, without MORE. */
export function closingAck({ records, speech }: Neighbours, { slot, waiting }: Queue): string {
  const { words, bytes } = records.rows;
  const w = slot * row.WORDS;
  const state = (speech.generation << 4) | waitingNibble(waiting.length);
  return sealAck(
    records.tagKey(slot),
    words[w + row.EPOCH]!,
    words[w + row.SEQ]!,
    speech.pace,
    bytes[slot * row.BYTES + row.MAPPED]!,
    state,
    false,
    records.tag(slot),
  );
}

/** The wait after the first send in a window, in ms. A sleeper listens 2 s: all three fit in. */
export function rtoOf({ srtt, rttvar }: Queue, sleeper: boolean): number {
  const learned = srtt === 0 ? COMMAND_RTO_FIRST : srtt + 4 * rttvar;
  const most = sleeper ? COMMAND_RTO_SLEEPER : COMMAND_RTO_MAX;
  return Math.min(most, Math.max(COMMAND_RTO_MIN, learned));
}

/** A RESULT came `rtt` ms after a COMMAND that was sent once (Karn's rule). */
export function sample(queue: Queue, rtt: number): void {
  const first = queue.srtt === 0;
  queue.rttvar += (first ? rtt * 2 : Math.abs(queue.srtt - rtt) - queue.rttvar) / 4;
  queue.srtt = Math.max(1, first ? rtt : queue.srtt + (rtt - queue.srtt) / 8);
}
