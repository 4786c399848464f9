// The real-time profile: beats every 200 ms, an interval shorter than the tries of one beat (rule
// 14). Promises stay below a second while the network is quick, so that a death shows within one;
// and nothing that helps at a minute may hurt here.

import { expect, test } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { stream } from "../../sim/random.ts";
import { acked, beats, gaps, isBeat, isHello, Rig, SEED } from "./sender-rig.ts";

const OWN = 200;

/** Beats on a network that answers each try after `ms`, but for a share of them. */
function live(rig: Rig, count: number, ms: number, loss: number, seed = SEED): void {
  const luck = stream(seed, 1, "network");
  const post: { at: number; frame: string }[] = [];
  for (let n = 0; n < count; ) {
    const at = Math.min(rig.s.wakeAt, post[0]?.at ?? Infinity);
    rig.now = Math.max(rig.now, at);
    while (post[0] && post[0].at <= rig.now) rig.hear(post.shift()!.frame);
    for (const f of rig.settle()) {
      if (!isBeat(f)) continue;
      if (rig.sent.at(-2)?.frame !== f.frame) n++;
      if (luck() >= loss) post.push({ at: rig.now + ms, frame: rig.ack(f) });
    }
  }
}

test("rule 14: beats at 200 ms, promises below 700 ms, and none is late", () => {
  const rig = new Rig({ own: OWN, random: stream(SEED, 1, "board") });
  live(rig, 300, 15, 0);
  const all = beats(rig.sent);
  const waits = gaps(all);
  expect(Math.max(...waits)).toBeLessThanOrEqual(OWN);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(OWN * 0.9);
  const promises = all.slice(5).map((f) => intervalMs(rig.readBeat(f).promise));
  expect(Math.max(...promises)).toBeLessThan(700);
  expect(rig.sent.length).toBe(all.length); // nothing was sent twice
});

test("rule 14: at 20 % of loss a further try comes before the next beat, and promises hold", () => {
  const rig = new Rig({ own: OWN, random: stream(SEED, 1, "board") });
  live(rig, 2000, 15, 0.2);
  const all = beats(rig.sent);
  const waits = gaps(all);
  waits.forEach((wait, i) => {
    expect(wait).toBeLessThan(intervalMs(rig.readBeat(all[i]!).promise));
  });
  expect(rig.sent.length).toBeGreaterThan(all.length * 1.1);
  // Four lost in a row with two tries each: about one in 400 000.
  expect(rig.sent.some(isHello)).toBe(false);
  expect(rig.s.epoch).toBe(7);
});

test("rule 14: the first beats, before any round trip was measured, are sent once each", () => {
  const rig = new Rig({ own: OWN });
  const first = rig.nextBeat();
  rig.runTo(199);
  expect(rig.sent.length).toBe(1); // rtoFirst is 250 ms
  const second = rig.nextBeat();
  expect([second.at, second.seq]).toEqual([200, first.seq + 1]);
});

test("rule 13: make-ups have no room here", () => {
  const rig = new Rig({ own: OWN, makeUps: 2 });
  rig.run(60_000);
  for (const beat of beats(rig.sent))
    expect(rig.sent.filter((f) => f.frame === beat.frame).length).toBeLessThanOrEqual(3);
});

test("rules 12 and 18: two seconds of silence double the gaps; an answer ends that at once", () => {
  const [rig] = acked({ own: OWN });
  const from = rig.sent.length;
  for (let n = 0; n < 4; n++) rig.nextBeat();
  expect(gaps(beats(rig.sent.slice(from))).map(Math.round)).toEqual([200, 200, 400]);
  const last = rig.sent.at(-1)!;
  rig.run(15);
  expect(rig.hear(rig.ack(last))).toBe(1);
  const next = rig.nextBeat();
  expect(next.at - last.at).toBeLessThanOrEqual(15 + OWN);
});
