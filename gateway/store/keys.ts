/**
 * The keys of the records, so that what is read together lies together: a device's history by part,
 * its commands by number, its changes by `tseq`. Every number is hex of a fixed width, because the
 * shelf sorts text. The table of them all stands in records.ts.
 */

import { sha256 } from "../sha256.ts";

/** One key a device. */
export type DeviceKind = "b" | "d" | "e" | "l" | "p" | "s";
/** Counted over the whole gateway: changes, incidents, notices, deaf intervals, evidence. */
export type NumberKind = "c" | "f" | "i" | "n" | "o" | "v";

export function idHex(id: number): string {
  return id.toString(16).padStart(6, "0");
}

export function idKey(kind: DeviceKind, id: number): string {
  return kind + idHex(id);
}

export function numberKey(kind: NumberKind, n: number): string {
  return kind + n.toString(16).padStart(12, "0");
}

export function changeKey(cursor: number): string {
  return numberKey("c", cursor);
}

export function commandKey(id: number, n: number): string {
  return `w${idHex(id)}${n.toString(16).padStart(12, "0")}`;
}

export function historyKey(id: number, part: string): string {
  return `h${idHex(id)}${part}`;
}

export function turnKey(id: number, tseq: number): string {
  return `t${idHex(id)}${tseq.toString(16).padStart(8, "0")}`;
}

export function quietKey(target: string): string {
  return `u${target}`;
}

/**
 * The key under which an enrolled key is remembered: half a SHA-256, so that the file does not tell
 * dead keys.
 */
export function knownKey(key: string): string {
  const digest = sha256(`nextbeat known key${key}`);
  return `k${Buffer.from(digest, "latin1").toString("hex", 0, 16)}`;
}

/** All that a device may have many of: ranges of keys, from and up to. */
export function deviceRanges(id: number): [string, string][] {
  return (["h", "t", "w"] as const).map((kind) => [kind + idHex(id), kind + idHex(id + 1)]);
}

export function idOf(key: string): number {
  return Number.parseInt(key.slice(1, 7), 16);
}

export function numberOf(key: string): number {
  return Number.parseInt(key.slice(1), 16);
}
