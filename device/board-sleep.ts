// Deep sleep on ESP32 and ESP8266: when the board may go down, and for how long. A wake is a cold
// boot: what it needs stands on flash (board.ts, board-kept.ts, board-commands.ts).
//
// **A wake** joins, beats, waits for its ACK or the end of its tries, listens while a window is
// open, and goes down. Before the chip sleeps the network must have taken the last frame, and
// 50 ms more pass, since what the network took is not in the air yet: `send` and sleep in one turn
// send nothing. The sleep is shortened by what booting and joining took this time, so that first
// tries keep their spacing (rule 14); joining faster makes a beat early, which breaks no promise.
//
// **Awake time is bounded** whatever happens. Without a network 10 s after joining began the board
// gives up: no beat was spent, and it sleeps 1, 2, 4, then 8 intervals. In all it is awake 30 s,
// the longest window (15 s) and the console's apart: no answer, no room on flash, an exception in
// each turn. A timer of a second looks, which nothing else touches.
//
// **Sleeps of more than 35 minutes** are a chain, since the timer takes 2^31 microseconds: `nbs`
// holds the length of a link, their number less one, and a mark for each that is begun. The boot
// between two spends a mark and sleeps on, before anything else: no radio, 0.6 s. No marks at all
// is a board that has left: it sleeps on for ever. A wake that is not the timer's ends the chain.
//
//     0     4         8       10                10 + links - 1
//     +-----+---------+-------+------------------+
//     | crc | link ms | links | 0xFF: to be slept|
//     +-----+---------+-------+------------------+
//
// A chain is 44 bytes of flash for an hour, 400 KB a year: an erase of an ESP8266's 16 KB every two
// weeks, 4 000 years. On ESP8266 a wake could leave the radio's calibration out (option 4 of
// `deepSleep`); the board would then be deaf until the next power-on if it was touched meanwhile.
//
// **Console.** After power-on or a reset the board stays awake for 10 s, so that it can be flashed:
// nothing else would find a board that is awake for a second an hour.
//
// What lost: `setDeepSleep`, which only STM32 has; and to keep state in RTC memory, which neither
// chip shows to scripts.

import { check, clock, config, storage } from "./board.ts";
import { chip, timed } from "./board-chip.ts";
import { failed, slept } from "./board-kept.ts";
import { getU16, getU32, u16, u32 } from "./bytes.ts";
import { jittered } from "./hello.ts";
import { dropMqtt } from "./mqtt.ts";
import { listening } from "./sender.ts";
import type { Sender } from "./state.ts";
import { queued } from "./udp.ts";

declare const WITH_UDP: boolean;
declare const WITH_MQTT: boolean;

/** The longest sleep of the timer, with room for its drift: 35 of 35.8 minutes, in ms. */
const LINK_MS = 2100000;
const LINKS_AT = 10;
const CONSOLE_MS = 10000;
const JOIN_MS = 10000;
const AWAKE_MS = 30000;
/** From the last frame that the network took to sleep; how often it is asked whether it did. */
const DRAIN_MS = 50;
const DRAINS_MAX = 20;
const LOOK_MS = 1000;
/** From reset to the script: 0.2 s are coded in the ESP32's firmware, its loader takes the rest. */
const BOOT_MS = 500;
/** A shorter sleep is not worth a boot. */
const SLEEP_MIN_MS = 500;

/** Whether this board sleeps deeply at all. */
const deep = config.reach === 2 && !!chip;

let going = 0;
let begunAt = 0;
/** What joining took, -1 = not joined. */
let joinMs = -1;
let drains = 0;

/** Ends all. On ESP8266 the chip goes down some ms later: the caller must do nothing more. */
function down(ms: number): void {
  chip!.deepSleep((Math.max(ms, 1) * 1000) | 0);
}

/** A sleep of any length; Infinity: until power-on. */
function sleep(ms: number): void {
  if (ms > LINK_MS) {
    const links = ms < Infinity ? Math.ceil(ms / LINK_MS) : 1;
    // The boots between them count.
    ms = ms < Infinity ? (ms + BOOT_MS) / links - BOOT_MS : LINK_MS;
    const head = u32(ms) + u16(links - 1);
    try {
      storage.write("nbs", check(head) + head, 0, LINKS_AT + links - 1);
    } catch {
      // A full flash: the board wakes after one sleep, as long as there is, and beats early.
      ms = LINK_MS;
    }
  }
  down(ms);
}

/** At boot, before anything else: sleeps on if a chain is not over; then nothing must follow. */
export function resumeChain(): void {
  const file = storage.read("nbs") || "";
  const head = file.substr(4, 6);
  if (deep && head && check(head) === file.substr(0, 4)) {
    const left = getU16(head, 4) === 0;
    const at = file.indexOf("\xff", LINKS_AT);
    if (left || at > 0) {
      if (timed) {
        if (!left) storage.write("nbs", "\0", at);
        down(getU32(head, 0));
        throw "asleep";
      }
      storage.erase("nbs");
    }
  }
}

function openUntil(s: Sender): number {
  return Math.min(s.windowAt, s.windowEnd);
}

/** Goes down for `ms` from `since`, once the network has taken what was sent. */
function goDown(ms: number, since: number): void {
  function settle(): void {
    if (WITH_UDP && queued() && drains++ < DRAINS_MAX) setTimeout(settle, DRAIN_MS);
    else sleep(ms - (clock() - since));
  }
  going = 1;
  if (WITH_MQTT) dropMqtt();
  setTimeout(settle, DRAIN_MS);
}

/** Watches over the time awake, from when joining begins. */
export function begin(s: Sender, wait: number): void {
  function look(): void {
    const now = clock();
    const most = joinMs < 0 ? JOIN_MS : AWAKE_MS;
    if (!going && now >= Math.max(begunAt + most, openUntil(s), timed ? 0 : CONSOLE_MS)) {
      goDown(jittered(s, s.interval) * failed(s, joinMs >= 0, now), now);
    } else setTimeout(look, LOOK_MS);
  }
  if (deep) {
    begunAt = wait;
    setTimeout(look, wait);
  }
}

/** When the board must look again, which is `wakeAt` while it cannot sleep. Else it goes down. */
export function rest(s: Sender, now: number): number {
  const open = openUntil(s);
  if (going) return Infinity;
  if (!deep) return s.wakeAt;
  if (config.host && joinMs < 0) joinMs = now - begunAt;
  if (now < open) return Math.min(open, s.wakeAt);
  if (s.todo || s.wakeAt <= now || listening(s, now)) return s.wakeAt;
  if (!timed && now < CONSOLE_MS) return Math.min(CONSOLE_MS, s.wakeAt);
  const ms = s.wakeAt - now - BOOT_MS - joinMs;
  if (ms < SLEEP_MIN_MS) return s.wakeAt;
  slept(s, now);
  goDown(ms, now);
  return Infinity;
}
