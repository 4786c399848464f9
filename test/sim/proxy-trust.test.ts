// The proxy decides as virtual time does. The same scenario and seed are played twice, by the world
// and by real boards on sockets, the proxy and a real gateway, and each frame that both had must
// have had the same fate: always, where luck is keyed by its occasion alone or by its number on the
// link; for 999 in 1000, where the path is looked up in time, which a socket's clock shifts.
// Whether such a difference is the clock's is asked of a link of the same model, at both instants.
//
// Nothing here is timed: boards of a slow machine say the same things later. What they say only in
// one of the two (a try more, a beat more at the end) is counted and told apart. By how much frames
// were late is the proxy's own report; on a machine that did not keep up, which the test says then,
// the fates are compared all the same, and only how many there are to compare is not asked for.

import { afterAll, beforeAll, expect, test } from "vitest";
import { compare, fateOf, type Pair, playBoth } from "./live-pair.ts";
import { printed } from "./trust-rig.ts";

const SEED = 31;
/** Ids come in blocks, a group each (ids.ts). */
const BLOCK = 0x10000;
/**
 * A machine keeps up if the proxy is certified and never stalls, and frames of both come so near to
 * each other, ms. The path of `fading` turns every 26 s: 3 ms move one frame in 8 000 over a turn.
 */
const STALL_MAX = 50;
const APART_P50 = 3;
const APART_P90 = 10;
/** What is asked of such a machine: frames that both had, what part of all they are. */
const BOTH_LEAST = 600;
const COMMON_LEAST = 0.9;
/** The part of them that is lost; with less this would say little. */
const LOST_LEAST = 0.1;

/** Passes for three seconds, then not for one, in single milliseconds. */
const STEPS_MS = Array.from({ length: 4_000 }, (_, ms) => (ms < 3_000 ? 0 : "lost"));
/** Every third beat and more, of 17 frames: tries and answers move along it. */
const STEPS = "0, 0, lost, 0, 20ms, 0, lost, lost, 0, 0, 5ms, lost, 0, 0, 0, lost, 0";
/** Time-outs far above what a busy machine adds to a round trip, so that it provokes no tries. */
const CALM = "{rto: 150ms, rtoMax: 150ms}";

const TEXT = `
run: 10s
gateway: {commit: 0ms}
fleet:
  - {group: losses, count: 40, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 5ms..25ms, duplicate: 5%, corrupt: 2%, up: {loss: 30%}, down: {loss: 20%}}}
  - {group: fast, count: 20, suite: hmac, interval: 200ms, boot: 2s,
     link: {delay: 1ms..10ms, loss: 20%}}
  - {group: patterns, count: 30, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 10ms, pattern: {per: frame, steps: [${STEPS}]}}}
  - {group: netem, count: 20, suite: crc16, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 10ms, netem: {p: 10%, r: 30%, lossBad: 90%, lossGood: 2%}}}
  - {group: fading, count: 100, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 5ms..25ms, loss: {good: 2%, bad: 90%, goodFor: 40s, badFor: 12s}}}
  - {group: outages, count: 20, suite: hmac, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 10ms, outage: {every: 6s, for: 1s}}}
  - {group: by-the-ms, count: 30, interval: 500ms, boot: 2s, config: ${CALM},
     link: {delay: 10ms, pattern: {per: ms, steps: [${STEPS_MS}]}}}
`;

let pair: Pair;
let keptUp: boolean;
const rows: string[][] = [];

beforeAll(async () => {
  pair = await playBoth(TEXT, SEED);
  const { errorMs, faults } = pair.proxy;
  const { shifts } = compare(pair, () => true, false);
  const near = apart(shifts, 0.5) < APART_P50 && apart(shifts, 0.9) < APART_P90;
  keptUp = faults.length === 0 && errorMs.max! < STALL_MAX && near;
}, 60_000);

const apart = (shifts: readonly number[], part: number): number =>
  shifts[Math.ceil(part * shifts.length) - 1] ?? 0;

/** What both decided about the boards of a group, with a row for the table. */
function agreement(name: string, counts = false) {
  const block = pair.scenario.fleet.findIndex(({ group }) => group === name);
  const agreed = compare(pair, (id) => Math.floor((id - 1) / BLOCK) === block, counts);
  const { both, lost, differ, shifts, alone } = agreed;
  const single = Object.values(alone).reduce((sum, n) => sum + n, 0);
  const common = both / (both + single);
  const same = 1 - differ.length / both;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const ms = (part: number) => `${apart(shifts, part).toFixed(1)} ms`;
  const why = Object.entries(alone).map(([each, n]) => `${n} ${each}`);
  rows.push([name, `${both}`, `${lost}`, `${differ.length}`, percent(same), percent(common)]);
  rows.at(-1)!.push(ms(0.5), ms(0.9), why.join(", "));
  if (keptUp) {
    expect(both).toBeGreaterThan(BOTH_LEAST);
    expect(common).toBeGreaterThan(COMMON_LEAST);
    expect(lost / both).toBeGreaterThan(LOST_LEAST);
  }
  return { differ, same, link: pair.scenario.fleet[block]!.link };
}

test.each(["losses", "fast"])("%s: all frames that both had share their fate", (group) => {
  expect(agreement(group).differ).toEqual([]);
});

test.each(["patterns", "netem"])("%s by the frame: all of them, in their order", (group) => {
  expect(agreement(group, true).differ).toEqual([]);
});

test.each([
  ["fading", 0.999],
  ["outages", 0.99],
  ["by-the-ms", 0.99],
])("%s: all but those that a clock moved over a change", (group, least) => {
  const { differ, same, link } = agreement(group);
  for (const [virtual, live] of differ) {
    expect(fateOf(link[virtual.way], SEED, virtual)).toBe(virtual.fate);
    expect(fateOf(link[live.way], SEED, live)).toBe(live.fate);
  }
  if (keptUp) expect(same).toBeGreaterThanOrEqual(least);
});

test("the proxy's own error is below 2 ms at p99, if it believes itself", () => {
  const { errorMs, faults } = pair.proxy;
  if (faults.length === 0) expect(errorMs.p99).toBeLessThan(2);
});

afterAll(() => {
  const heads = ["both had", "frames", "lost", "differ", "the same", "in common", "apart p50"];
  printed(`seed ${SEED}`, [...heads, "p90", "only one had"], rows);
  const { errorMs, unreadMs, up, down, faults } = pair.proxy;
  const ms = (value: number | null) => `${value?.toFixed(2)} ms`;
  console.log(
    `the proxy was late by ${ms(errorMs.p50)} at p50, ${ms(errorMs.p99)} at p99, unread ` +
      `${ms(unreadMs.p99)}; ${up.received} frames up, ${down.received} down`,
  );
  if (faults.length > 0) console.log(`not certified here: ${faults.join("; ")}`);
  if (!keptUp) console.log("this machine did not keep up: how many agree was not asked for");
});
