/**
 * When who was under maintenance, as far back as history is still being gathered: time that counts
 * neither as up nor as down.
 *
 * The quiets themselves (quiets.ts) know what is quiet now; an hour is summed up when it is over.
 */

import type { Quiet } from "../affairs.ts";
import { idText } from "../enrolment.ts";

interface Span {
  readonly fromAt: number;
  toAt: number;
}

/** Whatever ended so long ago is in parts that are written. */
const FORGET_MS = 2 * 3_600_000;
/** Spans of one target; the oldest go first. */
const SPANS_MAX = 64;

export class Maintenance {
  readonly #spans = new Map<string, Span[]>();

  constructor(quiets: readonly Quiet[]) {
    for (const quiet of quiets) this.begin(quiet);
  }

  /** A quiet was set; one of the same target, of either kind, ends where it begins. */
  begin({ target, kind, fromAt, untilAt }: Quiet): void {
    this.end(target, fromAt);
    if (kind !== "maintenance") return;
    const kept = (this.#spans.get(target) ?? []).filter(({ toAt }) => toAt > fromAt - FORGET_MS);
    kept.push({ fromAt, toAt: untilAt ?? Infinity });
    this.#spans.set(target, kept.slice(-SPANS_MAX));
  }

  /** It was taken away before its time. */
  end(target: string, at: number): void {
    const last = this.#spans.get(target)?.at(-1);
    if (last !== undefined && last.toAt > at) last.toAt = Math.max(last.fromAt, at);
  }

  /** A device is no more: what is said of its id from now on is said of another. */
  forget(id: number): void {
    this.#spans.delete(`device:${idText(id)}`);
  }

  /** How much of `fromAt`..`toAt` the device, or its site, was under maintenance, in ms. */
  ms(id: number, site: string, fromAt: number, toAt: number): number {
    if (this.#spans.size === 0) return 0;
    const own = this.#spans.get(`device:${idText(id)}`) ?? [];
    const both = [...own, ...(this.#spans.get(`site:${site}`) ?? [])];
    both.sort((a, b) => a.fromAt - b.fromAt);
    let sum = 0;
    let counted = fromAt;
    for (const span of both) {
      const begin = Math.max(span.fromAt, counted);
      const end = Math.min(span.toAt, toAt);
      if (end <= begin) continue;
      sum += end - begin;
      counted = end;
    }
    return sum;
  }
}
