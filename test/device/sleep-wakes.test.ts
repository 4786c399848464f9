// A board that deep-sleeps whenever it may, each wake of which is a boot: rules 11 to 13, 18 and 19
// hold over any number of them.

import { expect, test } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { listening } from "../../device/sender.ts";
import { doze, rouse } from "../../device/sleep.ts";
import { createSender, type SenderConfig } from "../../device/state.ts";
import { alert, load } from "../../device/vitals.ts";
import { beats, isBeat, isHello, Rig, type Sent } from "./sender-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A flash on which a beat of epoch 7 was acknowledged. */
const HEARD = { limit: 1 };
const DEEP = { own: 5 * MINUTE, ownMin: 20_000, ownMax: HOUR, reach: 2, makeUps: 2, reserve: 1 };

/** A board that deep-sleeps whenever it may, on the world's clock. */
class Sleeper {
  readonly rig: Rig;
  /** The world's instant at the board's 0. */
  base = 0;
  readonly sent: Sent[] = [];
  kept = "";

  constructor(config: Partial<SenderConfig>, flash: object = HEARD) {
    this.rig = new Rig({ ...DEEP, ...config }, flash);
  }

  /** One wake, unheard unless `answer` gives something. */
  wake(answer: (f: Sent) => string | undefined = () => undefined): Sent[] {
    const { rig } = this;
    const from = rig.sent.length;
    for (let turn = 0; turn < 100; turn++) {
      const seen = rig.sent.length;
      rig.settle();
      for (const f of rig.sent.slice(seen)) {
        const reply = answer(f);
        if (reply !== undefined) rig.hear(reply);
      }
      if (!listening(rig.s, rig.now) && rig.s.wakeAt > rig.now) break;
      rig.now = Math.max(rig.now, rig.s.wakeAt);
    }
    const sends = rig.sent.slice(from).map((f) => ({ ...f, at: this.base + f.at }));
    this.sent.push(...sends);
    this.kept = doze(rig.s, rig.now);
    this.base += rig.s.wakeAt;
    rig.boots++;
    rig.now = 0;
    rig.s = createSender({ ...rig.config }, { ...rig.flash, origin: `salt${rig.boots}` }, 0);
    rouse(rig.s, this.kept);
    return sends;
  }
}

test("rules 12, 13 and 18 over deep sleep: three days of silence", () => {
  const sleeper = new Sleeper({ own: 5 * MINUTE });
  while (sleeper.base < 72 * HOUR) sleeper.wake();
  const first = beats(sleeper.sent);
  expect(first.length).toBe(16); // and then HELLO only
  expect(new Set(first.map((f) => f.seq)).size).toBe(16);
  const gaps = first.slice(1).map((f, i) => Math.round((f.at - first[i]!.at) / (5 * MINUTE)));
  expect(gaps).toEqual([1, 1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
  const sends = first.map((b) => sleeper.sent.filter((f) => f.frame === b.frame).length);
  expect(sends).toEqual([9, 9, 9, ...new Array(13).fill(3)]);
  const hellos = sleeper.sent.filter(isHello);
  const opened = hellos.filter((f, i) => f.frame !== hellos[i - 1]?.frame).map((f) => f.at);
  const spaces = opened.slice(1).map((at, i) => at - opened[i]!);
  const growing = spaces.filter((ms) => ms < HOUR);
  expect(growing.length).toBeLessThan(8);
  for (const ms of spaces.slice(8)) expect(ms).toBeLessThanOrEqual(HOUR + 41 * MINUTE);
  expect(spaces.at(-1)).toBeGreaterThanOrEqual(HOUR);
});

test("rule 12: a board that never had an epoch doubles the space between its HELLOs over sleeps", () => {
  const sleeper = new Sleeper({ own: MINUTE }, { epoch: 0, acked: 0 });
  const at = Array.from({ length: 9 }, () => sleeper.wake()[0]!.at);
  const minutes = at.slice(1).map((ms, i) => Math.round((ms - at[i]!) / MINUTE));
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

test("rule 12: an epoch of which no beat was acknowledged is not used after the sleep", () => {
  const sleeper = new Sleeper({ makeUps: 0 }, { epoch: 0, acked: 0 });
  const { rig } = sleeper;
  const sends = sleeper.wake((f) => (isHello(f) ? rig.welcome(f, 9) : undefined));
  expect(sends.filter(isBeat).length).toBe(3);
  expect(sleeper.wake().every(isHello)).toBe(true);
});

test("rule 19 over deep sleep: the list of lost beats goes on", () => {
  const sleeper = new Sleeper({ makeUps: 0 });
  const { rig } = sleeper;
  const ok = (f: Sent) => rig.ack(f);
  sleeper.wake();
  for (let n = 0; n < 16; n++) {
    const [beat] = sleeper.wake(ok);
    const lost = 0xffff ^ (1 << n);
    expect(rig.readBeat(beat!).ext.slice(0, 3)).toBe(
      `\x92${String.fromCharCode(lost >> 8, lost & 255)}`,
    );
  }
  expect(rig.readBeat(sleeper.wake(ok)[0]!).ext).toBe("");
});

test("rules 11 and 13: a make-up after the sleep is the same beat, and its ACK clears it", () => {
  const sleeper = new Sleeper({ own: HOUR });
  const { rig } = sleeper;
  const [beat] = sleeper.wake();
  const again = sleeper.wake((f) => rig.ack(f));
  expect(again.map((f) => [f.at, f.frame])).toEqual([[MINUTE, beat!.frame]]);
  expect(rig.s).toMatchObject({ unacked: 0, heard: 0xffff, ready: 1, tag: "" });
  const [next] = sleeper.wake((f) => rig.ack(f));
  expect([next!.at, next!.seq]).toEqual([HOUR, beat!.seq + 1]);
});

test("a payload, an alert and what was climbed are not forgotten in the sleep", () => {
  const sleeper = new Sleeper({ makeUps: 0 });
  const { rig } = sleeper;
  load(rig.s, "door");
  alert(rig.s, true, 0);
  rig.s.rungs = 4;
  for (let n = 0; n < 3; n++) sleeper.wake();
  const [beat] = sleeper.wake((f) => rig.ack(f));
  expect(rig.readBeat(beat!).ext).toContain("\xb4door");
  expect(rig.readBeat(beat!).ext).toContain("\xe1\x04");
  expect(rig.readBeat(beat!).vitals & 8).toBe(8);
  expect(intervalMs(rig.readBeat(beat!).promise)).toBeLessThan(8 * DEEP.ownMin * 1.2);
  const [next] = sleeper.wake((f) => rig.ack(f));
  expect(rig.readBeat(next!).ext).not.toMatch(/door|\xe1/);
  expect(rig.readBeat(next!).vitals & 8).toBe(8);
});
