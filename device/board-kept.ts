// What outlives a boot beside (epoch, limit, acked) and commands: one small file, `nbk`.
//
//     0     4       5        6        7       8
//     +-----+-------+--------+--------+-------+------------------------------------+
//     | crc | fails | turned | spread | rungs | what the sender keeps over a sleep |
//     +-----+-------+--------+--------+-------+------------------------------------+
//
// fails: wakes in a row that found no network or did not end by themselves; turned: how often the
// list of gateways was turned; spread: extension 13 as last told; rungs: extension 14, not told
// yet. None of it is worth a beat: a file that is cut short is as none, and one that cannot be
// written is not. It is written anew when a byte changes: `spread` and `turned` once in months,
// `rungs` with trouble, a sleeper's own bytes where beats are lost, or paced. That is 96 bytes of
// flash with the file's own header: where every tenth beat finds no ACK at its first tries, twice
// for each such beat, at one every 5 minutes 2 MB a year. An ESP8266's 16 KB are then erased 125
// times a year, of some 100 000; an ESP32's 896 KB twice.
//
// **First beats are spread** (extension 13): when a site's power comes back, all its boards join at
// once. So at power-on, and only then, a board waits before it joins: a hash of its id and epoch,
// modulo what the gateway said, and never longer than its own interval. The hash differs from board
// to board where their random numbers do not.

import { check, config, storage } from "./board.ts";
import { cause, SOFTWARE, timed } from "./board-chip.ts";
import { u8 } from "./bytes.ts";
import { intervalMs } from "./interval.ts";
import { REBOOT } from "./ladder.ts";
import { doze, rouse } from "./sleep.ts";
import type { Sender } from "./state.ts";

declare const WITH_SLEEP: boolean;

const FAILS_MAX = 3;

/** As on flash. */
let file = "";
/** The sender's own part of it. */
let dozing = "";
let fails = 0;
let turned = 0;

/** Writes what changed. The sender's own part is what `slept` or the flash gave. */
export function keep(s: Sender): void {
  const text = u8(fails) + u8(turned) + u8(s.spread) + u8(s.rungs) + dozing;
  if (text !== file) {
    try {
      storage.write("nbk", check(text) + text);
      file = text;
    } catch {
      // A full flash: then a boot finds less.
    }
  }
}

/** Before a sleep that begins as it should. */
export function slept(s: Sender, now: number): void {
  fails = 0;
  dozing = doze(s, now);
  keep(s);
}

/**
 * Before a sleep that nothing but its awake time ended. How many intervals it shall last: the most
 * where flash has no room to count them.
 */
export function failed(s: Sender, joined: boolean, now: number): number {
  const before = file;
  const intervals = 1 << fails;
  // Without a network nothing happened to the sender: what it kept still holds.
  if (joined) dozing = doze(s, now);
  fails = Math.min(fails + 1, FAILS_MAX);
  keep(s);
  return file === before ? 1 << FAILS_MAX : intervals;
}

/** The next gateway in the list, the first one behind the last. */
export function turn(): void {
  const more = config.more;
  if (more) {
    more.push([config.name || config.host, config.port, config.way!]);
    const next = more.shift()!;
    if (config.name) config.name = next[0];
    else config.host = next[0];
    config.port = next[1];
    config.way = next[2];
    turned = (turned + 1) % (more.length + 1);
  }
}

/** After a boot: what the flash has. Returns how many ms to wait before joining. */
export function resume(s: Sender): number {
  // A copy: what `read` gives is the flash itself, and null once the file is written anew.
  const read = "" + (storage.read("nbk") || "");
  const text = read.substr(4);
  let wait = 0;
  // A wake by the timer is no cold boot.
  if (WITH_SLEEP && timed) s.extra = "";
  if (text && check(text) === read.substr(0, 4)) {
    file = text;
    fails = text.charCodeAt(0);
    for (let times = text.charCodeAt(1); times > 0; times--) turn();
    s.spread = text.charCodeAt(2);
    s.rungs = text.charCodeAt(3);
    dozing = text.substr(4);
    if (WITH_SLEEP && dozing) rouse(s, dozing);
    // Nobody knows how long it was off: it beats at once, also if it had left.
    if (!timed) s.beatAt = s.leaving = 0;
    if (s.spread && !timed && !(s.rungs & REBOOT)) {
      const most = Math.min(intervalMs(s.spread), s.own);
      wait = E.CRC32(s.id + "/" + s.epoch) % most;
    }
  }
  const known = cause || (s.rungs & REBOOT ? SOFTWARE : 0);
  if (!(WITH_SLEEP && timed) && known)
    s.extra = config.extra.substr(0, 1) + u8(known) + config.extra.substr(2);
  return wait;
}
