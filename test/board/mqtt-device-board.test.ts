// Whole boards over MQTT on the virtual interpreter, with a broker that refuses, dies, goes deaf,
// or is none: whatever it does, once it is well the board is back; and the bundle does what its
// plain script does.

import { describe, expect, it } from "vitest";
import { bundle, joined, VARIANTS } from "../../device/build.ts";
import { BrokerWorld } from "./broker-rig.ts";

const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 1884);
const MINUTE = 60_000;

const sources = new URL("../../device", import.meta.url).pathname;
const variants = VARIANTS.filter(({ mqtt, suite }) => mqtt && suite === 1);

describe(`boards over MQTT (protocol, section 7; seed ${SEED})`, () => {
  it.each(variants)("$name comes back, and is what its script is", async (variant) => {
    const [plain, small] = await Promise.all([joined(variant, sources), bundle(variant, sources)]);
    const fates = new Set<string>();
    for (const own of [1_000, 20_000]) {
      const [told, expected] = [small, plain].map((script) => {
        const world = new BrokerWorld(script, variant.suite, own, SEED + own);
        world.live(own === 1_000 ? 20 * MINUTE : 60 * MINUTE);
        world.calm = true;
        world.live(10 * MINUTE);
        expect(world.view.status).toBe("present");
        return { log: world.board.log, knocks: world.knocks };
      });
      expect(told).toEqual(expected);
      for (const { fate } of told!.knocks) fates.add(fate);
      for (const line of told!.log) expect(line).not.toMatch(/broken|before|uncaught|reboot/);
    }
    expect(fates.size, [...fates].join()).toBe(8);
  });

  it("once the broker is well, each beat is acknowledged at its first try", async () => {
    const variant = variants.find(({ name }) => name === "mqtt-hmac")!;
    const script = await joined(variant, sources);
    for (let seed = SEED; seed < SEED + 20; seed++) {
      const world = new BrokerWorld(script, variant.suite, 10_000, seed);
      world.live(20 * MINUTE);
      world.calm = true;
      // The spacing of attempts, the beats' own back-off, and a HELLO's.
      world.live(15 * MINUTE);
      const { counters } = world.bench.core;
      const { fresh, duplicate, welcome } = counters;
      const knocks = world.knocks.length;
      world.live(10 * MINUTE);
      const place = `seed ${seed}`;
      expect(counters["fresh"]! - fresh!, place).toBeGreaterThanOrEqual(59);
      expect(counters["duplicate"], place).toBe(duplicate);
      expect(counters["welcome"], place).toBe(welcome);
      expect(world.knocks.length, place).toBe(knocks);
    }
  });

  it("in deep sleep it connects, beats and is acknowledged in each wake, within a second", async () => {
    const variant = variants.find(({ name }) => name === "mqtt-hmac-sleep")!;
    for (const script of [await joined(variant, sources), await bundle(variant, sources)]) {
      const world = new BrokerWorld(script, variant.suite, 5 * MINUTE, SEED, 2);
      world.calm = true;
      world.live(600 * MINUTE);
      const wakes = world.lives.slice(2);
      expect(wakes.length).toBeGreaterThan(115);
      for (const { why, awake } of wakes) {
        expect(why).toBe("sleep");
        expect(awake).toBeLessThan(1_000);
      }
      const { fresh, duplicate, welcome } = world.bench.core.counters;
      // It sleeps now.
      const lives = world.lives.length + 1;
      expect([fresh, duplicate, welcome]).toEqual([lives, 0, 1]);
      expect(world.knocks.length).toBe(lives);
    }
  });

  it("in deep sleep it is awake for 30 s at most, whatever the broker does, and comes back", async () => {
    const variant = variants.find(({ name }) => name === "mqtt-hmac-sleep")!;
    const world = new BrokerWorld(await joined(variant, sources), 1, 5 * MINUTE, SEED, 2);
    world.live(1_200 * MINUTE);
    const most = Math.max(...world.lives.slice(1).map(({ awake }) => awake));
    expect(most).toBeLessThanOrEqual(31_000);
    expect(new Set(world.knocks.map(({ fate }) => fate)).size).toBe(7);
    world.calm = true;
    world.live(120 * MINUTE);
    expect(world.view.status).toBe("present");
  });

  it("does not knock in a row: attempts are spaced while none is granted", async () => {
    const variant = variants.find(({ name }) => name === "mqtt-hmac")!;
    const script = await joined(variant, sources);
    const world = new BrokerWorld(script, variant.suite, 200, SEED);
    world.live(60 * MINUTE);
    for (let n = 6; n < world.knocks.length; n++) {
      const row = world.knocks.slice(n - 6, n + 1);
      if (row.slice(0, 6).some(({ fate }) => /fine|deaf|dies/.test(fate))) continue;
      expect(row[6]!.at - row[0]!.at).toBeGreaterThanOrEqual(60_000);
    }
  });
});
