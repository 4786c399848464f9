// Senders at rest come back as they were, each field of them: a field that nobody carries would be
// another board's (sim/roster.ts).

import fc from "fast-check";
import { expect, test } from "vitest";
import { createSender, type Sender } from "../../device/state.ts";
import { makeTagKey, SUITE_CHASKEY } from "../../device/tag.ts";
import { sha256 } from "../../gateway/sha256.ts";
import type { Board } from "../../sim/board.ts";
import { Roster } from "../../sim/roster.ts";
import { holds, SEED } from "../device/sender-rig.ts";

const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 0xffffffff });
const ms = fc.double({ min: 0, max: 1e12, noNaN: true });
const text = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((b) => Buffer.from(b).toString("latin1"));
const some = (length: number) => fc.oneof(fc.constant(""), text(length));
const flag = fc.integer({ min: 0, max: 1 });
const INSTANTS = ["rto", "sentAt", "retryAt", "beatAt", "helloAt", "helloGap", "interval", "gap"]
  .concat(["waitMax", "windowAt", "windowEnd", "nudgeAt", "srtt", "rttvar", "wakeAt", "rested"])
  .map((name) => [name, ms] as const);
const WORDS = ["epoch", "limit", "seq", "ackSeq"].map((name) => [name, word] as const);
const BYTES = ["vitals", "code", "mapped", "spread", "rungs"].map((name) => [name, byte] as const);

/** What of a sender changes while it lives. */
const state = fc.record({
  ...Object.fromEntries([...INSTANTS, ...WORDS, ...BYTES]),
  acked: flag,
  dirty: flag,
  ready: flag,
  leaving: flag,
  tries: fc.integer({ min: 0, max: 3 }),
  madeUp: fc.integer({ min: 0, max: 2 }),
  unacked: fc.integer({ min: 0, max: 16 }),
  heard: fc.integer({ min: 0, max: 0xffff }),
  told: fc.integer({ min: 0, max: 511 }),
  tag: some(8),
  ackTag: some(8),
  nonce: some(8),
  frame: some(24),
  extra: some(5),
  load: some(9),
  each: some(3),
});
/** Of the ladder, and of commands, only where there is a failure, or a command. */
const ladder = fc.oneof(
  fc.constant({ failed: 0, climbed: 0, step: 0 }),
  fc.record({
    failed: fc.integer({ min: 1, max: 70_000 }),
    climbed: fc.integer({ min: 0, max: 70_000 }),
    step: fc.constantFrom(0, 3, 24),
    climbAt: ms,
  }),
);
const orders = fc.oneof(
  fc.constant({ cmd: 0, todo: 0 }),
  fc.record({
    cmd: fc.integer({ min: 1, max: 65_535 }),
    todo: fc.integer({ min: 0, max: 2 }),
    result: some(7),
    payload: some(6),
  }),
);

test(`a sender comes back as it was, whoever was on the desk meanwhile (seed ${SEED})`, () => {
  const one = fc.tuple(state, ladder, orders).map(([a, b, c]) => ({ ...a, ...b, ...c }));
  const config = fc.record({
    own: fc.constantFrom(200, 60_000),
    makeUps: fc.integer({ min: 0, max: 2 }),
    reserve: fc.constantFrom(1, 32),
    ladder: byte,
    ownMin: fc.constantFrom(200, 5000),
    ownMax: fc.constantFrom(60_000, 900_000),
  });
  holds(
    fc.property(fc.array(fc.tuple(one, config), { minLength: 2, maxLength: 5 }), (all) => {
      const roster = new Roster(SEED, sha256);
      const put: Record<string, unknown>[] = [];
      all.forEach(([values, settings], at) => {
        const slot = roster.place(at + 1);
        roster.boards.push({ origin: "" } as unknown as Board);
        const key = makeTagKey(SUITE_CHASKEY, String.fromCharCode(at).repeat(16), sha256);
        const made = { id: at + 1, key, random: roster.random, ...settings };
        const memory = { epoch: 0, limit: 0, acked: 0, origin: "" };
        const s: Sender = Object.assign(createSender(made, memory, 0), values);
        // What nobody asks for while there is no failure, or no command.
        const { key: _, random: __, origin: ___, ...rest } = s;
        put.push({ ...rest });
        roster.put(slot, s);
      });
      for (const slot of [...put.keys(), ...put.keys()].reverse()) {
        const s = roster.at(slot) as unknown as Record<string, unknown>;
        for (const [name, value] of Object.entries(put[slot]!)) {
          const idle =
            (name === "climbAt" && !s["failed"]) || (/^(result|payload)$/.test(name) && !s["cmd"]);
          if (!idle) expect([name, s[name]]).toEqual([name, value]);
        }
      }
    }),
    300,
  );
});
