// A promise is an upper bound of arrival (rule 14), whatever the network does.
//
// A board and a gateway with a network between them, in virtual time: loss both ways, delay,
// answers late or lost, another pace in every ACK, a clock that is off by its full error, slow
// waking. For each beat that arrived, every try of the next one must come within the promise, if it
// comes at all. That holds for as long as no frame up is much slower than the one before it:
// `promiseMs` counts one time-out for transit, of which half is used here, since the board's clock
// also errs over its tries. A promise that breaks because a beat was lost with all its tries is
// none of this: that is what promises are for.

import fc from "fast-check";
import { expect, test } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { handle, poll, sent } from "../../device/sender.ts";
import { stream } from "../../sim/random.ts";
import { holds, isBeat, Rig, SEED, type Sent } from "./sender-rig.ts";

interface Network {
  seed: number;
  own: number;
  /** Time-out before any sample, and its bound. */
  rto: number;
  rtoMax: number;
  /** Shares of frames lost. */
  lossUp: number;
  lossDown: number;
  /** Longest delay down in ms; longest delay up as a share of what is allowed. */
  downMs: number;
  upShare: number;
  wakeMs: number;
  /** True time per unit of the board's time. */
  clock: number;
  /** ACKs ask for any pace; HELLOs are answered. */
  paced: boolean;
  welcoming: boolean;
}

/** A beat, what it promised, and when it arrived: Infinity if it did not, or promised nothing. */
interface Pledge {
  frame: string;
  promiseMs: number;
  allowanceMs: number;
  arrivedAt: number;
}

/** One board's life on a network. */
class Life {
  readonly rig: Rig;
  /** By how much the worst promise was broken, in ms; negative: by how much the tightest held. */
  worst = -Infinity;
  trace: string[] = [];
  beats = 0;
  private readonly n: Network;
  private readonly luck: () => number;
  private post: { at: number; frame: string }[] = [];
  private epoch = 7;
  private unheard = 0;
  private before: Pledge | undefined;
  private current: Pledge | undefined;

  constructor(n: Network) {
    this.n = n;
    this.luck = stream(n.seed, 1, "network");
    const config = { own: n.own, rto: n.rto, rtoMax: n.rtoMax, wakeMs: n.wakeMs };
    this.rig = new Rig({ ...config, random: stream(n.seed, 1, "board"), paceMin: 1, paceMax: 254 });
  }

  /** Lives on until `beats` beats have left. */
  run(beats: number): this {
    const { rig, n } = this;
    const { s } = rig;
    for (let turn = 0; this.beats < beats && turn < beats * 50; turn++) {
      const at = Math.min(s.wakeAt, this.post[0]?.at ?? Infinity);
      rig.now = Math.max(rig.now, at);
      if (this.post[0] && this.post[0].at <= rig.now) this.hear(this.post.shift()!.frame);
      const seq = s.seq;
      const frame = poll(s, rig.now);
      s.dirty = 0;
      if (!frame) continue;
      if (s.seq !== seq) rig.now += this.luck() * n.wakeMs;
      this.transmit({ at: rig.now, frame, epoch: s.epoch, seq: s.seq, boot: 1 });
      sent(s, rig.now);
    }
    return this;
  }

  private hear(frame: string): void {
    const result = handle(this.rig.s, frame, this.rig.now);
    if (result === 1 || result === 3) this.unheard = 0;
  }

  private transmit(f: Sent): void {
    const { n, luck } = this;
    if (isBeat(f)) this.keep(f);
    else if (n.welcoming && luck() >= n.lossUp) this.reply(this.rig.welcome(f, ++this.epoch));
  }

  /** A try of a beat goes up: notes what it promises, and whether the last promise is kept. */
  private keep(f: Sent): void {
    const { n, luck, rig } = this;
    if (this.current?.frame !== f.frame) {
      this.before = this.current;
      const promiseMs = intervalMs(rig.readBeat(f).promise);
      this.current = { frame: f.frame, promiseMs, allowanceMs: rig.s.rto / 2, arrivedAt: Infinity };
      this.beats++;
      this.unheard++;
    }
    const { before, current } = this;
    const at = f.at * n.clock + luck() * n.upShare * (before?.allowanceMs ?? 0);
    if (before) this.worst = Math.max(this.worst, at - before.arrivedAt - before.promiseMs);
    this.trace.push(`${Math.round(f.at)} ${f.epoch}/${f.seq} +${current.promiseMs}`);
    if (luck() < n.lossUp) return;
    // Rule 12: behind the sixteenth unheard beat there is HELLO only, whatever it promised.
    if (this.unheard < 16) current.arrivedAt = Math.min(current.arrivedAt, at);
    this.reply(rig.ack(f, n.paced ? Math.floor(luck() * 256) : 0));
  }

  private reply(frame: string): void {
    if (this.luck() < this.n.lossDown) return;
    this.post.push({ at: this.rig.now + this.luck() * this.n.downMs, frame });
    this.post.sort((a, b) => a.at - b.at);
  }
}

const share = fc.constantFrom(0, 0.05, 0.3, 0.7, 1);
const network = fc.record({
  seed: fc.nat(),
  own: fc.constantFrom(200, 500, 1000, 2000, 5000, 10_000, 60_000, 3_600_000),
  rto: fc.constantFrom(80, 250, 1000, 2000),
  rtoMax: fc.constantFrom(3000, 8000),
  lossUp: share,
  lossDown: share,
  downMs: fc.constantFrom(0, 30, 300, 3000),
  upShare: fc.constantFrom(0, 1),
  wakeMs: fc.constantFrom(0, 800),
  clock: fc.constantFrom(0.99, 1, 1.01),
  paced: fc.boolean(),
  welcoming: fc.boolean(),
});

const KEPT = 1e-6; // ms of rounding

function kept(n: Network): void {
  const life = new Life(n).run(40);
  expect(life.worst, life.trace.join("\n")).toBeLessThan(KEPT);
}

test(`rule 14: no try comes later than promised, at any interval and pace (seed ${SEED})`, () => {
  holds(fc.property(network, kept), 2000);
});

test("rule 14: the tries of a beat that was paced are within the promise before it", () => {
  const rig = new Rig({ own: 2000 });
  const first = rig.nextBeat();
  rig.runTo(260);
  rig.hear(rig.ack(first)); // sent twice: the time-out stays at 500
  const second = rig.nextBeat(); // arrives at once, its ACKs are lost but for the third
  rig.runTo(3600);
  rig.hear(rig.ack(second, 254));
  const third = rig.run(8000).filter((f) => f.seq === 3);
  expect(third.length).toBe(3);
  const dueAt = second.at + intervalMs(rig.readBeat(second).promise);
  expect(third.at(-1)!.at).toBeLessThanOrEqual(dueAt);
});

test("rule 14: unanswered HELLOs do not keep a beat back beyond its promise", () => {
  const rig = new Rig({ own: 1000 });
  const all = rig.run(60_000);
  const fourth = all.find((f) => f.seq === 4)!;
  const dueAt = fourth.at + intervalMs(rig.readBeat(fourth).promise);
  expect(all.filter((f) => f.seq === 5 && isBeat(f)).at(-1)!.at).toBeLessThanOrEqual(dueAt);
});

test("rule 14: a promise is no longer than it must be", () => {
  // The longest that tries may take is 7.5 s, a code rounds up by 7.2 per cent.
  for (const own of [1000, 10_000, 60_000, 3_600_000]) {
    const rig = new Rig({ own });
    const promise = intervalMs(rig.readBeat(rig.nextBeat()).promise);
    expect(promise).toBeLessThanOrEqual((own * 1.01 + 7500 + 250) * 1.0725);
  }
});
