// The search for the life of a NAT binding (device/binding.ts), decision by decision: when a silence
// counts, when it looks again, what `mapped` says, what flash keeps, and what it never does.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answered, ask } from "../device/binding.ts";
import { type Binding, createBinding, joined, lifeMs } from "../device/binding-state.ts";
import { decodeUp, type ProbeUp } from "../device/decode.ts";
import { intervalMs } from "../device/interval.ts";
import { REBOOT, REJOIN, SOCKET, TRY } from "../device/ladder.ts";
import { handle, leave, poll, sent } from "../device/sender.ts";
import { createSender, type Sender } from "../device/state.ts";
import { computeTag, makeTagKey } from "../device/tag.ts";
import { ACK, DOWN, encodeAck, encodeProbeDown, PROBE, tagInput } from "../device/wire.ts";
import { sha256 } from "../gateway/sha256.ts";
import { type NatModel, natPreset } from "../sim/nat-presets.ts";
import { atRest, DAY, found, HOUR, home, MINUTE, SECOND, searched } from "./probing-rig.ts";
import { holds, SEED } from "./sender-rig.ts";

const key = makeTagKey(1, "0123456789abcdef", sha256);

/** A board whose gateway the test plays: it answers beats with `mapped`, and probes as told. */
class Bench {
  now = 0;
  mapped = 7;
  /** Whether beats are acknowledged, and which delays are answered. */
  hears = true;
  answers = (_delay: number): boolean => true;
  readonly probes: { at: number; delay: number; seq: number }[] = [];
  readonly beats: number[] = [];
  readonly s: Sender;
  readonly b: Binding;
  #due: { at: number; frame: string }[] = [];

  constructor(own = HOUR, known = "", network = "home") {
    const memory = { epoch: 7, limit: 0, acked: 1, origin: "salt" };
    this.s = createSender({ id: 5, key, own, random: () => 0 }, memory, 0);
    this.b = createBinding(known);
    joined(this.b, this.s, network, 0);
    ask(this.b, this.s, 0);
  }

  /** Lets time pass as the shell of a board does. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.turn();
      const next = Math.min(this.s.wakeAt, ...this.#due.map(({ at }) => at));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      const come = this.#due.filter(({ at }) => at <= this.now);
      this.#due = this.#due.filter(({ at }) => at > this.now);
      for (const { frame } of come) answered(this.b, this.s, frame, this.now);
    }
    this.now = until;
  }

  turn(): void {
    const { s, b } = this;
    for (let frame = poll(s, this.now); frame !== ""; frame = poll(s, this.now)) {
      this.beats.push(this.now);
      sent(s, this.now);
      if (!this.hears) continue;
      const body = encodeAck(s.seq, 0, this.mapped, 0, 0, "");
      const input = tagInput(DOWN, ACK, s.epoch, s.seq, body, s.tag);
      handle(s, body + computeTag(key, input), this.now);
    }
    const question = ask(b, s, this.now);
    if (question === "") return;
    const { delay, seq16 } = decodeUp(question, 8) as ProbeUp;
    this.probes.push({ at: this.now, delay, seq: seq16 });
    const copy = this.probes.filter((other) => other.delay === delay && other.seq === seq16);
    if (copy.length > 1 || !this.answers(delay)) return;
    this.#due.push({ at: this.now + intervalMs(delay), frame: this.answer(delay) });
  }

  answer(delay: number, bound = this.s.ackTag): string {
    const body = encodeProbeDown(this.s.ackSeq, delay);
    return body + computeTag(key, tagInput(DOWN, PROBE, this.s.epoch, this.s.ackSeq, body, bound));
  }

  /** Delays that were asked for beside the warm-ups, each once. */
  tried(): number[] {
    const firsts = this.probes.filter(
      ({ delay, seq }, n) =>
        delay > 3 && this.probes.findIndex((p) => p.delay === delay && p.seq === seq) === n,
    );
    return firsts.map(({ delay }) => delay);
  }
}

const up = (ms: number) => (delay: number) => intervalMs(delay) < ms;

describe("a probe", () => {
  test("is three warm-ups of 1, 2 and 3, answered, then the delay, asked for three times", () => {
    const it = new Bench();
    it.pass(MINUTE);
    // A warm-up needs no copy that is answered before.
    expect(it.probes.map(({ delay }) => delay)).toEqual([1, 2, 3, 107, 107, 107]);
    const at = it.probes.map((probe) => probe.at - it.probes[0]!.at);
    expect(at).toEqual([0, 1_500, 3_000, 4_500, 4_700, 4_900]);
  });

  test("that is not answered while it warms up teaches nothing: again after 10, 20, 40 min", () => {
    const it = new Bench();
    it.answers = () => false;
    it.pass(2 * DAY);
    const begins = it.probes.filter(({ at }, n) => at > (it.probes[n - 1]?.at ?? -1e9) + MINUTE);
    const gaps = begins.slice(1).map(({ at }, n) => Math.floor((at - begins[n]!.at) / MINUTE));
    expect(gaps.slice(0, 5)).toEqual([10, 20, 40, 80, 160]);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(DAY / MINUTE);
    expect(it.tried()).toEqual([]);
    expect(it.b.used).toBe(-1);
  });

  test("takes no answer but the one it asked for", () => {
    const it = new Bench();
    it.answers = (delay) => delay < 4;
    it.pass(30 * SECOND);
    expect(it.b.phase).toBe(4);
    const before = { ...it.b };
    const genuine = it.answer(107, it.s.ackTag);
    const wrong = [it.answer(106), it.answer(108), it.answer(107, "12345678"), "", genuine + "x"];
    for (let bit = 0; bit < genuine.length * 8; bit++) {
      const at = bit >> 3;
      const byte = String.fromCharCode(genuine.charCodeAt(at) ^ (1 << (bit & 7)));
      wrong.push(genuine.slice(0, at) + byte + genuine.slice(at + 1));
    }
    for (const frame of wrong) answered(it.b, it.s, frame, it.now);
    expect(it.b).toEqual(before);
  });

  test("is one of six a day, and none begins within 62 s of the one before", () => {
    const it = new Bench();
    it.answers = (delay) => delay < 4;
    it.pass(10 * DAY);
    const tried = it.probes.filter(
      ({ delay, seq }, n) => delay > 3 && seq !== it.probes[n - 1]?.seq,
    );
    for (const { at } of tried) {
      expect(tried.filter((p) => p.at >= at && p.at < at + DAY).length).toBeLessThanOrEqual(12);
    }
    const warm = it.probes.filter(({ delay }, n) => delay === 1 && it.probes[n - 1]?.delay !== 1);
    for (const [n, { at }] of warm.slice(1).entries()) {
      expect(at - warm[n]!.at).toBeGreaterThanOrEqual(62 * SECOND);
    }
  });
});

describe("a silence", () => {
  test("counts once a beat was acknowledged after it, and the second time", () => {
    const it = new Bench();
    it.answers = up(100 * SECOND);
    it.pass(171 * SECOND + 8 * SECOND);
    expect(it.b).toMatchObject({ at: 5, high: 11 });
    it.pass(12 * SECOND);
    expect(it.b).toMatchObject({ at: 5, high: 11, silent: 1 });
    it.pass(200 * SECOND);
    expect(it.b).toMatchObject({ high: 5, silent: 0 });
    it.pass(DAY);
    expect(found({ binding: it.b } as never)).toBe(lifeMs(3));
    expect(it.tried()).toEqual([107, 107, 91, 97, 102, 102]);
  });

  test("is void if that beat is not acknowledged: 10 min later it begins anew", () => {
    const it = new Bench();
    it.answers = up(100 * SECOND);
    it.pass(20 * SECOND);
    const asked = it.probes.at(-1)!.at;
    it.hears = false;
    it.pass(250 * SECOND);
    expect(it.b).toMatchObject({ phase: 0, silent: 0, high: 11, probes: 1 });
    const voidAt = it.b.nextAt - 10 * MINUTE;
    expect(voidAt - asked).toBeGreaterThan(intervalMs(107));
    it.hears = true;
    it.pass(HOUR);
    const next = it.probes.find(({ at }) => at > voidAt);
    expect(next!.at - voidAt).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(next!.at - voidAt).toBeLessThan(11 * MINUTE);
  });

  test("brings a beat forward, and nothing ever puts one off", () => {
    holds(
      fc.property(
        fc.integer({ min: 9, max: 3_600 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.boolean()), { maxLength: 12 }),
        (own, weather) => {
          const it = new Bench(own * SECOND);
          it.answers = up(100 * SECOND);
          for (const [seconds, hears] of weather) {
            it.hears = hears;
            it.pass(seconds * SECOND);
            expect(it.s.beatAt - (it.beats.at(-1) ?? 0)).toBeLessThanOrEqual(8 * own * SECOND + 1);
            const gap = it.s.failed ? Infinity : Math.min(own * SECOND, it.s.life);
            expect(it.s.gap).toBeLessThanOrEqual(Math.max(gap, 8 * own * SECOND));
          }
        },
      ),
      100,
    );
    expect(SEED).toBeGreaterThan(0);
  });
});

describe("a result", () => {
  const later = (model: NatModel, then: NatModel, days: number) => {
    const it = home(model, 3);
    expect(searched(it).done).toBe(true);
    const first = found(it.board);
    it.ap.nat!.set(then, it.world.now);
    it.world.run(it.world.now + days * DAY);
    expect(it.world.run(it.world.now + 2 * DAY, () => atRest(it.board))).toBe(true);
    return [first, found(it.board)];
  };
  const linux = natPreset("linux")!;

  test("is looked at again after a day, then after 2, 4, 8, 16, 28 and 28", () => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(120 * DAY);
    const looks = it.probes.filter(({ delay }, n) => delay === 1 && it.probes[n - 1]?.delay !== 1);
    const days = looks.slice(1).map(({ at }, n) => Math.round((at - looks[n]!.at) / DAY));
    expect(days.filter((gap) => gap > 0)).toEqual([1, 2, 4, 8, 16, 28, 28, 28]);
    // Five for the search, and three each: that it holds, and twice that the next does not.
    expect(looks).toHaveLength(5 + 3 * 8);
  });

  test("that got longer is found again, one life a day", () => {
    expect(later(linux, { ...linux, streamMs: 180_500 }, 1.5)).toEqual([lifeMs(4), lifeMs(5)]);
    expect(later(linux, { ...linux, streamMs: 300_000 }, 4)).toEqual([lifeMs(4), lifeMs(7)]);
  });

  test("that got shorter is found again within a day, where no port tells of it", () => {
    expect(later(linux, { ...linux, streamMs: 60_000 }, 1.5)).toEqual([lifeMs(4), lifeMs(2)]);
    expect(later(linux, { ...linux, streamMs: 31_000 }, 2.5)).toEqual([lifeMs(4), lifeMs(1)]);
  });

  test("that got shorter is told by `mapped` at the next beat, and proven with the probes that the day has left", () => {
    const random: NatModel = { ...linux, port: "random" };
    const it = home(random, 3);
    searched(it);
    expect(found(it.board)).toBe(lifeMs(4));
    it.ap.nat!.set({ ...random, streamMs: 90_000 }, it.world.now);
    it.world.run(it.world.now + 4 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(3));
    it.world.run(it.world.now + DAY);
    expect(it.board.binding).toMatchObject({ used: 3, high: 4, phase: 0 });
  });

  test("is one life too low for a quarter of an hour when the router began anew", () => {
    const random: NatModel = { ...linux, port: "random" };
    const it = home(random, 3);
    searched(it);
    it.ap.nat!.reboot(it.world.now);
    it.world.run(it.world.now + 3 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(3));
    it.world.run(it.world.now + 17 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(4));
  });

  test.each([
    ["a new socket", SOCKET, 4],
    ["another join", REJOIN, 4],
    ["a reboot", REBOOT, 3],
    ["only another try", TRY, 3],
  ])("knows %s from a binding that ended", (_, rung, used) => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(HOUR);
    expect(it.b.used).toBe(4);
    it.s.rungs = rung;
    it.turn();
    it.s.rungs = 0;
    it.mapped++;
    it.pass(2 * MINUTE);
    expect(it.b.used).toBe(used);
  });
});

describe("the interval", () => {
  test("is 25 s while nothing is known, 3 s until the flow is warm, then the life, less 6 %", () => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(HOUR);
    const gaps = it.beats.slice(1).map((at, n) => at - it.beats[n]!);
    expect(gaps.slice(0, 4)).toEqual([3_000, 3_000, 25_000, 25_000]);
    expect(gaps.at(-1)).toBeCloseTo(lifeMs(4) * 0.94 - 500, 0);
    // A beat that nobody heard: the router may have forgotten, and gives its short life first.
    it.hears = false;
    it.pass(2 * MINUTE);
    it.hears = true;
    const from = it.now;
    it.pass(5 * MINUTE);
    const after = it.beats.filter((at) => at >= from);
    const then = after.slice(1).map((at, n) => Math.round((at - after[n]!) / SECOND));
    expect(then).toContain(3);
    expect(then.at(-1)).toBe(110);
  });

  test("is its own where that is shorter, where it sleeps, and where no life was found", () => {
    const often = new Bench(6 * SECOND);
    often.pass(HOUR);
    expect(often.s.life).toBe(Number.POSITIVE_INFINITY);
    expect(often.probes).toEqual([]);
    const minute = new Bench(MINUTE);
    minute.pass(HOUR);
    expect(minute.s.gap).toBe(MINUTE);
    const deaf = new Bench();
    deaf.answers = (delay) => delay < 4;
    deaf.pass(3 * DAY);
    expect(deaf.b).toMatchObject({ used: -1, high: 0 });
    expect(deaf.s.life).toBe(Number.POSITIVE_INFINITY);
  });

  test("ends with the board's farewell, and so does the search", () => {
    const it = new Bench();
    it.pass(20 * SECOND);
    leave(it.s, it.now);
    it.pass(SECOND);
    const { length } = it.probes;
    it.pass(DAY);
    expect(it.probes).toHaveLength(length);
    expect(it.beats.at(-1)).toBeLessThanOrEqual(21 * SECOND);
  });
});

describe("flash", () => {
  const searchedAt = (network: string, known: string, life: number) => {
    const it = new Bench(HOUR, known, network);
    it.answers = up(life * SECOND);
    it.pass(2 * HOUR);
    return it;
  };

  test("keeps the life of each of the last four networks, five bytes each", () => {
    let known = "";
    for (const [network, life] of [
      ["aaaa", 60],
      ["bbbb", 120],
      ["cccc", 300],
    ] as const) {
      const it = searchedAt(network, known, life);
      expect(it.b.dirty).toBe(1);
      known = it.b.known;
    }
    expect(known).toBe("cccc\x08bbbb\x05aaaa\x03");
    const again = searchedAt("bbbb", known, 120);
    expect(again.b).toMatchObject({ used: 4, dirty: 0, known });
    expect(again.probes).toEqual([]);
    known = searchedAt("eeee", searchedAt("dddd", known, 60).b.known, 60).b.known;
    expect(known).toBe("eeee\x03dddd\x03cccc\x08bbbb\x05");
  });

  test("keeps a network's life when the board moves there and back", () => {
    const it = searchedAt("aaaa", "", 60);
    joined(it.b, it.s, "bbbb", it.now);
    expect(it.b).toMatchObject({ used: -1, low: -1, high: 11 });
    joined(it.b, it.s, "aaaa", it.now);
    expect(it.b).toMatchObject({ used: 2, high: 3 });
  });

  test(`that is damaged does no harm (seed ${SEED})`, () => {
    holds(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (known) => {
        const it = new Bench(HOUR, known, known.slice(0, 4).padEnd(4));
        it.answers = up(120 * SECOND);
        it.pass(10 * MINUTE);
        expect(it.b.used).toBeGreaterThanOrEqual(-1);
        expect(it.b.used).toBeLessThan(11);
        expect(it.s.gap).toBeGreaterThan(0);
      }),
      200,
    );
  });
});
