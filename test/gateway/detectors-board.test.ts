// The benchmark's board against the real sender, and the detector's chances against both: the same
// dice, the same paths, frame by frame through the real gateway.

import { expect, it } from "vitest";
import { decodeUp } from "../../device/decode.ts";
import { EXT_ACKED, readExtensions } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { handle, poll, sent } from "../../device/sender.ts";
import { createSender, type Sender } from "../../device/state.ts";
import { makeTagKey } from "../../device/tag.ts";
import { HEARTBEAT, UP } from "../../device/wire.ts";
import { chanceFrom } from "../../gateway/detector/chances.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { DELAY_MS, type Path, Speaker } from "../bench/detectors-board.ts";
import { bursts, independent, randomOf } from "../bench/detectors-links.ts";
import { Bench } from "./gateway-bench.ts";
import { Board } from "./gateway-rig.ts";

const SEED = 11;
console.info(`detectors-board.test.ts: seed ${SEED}`);

interface Heard {
  readonly at: number;
  readonly seq: number;
  readonly promise: number;
  readonly acked: number;
}

/** A real sender in epoch 1, the real gateway, and a path between them. */
class Live {
  readonly heard: Heard[] = [];
  readonly sends: number[] = [];
  readonly #bench = new Bench();
  readonly #board = new Board(1);
  readonly #s: Sender;
  readonly #path: Path;
  readonly #answers: { readonly at: number; readonly frame: string }[] = [];

  constructor(own: number, random: () => number, path: Path) {
    const key = makeTagKey(2, this.#board.enrolment.key, sha256);
    const memory = { epoch: 1, limit: 0, acked: 1, origin: "salt" };
    this.#bench.enrol(this.#board);
    this.#bench.meet(this.#board);
    this.#s = createSender({ id: 1, key, own, random }, { ...memory, limit: 1 }, 0);
    this.#path = path;
  }

  /** Lets time pass until `until`, in the order of instants. */
  run(until: number): void {
    for (;;) {
      const answer = this.#answers[0];
      const at = Math.min(this.#s.wakeAt, answer?.at ?? Infinity);
      if (at > until) return;
      if (answer !== undefined && answer.at <= this.#s.wakeAt) {
        this.#answers.shift();
        handle(this.#s, answer.frame, answer.at);
      }
      for (let frame = poll(this.#s, at); frame !== ""; frame = poll(this.#s, at)) {
        this.#s.dirty = 0;
        this.#send(frame, at);
        sent(this.#s, at);
      }
    }
  }

  #send(frame: string, at: number): void {
    this.sends.push(at);
    if (!this.#path.up(at)) return;
    const bench = this.#bench;
    bench.now = Math.max(bench.now, 1_000_000 + at + DELAY_MS);
    const before = bench.core.counters.fresh;
    const answer = bench.receive(frame);
    if (bench.core.counters.fresh !== before) this.heard.push(heardOf(frame, at + DELAY_MS));
    if (answer !== undefined && this.#path.down(at + DELAY_MS)) {
      this.#answers.push({ at: at + 2 * DELAY_MS, frame: answer });
    }
  }
}

function heardOf(frame: string, at: number): Heard {
  const up = decodeUp(frame, 8);
  if (typeof up === "string" || up.type !== HEARTBEAT) throw new Error("no beat");
  const found = readExtensions(up.ext, UP)?.find(({ type }) => type === EXT_ACKED);
  const acked = found ? (found.value.charCodeAt(0) << 8) | found.value.charCodeAt(1) : -1;
  return { at, seq: up.seq16, promise: up.promise, acked };
}

const unclean = (path: Path): Path => ({ ...path, clean: () => false });

it.each([
  ["nothing lost", 60_000, (random: () => number) => independent(0, random)],
  ["a tenth lost", 60_000, (random: () => number) => independent(0.1, random)],
  ["half lost", 60_000, (random: () => number) => independent(0.5, random)],
  ["a tenth lost, in real time", 200, (random: () => number) => independent(0.1, random)],
  ["bursts of 10 s", 60_000, (random: () => number) => bursts(0.3, 10_000, random)],
  ["bursts of 5 min", 60_000, (random: () => number) => bursts(0.3, 300_000, random)],
  ["bursts of 5 min, seldom heard", 600_000, (random: () => number) => bursts(0.3, 3e5, random)],
])("the benchmark's board is the real sender: %s", (_, own, pathOf) => {
  const live = new Live(own, randomOf(SEED), pathOf(randomOf(SEED + 1)));
  // Whether a beat is taken to be usual, or tried out, must not matter either.
  const fast = new Speaker(own, randomOf(SEED), pathOf(randomOf(SEED + 1)));
  const slow = new Speaker(own, randomOf(SEED), unclean(pathOf(randomOf(SEED + 1))));
  live.run(1_500 * own);
  expect(live.heard.length).toBeGreaterThan(100);
  for (const { at, promise, acked } of live.heard) {
    for (const speaker of [fast, slow]) {
      speaker.next();
      expect([speaker.at, speaker.promise, speaker.acked]).toEqual([at, promise, acked]);
    }
  }
});

it("rules 12 and 18: a board of which nothing arrives speaks at the chances, and not between", () => {
  const own = 60_000;
  let until = Infinity;
  const path = { up: (at: number) => at < until, down: () => true, clean: () => false };
  // The dice show 0: gaps at their longest.
  const live = new Live(own, () => 0, path);
  live.run(40 * own);
  const last = live.heard.at(-1)!.at - DELAY_MS;
  until = last + 1;
  live.run(last + 40 * own);
  const exchanges = live.sends
    .filter((at) => at > last)
    .map((at) => (at - last) / own)
    .filter((x, n, all) => n === 0 || x - all[n - 1]! > 0.3);
  const chances: number[] = [];
  for (let x = 0; x < 36; ) {
    chances.push(chanceFrom(x, 0, own, 1, 1_000).x);
    x = chances.at(-1)! + 0.2;
  }
  for (const [n, x] of exchanges.slice(0, 10).entries()) {
    // Tries and exchanges of 5 s come on top.
    expect(Math.abs(x - chances[n]!)).toBeLessThan(1);
  }
  expect(chances.slice(0, 5).map((x) => Math.round(x))).toEqual([1, 2, 3, 5, 6]);
  expect(intervalMs(live.heard.at(-1)!.promise)).toBeGreaterThan(own);
});
