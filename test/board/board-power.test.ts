// The power goes at every step of a scripted wake, before, within and after each write to flash,
// and at any instant; then again and again, through loss. Whatever is left of a file, no number
// stands for two beats (rule 10), no nonce comes twice (rule 12), no command is done twice and the
// outcome of each is told (rule 16); the board recovers, and its flash stays small.

import { describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { stream } from "../../sim/random.ts";
import { type Kind, Sleeper } from "./board-life.ts";

const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 7227);
/** Torn in so many ways at each step. */
const WAYS = Number(process.env["NEXTBEAT_WAYS"] ?? 5);
const STORMS = Number(process.env["NEXTBEAT_STORMS"] ?? 4);
const CUTS = 150;
const OWN = 300_000;
/** Codes of a failed command: a new epoch began before its RESULT; begun, and nobody knows. */
const NO_RESULT = -1;
const INTERRUPTED = 4;
const FILES = ["nb", "nbb", "nbc", "nbk", "nbr", "nbs"];
/** 256 of `nb`, 240 of a result, what the sender keeps with a frame in it, marks of a chain. */
const BYTES_MAX = 256 + 250 + 180 + 40 + 30;

const sources = new URL("../../device", import.meta.url).pathname;
const named = (name: string) => VARIANTS.find((v) => v.name === name)!;
const script = async (name: string) =>
  (await Promise.all(["wifi", name].map((part) => bundle(named(part), sources)))).join(";\n");
const scripts = { 1: await script("udp-hmac-sleep"), 2: await script("udp-chaskey-sleep") };

/** What must hold once the power stays and frames arrive. `gapMax`: intervals of a gap at most. */
function settles(s: Sleeper, orders: readonly string[], gapMax: number): void {
  s.loss = 0;
  s.flash.cutAt = s.darkAt = Infinity;
  s.live(4 * OWN);
  expect(s.wrong).toEqual([]);
  expect(s.view.status).toBe("present");
  const before = s.view.seq;
  s.live(2.1 * gapMax * OWN);
  expect(s.view.seq).toBeGreaterThan(before);
  expect(new Set(s.did).size).toBe(s.did.length);
  for (const { state, code, payload } of s.commands) {
    expect(["done", "failed"]).toContain(state);
    if (state === "done") expect(s.did).toContain(payload);
    else expect([NO_RESULT, INTERRUPTED]).toContain(code);
  }
  // The gateway shows the newest.
  expect(s.commands.map(({ payload }) => payload)).toEqual(orders.slice(-s.commands.length));
  const kept = [...s.flash.files];
  expect(FILES).toEqual(expect.arrayContaining(kept.map(([name]) => name)));
  expect(kept.reduce((sum, [, text]) => sum + text.length, 0)).toBeLessThan(BYTES_MAX);
}

/** HELLO, beats, a command in a window, a make-up, another command, a chain: to its first link. */
const ORDERS = ["one", "two"];
const KIND: Kind = { config: { makeUps: 2 }, darkMs: 20_000 };

function scripted(s: Sleeper): void {
  s.live(1.2 * OWN);
  s.send("one");
  s.live(OWN);
  s.loss = 1;
  s.live(0.96 * OWN);
  s.loss = 0;
  s.live(OWN);
  s.send("two");
  s.live(2 * OWN);
}

describe.each([1, 2] as const)(`power cuts under suite %i (seed ${SEED})`, (suite) => {
  const lives = (seed: number, more: Kind = {}) =>
    new Sleeper(scripts[suite], { ...KIND, suite, seed, ...more });

  it("at every step of a scripted wake", () => {
    const whole = lives(SEED);
    scripted(whole);
    const { steps } = whole.flash;
    expect(steps).toBeGreaterThan(30);
    expect(whole.did).toEqual(ORDERS);
    for (let step = 0; step < steps; step++)
      for (let way = 0; way < WAYS; way++) {
        const s = lives(SEED);
        s.flash.luck = stream(SEED + way, 3, "torn");
        s.flash.cutAt = step;
        scripted(s);
        expect(s.lives.some(({ why }) => why === "power")).toBe(true);
        settles(s, ORDERS, 1);
      }
  }, 240_000);

  it("while it is in a chain of sleeps", () => {
    const config = { own: 3 * 3_600_000 };
    const whole = lives(SEED, { config });
    whole.live(config.own);
    for (let step = 0; step < whole.flash.steps; step++)
      for (let way = 0; way < WAYS; way++) {
        const s = lives(SEED, { config });
        s.flash.luck = stream(SEED + way, 4, "torn");
        s.flash.cutAt = step;
        s.live(2.5 * config.own);
        expect([s.wrong, s.view.status]).toEqual([[], "present"]);
      }
  }, 240_000);

  it(`${STORMS} storms of ${CUTS} cuts each, through a third of loss`, () => {
    for (let n = 0; n < STORMS; n++) {
      const luck = stream(SEED + n, 5, "storm");
      const s = lives(SEED + n, { loss: 0.33, darkMs: 30_000 });
      const orders: string[] = [];
      for (let cut = 0; cut < CUTS; cut++) {
        if (luck() < 0.5) s.flash.cutAt = s.flash.steps + Math.floor(luck() * 30);
        else s.darkAt = s.bench.now + luck() * 20_000;
        if (luck() < 0.3 && s.view.waiting < 3) {
          orders.push(`order ${cut}`);
          s.send(orders.at(-1)!);
        }
        s.live(luck() * 2 * OWN);
      }
      expect(s.lives.filter(({ why }) => why === "power").length).toBeGreaterThan(CUTS / 3);
      // Eight, since the gateway was long not heard.
      settles(s, orders, 8);
    }
  }, 240_000);
});

describe.each([1, 2] as const)("a flash with no room for a file, suite %i", (suite) => {
  it("is no reason to be silent, or awake: marks are filled in place", () => {
    const s = new Sleeper(scripts[suite], { suite });
    s.live(3 * OWN);
    const write = s.flash.write.bind(s.flash);
    s.flash.write = (name, data, offset = 0, size = 0) => {
      if (offset === 0) throw new Error("no space");
      return write(name, data, offset, size);
    };
    const { seq } = s.view;
    s.powerOn();
    s.live(10 * OWN);
    expect(s.view.seq).toBeGreaterThan(seq + 8);
    expect(Math.max(...s.lives.map(({ awake }) => awake))).toBeLessThan(11_000);
    expect(s.wrong).toEqual([]);
  });
});
