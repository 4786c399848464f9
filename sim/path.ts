// A board's way to the gateway, and the access point that it leads through.

import type { Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import type { Nat } from "./nat.ts";

/** What boards have in common that stand behind one access point. */
export interface AccessPoint {
  readonly name: string;
  readonly nat: Nat | undefined;
  readonly boards: Board[];
  /** By their ids, and by the addresses that its NAT gave them. */
  readonly paths: Map<number, Path>;
  readonly owners: Map<string, Path>;
  /** False: it is off, and nothing passes. */
  on: boolean;
  /** False: names do not resolve behind it, and who boots or joins finds no gateway. */
  names: boolean;
}

/** A board's way to the gateway. */
export interface Path {
  readonly board: Board;
  readonly ap: AccessPoint | undefined;
  /** Number of its directions among the links. */
  readonly up: number;
  readonly down: number;
  readonly occasion: number;
  /** A connection to the broker instead of datagrams; -1: none. */
  readonly stream: number;
  /** The address that the gateway sees. */
  source: Source;
}

/** A board's address that leads straight to its path. */
export interface Bound extends Source {
  path?: Path;
}

export function makeAccessPoint(name: string, nat: Nat | undefined): AccessPoint {
  const [paths, owners] = [new Map<number, Path>(), new Map<string, Path>()];
  return { name, nat, boards: [], paths, owners, on: true, names: true };
}
