// What may happen next in a random life of a gateway: beats that arrive or do not, tries,
// greetings, a listener's replays, time, a disk that gets on or hangs, and the end of the process.

import fc from "fast-check";
import { LEAVING } from "../../device/wire.ts";
import { P_HOUR, P_LEAST, P_MINUTE } from "./gateway-rig.ts";

const board = fc.integer({ min: 0, max: 2 });
const kind = <K extends string>(name: K) => fc.constant(name);
export const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: kind("beat"),
      board,
      promise: fc.constantFrom(P_LEAST, 30, 60, P_MINUTE, P_HOUR, LEAVING),
      alert: fc.boolean(),
      payload: fc.boolean(),
      lost: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind("again"), board }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("hello"), board, fresh: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("replay"), pick: fc.nat() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("pass"),
      ms: fc.oneof(
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 8_000_000 }),
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: kind("settle"), commits: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("slow"), on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("crash"), ms: fc.integer({ min: 0, max: 500_000 }) }),
  },
);

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
