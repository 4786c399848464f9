// What a board remembers, and how it tells time. Only board*.ts touch the interpreter's globals;
// the socket is udp.ts.
//
// **Flash.** (epoch, limit) must survive a power cut at any instant, and must not wear the flash. A
// file of the Storage module begins as 0xFF bytes, and a byte can be filled in place without a new
// copy of the file. So `nb` is a counter:
//
//     0       4      8     12                                         255
//     +-------+------+-----+-------------------------------------------+--+
//     | epoch | base | crc | marks: 0xFF free, 0x00 spent              |FF|
//     +-------+------+-----+-------------------------------------------+--+
//
// Marks come in pairs: the first reserves 32 beats, before any of them is sent; the second says
// that one of them was acknowledged. limit = base + 32 * pairs begun. A full file is written anew
// after 121 * 32 = 3 872 beats: 2.7 days at a beat a minute, and 288 bytes of flash with the file's
// own header. An ESP32 has 896 KB of Storage: 3 185 such files, 23 years, before each page is
// erased for the first time of some 100 000; at a beat every 2 s, 9 months. The check sum covers
// the key too: flashed with another one, the board starts anew. `nbb` is the boot counter, a few
// digits written anew at each boot (at most 44 bytes: 20 000 boots an erase), and apart from the
// state as rule 12 asks.
//
// Making a file anew drops the old one before the new one is whole. A power cut in that instant
// leaves none, or one whose check sum fails: it counts as lost and the board says HELLO, for what
// is in doubt is never used (rule 10). The alternative, a JSON file a beat, costs 70 bytes of flash
// a beat where this one costs 0.04.
//
// **Time.** The interpreter has no monotonic clock: `getTime` jumps when somebody sets it. Steps
// backwards and steps of more than two hours count as no time; `run.ts` never waits longer than
// one.

import { getU32, u32 } from "./bytes.ts";
import { RESERVE } from "./schedule.ts";
import type { Memory, Sender } from "./state.ts";

export const config = NEXTBEAT;
export const secret = config.secret;

export const storage = require("Storage");

const MARKS_AT = 12;
const FILE_BYTES = 256;

/** What the file says, and where its next mark goes. The last byte stays free: it ends them. */
let epoch = 0;
let base = 0;
let markAt = 0;

let before = getTime();
let elapsed = 0;

/** Milliseconds since boot, from 0: never goes back, never leaps. */
export function clock(): number {
  const at = getTime();
  const step = at - before;
  before = at;
  if (step > 0 && step < 7200) elapsed += step * 1000;
  return elapsed;
}

/** Native SHA-256 of a byte string. */
export function sha256(message: string): string {
  return E.toString(require("crypto").SHA256(message));
}

/** What the flash remembers of the key's device; counts this boot. */
export function recall(): Memory {
  const boots = 1 + ((storage.read("nbb") as unknown as number) | 0);
  storage.write("nbb", "" + boots);
  const file = storage.read("nb") || "";
  const head = file.substr(0, 8);
  if (u32(E.CRC32(head + secret)) === file.substr(8, 4)) {
    epoch = getU32(file, 0);
    base = getU32(file, 4);
    markAt = file.indexOf("\xff", MARKS_AT);
  }
  const spent = markAt && markAt - MARKS_AT;
  return {
    epoch: epoch,
    limit: base + RESERVE * ((spent + 1) >> 1),
    acked: spent && !(spent & 1) ? 1 : 0,
    origin: config.salt + boots + "/" + getTime(),
  };
}

/** Makes (epoch, limit, acked) durable if they changed. Throws if the flash is full. */
export function remember(s: Sender): void {
  if (s.dirty) {
    if (s.epoch !== epoch || markAt > FILE_BYTES - 3) {
      base = s.limit && s.limit - RESERVE;
      const head = u32(s.epoch) + u32(base);
      storage.write("nb", head + u32(E.CRC32(head + secret)), 0, FILE_BYTES);
      epoch = s.epoch;
      markAt = MARKS_AT;
    }
    // Two marks for each reservation; the last one's second only once a beat was acknowledged.
    const end = MARKS_AT - 1 + (s.limit - base) / (RESERVE / 2) + s.acked;
    for (; markAt < end; markAt++) storage.write("nb", "\0", markAt);
    s.dirty = 0;
  }
}
