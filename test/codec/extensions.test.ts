// Extensions (protocol section 6): what is carried, what is skipped, and what makes a list
// ill-formed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EXT_PAYLOAD,
  EXT_SPREAD,
  EXT_UPTIME,
  encodeExtension,
  hasExtension,
  listExtensions,
  readExtensions,
  wellFormedExtensions,
} from "../../device/extensions.ts";
import { DOWN, UP } from "../../device/wire.ts";
import { bytes, hexOf, seedOf } from "./codec.ts";

const seed = seedOf("extensions.test.ts");
const value = (n: number) => "v".repeat(n);
const byteString = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((b) => Buffer.from(b).toString("latin1"));

/** Section 6's table: type, ways, lengths that count. */
const TABLE: readonly (readonly [number, string, readonly number[]])[] = [
  [1, "up", [1]],
  [2, "up", [2]],
  [3, "up", [2]],
  [4, "up", [1]],
  [5, "up", [1, 2]],
  [6, "up", [1]],
  [7, "up", [1, 2, 3, 4, 5, 6, 7, 8]],
  [8, "up", [2]],
  [9, "up", [2]],
  [10, "down", [4]],
  [12, "down", [2]],
  [13, "down", [1]],
  [14, "up", [1]],
];

describe("extensions (section 6)", () => {
  it("put lengths up to 14 beside the type, and longer ones into the next byte", () => {
    expect(hexOf(encodeExtension(1, "\x2a"))).toBe("112a");
    expect(hexOf(encodeExtension(EXT_PAYLOAD, ""))).toBe("b0");
    expect(encodeExtension(EXT_PAYLOAD, value(14)).length).toBe(15);
    expect(hexOf(encodeExtension(EXT_PAYLOAD, value(15)).substring(0, 2))).toBe("bf0f");
    expect(hexOf(encodeExtension(EXT_PAYLOAD, value(255)).substring(0, 2))).toBe("bfff");
  });

  it("come back as they went, whatever they are", () => {
    const extension = fc.record({ type: fc.integer({ min: 0, max: 15 }), value: byteString(255) });
    fc.assert(
      fc.property(fc.array(extension, { maxLength: 8 }), (list) => {
        const ext = list.map((e) => encodeExtension(e.type, e.value)).join("");
        expect(listExtensions(ext)).toEqual(list);
        expect(wellFormedExtensions(ext, 0, ext.length)).toBe(list.length > 0);
      }),
      { seed },
    );
  });

  it("are ill-formed where one runs past the end, cut at any byte but a seam", () => {
    const parts = [value(3), value(14), value(15), "", value(40)].map((v) =>
      encodeExtension(11, v),
    );
    const ext = parts.join("");
    const seams = parts.map((_, at) => parts.slice(0, at + 1).join("").length);
    for (let cut = 1; cut <= ext.length; cut++) {
      const whole = seams.includes(cut);
      expect([cut, wellFormedExtensions(ext, 0, cut)]).toEqual([cut, whole]);
      expect([cut, readExtensions(ext.substring(0, cut), UP) !== undefined]).toEqual([cut, whole]);
    }
  });

  it("are an empty list where there are none, but X with none at all is malformed", () => {
    expect(readExtensions("", UP)).toEqual([]);
    expect(wellFormedExtensions("12345678", 8, 8)).toBe(false);
  });

  it("count in their direction and with their length only", () => {
    for (const [type, way, lengths] of TABLE) {
      for (let n = 0; n <= 20; n++) {
        const ext = encodeExtension(type, value(n));
        const up = way === "up" && lengths.includes(n);
        const down = way === "down" && lengths.includes(n);
        expect([type, n, readExtensions(ext, UP)?.length]).toEqual([type, n, up ? 1 : 0]);
        expect([type, n, readExtensions(ext, DOWN)?.length]).toEqual([type, n, down ? 1 : 0]);
      }
    }
  });

  it("carry the application's bytes both ways, 0 to 255 of them", () => {
    for (const n of [0, 1, 14, 15, 255]) {
      for (const direction of [UP, DOWN]) {
        const read = readExtensions(encodeExtension(EXT_PAYLOAD, value(n)), direction);
        expect(read).toEqual([{ type: EXT_PAYLOAD, value: value(n) }]);
      }
    }
  });

  it("are skipped where unknown, of type 0, or repeated after the first that counted", () => {
    for (const type of [0, 15]) {
      for (const direction of [UP, DOWN]) {
        expect(readExtensions(encodeExtension(type, value(1)), direction)).toEqual([]);
      }
    }
    const ext = ["too long", "a", "b"].map((v) => encodeExtension(EXT_UPTIME, v)).join("");
    const between = encodeExtension(15, "x") + encodeExtension(EXT_SPREAD, "c") + ext;
    expect(readExtensions(between, UP)).toEqual([{ type: EXT_UPTIME, value: "a" }]);
  });

  it("accept a long form of a short length, since nothing forbids it", () => {
    expect(readExtensions(bytes("1f012a"), UP)).toEqual([{ type: 1, value: "\x2a" }]);
  });

  it("are asked for one by one with the answers of the list", () => {
    const extension = fc.record({ type: fc.nat(15), value: byteString(20) });
    fc.assert(
      fc.property(fc.array(extension, { maxLength: 6 }), byteString(9), (list, body) => {
        const ext = list.map((e) => encodeExtension(e.type, e.value)).join("");
        const end = body.length + ext.length;
        for (const direction of [UP, DOWN]) {
          const read = readExtensions(ext, direction)!.map((e) => e.type);
          for (let type = 0; type < 16; type++) {
            const has = hasExtension(`${body}${ext}tag`, body.length, end, type, direction);
            expect([type, has]).toEqual([type, read.includes(type)]);
          }
        }
      }),
      { seed },
    );
  });
});
