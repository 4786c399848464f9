/** Why a frame is malformed: each reason, on both sides of its limit. */

import { describe, expect, it } from "vitest";
import { u8 } from "../../device/bytes.ts";
import { decodeDown, decodeUp, REFUSALS } from "../../device/decode.ts";
import {
  DELAY_MAX,
  encodeAck,
  encodeCommand,
  encodeHeartbeat,
  encodeNudge,
  encodeProbeDown,
  encodeProbeUp,
  encodeResult,
  encodeWelcome,
  FRAME_MAX,
  ID_MAX,
} from "../../device/wire.ts";
import { seedOf } from "./codec.ts";
import { randomBytes, xorshift } from "./opening.ts";

const seed = seedOf("refusals.test.ts");
const TAG = "12345678";

describe("reasons of refusal (section 1)", () => {
  const up = (body: string) => decodeUp(body + TAG, 8);
  const down = (body: string) => decodeDown(body + TAG, 8);

  it("too-long: a frame of 256 bytes is taken, one of 257 is not", () => {
    const room = "p".repeat(243);
    expect(encodeCommand(1, 1, room, 0).length + 8).toBe(FRAME_MAX);
    expect(down(encodeCommand(1, 1, room, 0))).toMatchObject({ payload: room });
    expect(down(encodeCommand(1, 1, `${room}p`, 0))).toBe("too-long");
    expect(up(encodeResult(1, 1, 1, 0, "p".repeat(239), 0))).toMatchObject({ code: 0 });
    expect(up(encodeResult(1, 1, 1, 0, "p".repeat(240), 0))).toBe("too-long");
  });

  it("reserved: both sides of each limit", () => {
    const beat = (id: number, promise: number, reach: number) =>
      up(encodeHeartbeat(id, 1, promise, 0, reach, ""));
    expect(beat(1, 1, 0)).toMatchObject({ id: 1, promise: 1, reach: 0 });
    expect(beat(ID_MAX, 255, 2)).toMatchObject({ id: ID_MAX, promise: 255, reach: 2 });
    expect([beat(0, 1, 0), beat(1, 0, 0), beat(1, 1, 3)]).toEqual(Array(3).fill("reserved"));
    for (const delay of [1, DELAY_MAX]) {
      expect(up(encodeProbeUp(1, 1, delay, 0))).toMatchObject({ delay });
      expect(down(encodeProbeDown(1, delay))).toMatchObject({ delay });
    }
    for (const delay of [0, DELAY_MAX + 1]) {
      expect(up(encodeProbeUp(1, 1, delay, 0))).toBe("reserved");
      expect(down(encodeProbeDown(1, delay))).toBe("reserved");
    }
    expect(up(encodeResult(1, 1, 0, 0, "", 0))).toBe("reserved");
    expect(down(encodeCommand(1, 0, "", 0))).toBe("reserved");
  });

  it("reserved: MORE anywhere but in ACK and COMMAND, and bit 0 in any frame down", () => {
    const all = [
      encodeAck(1, 0, 0, 0, 0, ""),
      encodeWelcome(1, 0, 0, 0),
      encodeCommand(1, 1, "", 0),
      encodeProbeDown(1, 1),
      encodeNudge(1),
    ];
    const low = (bits: number) =>
      all.map((body) => down(u8(body.charCodeAt(0) | bits) + body.substring(1)));
    expect(low(1)).toEqual(Array(5).fill("reserved"));
    expect(low(3)).toEqual(Array(5).fill("reserved"));
    expect(low(2).map((f) => (typeof f === "string" ? f : f.type))).toEqual([
      1,
      "reserved",
      4,
      "reserved",
      "reserved",
    ]);
  });

  it("direction: each type but PROBE travels one way", () => {
    const upOnly = [0, 2, 5];
    for (let type = 0; type < 8; type++) {
      const frame = u8(64 | (type << 3)) + "x".repeat(40);
      expect([type, decodeUp(frame, 8) === "direction"]).toEqual([
        type,
        [1, 3, 4, 7].includes(type),
      ]);
      expect([type, decodeDown(frame, 8) === "direction"]).toEqual([type, upOnly.includes(type)]);
    }
  });

  it("are all in the list, and `type` is left to who knows the suite", () => {
    const said = new Set<string>();
    const random = xorshift(seed);
    for (let n = 0; n < 20000; n++) {
      const frame = randomBytes(random, random() % 40);
      for (const f of [decodeUp(frame, 8), decodeDown(frame, 2)])
        if (typeof f === "string") said.add(f);
    }
    expect([...said].sort()).toEqual(REFUSALS.filter((r) => r !== "type").sort());
  });
});
