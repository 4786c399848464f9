/**
 * History out of its parts: what was heard and missed in each minute or hour of a window, and the
 * share of it that the device was up. Pure; instants are unix ms, as people read them.
 *
 * What no part covers nobody knows: it is deaf where we know that we could not hear, else unknown,
 * and never a beat missed. Parts of two lives of the gateway may share a minute or an hour: they
 * add up.
 */

import { CODE_MAX, intervalMs } from "../../device/interval.ts";
import { batteryOf, signalOf } from "../view.ts";
import * as code from "./code.ts";
import { HOUR_MS, MINUTE_MS } from "./code.ts";
import { readTotals, type Totals } from "./totals.ts";

/** A part of a device, as the store or the core gives it. */
export interface Piece {
  readonly part: string;
  readonly bytes: string;
}

/** A minute or an hour. `heard` and `missed` null: not known. */
export interface Step {
  readonly at: number;
  readonly heard: number | null;
  readonly missed: number | null;
  readonly deafMs: number;
}

/**
 * What a window consists of, in ms; they add up to it. `share`: up by up and down, 0..1; null:
 * never either.
 */
export interface Uptime {
  readonly share: number | null;
  readonly upMs: number;
  readonly downMs: number;
  readonly deafMs: number;
  readonly leftMs: number;
  readonly maintenanceMs: number;
  readonly unknownMs: number;
}

export interface Window {
  readonly id: number;
  /** From the store, and then from the core: of two with one name the later one counts. */
  readonly pieces: readonly Piece[];
  readonly from: number;
  readonly to: number;
  /** How much of an interval we could not hear the device, in ms. */
  readonly deafMs: (from: number, to: number) => number;
}

/** The minutes of a window, with the one that is not over. */
export function minutesOf({ pieces, from, to, deafMs }: Window): Step[] {
  const first = Math.floor(from / MINUTE_MS);
  const count = Math.floor(to / MINUTE_MS) + 1 - first;
  const heard = new Int32Array(count).fill(-1);
  const missed = new Int32Array(count);
  for (const bytes of newest(pieces, "m")) {
    const reading = new code.Reading(bytes);
    let at = Math.round(code.readStart(reading) / 60) - first;
    code.readMinutes(reading, (h, m, minutes) => {
      for (const end = at + minutes; at < end; at++) {
        if (at < 0 || at >= count) continue;
        heard[at] = Math.max(0, heard[at]!) + h;
        missed[at]! += m;
      }
    });
  }
  return Array.from({ length: count }, (_, i) => {
    const at = (first + i) * MINUTE_MS;
    const known = heard[i]! >= 0;
    return {
      at,
      heard: known ? heard[i]! : null,
      missed: known ? missed[i]! : null,
      deafMs: Math.round(Math.max(0, deafMs(at, Math.min(to, at + MINUTE_MS)))),
    };
  });
}

/** The hours of a window, which are the device's own: they begin at its minute. */
export function hoursOf(window: Window): Step[] {
  const { id, from, to } = window;
  const phaseMs = Math.floor((code.phaseOf(id) * code.PHASE_MS) / MINUTE_MS) * MINUTE_MS;
  const first = Math.floor((from - phaseMs) / HOUR_MS);
  const count = Math.max(1, Math.ceil((to - phaseMs) / HOUR_MS) - first);
  const hours = Array.from({ length: count }, (_, i) => ({
    at: (first + i) * HOUR_MS + phaseMs,
    heard: null as number | null,
    missed: null as number | null,
    deafMs: 0,
  }));
  for (const { begin, end, totals, deaf } of spansOf(window)) {
    const index = (at: number) => Math.floor((at - phaseMs) / HOUR_MS) - first;
    // A part of an hour lies whole in it; a longer one (a suspended machine), or a gap, in several.
    const whole = totals !== undefined && end - begin < 2 * HOUR_MS;
    const middle = index((begin + end) / 2);
    for (let i = whole ? middle : index(begin); i <= (whole ? middle : index(end)); i++) {
      const hour = hours[i];
      if (hour === undefined) continue;
      const inside = Math.min(end, hour.at + HOUR_MS) - Math.max(begin, hour.at);
      const share = whole ? 1 : inside / (end - begin);
      hour.deafMs += Math.round(deaf * share);
      if (totals === undefined) continue;
      hour.heard = (hour.heard ?? 0) + Math.round(totals.heard * share);
      hour.missed = (hour.missed ?? 0) + Math.round(totals.missed * share);
    }
  }
  return hours;
}

/** What a board told of itself, at most once an hour. `battery` as in a device's view. */
export interface Sample {
  readonly at: number;
  readonly battery: number | "external" | null;
  readonly signal: number | null;
  /** Of the last ACK, as the board measured it. */
  readonly roundTripMs: number | null;
}

export function samplesOf(window: Window): Sample[] {
  return spansOf(window).flatMap(({ end, totals }) => {
    if (!totals?.told || end > window.to + HOUR_MS) return [];
    const [vitals, code] = [totals.told >> 8, totals.told & 255];
    const at = Math.min(end, window.to);
    const roundTripMs = code === 0 || code > CODE_MAX ? null : intervalMs(code);
    return [{ at, battery: batteryOf(vitals), signal: signalOf(vitals), roundTripMs }];
  });
}

export function uptimeOf(window: Window): Uptime {
  const sum = { up: 0, down: 0, deaf: 0, left: 0, maintenance: 0 };
  for (const { begin, end, totals, deaf } of spansOf(window)) {
    const inside = Math.min(end, window.to) - Math.max(begin, window.from);
    if (!(inside > 0)) continue;
    const share = inside / (end - begin);
    sum.deaf += deaf * share;
    if (totals === undefined) continue;
    for (const name of ["up", "down", "left", "maintenance"] as const) {
      sum[name] += totals[name] * 1_000 * share;
    }
  }
  const { up, down } = sum;
  const known = up + down + sum.deaf + sum.left + sum.maintenance;
  return {
    share: up + down > 0 ? up / (up + down) : null,
    upMs: Math.round(up),
    downMs: Math.round(down),
    deafMs: Math.round(sum.deaf),
    leftMs: Math.round(sum.left),
    maintenanceMs: Math.round(sum.maintenance),
    unknownMs: Math.max(0, Math.round(window.to - window.from - known)),
  };
}

/** What a part tells of an interval, or a gap between two of them; `deaf` in ms. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly totals?: Totals;
  readonly deaf: number;
}

/** In order, from before the window to its end. */
function spansOf({ pieces, from, to, deafMs }: Window): Span[] {
  const told: Span[] = [];
  for (const bytes of newest(pieces, "h")) {
    const reading = new code.Reading(bytes);
    let at = code.readStart(reading) - 3_600;
    while (reading.more) {
      const { totals, minutesSince } = readTotals(reading);
      at += minutesSince * 60;
      const { up, down, deaf, left, maintenance } = totals;
      const length = up + down + deaf + left + maintenance;
      const [begin, end] = [at * 1_000, (at + length) * 1_000];
      if (end >= from && begin <= to) told.push({ begin, end, totals, deaf: deaf * 1_000 });
    }
  }
  told.sort((a, b) => a.begin - b.begin);
  const spans: Span[] = [];
  let reached = from;
  const gap = (end: number) => {
    if (end <= reached) return;
    const deaf = Math.min(end - reached, Math.max(0, deafMs(reached, end)));
    spans.push({ begin: reached, end, deaf });
  };
  for (const span of told) {
    gap(span.begin);
    spans.push(span);
    reached = Math.max(reached, span.end);
  }
  gap(to);
  return spans;
}

/** The bytes of the parts of a kind. */
function newest(pieces: readonly Piece[], kind: "m" | "h"): Iterable<string> {
  const found = new Map<string, string>();
  for (const { part, bytes } of pieces) if (part.startsWith(kind)) found.set(part, bytes);
  return found.values();
}
