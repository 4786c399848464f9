// Any order of events at all: time, answers right and wrong, boots, power cuts (rules 10 to 13,
// 19).
//
// A random schedule drives one board; a small account of what a board may do stands beside it and
// is asked about every frame that leaves and every frame that comes. The account knows the rules
// and nothing of the code: it keeps lists where the sender keeps bits and counters.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readExtensions } from "../device/extensions.ts";
import { stream } from "../sim/random.ts";
import { CUTS, holds, isBeat, isHello, Rig, SEED, type Sent } from "./sender-rig.ts";

/** What a board may do, kept from what was seen of it. */
class Account {
  /** Bytes of each (epoch, seq), over all boots. */
  private readonly used = new Map<string, string>();
  private readonly nonces = new Set<string>();
  /** Epochs of which a beat was acknowledged, ever; and those given since the boot. */
  private readonly acknowledged = new Set<number>([7]);
  private welcomed = new Set<number>();
  /** The last 16 beats since the boot: were they heard? Newest last. */
  private heard: boolean[] = new Array(16).fill(true);
  private unheard = 0;
  /** Beats in a row without an ACK in one epoch, over boots; blocks of 32 used and heard last. */
  private silent = { epoch: 0, beats: 0 };
  private block = "";
  private blockHeard = "";
  private beat: { frame: string; sends: number } | undefined;
  private hello: { frame: string; sends: number; endAt: number; lateMs: number } | undefined;

  /** Power came back, or deep sleep ended: only the flash remembers. */
  booted(): void {
    this.welcomed = new Set();
    this.heard = new Array(16).fill(true);
    this.unheard = 0;
    this.beat = this.hello = undefined;
  }

  /** Nobody polled for `ms`: an exchange may seem to last that much longer. */
  late(ms: number): void {
    if (this.hello) this.hello.lateMs += ms;
  }

  left(rig: Rig, f: Sent): void {
    if (isBeat(f)) this.beatLeft(rig, f);
    else this.helloLeft(rig, f);
  }

  private beatLeft(rig: Rig, f: Sent): void {
    expect(rig.readBeat(f).seq16).toBe(f.seq % 65_536);
    if (this.beat?.frame === f.frame) {
      expect(++this.beat.sends, "rule 13: three sends").toBeLessThanOrEqual(3);
      return;
    }
    const name = `${f.epoch}/${f.seq}`;
    expect(this.used.has(name), `rule 10: ${name} again`).toBe(false);
    this.used.set(name, f.frame);
    const usable = this.acknowledged.has(f.epoch) || this.welcomed.has(f.epoch);
    expect(usable, `rule 12: epoch ${f.epoch} in a later wake`).toBe(true);
    expect(++this.unheard, "rule 12: 16 without an ACK").toBeLessThanOrEqual(16);
    if (this.silent.epoch !== f.epoch) this.silent = { epoch: f.epoch, beats: 0 };
    expect(++this.silent.beats, "rule 12: over boots").toBeLessThan(16 + 16);
    this.block = `${f.epoch}/${Math.floor((f.seq - 1) / 32)}`;
    const ext = readExtensions(rig.readBeat(f).ext, 0)!.find((e) => e.type === 9);
    const list = this.heard.reduce((sum, heard) => sum * 2 + Number(heard), 0);
    const told = ext ? ext.value.charCodeAt(0) * 256 + ext.value.charCodeAt(1) : 0xffff;
    expect(told, "rule 19").toBe(list);
    this.heard = [...this.heard.slice(1), false];
    this.beat = { frame: f.frame, sends: 1 };
  }

  private helloLeft(rig: Rig, f: Sent): void {
    if (this.hello?.frame === f.frame) {
      expect(++this.hello.sends, "rule 12: three tries").toBeLessThanOrEqual(3);
      expect(f.at, "rule 12: 5 s").toBeLessThan(this.hello.endAt + this.hello.lateMs);
      return;
    }
    const { nonce, epoch } = rig.readHello(f);
    expect(epoch).toBe(f.epoch);
    expect(this.nonces.has(nonce), "rule 12: a nonce again").toBe(false);
    this.nonces.add(nonce);
    const doubted =
      this.unheard >= 4 || this.block !== this.blockHeard || !this.acknowledged.has(epoch);
    expect(doubted || epoch === 0, "rule 12: no reason for HELLO").toBe(true);
    this.hello = { frame: f.frame, sends: 1, endAt: f.at + 5000, lateMs: 0 };
  }

  /** An ACK of `f` comes: 1 if it is of the beat in flight, else not. */
  acked(rig: Rig, f: Sent, result: number): void {
    const inFlight = this.beat?.frame === f.frame && !this.heard[15];
    expect(result === 1, "rule 11: ACK").toBe(inFlight);
    if (!inFlight) return;
    this.heard[15] = true;
    this.unheard = this.silent.beats = 0;
    this.blockHeard = this.block;
    this.hello = undefined;
    this.acknowledged.add(rig.s.epoch);
  }

  /** A WELCOME for the HELLO `f` comes; the board's epoch was `own`. */
  welcomedBy(rig: Rig, f: Sent, epoch: number, own: number, result: number): void {
    const ours = this.hello?.frame === f.frame && epoch > own;
    if (!ours || rig.now >= this.hello!.endAt + this.hello!.lateMs) expect(result).toBe(0);
    else if (rig.now < this.hello!.endAt) expect(result, "rule 11: WELCOME").toBe(3);
    if (result !== 3) return;
    this.welcomed.add(epoch);
    this.unheard = 0;
    this.beat = this.hello = undefined;
  }
}

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
