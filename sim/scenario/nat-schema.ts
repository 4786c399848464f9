// A NAT in a scenario: the name of a preset, or one with differences from a preset.

import { z } from "zod";
import type { NatModel } from "../nat.ts";
import { duration, flag, map, ports, text, whole, word } from "./leaves.ts";
import { NATS, natNamed } from "./presets.ts";

/** The name for no NAT: the board's address is the one seen. */
export const NO_NAT = "none";
/** A NAT of its own that names no preset differs from this one. */
const BASE = "linux";
const KINDS = ["endpoint", "address", "address-port"] as const;

const Own = map({
  preset: word(NATS).prefault(BASE),
  name: text(40).prefault("custom"),
  mapping: word(KINDS).optional(),
  filtering: word(KINDS).optional(),
  unreplied: duration(1).optional(),
  stream: duration(1).optional(),
  streamAfter: duration().optional(),
  inboundRefreshes: flag().optional(),
  port: word(["preserve", "sequential", "random", "block"]).optional(),
  ports: ports().optional(),
  mappings: whole(1, 1_000_000).optional(),
  evict: word(["refuse", "oldest", "random", "unassured"]).optional(),
  hairpin: flag().optional(),
}).transform(({ preset, unreplied, stream, streamAfter, mappings, ...same }): NatModel => {
  const model = { ...natNamed(preset) };
  const given = {
    ...same,
    unrepliedMs: unreplied,
    streamMs: stream,
    streamAfterMs: streamAfter,
    mappingsMax: mappings,
  };
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...model, ...Object.fromEntries(kept) };
});

/** A NAT, or `none`. */
export const NatOrNone = z.union([
  word([NO_NAT, ...NATS]).transform((name) => (name === NO_NAT ? undefined : natNamed(name))),
  Own,
]);

/** A NAT. */
export const Nat = z.union([word(NATS).transform((name): NatModel => natNamed(name)), Own]);
