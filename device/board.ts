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
// that one of them was acknowledged. limit = base + 32 * pairs begun. The fourth beat in a row
// without an ACK begins another pair, so that not even a power cut lets more than 16 be spent (rule
// 12). A full file is written anew after 121 * 32 = 3 872 beats: 2.7 days at a beat a minute, and
// 288 bytes of flash with the file's own header. An ESP32 has 896 KB of Storage: 3 185 such files,
// 23 years, before each page is erased for the first time of some 100 000; at a beat every 2 s, 9
// months. The check sum covers the key too: flashed with another one, the board starts anew.
//
// A deep sleeper boots for each beat, and would skip 31 numbers each time: its pairs reserve one
// beat each, so a file holds 121 beats, 2.4 bytes a beat. Every 5 minutes that is 250 KB a year:
// an ESP32 erases its pages every 3.5 years, an ESP8266 with 16 KB of Storage every 23 days, and
// has 6 000 years of that. The check sum covers this too, else a board flashed as a sleeper would
// read 32 numbers for one and use them twice.
//
// `nbb` is the boot counter, apart from the state as rule 12 asks: a few digits written anew, at
// most 44 bytes a boot, 20 000 boots an erase. A wake by the timer is a boot too, and is counted
// only where the last beat was not acknowledged: else this wake begins with a beat, and so no two
// such wakes find the same limit, which the nonces are made of as well.
//
// Making a file anew drops the old one before the new one is whole. A power cut in that instant
// leaves none, or one whose check sum fails: it counts as lost and the board says HELLO, for what
// is in doubt is never used (rule 10). The alternative, a JSON file a beat, costs 70 bytes of flash
// a beat where this one costs 0.04.
//
// **Time.** The interpreter has no monotonic clock: `getTime` jumps when somebody sets it. Steps
// backwards and steps of more than two hours count as no time; `run.ts` looks each second, so no
// more than that is lost. Two hours, since the interpreter may stand for minutes: in a TCP
// connection, in an application's hook.

import { timed } from "./board-chip.ts";
import { getU32, u32 } from "./bytes.ts";
import { RESERVE } from "./schedule.ts";
import type { Memory, Sender } from "./state.ts";

declare const WITH_SLEEP: boolean;

export const config = NEXTBEAT;
export const secret = config.secret;

export const storage = require("Storage");

/** Beats that a pair of marks stands for: one where each wake is a boot. */
export const COVERED = WITH_SLEEP && config.reach === 2 ? 1 : RESERVE;

const MARKS_AT = 12;
const FILE_BYTES = 256;

/** What the file says, and where its next mark goes. The last byte stays free: it ends them. */
let epoch = 0;
let base = 0;
let markAt = MARKS_AT;

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

/** The check sum in front of a file: over its text, and the key. */
export function check(text: string): string {
  return u32(E.CRC32(text + secret));
}

/** What the check sum of `nb` covers. */
function covered(head: string): string {
  return WITH_SLEEP && COVERED < RESERVE ? head + COVERED : head;
}

/** What the flash remembers of the key's device; counts this boot. */
export function recall(): Memory {
  const file = storage.read("nb") || "";
  const head = file.substr(0, 8);
  if (check(covered(head)) === file.substr(8, 4)) {
    epoch = getU32(file, 0);
    base = getU32(file, 4);
    markAt = file.indexOf("\xff", MARKS_AT);
  }
  const spent = markAt - MARKS_AT;
  const most = base + COVERED * ((spent + 1) >> 1);
  const heard = spent && ~spent & 1;
  // One more than its digits say; the first boot finds none.
  const boots = -~(storage.read("nbb") as unknown as number);
  if (!(WITH_SLEEP && COVERED < RESERVE && timed && heard)) {
    try {
      storage.write("nbb", "" + boots);
    } catch {
      // A full flash: marks are filled in place, so it may beat on; an epoch would find no room.
    }
  }
  return {
    epoch: epoch,
    limit: most,
    acked: heard,
    origin: config.salt + boots + (WITH_SLEEP ? "/" + most : "") + "/" + getTime(),
  };
}

/** Makes (epoch, limit, acked) durable if they changed. Throws if the flash is full. */
export function remember(s: Sender): void {
  if (s.dirty) {
    if (s.epoch !== epoch || markAt > FILE_BYTES - 3) {
      base = s.limit && s.limit - COVERED;
      const head = u32(s.epoch) + u32(base);
      storage.write("nb", head + check(covered(head)), 0, FILE_BYTES);
      markAt = MARKS_AT;
    }
    // Should a mark not be taken, since somebody erased the file, the next turn makes it anew.
    epoch = 0;
    // Two marks for each reservation; the last one's second only once a beat was acknowledged.
    const end = MARKS_AT - 1 + (s.limit - base) / (COVERED / 2) + s.acked;
    for (; markAt < end; markAt++) storage.write("nb", "\0", markAt);
    epoch = s.epoch;
    s.dirty = 0;
  }
}
