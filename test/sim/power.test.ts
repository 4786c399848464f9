// Boards' energy: books that balance to the last nC whatever a board does, and the charges and
// lives that were measured on real ones.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Battery } from "../../sim/battery.ts";
import { type BoardPower, POWER_STATES, type PowerState } from "../../sim/board-power.ts";
import { BATTERIES, BOARDS } from "../../sim/boards.ts";
import { Power } from "../../sim/power.ts";

const SEED = 42;
const DAY_MS = 86_400_000;
const MC_PER_MAH = 3_600;
/** As it was measured: without the 200 ms that Espruino waits at boot. */
function measured(name: string): BoardPower {
  const board = BOARDS[name]!;
  if (!name.startsWith("esp32")) return board;
  return { ...board, bootMs: 70, nA: { ...board.nA, boot: 47_140_000 } };
}

/** 2500 mAh that neither age nor weaken: 9000 C, as in the tables that lives are compared with. */
const IDEAL: Battery = {
  name: "ideal",
  about: "",
  mAh: 2_500,
  selfDischargePerYear: 0,
  volts: [
    [0, 3.3],
    [1, 3.3],
  ],
  internalOhm: [0, 0],
  cold: [[20, 1, 1]],
};

const mC = (power: Power): number => power.total * MC_PER_MAH;

/** One wake out of deep sleep: boot, join, `awakeMs` of listening with a beat and an ack. */
function wake(power: Power, now: number, joinMs: number, awakeMs: number): void {
  power.enter("join", now);
  const joined = now + power.board.bootMs + joinMs;
  power.enter("awake", joined);
  power.frame("up", 16, joined);
  power.frame("down", 14, joined + 5);
  power.enter("deep", joined + awakeMs);
}

test("the books balance over any schedule, to the nC, and reading them changes nothing", () => {
  const step = fc.record({
    us: fc.oneof(
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 0, max: 60e6 }),
      fc.integer({ min: 0, max: 40 * 86_400e6 }),
    ),
    what: fc.constantFrom<PowerState | "up" | "down">(...POWER_STATES, "up", "down"),
    bytes: fc.integer({ min: 0, max: 200 }),
    read: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(BOARDS)),
      fc.array(step, { maxLength: 40 }),
      (board, steps) => {
        const power = new Power(board, BATTERIES["aa2"], 7);
        const silent = new Power(board, BATTERIES["aa2"], 7);
        let us = 7_000;
        for (const { us: after, what, bytes, read } of steps) {
          if (read) power.left((us + Math.floor(after / 2)) / 1000);
          us += after;
          for (const one of [power, silent]) {
            if (what === "up" || what === "down") one.frame(what, bytes, us / 1000);
            else one.enter(what, us / 1000);
          }
        }
        let run = 0;
        let charge = 0n;
        for (const state of POWER_STATES) {
          const spent = Math.round(power.timeOf(state, us / 1000) * 1000);
          expect(spent).toBeGreaterThanOrEqual(0);
          expect(Math.round(silent.timeOf(state, us / 1000) * 1000)).toBe(spent);
          run += spent;
          // nA us are fC; a million of them are an nC.
          const nC = (BigInt(board.nA[state]) * BigInt(spent)) / 1_000_000n;
          expect(power.chargeOf(state)).toBe(Number(nC) / 3.6e9);
          charge += nC;
        }
        expect(run).toBe(us - 7_000);
        expect(BigInt(power.totalNC)).toBe(charge);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

test("ten years awake are exact", () => {
  const power = new Power(BOARDS["mains"]!, undefined, 0);
  power.enter("awake", 0);
  power.left(3_652 * DAY_MS);
  const awake = 3_652n * 86_400_000n - 270n;
  const expected = (100_000_000n * awake) / 1_000n + (34_400_000n * 270n) / 1_000n;
  // 31 555 Ah is beyond 2^53 nC: the last bits of a double, no more.
  expect(Math.abs(Number(BigInt(power.totalNC) - expected)) / Number(expected)).toBeLessThan(1e-15);
});

test("out of off and deep a board boots first; frames take the air; light sleep keeps it up", () => {
  const power = new Power(measured("esp32"), undefined, 0);
  const air = 20 + (8 / 6) * (16 + 82);
  power.enter("join", 100);
  expect(power.timeOf("boot", 150)).toBe(50);
  power.enter("awake", 1_000);
  expect(power.timeOf("boot", 1_000)).toBe(70);
  expect(power.timeOf("join", 1_000)).toBe(830);
  power.frame("up", 16, 1_000);
  power.enter("light", 1_000);
  expect(power.timeOf("tx", 2_000)).toBe(Math.round(air) / 1000);
  expect(power.timeOf("light", 2_000)).toBe(1_000 - Math.round(air) / 1000);
  power.enter("awake", 2_000);
  expect(power.timeOf("boot", 3_000)).toBe(70);
  power.enter("deep", 3_000);
  power.enter("awake", 4_000);
  expect(power.timeOf("boot", 5_000)).toBe(140);
  // Power that goes ends all of it at once.
  power.frame("up", 16, 5_000);
  power.enter("off", 5_000);
  power.enter("off", 5_000);
  expect(power.timeOf("tx", 6_000)).toBe(Math.round(air) / 1000);
  expect(power.timeOf("off", 6_000)).toBe(1_100);
});

test("a modem stays connected behind its last frame, asleep or not", () => {
  const modem = BOARDS["lte-m-tracker"]!;
  const power = new Power(modem, undefined, 0);
  power.enter("awake", 0);
  power.frame("up", 16, 1_000);
  power.frame("down", 16, 2_000);
  power.enter("deep", 5_000);
  // 18 s from the last frame, less the 3 s awake (in which the modem listened anyway).
  expect(power.timeOf("tail", 60_000)).toBe(15_000 + power.timeOf("rx", 60_000));
  expect(power.timeOf("deep", 60_000)).toBeCloseTo(55_000 - power.timeOf("tail", 60_000), 6);
});

test.each([
  // protocols.md 6.2 (measured there): mC and ms of a wake up to the network, and beyond.
  ["esp32", 734, 0, 100.2, 0.005],
  ["esp32-dhcp", 1_626, 0, 204.3, 0.005],
  ["esp8266", 700, 0, 55, 0.01],
  // Wake from PSM, 200 bytes both ways: boaks/zephyr-coaps-client, 0.152 and 0.076 mWh at 3.7 V.
  ["lte-m-tracker", 1_600, 800, 147.9, 0.03],
  ["nb-iot-meter", 1_600, 1_500, 73.9, 0.03],
])(
  "%s: %d ms to the network and %d ms on it take %d mC",
  (name, networkMs, onMs, expected, off) => {
    const board = measured(name);
    const power = new Power({ ...board, nA: { ...board.nA, deep: 0 } }, undefined, 0);
    power.enter("join", 0);
    power.enter("awake", networkMs);
    if (onMs > 0) {
      power.frame("up", 200, networkMs);
      power.frame("down", 200, networkMs + onMs / 2);
    }
    power.enter("deep", networkMs + onMs);
    power.left(60_000);
    expect(Math.abs(mC(power) / expected - 1)).toBeLessThan(off);
    const median = board.joinMs.find(([share]) => share === 0.5)![1];
    expect(Math.abs((board.bootMs + median) / networkMs - 1)).toBeLessThan(0.06);
  },
);

/** protocols.md 6.6: days on 2500 mAh, by seconds between beats. Charge of a wake, mC. */
const LIVES: readonly (readonly [board: string, mC: number, joinMs: number, days: number[]])[] = [
  ["esp32", 105, 664, [59, 289, 563, 1_524, 2_660]],
  ["esp32-dhcp", 210, 1_556, [30, 147, 289, 822, 1_524]],
  ["esp8266", 55, 587, [111, 512, 933, 2_060, 2_953]],
];
const INTERVALS_S = [60, 300, 600, 1_800, 3_600];

test.each(LIVES)("%s: the lives of the table, at %d mC a wake", (name, wakeMC, joinMs, days) => {
  const board = measured(name);
  // What the table's wake leaves for listening, after boot and join.
  const { boot, join, awake } = board.nA;
  const restMC = wakeMC - (boot * board.bootMs + join * joinMs) / 1e9;
  const awakeMs = (restMC * 1e9) / awake;
  INTERVALS_S.forEach((seconds, i) => {
    const power = new Power({ ...board, linkMs: 0 }, IDEAL, 0);
    for (let n = 0; n < 50; n++) wake(power, n * seconds * 1000, joinMs, awakeMs);
    const life = power.days(50 * seconds * 1000);
    // The table is rounded to days; its wakes last no time, and a beat's air is in ours.
    expect(Math.abs(life / days[i]! - 1)).toBeLessThan(0.02);
  });
});

test("who stays associated pays for it: Espruino's power save, and what it cannot have", () => {
  // protocols.md 6.6: break-even 61 s = charge of a wake over 0.9 mA of automatic light sleep. What
  // Espruino has of it, modem sleep, is dearer than a wake after 4 s already.
  const power = new Power(BOARDS["esp8266"]!, undefined, 0);
  wake(power, 0, 587, 0);
  expect(Math.abs(mC(power) / 0.9 / 61 - 1)).toBeLessThan(0.02);
  expect(Math.abs(mC(power) / (BOARDS["esp8266"]!.nA.light / 1e6) / 3.66 - 1)).toBeLessThan(0.02);
});

test("a sleep beyond 35 min is a chain: some mC more for each wake without the radio", () => {
  for (const [name, mCOfLink] of [
    ["esp32", 9.6],
    ["esp8266", 4],
  ] as const) {
    const board = BOARDS[name]!;
    const slept = (minutes: number, read: readonly number[] = []) => {
      const power = new Power(board, undefined, 0);
      power.enter("deep", 0);
      for (const at of [...read, minutes]) power.left(at * 60_000);
      return mC(power) - (board.nA.deep * minutes * 60) / 1e6;
    };
    expect(slept(35)).toBeCloseTo(0, 2);
    for (const [minutes, links] of [
      [36, 1],
      [70, 1],
      [71, 2],
      [24 * 60, 41],
    ] as const) {
      expect(Math.abs(slept(minutes) / (mCOfLink * links) - 1)).toBeLessThan(0.02);
    }
    expect(slept(71, [35, 35.001, 70])).toBeCloseTo(slept(71), 9);
  }
});
