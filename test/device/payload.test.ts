// What beats carry for the application: a payload until it is acknowledged, a temperature always.

import { expect, test } from "vitest";
import { readExtensions } from "../../device/extensions.ts";
import { load, measureTemperature, PAYLOAD_MAX } from "../../device/vitals.ts";
import { acked, type Rig } from "./sender-rig.ts";

/** Extension of a beat, undefined if it carries none. */
function carried(rig: Rig, beat: { frame: string }, type: number): string | undefined {
  const ext = readExtensions(rig.readBeat(beat as never).ext, 0)!;
  return ext.find((e) => e.type === type)?.value;
}

test("a payload goes with each beat until one that carried it is acknowledged", () => {
  const [rig] = acked();
  load(rig.s, "21.5");
  const one = rig.nextBeat();
  const two = rig.nextBeat();
  expect([carried(rig, one, 11), carried(rig, two, 11)]).toEqual(["21.5", "21.5"]);
  rig.hear(rig.ack(two));
  expect(carried(rig, rig.nextBeat(), 11)).toBeUndefined();
});

test("a payload that was given while a beat was in flight is not taken for told by its ACK", () => {
  const [rig] = acked();
  const before = rig.nextBeat();
  load(rig.s, "new");
  rig.hear(rig.ack(before));
  expect(carried(rig, rig.nextBeat(), 11)).toBe("new");
});

test("a newer payload takes the place of one that is not acknowledged, and needs its own ACK", () => {
  const [rig] = acked();
  load(rig.s, "old");
  const old = rig.nextBeat();
  load(rig.s, "new");
  rig.hear(rig.ack(old));
  const next = rig.nextBeat();
  expect(carried(rig, next, 11)).toBe("new");
  rig.hear(rig.ack(next));
  expect(carried(rig, rig.nextBeat(), 11)).toBeUndefined();
});

test("the longest payload fits into a frame with all else; a longer one is refused, and loses none", () => {
  const [rig] = acked({ extra: "\x41\x01\x78firmware" });
  rig.nextBeat(); // so that extension 9 is there
  rig.s.rungs = 127;
  measureTemperature(rig.s, -12.34);
  rig.s.extra = "\x41\x01\x78firmware";
  load(rig.s, "x".repeat(PAYLOAD_MAX));
  const beat = rig.nextBeat();
  expect(beat.frame.length).toBeLessThanOrEqual(256);
  const types = readExtensions(rig.readBeat(beat).ext, 0)!.map((e) => e.type);
  expect(types).toEqual([4, 7, 3, 11, 9, 14]);
  expect(() => load(rig.s, "x".repeat(PAYLOAD_MAX + 1))).toThrow(
    "payload: given 201 bytes, expected 0 to 200",
  );
  expect(carried(rig, rig.nextBeat(), 11)?.length).toBe(PAYLOAD_MAX);
});

test("temperature stands in every beat from when it is measured, until it is not any more", () => {
  const [rig] = acked();
  for (const [degrees, bytes] of [
    [21.5, "\x08\x66"],
    [-0.01, "\xff\xff"],
    [-40, "\xf0\x60"],
  ] as const) {
    measureTemperature(rig.s, degrees);
    for (let n = 0; n < 2; n++) {
      const beat = rig.nextBeat();
      expect(carried(rig, beat, 3)).toBe(bytes);
      rig.hear(rig.ack(beat));
    }
  }
  measureTemperature(rig.s, Number.NaN);
  expect(carried(rig, rig.nextBeat(), 3)).toBeUndefined();
});
