// Deep sleepers in the world: each wake is a boot, so what a rule asks for must survive one; and no
// failure may keep a board awake. Rules are those of protocol.md, section 5.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUp, type Heartbeat } from "../../device/decode.ts";
import { intervalMs } from "../../device/interval.ts";
import { HEARTBEAT, HELLO } from "../../device/wire.ts";
import { POWER_CUTS } from "../../sim/board-kind.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { ScenarioRun } from "../../sim/scenario/run.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TAG_BYTES = 8;
const GROUP = "group: a, reach: deep, board: esp32, clock: exact";
const LINK = "{delay: 10ms}";

interface Said {
  readonly at: number;
  readonly bytes: string;
  readonly type: number;
}

/** One sleeper, or more; `said` by the first one, `wakes` of it: since when, and how long, ms. */
function play({ more = "", link = LINK, interval = "60s", faults = "[]" }, ms: number) {
  const fleet = `fleet: [{${GROUP}, interval: ${interval}, link: ${link}${more}}]`;
  const run = new ScenarioRun(parseScenario(`run: 3d\n${fleet}\nfaults: ${faults}\n`, "test"), 7);
  const { board } = run.cast.members[0]!;
  const said: Said[] = [];
  const wakes: [at: number, ms: number][] = [];
  let woke = -1;
  run.world.observe({
    sent({ at, bytes, direction, ...seen }) {
      const type = (bytes.charCodeAt(0) >> 3) & 7;
      if (direction === "up" && seen.board === board) said.push({ at, bytes, type });
    },
    slept(who, asleep, at) {
      if (who !== board) return;
      if (asleep && woke >= 0) wakes.push([woke, at - woke]);
      if (!asleep) woke = at;
    },
  });
  run.world.run(ms);
  const violations = () => run.checkers.violations.map((v) => `${v.invariant}: ${v.what}`);
  return { run, board, said, wakes, violations };
}

const beatsOf = (said: readonly Said[]) => said.filter(({ type }) => type === HEARTBEAT);
const fields = ({ bytes }: Said) => decodeUp(bytes, TAG_BYTES) as Heartbeat;
/** Each frame when it was said first. */
function firsts(said: readonly Said[]): Said[] {
  const seen = new Set<string>();
  return said.filter(({ bytes }) => !seen.has(bytes) && seen.add(bytes));
}

test("rule 10: numbers go on from wake to wake, one by one, and each wake counts as a boot", () => {
  const { said, board, violations } = play({}, HOUR);
  const numbers = firsts(beatsOf(said)).map((each) => fields(each).seq16);
  expect(numbers.length).toBeGreaterThan(55);
  expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  expect([board.flash.boots, board.flash.limit]).toEqual([numbers.length, numbers.length]);
  expect(violations()).toEqual([]);
});

test("rule 10: power goes at any step of a wake, over and over: no number is used twice", () => {
  const cut = fc.record({
    step: fc.constantFrom(...POWER_CUTS),
    afterMs: fc.integer({ min: 0, max: 4 * MINUTE }),
    offMs: fc.integer({ min: 0, max: 2 * MINUTE }),
  });
  fc.assert(
    fc.property(fc.array(cut, { minLength: 10, maxLength: 40 }), (cuts) => {
      const link = "{delay: 10ms, loss: 20%}";
      const { run, board, violations } = play({ link, more: ", config: {makeUps: 1}" }, 1);
      for (const { step, afterMs, offMs } of cuts) {
        run.world.run(run.world.now + afterMs);
        board.cutPower(step, offMs);
      }
      run.world.run(run.world.now + 10 * MINUTE);
      expect(violations()).toEqual([]);
    }),
    { seed: 11, numRuns: 40 },
  );
});

test("rule 12: sixteen beats unheard over sixteen wakes, then HELLO alone, an hour apart at last", () => {
  const away = "[{at: 10m, do: stop, for: 2d}]";
  const { said, run, violations } = play({ faults: away }, 24 * HOUR);
  const unheard = firsts(said).filter(({ at }) => at > 10 * MINUTE);
  expect(beatsOf(unheard)).toHaveLength(16);
  const hellos = unheard.filter(({ type }) => type === HELLO).map(({ at }) => at);
  const gaps = hellos.slice(-5).map((at, n, all) => (n > 0 ? at - all[n - 1]! : HOUR));
  for (const gap of gaps) expect(Math.abs(gap / HOUR - 0.95)).toBeLessThan(0.06);
  // The energy of it is life.ts's to tell; here: it spoke for two hours of the day at most.
  expect(said.length).toBeLessThan(250);
  run.world.run(50 * HOUR);
  expect(run.world.host.view(run.cast.members[0]!.board.id, run.world.now)?.status).toBe("present");
  expect(violations()).toEqual([]);
});

test("rule 12: an epoch of which no beat was acknowledged is not used in a later wake", () => {
  const deaf = "[{at: 0s, do: loss, share: 100%, direction: down, for: 5m, where: a}]";
  const { said, violations } = play({ faults: deaf }, 20 * MINUTE);
  expect(said[0]!.type).toBe(HELLO);
  const heard = said.findIndex(({ type }) => type === HEARTBEAT);
  expect(said.slice(0, heard).every(({ at, type }) => type === HELLO || at > 5 * MINUTE)).toBe(
    true,
  );
  expect(violations()).toEqual([]);
});

test("rule 13: make-ups are the same bytes a minute and three later, each in a wake of its own", () => {
  const faults = "[{at: 9m, do: cut, direction: both, for: 3m25s, where: a}]";
  const more = ", config: {makeUps: 2}";
  const { said, wakes, violations } = play({ more, interval: "10m", faults }, 18 * MINUTE);
  const beat = firsts(beatsOf(said)).find(({ at }) => at > 9 * MINUTE)!;
  const tries = said.filter(({ bytes }) => bytes === beat.bytes);
  expect(tries).toHaveLength(7);
  const sets = [0, 3, 6].map((n) => (tries[n]!.at - beat.at) / MINUTE);
  for (const [n, least] of [0, 0.85, 2.65].entries()) {
    expect(sets[n]).toBeGreaterThanOrEqual(least);
    expect(sets[n]).toBeLessThan(least + 0.4);
  }
  const woken = wakes.filter(([at, ms]) => tries.some((each) => each.at - at < ms && each.at > at));
  expect(woken).toHaveLength(3);
  expect(violations()).toEqual([]);
});

test("rule 14: first tries keep U(0.9, 1) intervals from wake to wake, and every promise", () => {
  const { said, violations } = play({ link: "{delay: 10ms, loss: 10%}" }, 12 * HOUR);
  const all = firsts(beatsOf(said)).slice(1);
  const gaps = all.slice(1).map(({ at }, n) => at - all[n]!.at);
  const usual = gaps.filter((gap) => gap < 1.2 * MINUTE);
  const mean = usual.reduce((sum, gap) => sum + gap, 0) / usual.length;
  // What joining took last time is taken off, so that its mean costs no spacing.
  expect(Math.abs(mean / MINUTE - 0.95)).toBeLessThan(0.015);
  for (const [n, gap] of gaps.entries()) {
    expect(gap).toBeLessThan(intervalMs(fields(all[n]!).promise));
  }
  expect(violations()).toEqual([]);
});

test("rule 18: unheard, the gaps double from wake to wake up to eight intervals", () => {
  const faults = "[{at: 5m, do: cut, direction: both, for: 2h, where: a}]";
  const { said } = play({ faults }, 80 * MINUTE);
  const all = firsts(beatsOf(said)).filter(({ at }) => at > 5 * MINUTE);
  const gaps = all.slice(1, 9).map(({ at }, n) => Math.round((at - all[n]!.at) / MINUTE / 0.95));
  expect(gaps.slice(0, 4)).toEqual([1, 1, 2, 4]);
  for (const gap of gaps.slice(4)) expect(Math.abs(gap - 8)).toBeLessThanOrEqual(1);
});

test("without an access point it gives up joining after ten seconds, and spends no beat on it", () => {
  const faults = "[{at: 5m, do: ap, for: 1h, where: a}]";
  const { said, wakes, violations } = play({ faults }, 80 * MINUTE);
  const deaf = wakes.filter(([at]) => at > 5 * MINUTE && at < 64 * MINUTE);
  expect(deaf.map(([, ms]) => Math.round(ms / 100))).toEqual(deaf.map(() => 103));
  const gaps = deaf.slice(1).map(([at], n) => Math.round((at - deaf[n]![0]) / MINUTE / 0.95));
  expect(gaps.slice(0, 3)).toEqual([1, 2, 4]);
  for (const gap of gaps.slice(3)) expect(Math.abs(gap - 8)).toBeLessThanOrEqual(1);
  expect(said.filter(({ at }) => at > 5 * MINUTE && at < 65 * MINUTE)).toEqual([]);
  const numbers = firsts(beatsOf(said)).map((each) => fields(each).seq16);
  expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  expect(violations()).toEqual([]);
});

test("no failure keeps it awake: half a minute, however slow and lossy the way", () => {
  const link = "{delay: 100ms..2500ms, loss: 60%}";
  const { wakes, violations } = play(
    { link, more: ", config: {wake: 10s, rtoMax: 8s}" },
    24 * HOUR,
  );
  expect(wakes.length).toBeGreaterThan(200);
  expect(Math.max(...wakes.map(([, ms]) => ms))).toBeLessThan(30_001);
  expect(violations()).toEqual([]);
});

test("extension 13: power comes back to a site, and its sleepers join over the spread; not so a wake", () => {
  const more = ", count: 40, ap: site";
  const { run } = play({ more, interval: "5m" }, 12 * MINUTE);
  const { now } = run.world;
  const at = new Map<string, number>();
  run.world.observe({
    sent({ board, direction, ...seen }) {
      if (board && direction === "up" && !at.has(board.name)) at.set(board.name, seen.at - now);
    },
  });
  for (const { board } of run.cast.members) {
    run.world.unplug(board);
    run.world.plug(board);
  }
  run.world.run(now + MINUTE);
  const waits = [...at.values()].sort((a, b) => a - b);
  expect(waits).toHaveLength(40);
  // Of 5.2 s, behind boot and join.
  expect(waits.at(-1)! - waits[0]!).toBeGreaterThan(3_500);
  expect(waits.at(-1)!).toBeLessThan(5_200 + 270 + 5_000);
  expect(new Set(waits.map((ms) => Math.round(ms / 100))).size).toBeGreaterThan(15);
});
