// The board's bundle: within its budget, and after all that is done to make it small still the
// sender that every other test is about. It and the plain script run side by side, in the same
// world, and must leave the same log, byte for byte and instant for instant.

import { describe, expect, it } from "vitest";
import { bundle, joined, VARIANTS, type Variant } from "../../device/build.ts";
import { jsVars } from "../../device/bundle/measure.ts";
import { decodeUp } from "../../device/decode.ts";
import { encodeExtension } from "../../device/extensions.ts";
import { interpreter } from "../../device/interpreter.ts";
import { coldBoot } from "../../device/state.ts";
import { computeTag, makeTagKey, tagBytes } from "../../device/tag.ts";
import {
  ACK,
  DOWN,
  encodeAck,
  encodeNudge,
  encodeWelcome,
  HEARTBEAT,
  HELLO,
  NUDGE,
  tagInput,
  WELCOME,
} from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { stream } from "../../sim/random.ts";
import { PretendFlash } from "./board-flash.ts";
import { PretendBoard, type World } from "./board-rig.ts";

const BYTES_MAX = 3000;
const JSVARS_MAX = 520;
const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 7227);
const SECRET = "0123456789\xff\x00cdef";

const sources = new URL("../../device", import.meta.url).pathname;
/** MQTT alone and the search for bindings have tests of their own. */
const boards = VARIANTS.filter((v) => v.entry === "main.ts" && v.udp && !v.nat);
const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: JsVars are not counted");

/** A gateway that is deaf at times, repeats, asks for other paces, and is imitated badly. */
function world(suite: number, own: number, seed: number): World {
  const luck = stream(seed, 1, "world");
  const dice = stream(seed, 2, "dice");
  const key = makeTagKey(suite, suite ? SECRET : "", sha256);
  let epoch = 0;
  let last = 0;
  const seal = (type: number, seq: number, body: string, bound: string): string => {
    const known = type === WELCOME ? 0 : epoch;
    return body + computeTag(key, tagInput(DOWN, type, known, seq, body, bound));
  };
  const answer = (frame: string): string[] => {
    const up = decodeUp(frame, tagBytes(suite));
    if (typeof up === "string" || up.type > HELLO) throw new Error(`a board sent ${up}`);
    if (up.type === HELLO) {
      epoch = Math.max(epoch, up.epoch) + 1 + Math.floor(luck() * 3);
      last = 0;
      return [seal(WELCOME, 0, encodeWelcome(epoch, 0, 0, 0x10), up.nonce)];
    }
    if (up.type !== HEARTBEAT) return [];
    last = last - (last % 65536) + up.seq16;
    const pace = luck() < 0.2 ? Math.floor(luck() * 256) : 0;
    const ext = luck() < 0.2 ? encodeExtension(10, "\0\x01\x02\x03") : "";
    const ack = seal(ACK, last, encodeAck(last, pace, 1, 0x10, luck() < 0.1, ext), up.tag);
    const nudge = seal(NUDGE, last, encodeNudge(last), up.tag);
    return luck() < 0.1 ? [ack, nudge, ack] : [ack];
  };
  const damaged = (frame: string): string => {
    const at = Math.floor(luck() * frame.length);
    const cut = luck() < 0.3 ? frame.slice(0, at) : frame;
    const flipped = String.fromCharCode(frame.charCodeAt(at) ^ (1 << Math.floor(luck() * 8)));
    return cut === frame ? frame.slice(0, at) + flipped + frame.slice(at + 1) : cut;
  };
  return {
    dice,
    sends: () => luck() >= 0.05,
    replies: (frame, at) => {
      // Deaf for thirty beats of a hundred and fifty.
      if ((at / own) % 150 > 120 || luck() < 0.2) return [];
      const heard = answer(frame).flatMap((reply) => {
        const ms = 5 + luck() * (luck() < 0.1 ? 2000 : 60);
        const extra = luck() < 0.1 ? [{ frame: damaged(reply), ms: ms / 2 }] : [];
        const stray = luck() < 0.05 ? [{ frame: reply, ms: ms / 3, port: 9 }] : [];
        return luck() < 0.2 ? extra : [...extra, ...stray, { frame: reply, ms }];
      });
      return luck() < 0.01 ? [...heard, { frame: "", ms: 100 }] : heard;
    },
  };
}

/** A board's life, in beats between its reboots, each time with a while without a network. */
function life(script: string, suite: number, own: number, beats: readonly number[]): string[] {
  const config = {
    id: 0xbeef,
    secret: suite ? SECRET : "",
    host: "10.0.0.1",
    port: 7227,
    own,
    salt: "saltsalt",
    extra: coldBoot(1, "test"),
  };
  const flash = new PretendFlash();
  const around = world(suite, own, SEED);
  const log: string[] = [];
  for (const n of beats) {
    const board = new PretendBoard(script, config, flash, around);
    board.runTo((n * own) / 3);
    board.link("");
    board.runTo((n * own) / 2);
    board.link("10.0.0.1");
    board.runTo(n * own);
    log.push(...board.log, "reboot");
  }
  return log;
}

describe.each(boards)(`the bundle $name (seed ${SEED})`, (variant: Variant) => {
  it("behaves as the script from which it is made", async () => {
    const [plain, small] = await Promise.all([joined(variant, sources), bundle(variant, sources)]);
    const { suite, commands, sleep } = variant;
    for (const own of commands || sleep ? [2000] : [300, 2000, 60_000]) {
      // Longer than what one file on flash can count.
      const beats = own === 300 && suite === 1 ? [100, 9000] : [20, 300, 300];
      const expected = life(plain, suite, own, beats);
      expect(life(small, suite, own, beats)).toEqual(expected);
      for (const sign of [/ heard /, / write nb 0 256 /, / write nb \d+ 0 00/, /not sent/])
        expect(
          expected.some((line) => sign.test(line)),
          `${sign} at ${own}`,
        ).toBe(true);
      expect(expected.filter((line) => /leaked/.test(line))).toEqual([]);
    }
  });
});

describe("the budget of suite 1 over UDP", () => {
  const variant = boards.find((v) => v.suite === 1)!;

  it(`is ${BYTES_MAX} bytes`, async () => {
    expect((await bundle(variant, sources)).length).toBeLessThanOrEqual(BYTES_MAX);
  });

  it.skipIf(!espruino)(`is ${JSVARS_MAX} JsVars while it runs from RAM`, async () => {
    const found = await jsVars(espruino!, await bundle(variant, sources));
    expect(found.empty).toBeLessThan(60);
    expect(found.used).toBeGreaterThan(300);
    expect(found.used).toBeLessThanOrEqual(JSVARS_MAX);
  });
});
