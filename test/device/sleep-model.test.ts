// Deep sleep in any order of events: wakes that are heard, paced or unheard, power cuts at each
// step of a send, and boots that find what an earlier sleep left (rules 10 to 13 and 19).
//
// The board sleeps whenever it may. The account of sender-account.ts stands beside it, and is told
// which of the sleeps a boot goes on from: the newest, one that a power cut made old, or none.

import fc from "fast-check";
import { expect, test } from "vitest";
import { listening } from "../../device/sender.ts";
import { doze, rouse } from "../../device/sleep.ts";
import { stream } from "../../sim/random.ts";
import { Account } from "./sender-account.ts";
import { CUTS, holds, isBeat, isHello, Rig, SEED, type Sent } from "./sender-rig.ts";

const event = fc.record({
  is: fc.constantFrom(
    ...["wake", "wake", "wake", "wake", "ack", "ack", "ack", "welcome", "welcome"],
    ...["old ack", "cut", "cut", "stale cut", "lost", "lost flash"],
  ),
  n: fc.nat({ max: 9999 }),
});

/** A board whose boots find on flash what `pick` says an earlier sleep left there. */
class DeepRig extends Rig {
  pick: () => string | undefined = () => undefined;
  /** Told before each boot, and after it with what was taken. */
  before = (): void => {};
  after = (_kept: string | undefined): void => {};

  override boot(): typeof this.s {
    // The constructor boots too.
    this.before?.();
    super.boot();
    const kept = this.pick?.();
    const taken = kept !== undefined && rouse(this.s, kept) === 1;
    // The sender's clock begins at 0; this one never goes back.
    if (taken)
      for (const at of ["beatAt", "helloAt", "retryAt", "wakeAt", "climbAt"] as const)
        this.s[at] += this.now;
    this.after?.(taken ? kept : undefined);
    return this.s;
  }
}

class Nights {
  readonly rig: DeepRig;
  naps = 0;
  stale = 0;
  private readonly account: Account;
  private readonly kept: string[] = [];
  private seen = 0;
  private issued = 7;

  constructor(own: number, makeUps: number, random: () => number) {
    this.rig = new DeepRig({ own, makeUps, reach: 2, reserve: 1, random }, { limit: 1 });
    this.account = new Account(1, makeUps);
    this.rig.before = () => this.look();
    this.rig.after = (kept) => {
      this.account.booted(this.rig.flash.acked === 0);
      if (kept !== undefined) this.account.roused(kept);
    };
  }

  /** Tells the account what happened since the last time. */
  look(): void {
    for (const f of this.rig.sent.slice(this.seen)) this.account.left(this.rig, f);
    this.seen = this.rig.sent.length;
  }

  /** The next thing that is due; it sleeps until then if it may. */
  private wake(): void {
    const { rig } = this;
    if (!listening(rig.s, rig.now) && rig.s.wakeAt > rig.now) {
      const kept = doze(rig.s, rig.now);
      this.account.dozed(kept, rig.s.madeUp > 0 && !rig.s.tries ? rig.s.frame : "");
      this.kept.push(kept);
      this.naps++;
      rig.now = rig.s.wakeAt;
      const { pick } = rig;
      rig.pick = () => kept;
      rig.boot();
      rig.pick = pick;
    }
    rig.now = Math.max(rig.now, rig.s.wakeAt);
    rig.settle();
    this.look();
  }

  private ack(f: Sent | undefined, pace: number): void {
    if (f) this.account.acked(this.rig, f, this.rig.hear(this.rig.ack(f, pace & 255, pace & 1)));
  }

  step(is: string, n: number): void {
    const { rig, kept } = this;
    const sentBeats = rig.sent.filter(isBeat);
    const hello = rig.sent.findLast(isHello);
    // What a boot finds: what the last sleep left, something older, or nothing.
    const found = { cut: kept.length - 1, "stale cut": n % (kept.length || 1) }[is] ?? -1;
    rig.pick = () => (is === "lost" ? undefined : kept[found]);
    rig.cutAt = is.endsWith("cut") ? CUTS[n % 3]! : "";
    const { boots } = rig;
    this.wake();
    if (is.endsWith("cut") && rig.boots > boots) this.stale++;
    rig.cutAt = "";
    if (is === "ack") this.ack(rig.sent.findLast(isBeat), n);
    if (is === "old ack") this.ack(sentBeats[n % (sentBeats.length || 1)], n);
    if (is === "lost flash") rig.flash = { ...rig.flash, epoch: 0, limit: 0, acked: 0 };
    if (is.startsWith("lost")) rig.boot();
    if (is === "welcome" && hello) {
      const own = rig.s.epoch;
      const result = rig.hear(rig.welcome(hello, ++this.issued));
      this.account.welcomedBy(rig, hello, this.issued, own, result);
    }
    rig.settle();
    this.look();
  }
}

test(`rules 10 to 13 and 19 over deep sleep, in any order of events (seed ${SEED})`, () => {
  let naps = 0;
  let stale = 0;
  holds(
    fc.property(
      fc.array(event, { maxLength: 120, size: "max" }),
      fc.constantFrom(30_000, 300_000, 3_600_000),
      fc.constantFrom(0, 1, 2),
      fc.nat(),
      (events, own, makeUps, seed) => {
        const nights = new Nights(own, makeUps, stream(seed, 1, "board"));
        nights.rig.settle();
        nights.look();
        for (const { is, n } of events) nights.step(is, n);
        naps += nights.naps;
        stale += nights.stale;
      },
    ),
    500,
  );
  expect(naps).toBeGreaterThan(3000);
  expect(stale).toBeGreaterThan(500);
});
