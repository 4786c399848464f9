// What `doze` keeps and `rouse` puts back: any sender goes on alike; what is damaged is as nothing.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { climb } from "../../device/ladder.ts";
import { leave, listening, poll, sent } from "../../device/sender.ts";
import { doze, rouse } from "../../device/sleep.ts";
import { createSender, type Sender, type SenderConfig } from "../../device/state.ts";
import { alert, load, measure } from "../../device/vitals.ts";
import { stream } from "../../sim/random.ts";
import { acked, flip, holds, isHello, Rig, SEED, type Sent } from "./sender-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A flash on which a beat of epoch 7 was acknowledged. */
const HEARD = { limit: 1 };
const DEEP = { own: 5 * MINUTE, ownMin: 20_000, ownMax: HOUR, reach: 2, makeUps: 2, reserve: 1 };

/** The sender after the boot that ends a sleep, its clock at 0. */
function woken(rig: Rig, kept: string): Sender {
  const s = createSender({ ...rig.config }, { ...rig.flash, origin: "woken" }, 0);
  expect(rouse(s, kept)).toBe(1);
  return s;
}

/** A rig after some random life, asleep: not listening, and nothing due. */
function lived(seed: number, config: Partial<SenderConfig>): Rig {
  const luck = stream(seed, 1, "life");
  const rig = new Rig({ ...DEEP, ...config }, HEARD);
  rig.dice = Math.floor(luck() * 10) / 10;
  const deaf = luck() < 0.3 ? 1 : luck();
  let epoch = 7;
  const turns = luck() * 80;
  for (let turn = 0; turn < turns || listening(rig.s, rig.now); turn++) {
    if (turn > 400) throw new Error(`it never sleeps: ${JSON.stringify(rig.s)}`);
    if (rig.s.wakeAt === Infinity) break;
    rig.runTo(Math.max(rig.now, rig.s.wakeAt));
    const what = Math.floor(luck() * 12);
    if (what === 0) alert(rig.s, luck() < 0.5, rig.now);
    if (what === 1) load(rig.s, "x".repeat(luck() * 30));
    if (what === 2) measure(rig.s, luck() * 100, -60);
    if (what === 3 && luck() < 0.1) leave(rig.s, rig.now);
    if (what === 4) rig.s.rungs |= 1 << (luck() * 7);
    const f = rig.settle().at(-1) ?? rig.sent.at(-1)!;
    climb(rig.s, rig.now);
    if (luck() >= deaf || turn >= turns) continue;
    rig.run(luck() * 50);
    if (isHello(f)) rig.hear(rig.welcome(f, ++epoch));
    else rig.hear(rig.ack(f, luck() < 0.5 ? 0 : luck() * 256));
    rig.settle();
  }
  return rig;
}

/** What a sleep takes from one that was awake: its window, its estimate, an unproven epoch. */
function asIfRebooted(rig: Rig, other: Sender): Sender {
  const s = { ...rig.s };
  const { rto, rested, srtt, rttvar, vitals } = other;
  Object.assign(s, { rto, rested, srtt, rttvar, nudgeAt: 0, windowAt: 0, windowEnd: 0 });
  if (s.seq === s.unacked) s.ready = 0;
  if (!(s.ready && s.frame && s.madeUp && !s.tries)) s.tag = s.frame = "";
  // The alert stays, and that the battery is low; the rest is measured anew.
  expect(vitals & 8).toBe(s.vitals & 8);
  expect(vitals >> 4 <= 2).toBe(s.vitals >> 4 <= 2);
  other.vitals = s.vitals;
  return s;
}

/** A frame but for what must differ: the nonce of a HELLO. */
const same = (frame: string) =>
  ((frame.charCodeAt(0) >> 3) & 7) === 2 ? frame.slice(0, 8) : frame;

interface Future {
  told: string[];
  at: number[];
}

/** What a sender sends in its next turns, when, and what answers make of it. */
function future(rig: Rig, s: Sender, from: number, fates: readonly number[]): Future {
  const told: string[] = [];
  const sends: number[] = [];
  const helper = new Rig({ ...rig.config });
  helper.s = s;
  let epoch = s.epoch + 100;
  let now = from;
  let frame = "";
  for (const fate of fates) {
    if (s.wakeAt === Infinity) break;
    now = Math.max(now, s.wakeAt);
    const due = poll(s, now);
    s.dirty = 0;
    if (due) {
      frame = due;
      told.push(same(frame));
      sends.push(now - from);
      sent(s, now);
    }
    const f: Sent = { at: now, frame, epoch: s.epoch, seq: s.seq, boot: 1 };
    helper.now = now;
    if (!frame || fate === 0) continue;
    const reply = isHello(f) ? helper.welcome(f, ++epoch) : helper.ack(f, fate === 1 ? 0 : fate);
    told.push(`${helper.hear(reply)}`);
  }
  told.push(`${s.unacked} ${s.heard} ${s.code} ${s.failed} ${s.rungs} ${s.load} ${s.extra}`);
  return { told, at: sends };
}

test(`put to sleep or not, a sender goes on alike (seed ${SEED})`, () => {
  const config = fc.record({
    makeUps: fc.constantFrom(0, 1, 2),
    own: fc.constantFrom(30_000, 5 * MINUTE, HOUR, 12 * HOUR),
    extra: fc.constantFrom("", "\x41\x01"),
  });
  const fates = fc.array(fc.constantFrom(0, 0, 0, 1, 90, 140), { minLength: 40, maxLength: 40 });
  let slept = 0;
  holds(
    fc.property(fc.nat(), config, fates, (seed, c, then) => {
      const rig = lived(seed, c);
      const { s, now } = rig;
      rig.store();
      const kept = doze(s, now);
      const b = createSender({ ...rig.config }, { ...rig.flash, origin: "woken" }, 0);
      // A WELCOME whose first beat never left: nothing of that epoch is used later (rule 12).
      if (!rouse(b, kept)) {
        expect([s.unacked, s.acked, s.ready]).toEqual([0, 0, 1]);
        return;
      }
      slept++;
      const a = asIfRebooted(rig, b);
      const from = a.wakeAt;
      if (from === Infinity) {
        expect([a.beatAt, b.beatAt, b.frame]).toEqual([Infinity, Infinity, ""]);
        return;
      }
      expect([b.gap, b.failed, b.climbed, b.step]).toEqual([a.gap, a.failed, a.climbed, a.step]);
      if (a.failed) expect(Math.abs(a.climbAt - from - b.climbAt)).toBeLessThan(1001);
      if (a.frame) expect(b.waitMax).toBe(a.waitMax);
      const asleep = future(rig, b, 0, then);
      const awake = future(rig, a, from, then);
      expect(asleep.told).toEqual(awake.told);
      // Whole ms are kept, and rounded down: early is harmless.
      const off = asleep.at.map((at, i) => Math.abs(at - awake.at[i]!));
      expect(Math.max(0, ...off)).toBeLessThan(2);
    }),
    500,
  );
  expect(slept).toBeGreaterThan(450);
});

test(`what is damaged is ignored as a whole, and changes nothing (seed ${SEED})`, () => {
  holds(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (seed, a, z) => {
      const rig = lived(seed, {});
      const kept = doze(rig.s, rig.now);
      const s = createSender({ ...rig.config }, { ...rig.flash, origin: "woken" }, 0);
      const before = { ...s };
      const other = kept.slice(a % kept.length) + kept.slice(0, a % kept.length);
      const wrong = [
        "",
        kept.slice(0, z % kept.length),
        `${kept}x`,
        flip(kept, a % (8 * kept.length)),
      ];
      for (const text of other === kept ? wrong : [...wrong, other]) {
        expect(rouse(s, text)).toBe(0);
        expect({ ...s }).toEqual(before);
      }
      expect(rouse(s, kept)).toBe(rig.s.unacked || rig.s.acked || !rig.s.ready ? 1 : 0);
    }),
    200,
  );
});

describe("what is not of this boot is ignored", () => {
  const [rig] = acked(DEEP);
  rig.run(1000);
  const quiet = doze(rig.s, rig.now);
  rig.nextBeat();
  rig.run(20_000);
  const lost = doze(rig.s, rig.now);

  const taken = (flash: object, kept: string, config = {}) =>
    rouse(createSender({ ...rig.config, ...config }, { ...rig.flash, ...flash }, 0), kept);

  test("as long as the numbers are those on flash it is taken", () => {
    expect(taken({}, lost)).toBe(1);
    expect(taken({ limit: 1, acked: 1 }, quiet)).toBe(1);
  });
  test("of another epoch, or another key", () => {
    expect(taken({ epoch: 8 }, lost)).toBe(0);
    expect(taken({}, lost, { key: { ...rig.config.key, inner: "" } })).toBe(0);
  });
  test("rule 12: left behind by a power cut, from before a beat that nobody heard", () => {
    // The flash reserved a number more, and no ACK came: the string says that all is well.
    expect(taken({ limit: 2, acked: 0 }, quiet)).toBe(0);
    expect(taken({ limit: 3, acked: 0 }, lost)).toBe(0);
  });
});

test("while all goes well the string stays the same, so the flash is not written", () => {
  const rig = new Rig(DEEP, HEARD);
  const luck = stream(SEED, 1, "network");
  const strings = new Set<string>();
  for (let n = 0; n < 500; n++) {
    const beat = rig.nextBeat();
    rig.run(8 + luck() * 40);
    rig.hear(rig.ack(beat));
    rig.settle();
    const kept = doze(rig.s, rig.now);
    strings.add(kept);
    rig.boots++;
    rig.s = woken(rig, kept);
    rig.now = 0;
  }
  expect(strings.size).toBeLessThanOrEqual(3);
});

test("rule 13: the estimate survives sleep, and so does a time-out that was doubled", () => {
  const rig = new Rig(DEEP, HEARD);
  const beat = rig.nextBeat();
  rig.run(600);
  rig.hear(rig.ack(beat)); // its second try: no sample, the doubled one stays
  const s = woken(rig, doze(rig.s, rig.now));
  expect(s.rto).toBe(500);
  const slow = new Rig(DEEP, HEARD);
  const once = slow.nextBeat();
  slow.run(240);
  slow.hear(slow.ack(once));
  expect(woken(slow, doze(slow.s, slow.now)).rto).toBe(720);
});

test("rule 10: after a boot that leaves reserved numbers out, a beat from before is not made up", () => {
  const rig = new Rig({ ...DEEP, reserve: 32 }, { limit: 32 });
  rig.nextBeat();
  rig.run(20_000);
  const s = woken(rig, doze(rig.s, rig.now));
  expect([s.seq, s.frame, s.tag, s.ready]).toEqual([64, "", "", 1]);
});

test("who has left stays away", () => {
  const rig = new Rig(DEEP, HEARD);
  rig.nextBeat();
  leave(rig.s, rig.now);
  const bye = rig.nextBeat();
  rig.hear(rig.ack(bye));
  rig.settle();
  const s = woken(rig, doze(rig.s, rig.now));
  expect(poll(s, 0)).toBe("");
  expect(s.wakeAt).toBe(Infinity);
});
