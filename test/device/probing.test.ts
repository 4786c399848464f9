// The search for the life of a NAT binding, in virtual time: sender, search, gateway and NATs are
// the real ones, and the checkers look on. Every router is found within the published number of
// probes, what is chosen keeps its binding, and no beat is worse off. Prints what it found.

import { afterAll, describe, expect, test } from "vitest";
import { lifeMs } from "../../device/binding-state.ts";
import { Checkers } from "../../sim/checkers.ts";
import { NAT_PRESETS, type NatModel, natPreset } from "../../sim/nat-presets.ts";
import { LINK_PRESETS, linkPreset } from "../../sim/presets.ts";
import { stream } from "../../sim/random.ts";
import { SEED } from "../gateway/gateway-bench.ts";
import { printed } from "../sim/trust-rig.ts";
import {
  commanded,
  DAY,
  found,
  HOUR,
  home,
  MINUTE,
  SECOND,
  searched,
  truth,
} from "./probing-rig.ts";

/** As published: four lives are tried at most, each at most twice. */
const PROBES_MAX = 8;

const rows: string[][] = [];
afterAll(() => printed(`seed ${SEED}`, ["link", "NAT", "life, s", "probes", "minutes"], rows));

/** Idle for so long, a warm flow is forgotten. */
const lifeOf = (model: NatModel | undefined) => model?.streamMs ?? Number.POSITIVE_INFINITY;

describe("a router is found, on a link that loses nothing", () => {
  test.each(NAT_PRESETS.map(({ name, model }) => ({ name, model })))("$name", ({ name, model }) => {
    const it = home(model, SEED);
    const checkers = new Checkers(it.world);
    const { done, probes, lives, minutes } = searched(it);
    rows.push(["lan", name, `${found(it.board) / SECOND}`, `${probes}`, minutes.toFixed(1)]);
    expect(done).toBe(true);
    expect(it.board.binding.used).toBe(truth(lifeOf(model)));
    expect(lives.size).toBeLessThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(PROBES_MAX);
    expect(checkers.violations).toEqual([]);
  });

  test(`any other (seed ${SEED})`, () => {
    const next = stream(SEED, 0, "routers");
    const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)]!;
    const dependences = ["endpoint", "address", "address-port"] as const;
    for (let n = 0; n < 150; n++) {
      const streamMs = Math.round(5_000 * 300 ** next());
      const model: NatModel = {
        ...natPreset("linux")!,
        unrepliedMs: Math.min(streamMs, Math.round(4_000 * 20 ** next())),
        streamMs,
        streamAfterMs: pick([0, 2_000]),
        inboundRefreshes: pick([false, true]),
        mapping: pick(dependences),
        filtering: pick(dependences),
        port: pick(["preserve", "sequential", "random", "block"]),
      };
      const it = home(model, SEED + n);
      const { done, probes } = searched(it);
      const told = `router ${n}: ${JSON.stringify(model)}`;
      expect(done, told).toBe(true);
      expect(probes, told).toBeLessThanOrEqual(PROBES_MAX);
      // The copies of a question make an idle time 0.4 s shorter than its delay.
      expect(it.board.binding.used, told).toBeGreaterThanOrEqual(truth(streamMs));
      expect(it.board.binding.used, told).toBeLessThanOrEqual(truth(streamMs + 400));
    }
  });

  test.each([
    [8, 0, -1],
    [9, 2, 1],
    [25, 2, 1],
    [26, 3, 2],
    [60, 4, 3],
    [600, 11, 10],
  ])("a board of %i s tries the %i shortest lives alone", (seconds, useful, used) => {
    const it = home(undefined, SEED, { intervalMs: seconds * SECOND });
    it.world.run(DAY);
    expect(it.board.binding.useful).toBe(useful);
    expect(it.board.binding.used).toBe(used);
  });
});

describe("on links that lose", () => {
  const pairs = LINK_PRESETS.flatMap(({ name }) => NAT_PRESETS.map((nat) => ({ link: name, nat })));
  test.each(pairs)("$link, $nat.name", ({ link, nat: { name, model } }) => {
    let [exact, most, longest] = [0, 0, 0];
    const seeds = [SEED, SEED + 1, SEED + 2, SEED + 3];
    for (const seed of seeds) {
      const it = home(model, seed, { link: linkPreset(link)! });
      const { done, probes, voids, minutes } = searched(it, 7 * DAY);
      expect(done, `seed ${seed}`).toBe(true);
      expect(probes - voids, `seed ${seed}`).toBeLessThanOrEqual(PROBES_MAX);
      // Never more than there is, whatever was lost.
      expect(it.board.binding.used).toBeLessThanOrEqual(truth(lifeOf(model) + 400));
      if (it.board.binding.used === truth(lifeOf(model))) exact++;
      most = Math.max(most, probes);
      longest = Math.max(longest, minutes);
    }
    const life = exact === seeds.length ? "" : ` in ${exact} of ${seeds.length}`;
    rows.push([link, name, `right${life}`, `<= ${most}`, `<= ${longest.toFixed(0)}`]);
    if (link !== "wifi-edge") expect(exact).toBe(seeds.length);
  });
});

describe("what is chosen", () => {
  test.each(NAT_PRESETS.slice(1).map(({ name, model }) => ({ name, model: model! })))(
    "keeps the binding of $name: it is there at any time, and a command gets through",
    ({ model }) => {
      const it = home(model, SEED);
      expect(searched(it).done).toBe(true);
      const { world, ap } = it;
      const from = world.now;
      // From here on only the main flow has a binding, once that of the last probe has ended.
      world.run(from + 30 * MINUTE);
      for (let at = world.now; at < from + 3 * HOUR; at += 500) {
        world.run(at);
        expect(ap.nat!.mappings(at), `at ${at}`).toBeGreaterThan(0);
      }
      const next = stream(SEED, 1, "commands");
      for (let n = 0; n < 30; n++) {
        world.run(world.now + 5 * MINUTE * next() + 20 * SECOND);
        expect(commanded(it), `command ${n}`).toBeLessThan(1_000);
      }
    },
  );

  test("of a router that forgets sooner than any: its own interval, and no command before that", () => {
    const model = { ...natPreset("linux")!, unrepliedMs: 5_000, streamMs: 5_000 };
    const it = home(model, SEED, { intervalMs: 10 * MINUTE });
    expect(searched(it).done).toBe(true);
    expect(found(it.board)).toBe(0);
    expect(it.board.binding.high).toBe(0);
    it.world.run(it.world.now + HOUR);
    expect(commanded(it, 10 * MINUTE)).toBeGreaterThan(10 * SECOND);
  });

  test("is safe before anything is found: within the first minute commands get through", () => {
    for (const { name, model } of NAT_PRESETS) {
      const it = home(model, SEED);
      it.world.run(40 * SECOND);
      expect(commanded(it), name).toBeLessThan(1_000);
    }
  });
});

describe("no beat is worse off", () => {
  test("a board that probes beats as often, is as seldom late, and loses as few as one that has found", () => {
    for (const link of ["lan", "wifi-good", "wifi-congested"]) {
      const it = home(natPreset("linux"), SEED, { link: linkPreset(link)! });
      const checkers = new Checkers(it.world);
      let lates = 0;
      it.world.observe({
        told({ to }) {
          if (to !== "present") lates++;
        },
      });
      const { done } = searched(it);
      expect(done).toBe(true);
      expect(checkers.violations, link).toEqual([]);
      expect(lates, link).toBe(0);
    }
  });

  test("the luck of its beats is the same with a second socket and without", () => {
    const fates = (probes: boolean) => {
      const link = linkPreset("wifi-congested")!;
      const it = home(natPreset("linux"), SEED, { link, probes, intervalMs: 8 * SECOND });
      const seen: string[] = [];
      it.world.observe({
        sent({ direction, at, fate, bytes }) {
          if (((bytes.charCodeAt(0) >> 3) & 7) < 2) seen.push(`${direction} ${at} ${fate}`);
        },
      });
      it.world.run(HOUR);
      return seen;
    };
    expect(fates(true)).toEqual(fates(false));
    expect(fates(true).length).toBeGreaterThan(500);
  });

  test("a board that sleeps deeply never asks, and beats at its own interval", () => {
    const it = home(natPreset("linux"), SEED, { reach: 2, intervalMs: 10 * MINUTE });
    let ups = 0;
    it.world.observe({
      sent({ direction, bytes }) {
        if (direction === "up" && ((bytes.charCodeAt(0) >> 3) & 7) === 6)
          throw new Error("a PROBE");
        if (direction === "up" && bytes.charCodeAt(0) >> 3 === 8) ups++;
      },
    });
    it.world.run(DAY);
    expect(ups).toBeGreaterThan(140);
    expect(ups).toBeLessThan(170);
  });
});

test("lives stand a little below the cliffs of routers, and what is used below that", () => {
  const cliffs = [10, 30, 60, 90, 120, 180, 240, 300, 350, 600, 1_200];
  for (const [index, cliff] of cliffs.entries()) {
    expect(lifeMs(index) / SECOND).toBeLessThan(cliff - 0.9);
    expect(lifeMs(index) / SECOND).toBeGreaterThan(cliff * 0.9);
  }
});
