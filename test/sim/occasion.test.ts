// Which frames share an occasion and which do not, for frames as they stand on the wire.

import { expect, test } from "vitest";
import { encodeHeartbeat, encodeHello } from "../../device/wire.ts";
import { Occasions } from "../../sim/occasion.ts";

const TAG = "12345678";
const beat = (seq: number) => encodeHeartbeat(7, seq, 100, 0, 0, "") + TAG;
const hello = (nonce: string) => encodeHello(7, 0, nonce.repeat(8), 0) + TAG;
const u16 = (value: number) => String.fromCharCode(value >> 8, value & 0xff);
const ack = (seq: number) => `\x48${u16(seq)}\0\0\0${TAG}`;
const welcome = (epoch: number) => `\x58${u16(epoch >>> 16)}${u16(epoch)}\0\0\0\0\0\0${TAG}`;
const command = (seq: number, cmd: number) => `\x60${u16(seq)}${u16(cmd)}payload${TAG}`;

const HEARTBEAT = 0;
const ACK = 1;
const HELLO = 2;
const WELCOME = 3;
const COMMAND = 4;

/** A path of its own, and what its frames are keyed by: epochs, type, seq, try. */
function path() {
  const occasions = new Occasions();
  const number = occasions.add();
  const read = () => {
    const { high, low } = occasions;
    return [high >> 3, high & 7, low >>> 16, low & 0xffff];
  };
  return {
    up: (bytes: string) => {
      occasions.up(number, bytes);
      return read();
    },
    down: (bytes: string) => {
      occasions.down(number, bytes);
      return read();
    },
  };
}

test("a beat and its tries, and the ACKs to each", () => {
  const { up, down } = path();
  expect(up(beat(1))).toEqual([0, HEARTBEAT, 1, 1]);
  expect(up(beat(1))).toEqual([0, HEARTBEAT, 1, 2]);
  expect(down(ack(1))).toEqual([0, ACK, 1, 1]);
  expect(up(beat(1))).toEqual([0, HEARTBEAT, 1, 3]);
  expect(down(ack(1))).toEqual([0, ACK, 1, 2]);
  expect(up(beat(2))).toEqual([0, HEARTBEAT, 2, 1]);
  expect(down(ack(2))).toEqual([0, ACK, 2, 1]);
  expect(up(beat(0x1ffff))).toEqual([0, HEARTBEAT, 0xffff, 1]);
});

test("commands within a window count by themselves, whatever acknowledgements come between", () => {
  const { down } = path();
  expect(down(ack(5))).toEqual([0, ACK, 5, 1]);
  expect(down(command(5, 1))).toEqual([0, COMMAND, 5, 1]);
  expect(down(ack(5))).toEqual([0, ACK, 5, 2]);
  expect(down(command(5, 2))).toEqual([0, COMMAND, 5, 2]);
  expect(down(command(6, 2))).toEqual([0, COMMAND, 6, 1]);
  expect(down(ack(6))).toEqual([0, ACK, 6, 1]);
});

test("the second epoch is the second, whatever its number; the fifth nonce the fifth", () => {
  const runs = [(n: number) => 1_000 * n, (n: number) => 0xfffffff0 + n].map((epoch) => {
    const { up, down } = path();
    const seen = [up(hello("a")), up(hello("a")), down(welcome(epoch(1))), up(beat(1))];
    seen.push(up(hello("b")), down(welcome(epoch(2))), down(welcome(epoch(2))), up(beat(1)));
    return seen;
  });
  expect(runs[0]).toEqual([
    [0, HELLO, 1, 1],
    [0, HELLO, 1, 2],
    [1, WELCOME, 0, 1],
    [1, HEARTBEAT, 1, 1],
    [0, HELLO, 2, 1],
    [2, WELCOME, 0, 1],
    [2, WELCOME, 0, 2],
    // The same seq again, so its try counts on; the epoch tells them apart.
    [2, HEARTBEAT, 1, 2],
  ]);
  expect(runs[1]).toEqual(runs[0]);
});

test("a HELLO is the same occasion whether a WELCOME was seen before it or after", () => {
  const early = path();
  early.up(hello("a"));
  early.down(welcome(9));
  const late = path();
  late.up(hello("a"));
  expect(early.up(hello("a"))).toEqual(late.up(hello("a")));
});

test("paths know nothing of each other, and hundreds fit", () => {
  const occasions = new Occasions(1);
  const paths = Array.from({ length: 300 }, () => occasions.add());
  expect(paths).toEqual(paths.map((_, n) => n));
  for (const n of paths) for (let tries = 0; tries <= n % 5; tries++) occasions.up(n, beat(n));
  for (const n of paths) {
    occasions.up(n, beat(n));
    expect([occasions.high, occasions.low]).toEqual([0, (n << 16) | ((n % 5) + 2)]);
  }
});

test("any bytes are an occasion, within its bits", () => {
  const { up, down } = path();
  for (const bytes of ["", "\0", "\x10", "\x58", "\xff", "\x50abc", "\x48\xff", "x".repeat(256)]) {
    for (let n = 0; n < 300; n++) {
      for (const [epochs, type, seq, tries] of [up(bytes), down(bytes)] as [
        number,
        number,
        number,
        number,
      ][]) {
        expect(epochs).toBeLessThanOrEqual(1);
        expect(type).toBe((bytes.charCodeAt(0) >> 3) & 7);
        expect(seq).toBeLessThanOrEqual(0xffff);
        expect(tries).toBeLessThanOrEqual(0xff);
      }
    }
  }
});
