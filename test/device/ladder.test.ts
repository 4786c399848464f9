// The ladder: which rung comes when, what is passed over, what is told of it (extension 14).

import fc from "fast-check";
import { expect, test } from "vitest";
import { readExtensions } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import {
  BACK_OFF,
  climb,
  GATEWAY,
  MAKE_UP,
  REBOOT,
  REJOIN,
  RUNGS,
  SOCKET,
  TRY,
} from "../../device/ladder.ts";
import { handle } from "../../device/sender.ts";
import type { SenderConfig } from "../../device/state.ts";
import { stream } from "../../sim/random.ts";
import { acked, holds, isHello, Rig, SEED, type Sent } from "./sender-rig.ts";

const HOUR = 3_600_000;
const ALL = TRY | SOCKET | REJOIN | GATEWAY | BACK_OFF | REBOOT;

/** Extension 14 of a beat; 0 = none. */
function told(rig: Rig, beat: Sent): number {
  const ext = readExtensions(rig.readBeat(beat).ext, 0)!.find((e) => e.type === 14);
  return ext === undefined ? 0 : ext.value.charCodeAt(0);
}

interface Climbed {
  at: number;
  failed: number;
  rung: number;
}

/** Obeys `wakeAt` for `ms`, asking the ladder after each turn as a shell does. */
function climbed(rig: Rig, ms: number): Climbed[] {
  const all: Climbed[] = [];
  for (const end = rig.now + ms; ; ) {
    rig.settle();
    for (let rung = climb(rig.s, rig.now); rung; rung = climb(rig.s, rig.now)) {
      all.push({ at: rig.now, failed: rig.s.failed, rung });
      if (all.length > 10_000) throw new Error("a ladder without end");
    }
    if (rig.s.wakeAt > end) return all;
    rig.now = Math.max(rig.now, rig.s.wakeAt);
  }
}

const silent = (config: Partial<SenderConfig>, ms: number) => climbed(new Rig(config), ms);

test("the rungs in order, each once more sets of tries have failed and time has gone by", () => {
  const rungs = silent({ own: 60_000 }, 8 * HOUR).map((c) => c.rung);
  const order = [TRY, SOCKET, REJOIN, GATEWAY, SOCKET, REJOIN, GATEWAY, BACK_OFF, REBOOT];
  expect(rungs.slice(0, 10)).toEqual([...order, TRY]);
});

test("each row waits for its count of failures, and for its time: both sides of both limits", () => {
  const { s } = new Rig();
  let now = 10_000;
  for (let row = 0; row < RUNGS.length; row += 3) {
    const [bit, count, code] = [0, 1, 2].map((i) => RUNGS.charCodeAt(row + i)) as [
      number,
      number,
      number,
    ];
    const ms = row === 0 ? 0 : intervalMs(code);
    s.failed += count - 1;
    expect([row, climb(s, now + 2 * ms)]).toEqual([row, 0]);
    s.failed++;
    if (row > 0) expect([row, climb(s, now + ms - 1)]).toEqual([row, 0]);
    now += ms;
    expect([row, climb(s, now)]).toEqual([row, bit]);
    expect(s.rungs & bit).toBe(bit);
    expect(climb(s, now + 10 * HOUR)).toBe(0);
  }
});

test("one failure and its answer climb one rung: the next failure begins below", () => {
  const [rig] = acked({ own: 60_000 });
  rig.nextBeat();
  expect(climbed(rig, 30_000).map((c) => c.rung)).toEqual([TRY]);
  rig.hear(rig.ack(rig.sent.at(-1)!));
  expect(climb(rig.s, rig.now)).toBe(0);
  rig.nextBeat();
  expect(climbed(rig, 90_000).map((c) => c.rung)).toEqual([TRY, SOCKET]);
});

test("while all is acknowledged there is nothing to climb", () => {
  const [rig] = acked();
  for (let n = 0; n < 20; n++) {
    rig.hear(rig.ack(rig.nextBeat()));
    expect(climb(rig.s, rig.now)).toBe(0);
  }
  expect(rig.s.rungs).toBe(0);
});

test("a board at 200 ms does not tear down its Wi-Fi within a second", () => {
  const all = silent({ own: 200 }, 5 * 60_000);
  const rejoin = all.find((c) => c.rung === REJOIN)!;
  expect(rejoin.at).toBeGreaterThan(10_000);
  expect(rejoin.at).toBeLessThan(60_000);
});

test("what a board does not have is passed over, and not told", () => {
  const only = silent({ own: 60_000, ladder: GATEWAY }, 4 * HOUR);
  expect(new Set(only.map((c) => c.rung))).toEqual(new Set([TRY, GATEWAY]));
  // Nothing at all is no trap.
  expect(new Set(silent({ ladder: 0 }, HOUR).map((c) => c.rung))).toEqual(new Set([TRY]));
});

test("a reboot comes behind an hour at least, and its bound holds however fast things fail", () => {
  for (const own of [200, 1000, 60_000, 900_000]) {
    const all = silent({ own }, 40 * HOUR);
    const reboots = all.filter((c) => c.rung === REBOOT).map((c) => c.at);
    expect(reboots.length).toBeGreaterThan(1);
    expect(reboots[0]).toBeGreaterThanOrEqual(HOUR);
    for (let n = 1; n < reboots.length; n++)
      expect(reboots[n]! - reboots[n - 1]!).toBeGreaterThanOrEqual(HOUR);
  }
});

test(`never two reboots within an hour, whatever is heard and whoever asks when (seed ${SEED})`, () => {
  const own = fc.constantFrom(200, 1000, 30_000, 600_000);
  const share = fc.constantFrom(0, 0.02, 0.2);
  holds(
    fc.property(own, share, fc.nat(), fc.boolean(), (interval, heard, seed, boots) => {
      const luck = stream(seed, 1, "ladder");
      const rig = new Rig({ own: interval });
      let epoch = 7;
      let last = 0;
      for (let turn = 0; turn < 600; turn++) {
        rig.now = Math.max(rig.now, rig.s.wakeAt);
        const sends = rig.settle();
        if (luck() < 0.7 && climb(rig.s, rig.now) === REBOOT) {
          expect(rig.now - last).toBeGreaterThanOrEqual(HOUR);
          last = rig.now;
          // As after a reboot: nothing is known, nor how long it was silent.
          if (boots) rig.boot();
        }
        const f = sends.at(-1);
        if (!f || luck() >= heard) continue;
        handle(rig.s, isHello(f) ? rig.welcome(f, ++epoch) : rig.ack(f), rig.now);
        rig.store();
      }
    }),
    100,
  );
});

test("extension 14 tells what was climbed until a beat that told it is acknowledged", () => {
  const [rig] = acked({ own: 60_000, ladder: SOCKET });
  rig.nextBeat();
  climbed(rig, 30_000);
  const second = rig.nextBeat();
  expect(told(rig, second)).toBe(TRY);
  climbed(rig, 30_000); // its tries are over: a new socket
  rig.hear(rig.ack(second)); // which it could not tell of
  const third = rig.nextBeat();
  expect(told(rig, third)).toBe(SOCKET);
  rig.run(30_000);
  expect(told(rig, rig.sent.at(-1)!)).toBe(SOCKET); // a try is the same bytes
  rig.hear(rig.ack(third));
  expect(told(rig, rig.nextBeat())).toBe(0);
});

test("a rung that is climbed again behind a beat that told of it is told again", () => {
  const [rig] = acked({ own: 60_000, ladder: SOCKET });
  rig.nextBeat();
  climbed(rig, 100_000);
  const beat = rig.nextBeat();
  expect(told(rig, beat) & SOCKET).toBe(SOCKET);
  rig.s.climbAt -= 60_000;
  rig.s.failed += 3;
  while (climb(rig.s, rig.now) !== SOCKET) rig.s.failed++;
  rig.hear(rig.ack(beat));
  expect(told(rig, rig.nextBeat())).toBe(SOCKET);
});

test("a make-up is a rung: the beat behind it tells", () => {
  const rig = new Rig({ own: 900_000, makeUps: 1, reach: 2, reserve: 1 });
  const beat = rig.nextBeat();
  rig.runTo(61_000);
  rig.hear(rig.ack(beat));
  const next = rig.nextBeat();
  expect(told(rig, next)).toBe(MAKE_UP);
  rig.hear(rig.ack(next));
  expect(told(rig, rig.nextBeat())).toBe(0);
});

test("a WELCOME is an answer: the ladder begins below", () => {
  const rig = new Rig({ own: 10_000 });
  climbed(rig, 60_000);
  expect(rig.s.failed).toBeGreaterThan(3);
  while (!rig.s.nonce) rig.runTo(rig.s.wakeAt);
  expect(rig.hear(rig.welcome(rig.sent.at(-1)!, 8))).toBe(3);
  expect(rig.s.failed).toBe(0);
  expect(climb(rig.s, rig.now)).toBe(0);
  expect([rig.s.step, rig.s.climbed]).toEqual([0, 0]);
  // Which rungs it took is not known to anybody yet.
  expect(told(rig, rig.nextBeat()) & ALL).not.toBe(0);
});
