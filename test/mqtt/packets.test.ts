// The limit on MQTT packets, with the library's own writer as oracle, cut at every byte.

import { PassThrough } from "node:stream";
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { expect, it } from "vitest";
import { watchPackets } from "../../gateway/mqtt/packets.ts";

/** The lengths that were found too long in these bytes. */
function tooLong(pieces: readonly Buffer[], most: number): number[] {
  const stream = new PassThrough();
  const found: number[] = [];
  watchPackets(
    stream,
    () => most,
    (length) => found.push(length),
  );
  for (const piece of pieces) stream.emit("data", piece);
  return found;
}

function publish(length: number): Buffer {
  const payload = Buffer.alloc(length, 0x80);
  return generate({
    cmd: "publish",
    topic: "t",
    payload,
    qos: 0,
    retain: false,
    dup: false,
  } as Packet);
}

/** Of the body: two bytes of length and one of topic stand before the payload. */
const OVER = 3;

it("sees each packet, wherever the stream is cut, and takes no payload for a header", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(lengths, cuts, fc.integer({ min: 0, max: 20_003 }), (all, steps, most) => {
      const bytes = Buffer.concat(all.map(publish));
      const pieces: Buffer[] = [];
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const step = steps[n % steps.length]!;
        pieces.push(bytes.subarray(at, at + step));
        at += step;
      }
      const first = all.find((length) => length + OVER > most);
      const expected = first === undefined ? 0 : 1;
      expect(tooLong(pieces, most)).toHaveLength(expected);
    }),
  );
});

it("cut between any two bytes, says the length as soon as it is beyond the limit", () => {
  const bytes = Buffer.concat([publish(10), publish(500)]);
  for (let at = 0; at <= bytes.length; at++) {
    const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(tooLong(pieces, 502)).toEqual([503]);
    expect(tooLong(pieces, 503)).toEqual([]);
  }
});

it("refuses a length of five bytes, and asks for the limit anew with each packet", () => {
  expect(tooLong([Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80])], 2 ** 28)).toHaveLength(1);
  const stream = new PassThrough();
  const limits = [10, 1_000];
  const found: number[] = [];
  watchPackets(
    stream,
    () => limits[0]!,
    (length) => found.push(length),
  );
  stream.emit("data", publish(5));
  limits.shift();
  stream.emit("data", publish(900));
  expect(found).toEqual([]);
});
