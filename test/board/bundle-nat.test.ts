// The bundle that looks for the life of its NAT binding: it does as its sources do, finds what
// there is to be found, keeps it on flash, and beats as it must. The gateway is the real core, but
// for the answers to probes: what a router lets through is a pen's affair here.

import { describe, expect, it } from "vitest";
import { lifeMs } from "../../device/binding-state.ts";
import { bundle, joined, VARIANTS } from "../../device/build.ts";
import { intervalMs } from "../../device/interval.ts";
import { coldBoot } from "../../device/state.ts";
import { HEARTBEAT, PROBE } from "../../device/wire.ts";
import { stream } from "../../sim/random.ts";
import { AWAY, Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { PretendFlash } from "./board-flash.ts";
import { PretendBoard } from "./board-rig.ts";

const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 7227);
const MINUTE = 60_000;
const OWN = 10 * MINUTE;
const sources = new URL("../../device", import.meta.url).pathname;
const searching = VARIANTS.filter((v) => v.nat);

const typeOf = (frame: string) => (frame.charCodeAt(0) >> 3) & 7;

/** What a router is like: how long it keeps what is idle, and how many frames the air takes. */
interface Way {
  readonly lifeMs: number;
  readonly loss: number;
}

/** A board that runs a script behind a router, its flash, and a gateway. */
class Life {
  readonly bench = new Bench();
  readonly flash = new PretendFlash();
  readonly pen: Board;
  readonly beats: number[] = [];
  probes = 0;
  way: Way;
  /** Datagrams that fail on the board itself. */
  sends: (n: number) => boolean = () => true;
  board!: PretendBoard;
  private readonly script: string;
  private readonly reach: number;
  private beat = "";

  constructor(script: string, suite: number, way: Way, reach = 0) {
    this.reach = reach;
    this.pen = new Board(0xbeef, suite);
    this.script = script;
    this.way = way;
    this.bench.enrol(this.pen);
    this.boot();
  }

  boot(): void {
    const startAt = this.bench.now;
    const config = {
      ...{ id: this.pen.id, secret: this.pen.enrolment.key, own: OWN, ssid: "home" },
      ...{ host: "10.0.0.1", port: 7227, salt: "saltsalt", extra: coldBoot(1, "test") },
      reach: this.reach,
    };
    const luck = stream(SEED, 1, "luck");
    this.board = new PretendBoard(this.script, config, this.flash, {
      dice: stream(SEED, 2, "dice"),
      sends: (n) => this.sends(n),
      replies: (frame, at) => {
        if (luck() < this.way.loss) return [];
        this.bench.pass(Math.max(0, startAt + at - this.bench.now));
        return this.answers(frame, at).filter(() => luck() >= this.way.loss);
      },
    });
  }

  private answers(frame: string, at: number): { frame: string; ms: number }[] {
    const { bench, pen } = this;
    if (typeOf(frame) === PROBE) {
      this.probes++;
      // The core answers later; here it only says whether it will.
      if (bench.counted("probe", () => bench.receive(frame, AWAY)) === 0) return [];
      const { epoch, seq } = bench.view(pen);
      pen.epoch = epoch;
      const delay = frame.charCodeAt(6);
      const ms = intervalMs(delay);
      const answer = pen.probed(this.beat, delay, seq);
      return ms < this.way.lifeMs ? [0, 200, 400].map((n) => ({ frame: answer, ms: ms + n })) : [];
    }
    if (typeOf(frame) === HEARTBEAT) {
      if (frame !== this.beat) this.beats.push(at);
      this.beat = frame;
    }
    bench.receive(frame);
    return bench.sent.map(({ frame }) => ({ frame, ms: 5 }));
  }

  runFor(ms: number): void {
    this.board.runTo(this.board.now + ms);
  }

  /** What flash says of this network: 1 + the index of the life that holds. */
  get kept(): number | undefined {
    return this.flash.files.get("nbn")?.charCodeAt(4);
  }
}

describe.each(searching)(`the bundle $name (seed ${SEED})`, (variant) => {
  const small = bundle(variant, sources);

  it("does as the script from which it is made, over losses and a reboot", async () => {
    const lives = [await joined(variant, sources), await small].map((script) => {
      const life = new Life(script, variant.suite, { lifeMs: 60_000, loss: 0.1 });
      life.runFor(40 * MINUTE);
      const first = life.board.log;
      life.boot();
      life.runFor(10 * MINUTE);
      return { log: [...first, ...life.board.log], probes: life.probes };
    });
    expect(lives[0]!.probes).toBeGreaterThan(20);
    expect(lives[1]).toEqual(lives[0]);
  });

  it("finds the life of its binding, beats by it, and has it on flash for the next boot", async () => {
    const life = new Life(await small, variant.suite, { lifeMs: 100_000, loss: 0 });
    life.runFor(60 * MINUTE);
    expect(life.kept).toBe(4);
    const most = lifeMs(3) * 0.94 - 500;
    const gaps = life.beats.slice(-6).map((at, n, all) => at - (all[n - 1] ?? at - most));
    for (const gap of gaps) {
      expect(gap).toBeGreaterThan(0.89 * most);
      expect(gap).toBeLessThan(most + 100);
    }
    const writes = life.board.log.filter((line) => line.includes(" write nbn "));
    expect(writes).toHaveLength(1);
    life.probes = 0;
    life.boot();
    life.runFor(20 * MINUTE);
    expect(life.probes).toBe(0);
    expect(life.beats.at(-1)! - life.beats.at(-2)!).toBeGreaterThan(0.89 * most);
  });

  it("searches in light sleep too, and says what it is", async () => {
    const life = new Life(await small, variant.suite, { lifeMs: 100_000, loss: 0 }, 1);
    life.runFor(60 * MINUTE);
    expect(life.kept).toBe(4);
    expect(life.bench.view(life.pen)).toMatchObject({ reach: 1, status: "present" });
  });

  it("leaks nothing where a datagram fails, and finds what there is all the same", async () => {
    const life = new Life(await small, variant.suite, { lifeMs: 100_000, loss: 0 });
    const luck = stream(SEED, 3, "failures");
    life.sends = () => luck() > 0.1;
    life.runFor(3 * 24 * 60 * MINUTE);
    expect(life.board.log.filter((line) => /leaked|uncaught/.test(line))).toEqual([]);
    expect(life.board.log.some((line) => line.includes("not sent"))).toBe(true);
    expect(life.kept).toBe(4);
  });

  it("beats on with a full flash, and searches again after a boot", async () => {
    const life = new Life(await small, variant.suite, { lifeMs: 100_000, loss: 0 });
    const write = life.flash.write.bind(life.flash);
    life.flash.write = (name, ...rest) => {
      if (name === "nbn") throw new Error("no space");
      return write(name, ...rest);
    };
    life.runFor(60 * MINUTE);
    expect(life.kept).toBeUndefined();
    expect(life.beats.at(-1)).toBeGreaterThan(58 * MINUTE);
    life.probes = 0;
    life.boot();
    life.runFor(MINUTE);
    expect(life.probes).toBeGreaterThan(3);
  });

  it("has a second socket only while it probes", async () => {
    const life = new Life(await small, variant.suite, { lifeMs: 100_000, loss: 0 });
    life.runFor(60 * MINUTE);
    const sockets = life.board.log.filter((line) => line.endsWith(" socket")).length;
    // A silence is followed up at once; after an answer the next beat begins anew.
    expect(sockets).toBeGreaterThan(2);
    expect(sockets).toBeLessThanOrEqual(1 + 6);
    const last = life.board.log.findLastIndex((line) => line.endsWith(" socket"));
    const probes = life.board.log.slice(last).filter((line) => / send 70/.test(line));
    expect(probes.length).toBeGreaterThan(3);
  });
});
