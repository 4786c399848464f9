// Batteries: they discharge themselves, end, weaken in the cold, and let their voltage break down
// under a radio long before they are empty; each at the point that can be worked out by hand.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Battery, voltsAt } from "../../sim/battery.ts";
import { POWER_STATES } from "../../sim/board-power.ts";
import { BATTERIES, BOARDS } from "../../sim/boards.ts";
import { checkQuantiles } from "../../sim/exact.ts";
import { Power } from "../../sim/power.ts";

const SEED = 42;
const DAY_MS = 86_400_000;
const esp32 = BOARDS["esp32"]!;

/** An hour of an ESP32 awake, from a cell that never ages nor weakens. */
const TENTH_AH: Battery = {
  name: "tenth",
  about: "",
  mAh: 100,
  selfDischargePerYear: 0,
  volts: [
    [0, 3.3],
    [1, 3.3],
  ],
  internalOhm: [0, 0],
  cold: [[20, 1, 1]],
};

test("what lies on a shelf discharges itself, and nothing else", () => {
  for (const battery of Object.values(BATTERIES)) {
    const power = new Power(esp32, battery, 0);
    const left = power.left(365.25 * DAY_MS);
    // As a current in whole nA: of the coin's 274, half of one is 2e-5 of its charge a year.
    expect(Math.abs(left - 1 + battery.selfDischargePerYear)).toBeLessThan(2e-5);
    expect(power.total).toBe(0);
  }
});

test("a battery ends, is changed, and says so in tenths", () => {
  const power = new Power(esp32, TENTH_AH, 0);
  power.enter("awake", 0);
  const hour = DAY_MS / 24;
  expect([power.vitals(0), power.empty]).toEqual([10, false]);
  expect(power.left(hour / 2)).toBeCloseTo(0.5, 4);
  expect(power.vitals(hour / 2)).toBe(5);
  expect([power.left(hour + 300), power.empty, power.vitals(hour + 300)]).toEqual([0, true, 0]);
  expect(power.brownsOut(hour + 300)).toBe(true);
  power.refill(0.3, hour + 300);
  expect(power.left(hour + 300)).toBeCloseTo(0.3, 9);
  expect([power.vitals(hour + 300), power.brownsOut(hour + 300)]).toEqual([3, false]);
  power.refill(1, hour + 300);
  expect(power.left(hour + 300)).toBe(1);
});

test("mains never end", () => {
  const power = new Power(BOARDS["mains"]!, undefined, 0);
  power.enter("awake", 0);
  const now = 3_650 * DAY_MS;
  expect([power.left(now), power.vitals(now), power.millivolt(now)]).toEqual([1, 14, 0]);
  expect([power.brownsOut(now, -40), power.empty, power.days(now)]).toEqual([
    false,
    false,
    Number.POSITIVE_INFINITY,
  ]);
});

test("a coin cell lets an ESP32 boot, and fells it as it joins, for ever", () => {
  const power = new Power(esp32, BATTERIES["cr2032"], 0);
  for (let now = 0; now < 100_000; now += 10_000) {
    expect(power.brownsOut(now)).toBe(false);
    power.enter("join", now);
    expect(power.brownsOut(now + 70)).toBe(true);
    power.enter("off", now + 70);
  }
  expect(power.usable()).toBe(0);
  expect(power.days(100_000)).toBe(0);
  // By hand: 3.2 V less 240 mA through 18 ohm.
  expect(voltsAt(BATTERIES["cr2032"]!, 1, 20, 240e6)).toBeCloseTo(3.2 - 0.24 * 18, 9);
});

test("two alkaline cells leave an ESP32 with half their charge, in frost with nearly all", () => {
  const power = new Power(esp32, BATTERIES["aa2"], 0);
  power.enter("awake", 0);
  expect(Math.abs(power.usable(20) - 0.5)).toBeLessThan(0.05);
  expect(power.usable(-20)).toBeLessThan(0.1);
  // The frost comes and goes: the board falls and comes back with the sun.
  power.refill(0.8, 0);
  expect([20, -20, 20].map((degrees) => power.brownsOut(0, degrees))).toEqual([false, true, false]);
  power.enter("deep", 0);
  expect(power.brownsOut(0, -20)).toBe(false);
});

test("less charge, more cold or more load never lift a voltage", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const degrees = fc.double({ min: -40, max: 60, noNaN: true });
  const nA = fc.integer({ min: 0, max: 500e6 });
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(BATTERIES)),
      fc.tuple(share, share),
      fc.tuple(degrees, degrees),
      fc.tuple(nA, nA),
      (battery, shares, temperatures, loads) => {
        const best = voltsAt(
          battery,
          Math.max(...shares),
          Math.max(...temperatures),
          Math.min(...loads),
        );
        const worst = voltsAt(
          battery,
          Math.min(...shares),
          Math.min(...temperatures),
          Math.max(...loads),
        );
        expect(worst).toBeLessThanOrEqual(best + 1e-12);
      },
    ),
    { seed: SEED, numRuns: 2_000 },
  );
});

test("what is usable ends exactly where the radio breaks the voltage", () => {
  for (const board of Object.values(BOARDS)) {
    for (const battery of Object.values(BATTERIES)) {
      for (const degrees of [-20, 0, 20]) {
        const power = new Power(board, battery, 0);
        power.enter("awake", 0);
        const usable = power.usable(degrees);
        const fallsAt = (left: number) => {
          power.refill(left, 0);
          return power.brownsOut(0, degrees);
        };
        const where = `${board.name} on ${battery.name} at ${degrees}`;
        if (usable > 0) expect(fallsAt(1 - usable + 1e-6), where).toBe(false);
        const end = battery.cold.find(([at]) => at === degrees)?.[1] ?? 1;
        if (usable < end - 1e-6) expect(fallsAt(1 - usable - 1e-6), where).toBe(true);
      }
    }
  }
});

test("every preset can be true", () => {
  for (const [name, board] of Object.entries(BOARDS)) {
    expect(board.name).toBe(name);
    for (const table of [board.attachMs, board.joinMs, board.joinAgainMs]) checkQuantiles(table);
    for (const state of POWER_STATES) expect(Number.isInteger(board.nA[state]), state).toBe(true);
    const { off, deep, light, awake } = board.nA;
    expect([off, deep < light, light < awake, awake < board.peakNA]).toEqual([0, true, true, true]);
    // Each runs on something that can be bought.
    const lives = Object.values(BATTERIES).map((one) => new Power(board, one, 0).usable());
    expect(Math.max(...lives), name).toBeGreaterThan(0.5);
  }
  for (const [name, battery] of Object.entries(BATTERIES)) {
    expect(battery.name).toBe(name);
    expect([battery.volts[0]![0], battery.volts.at(-1)![0]]).toEqual([0, 1]);
  }
});
