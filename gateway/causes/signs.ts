/**
 * What a device showed while it was heard, and what may explain that it no longer is: where its
 * battery and its signal came from, how often it booted, how often it moved. 20 bytes a device.
 *
 * A last reading says little: minus 82 dBm is where some boards live for years. What counts is the
 * fall, so for each there is something to compare with: the usual signal, a mean over some 64
 * beats; the battery's reading of up to a day ago; the boots of a chain without a pause. What lost:
 * the readings themselves in a ring, which is the history's affair, and 100 bytes a device here.
 */

import type { Records } from "../records.ts";
import * as row from "../rows.ts";

/** Reset causes (extension 4) that people and sleep bring about: no sign of trouble. */
const WAKE = 2;
const BUTTON = 7;
const RESETS = ["unknown", "power on", "wake", "watchdog", "brown-out", "crash", "software"];
/** Boots are one chain while no pause between two of them is longer. */
const CHAIN_MS = 20 * 60_000;
/** A chain that broke off so long ago explains nothing. */
const CHAIN_OLD_MS = 3_600_000;
/** The battery is compared with what it read up to so long ago. */
const BATTERY_MS = 86_400_000;
/** No reading. */
const NONE = 15;
/** The usual signal counts in 4096ths of a step of 8 dB, and moves by a 64th a beat. */
const STEP = 4_096;
const SLOWLY = 6;

/** Words and bytes of a row. */
const WORDS = 5;
const BYTES = 20;
/** In words: seconds of the first and the last boot of the chain, and of the battery's reading. */
const CHAIN_FROM = 0;
const CHAIN_TO = 1;
const BATTERY_AT = 2;
/** In bytes: boots of the chain, the cause of the last; battery; moves in 256ths of the beats. */
const BOOTS = 12;
const RESET = 13;
const BATTERY = 14;
const MOVES = 15;
/** In 16 bits: the usual signal; 0: unknown. */
const USUAL = 8;

export class Signs {
  readonly #records: Records;
  #words = new Int32Array(0);
  #shorts = new Uint16Array(0);
  #bytes = new Uint8Array(0);

  constructor(records: Records) {
    this.#records = records;
  }

  /** A device joined the table. What its last beat showed counts as usual until more is known. */
  joined(slot: number, now: number): void {
    if ((slot + 1) * BYTES > this.#bytes.length) this.#grow(slot);
    this.#bytes.fill(0, slot * BYTES, (slot + 1) * BYTES);
    this.#bytes[slot * BYTES + BATTERY] = NONE;
    if (this.#records.source[slot] === undefined) return;
    const vitals = this.#records.rows.bytes[slot * row.BYTES + row.VITALS]!;
    this.#shorts[slot * (BYTES / 2) + USUAL] = (vitals & 7) * STEP;
    this.#battery(slot, vitals >> 4, vitals >> 4, now);
  }

  /** A fresh beat is in the record. `before`: the vitals of the one before it. */
  hears(slot: number, before: number, reset: number, moved: boolean, now: number): void {
    const vitals = this.#records.rows.bytes[slot * row.BYTES + row.VITALS]!;
    const b = slot * BYTES;
    const moves = this.#bytes[b + MOVES]!;
    this.#bytes[b + MOVES] = moved ? moves + ((255 - moves) >> 3) : moves - ((moves + 7) >> 3);
    const signal = vitals & 7;
    if (signal !== 0) {
      const at = slot * (BYTES / 2) + USUAL;
      const usual = this.#shorts[at]!;
      const more = signal * STEP - usual;
      this.#shorts[at] = usual === 0 ? signal * STEP : usual + (more >> SLOWLY);
    }
    if (vitals >> 4 !== this.#bytes[b + BATTERY] || vitals >> 4 !== before >> 4) {
      this.#battery(slot, before >> 4, vitals >> 4, now);
    }
    if (isBoot(reset) && reset !== BUTTON) this.#boots(slot, reset, now);
  }

  /** Per cent that the battery reads; -1: unknown, or none. */
  battery(slot: number): number {
    const reading = this.#records.rows.bytes[slot * row.BYTES + row.VITALS]! >> 4;
    return reading <= 10 ? reading * 10 : -1;
  }

  /** Per cent that it read up to a day before; -1: unknown. */
  batteryBefore(slot: number): number {
    const reading = this.#bytes[slot * BYTES + BATTERY]!;
    return reading <= 10 ? reading * 10 : -1;
  }

  /** dBm of the last beat, and as usual; 0: unknown. */
  signal(slot: number): number {
    const step = this.#records.rows.bytes[slot * row.BYTES + row.VITALS]! & 7;
    return step === 0 ? 0 : step * 8 - 98;
  }

  signalBefore(slot: number): number {
    const usual = this.#shorts[slot * (BYTES / 2) + USUAL]!;
    return usual === 0 ? 0 : Math.round((usual / STEP) * 8 - 98);
  }

  /** Boots in a chain that is not over. */
  boots(slot: number, now: number): number {
    const to = this.#words[slot * WORDS + CHAIN_TO]!;
    return now - to * 1000 > CHAIN_OLD_MS ? 0 : this.#bytes[slot * BYTES + BOOTS]!;
  }

  /** From the first of them to the last, in ms. */
  bootsMs(slot: number): number {
    const w = slot * WORDS;
    return (this.#words[w + CHAIN_TO]! - this.#words[w + CHAIN_FROM]!) * 1000;
  }

  /** The cause of the last boot (extension 4). */
  reset(slot: number): number {
    return this.#bytes[slot * BYTES + RESET]!;
  }

  /** Of its beats, the share that came from another address or port than the one before. */
  moves(slot: number): number {
    return this.#bytes[slot * BYTES + MOVES]! / 256;
  }

  /** A reading that rose, or that is a day old, is what the next ones are compared with. */
  #battery(slot: number, before: number, reading: number, now: number): void {
    const b = slot * BYTES + BATTERY;
    const at = slot * WORDS + BATTERY_AT;
    const kept = this.#bytes[b]!;
    const old = now - this.#words[at]! * 1000 > BATTERY_MS;
    if (reading <= 10 && kept <= 10 && reading <= kept && !old) return;
    const fell = reading <= 10 && kept <= 10 && reading <= kept;
    this.#bytes[b] = fell && before <= 10 ? Math.max(before, reading) : Math.min(reading, NONE);
    this.#words[at] = Math.round(now / 1000);
  }

  #boots(slot: number, reset: number, now: number): void {
    const b = slot * BYTES;
    const w = slot * WORDS;
    const seconds = Math.round(now / 1000);
    const pause = now - this.#words[w + CHAIN_TO]! * 1000;
    if (this.#bytes[b + BOOTS] === 0 || pause > CHAIN_MS) {
      this.#words[w + CHAIN_FROM] = seconds;
      this.#bytes[b + BOOTS] = 0;
    }
    this.#bytes[b + BOOTS] = Math.min(255, this.#bytes[b + BOOTS]! + 1);
    this.#bytes[b + RESET] = Math.min(reset, 255);
    this.#words[w + CHAIN_TO] = seconds;
  }

  #grow(slot: number): void {
    const room = Math.max(64, slot + 1, Math.ceil((this.#bytes.length / BYTES) * 1.25));
    const bytes = new Uint8Array(Math.ceil((room * BYTES) / 4) * 4);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer);
    this.#shorts = new Uint16Array(bytes.buffer);
  }
}

/** Whether a beat with this reset cause (-1: none) is the first of a board that had stopped. */
export function isBoot(reset: number): boolean {
  return reset >= 0 && reset !== WAKE;
}

/** Extension 4 in words. */
export function resetText(reset: number): string {
  return RESETS[reset] ?? `cause ${reset}`;
}
