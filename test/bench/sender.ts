/**
 * What a beat costs a board, in Node: asked for, sent, asked again, its ACK heard, asked again, and
 * both tags with it.
 *
 * One sender, whose memory is all in the caches, and many in random order, each an object of its
 * own. The gateway's part is computed first and kept, so that it is not measured: a round plays the
 * same beats to fresh senders. The figure is CPU time, the least of the rounds, since other
 * programs only add to it. Usage: node dist/test/bench/sender.js [--boards 100000] [--rounds 10]
 */

import { handle, poll, sent } from "../../device/sender.ts";
import { createSender, type Sender } from "../../device/state.ts";
import { sealAck, sealTag } from "../../device/tag.ts";
import { DOWN, encodeWelcome, WELCOME } from "../../device/wire.ts";
import { tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { dice, shuffled } from "./luck.ts";
import { count, table } from "./table.ts";

const EPOCH = 7;
const RTT_MS = 30;

/** Boards that have an epoch, and whose first beat is due. Their luck is `random`. */
function fleet(boards: number, suite: number, random: () => number): Sender[] {
  const welcome = encodeWelcome(EPOCH, 0, 0, 0);
  return Array.from({ length: boards }, (_, at) => {
    const key = tagKeyOf(at + 1, suite);
    const memory = { epoch: 0, limit: 0, acked: 0, origin: "a salt, boot 1" };
    const s = createSender({ id: at + 1, key, own: 60_000, random }, memory, 0);
    poll(s, 0);
    sent(s, 0);
    const tag = sealTag(key, (DOWN << 7) | WELCOME, 0, 0, welcome, s.nonce);
    handle(s, welcome + tag, RTT_MS);
    return s;
  });
}

/** One beat of a sender. `answer` makes the ACK of a frame, "" = lost. @returns what came of it */
function beat(s: Sender, answer: (frame: string) => string): number {
  const now = s.beatAt;
  const frame = poll(s, now);
  s.dirty = 0;
  sent(s, now);
  poll(s, now);
  const ack = answer(frame);
  const result = ack ? handle(s, ack, now + RTT_MS) : 0;
  poll(s, now + RTT_MS);
  return result;
}

/** ns a beat, over at least 200 000 beats, of which one in `lose` is not answered (0 = none). */
function measure(boards: number, suite: number, lose: number, rounds: number): number {
  const turns = Math.ceil(200_000 / boards);
  const order = shuffled(boards);
  const below = dice(7_227);
  const acks: string[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let round = -1; round < rounds; round++) {
    const luck = dice(7);
    const senders = fleet(boards, suite, () => luck(65_536) / 65_536);
    let at = 0;
    let cleared = 0;
    const answer = (frame: string) => {
      if (round >= 0) return acks[at++]!;
      const s = senders[order[at % boards]! - 1]!;
      const lost = lose > 0 && s.unacked < 3 && below(lose) === 0;
      const end = frame.length - s.tag.length;
      acks[at++] = lost ? "" : sealAck(s.key, EPOCH, s.seq, 0, 0, 16, false, frame, end);
      return acks[at - 1]!;
    };
    const begun = process.cpuUsage();
    for (let turn = 0; turn < turns; turn++)
      for (const id of order) cleared += beat(senders[id - 1]!, answer) > 0 ? 1 : 0;
    const { user, system } = process.cpuUsage(begun);
    if (cleared !== acks.filter(Boolean).length) throw new Error(`${cleared} beats cleared`);
    if (round >= 0) least = Math.min(least, ((user + system) * 1000) / at);
  }
  return least;
}

const { boards, rounds } = readFlags({ boards: 100_000, rounds: 10 });
const rows = [0, 1, 2].map((suite) => [
  `suite ${suite}`,
  measure(1, suite, 0, rounds).toFixed(0),
  measure(1, suite, 10, rounds).toFixed(0),
  measure(boards, suite, 0, Math.ceil(rounds / 3)).toFixed(0),
]);
console.log("ns of CPU a beat, the least of the rounds");
console.log(table(["", "one", "one, a tenth lost", `${count(boards)} at random`], rows));
