// What people read of a frame: one line, also of a frame that was refused.

import { expect, describe as group, it } from "vitest";
import { describe } from "../../device/describe.ts";
import { encodeExtension } from "../../device/extensions.ts";
import {
  DOWN,
  encodeAck,
  encodeCommand,
  encodeHeartbeat,
  encodeHello,
  encodeNudge,
  encodeProbeDown,
  encodeProbeUp,
  encodeResult,
  encodeWelcome,
  UP,
} from "../../device/wire.ts";
import { duration, idText } from "../../device/words.ts";
import { bytes, seedOf, vectors } from "./codec.ts";
import { randomBytes, xorshift } from "./opening.ts";

const seed = seedOf("describe.test.ts");
const TAG = "12345678";
const up = (body: string) => describe(body + TAG, UP, 8);
const down = (body: string) => describe(body + TAG, DOWN, 8);
const e = (type: number, hex: string) => encodeExtension(type, bytes(hex));

group("describe, for people", () => {
  it("a beat: id, seq, promise, vitals, reach", () => {
    expect(up(encodeHeartbeat(701, 12, 93, 0x94, 2, ""))).toBe(
      "HEARTBEAT 0002bd seq 12: next within 63s, battery 90 %, signal -66 dBm, deep sleep",
    );
    expect(up(encodeHeartbeat(701, 13, 255, 0xe8, 0, ""))).toBe(
      "HEARTBEAT 0002bd seq 13: leaving, nothing promised, " +
        "external power, ALERT, signal unknown, awake",
    );
  });

  it("a beat's extensions, by name", () => {
    const beat = (ext: string) =>
      up(encodeHeartbeat(701, 1, 93, 0xf0, 1, ext))
        .split("; ")
        .slice(1);
    expect(
      beat(e(1, "98") + e(2, "0ce4") + e(3, "ff38") + e(4, "03") + e(5, "b506") + e(6, "2a")),
    ).toEqual([
      "up 1h3m",
      "battery 3300 mV",
      "temperature -2 C",
      "reset by watchdog",
      "signal -75 dBm on channel 6",
      "free memory 42 %",
    ]);
    expect(beat(e(5, "ba") + e(7, "0e755a5c") + e(8, "2207") + e(9, "fffd") + e(4, "09"))).toEqual([
      "signal -70 dBm",
      "firmware 0e755a5c",
      "joined in 1.1s, round trip 162ms",
      "15 of the last 16 beats acknowledged xxxxxxxxxxxxxx.x",
      "reset by cause 9",
    ]);
    expect(
      beat(encodeExtension(11, "door open") + e(11, "00") + e(13, "") + e(14, "aabb")),
    ).toEqual([
      'payload of 9 bytes "door open"',
      "skipped extension 11 00",
      "skipped extension 13 empty",
      "skipped extension 14 aabb",
    ]);
  });

  it("what else goes up", () => {
    expect(up(encodeHello(701, 0, "\0\x01\x02\x03\x04\x05\x06\xff", 1))).toBe(
      "HELLO 0002bd: has no epoch, nonce 00010203040506ff, light sleep",
    );
    expect(up(encodeHello(701, 77, "\0\x01\x02\x03\x04\x05\x06\xff", 0))).toContain("has epoch 77");
    expect(up(encodeResult(701, 5, 3, 4, "on", 0))).toBe(
      'RESULT 0002bd seq 5: command 3 interrupted, outcome unknown, payload of 2 bytes "on", awake',
    );
    expect(up(encodeResult(701, 5, 3, 200, "", 0))).toContain("command 3 code 200, no payload");
    expect(up(encodeProbeUp(701, 5, 80, 0))).toBe("PROBE 0002bd seq 5: answer after 26s, awake");
  });

  it("what goes down", () => {
    expect(down(encodeAck(12, 0, 145, 0x71, 1, ""))).toBe(
      "ACK seq 12: own pace, mapped 145, generation 7, 1 command waiting, keep listening",
    );
    expect(
      down(encodeAck(12, 93, 0, 0x0f, 0, e(10, "6ab13b80") + e(12, "ffff") + e(13, "5d"))),
    ).toBe(
      "ACK seq 12: pace 63s, mapped 0, generation 0, 15 or more commands waiting" +
        "; time 2026-09-21T14:13:20Z; 16 of the last 16 beats heard xxxxxxxxxxxxxxxx" +
        "; first beats spread over 63s",
    );
    expect(down(encodeWelcome(9, 0, 255, 0x30))).toBe(
      "WELCOME epoch 9: clock not trusted, own pace, generation 3, 0 commands waiting",
    );
    expect(down(encodeCommand(12, 3, "\x01", 1))).toBe(
      "COMMAND 3 after seq 12: payload of 1 byte 01, keep listening",
    );
    expect(down(encodeProbeDown(5, 80))).toBe("PROBE seq 5: answered after 26s");
    expect(down(encodeNudge(5))).toBe("NUDGE seq 5: beat now");
  });

  it("a refused frame: the reason, and what its first bytes still say", () => {
    expect(vectors.rejects.frames.slice(0, 6).map((r) => describe(bytes(r.frame), UP, 8))).toEqual([
      "refused (too-short): 0 bytes up",
      "refused (too-short): 1 byte up, HEARTBEAT, 40",
      "refused (too-short): 15 bytes up, HEARTBEAT 00004d, 4000004d00095df052067e1b97862f",
      "refused (too-long): 17 bytes up, HEARTBEAT 00004d, 4000004d00095df052067e1b97862f6f00",
      "refused (version): 16 bytes up, 0000004d00095df010a4a042d1ea4841",
      "refused (version): 16 bytes up, 8000004d00095df0878179f2094cd778",
    ]);
    expect(describe(bytes("480009000000c4212ac077e07b75"), UP, 8)).toBe(
      "refused (direction): 14 bytes up, ACK, 480009000000c4212ac077e07b75",
    );
    expect(describe(bytes("480009000000c4212ac077e07b75"), DOWN, 2)).toBe(
      "refused (too-long): 14 bytes down, ACK, 480009000000c4212ac077e07b75",
    );
  });

  it("is one printable line, whatever came", () => {
    const random = xorshift(seed);
    const valid = vectors.frames.map((v) => bytes(v.frame));
    for (let n = 0; n < 30000; n++) {
      const start = random() % 3 ? valid[random() % valid.length]! : "";
      const frame = start.substring(0, random() % 20) + randomBytes(random, random() % 24);
      const line = describe(frame, random() & 1, random() & 1 ? 8 : 2);
      if (!/^[ -~]{10,400}$/.test(line) || /undefined|NaN/.test(line)) throw new Error(line);
    }
  });
});

group("durations and ids in words", () => {
  it("have two units at most, and no 60 s or 24 h", () => {
    const said = [0, 999, 1000, 2549, 9949, 9950, 119499, 119500, 3599499, 3599500, 5400000];
    expect(said.map(duration)).toEqual([
      "0ms",
      "999ms",
      "1s",
      "2.5s",
      "9.9s",
      "10s",
      "119s",
      "2m",
      "59m59s",
      "1h",
      "1h30m",
    ]);
    expect([86369999, 86370000, 90000000, 4.4e9].map(duration)).toEqual([
      "23h59m",
      "1d",
      "1d1h",
      "50d22h",
    ]);
  });

  it("an id has six lower-case hex digits", () => {
    expect([1, 701, 0xffffff].map(idText)).toEqual(["000001", "0002bd", "ffffff"]);
  });
});
