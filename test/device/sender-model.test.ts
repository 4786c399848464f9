// Any order of events at all: time, answers right and wrong, boots, power cuts (rules 10 to 13,
// 19).
//
// A random schedule drives one board; an account of what it may do (sender-account.ts) is asked
// about every frame that leaves and every frame that comes.

import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../../sim/random.ts";
import { Account } from "./sender-account.ts";
import { CUTS, holds, isBeat, isHello, Rig, SEED, type Sent } from "./sender-rig.ts";

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant("run"), n: fc.integer({ max: 40_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant("run"), n: fc.integer({ max: 9_000_000 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      is: fc.constantFrom(
        ...["ack", "ack", "old ack", "repeat", "welcome", "welcome", "old welcome", "low welcome"],
        ...["garbage", "nudge", "boot", "lost flash", "late", ...CUTS],
      ),
      n: fc.nat({ max: 9999 }),
    }),
  },
);

/** One board, its account, and a gateway that issues epochs. */
class Play {
  readonly rig: Rig;
  readonly account = new Account();
  private issued = 7;
  private seen = 0;
  private boots = 1;
  private readonly answered: Sent[] = [];

  constructor(own: number, random: () => number) {
    this.rig = new Rig({ own, random });
  }

  /** Tells the account of what happened since the last time. */
  look(): void {
    const { rig } = this;
    for (const f of rig.sent.slice(this.seen)) {
      if (f.boot !== this.boots) this.account.booted();
      this.boots = f.boot;
      this.account.left(rig, f);
    }
    this.seen = rig.sent.length;
    if (rig.boots !== this.boots) this.account.booted();
    this.boots = rig.boots;
  }

  private ack(f: Sent | undefined, pace: number): void {
    if (!f) return;
    this.account.acked(this.rig, f, this.rig.hear(this.rig.ack(f, pace & 255, pace & 1)));
    this.answered.push(f);
  }

  private welcome(f: Sent | undefined, epoch: number): void {
    if (!f) return;
    const own = this.rig.s.epoch;
    this.account.welcomedBy(this.rig, f, epoch, own, this.rig.hear(this.rig.welcome(f, epoch)));
  }

  step(is: string, n: number): void {
    const { rig } = this;
    const sentBeats = rig.sent.filter(isBeat);
    const hellos = rig.sent.filter(isHello);
    // One wake at a time, so that the account sees what left before a cut and what after.
    for (const end = rig.now + (is === "run" ? n : 0); rig.now < end; this.look())
      rig.runTo(Math.min(end, Math.max(rig.s.wakeAt, rig.now + 1)));
    if (is === "ack") this.ack(sentBeats.at(-1), n);
    if (is === "old ack") this.ack(sentBeats[n % (sentBeats.length || 1)], n);
    if (is === "repeat") this.ack(this.answered.at(-1), n);
    if (is === "welcome") this.welcome(hellos.at(-1), ++this.issued);
    if (is === "old welcome") this.welcome(hellos[n % (hellos.length || 1)], ++this.issued);
    if (is === "low welcome") this.welcome(hellos.at(-1), Math.max(0, rig.s.epoch - (n % 2)));
    if (is === "garbage") rig.ignores(String.fromCharCode(0x48 + (n % 64)).repeat(n % 257));
    if (is === "nudge" && this.answered.length) rig.hear(rig.nudge(this.answered.at(-1)!));
    if (is === "late") {
      rig.now += n;
      this.account.late(n);
    }
    if (is === "boot") rig.boot();
    if (is === "lost flash") {
      rig.flash = { ...rig.flash, epoch: 0, limit: 0, acked: 0 };
      rig.boot();
    }
    rig.cutAt = CUTS.find((cut) => cut === is) ?? rig.cutAt;
    rig.settle();
    this.look();
  }
}

test(`rules 10 to 13 and 19 hold in any order of events (seed ${SEED})`, () => {
  const own = fc.constantFrom(1000, 10_000, 300_000);
  holds(
    fc.property(
      fc.array(event, { maxLength: 80, size: "max" }),
      own,
      fc.nat(),
      (events, interval, seed) => {
        const play = new Play(interval, stream(seed, 1, "board"));
        const { rig } = play;
        rig.settle();
        play.look();
        for (const { is, n } of events) {
          const before = rig.polls;
          const from = rig.now;
          play.step(is, n);
          // Each beat and each HELLO takes at most three tries and a turn or two about them.
          const wakes = 4 + (rig.now - from) / 900;
          expect(rig.polls - before, "polls").toBeLessThanOrEqual(16 * wakes);
        }
      },
    ),
    1000,
  );
});
