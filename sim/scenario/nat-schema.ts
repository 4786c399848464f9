// A NAT in a scenario: the name of a preset, or one with differences from a preset.

import { z } from "zod";
import { type NatModel, natPreset } from "../nat.ts";
import { duration, flag, map, ports, someDuration, stripped, text, whole, word } from "./leaves.ts";
import { NAT_NAMES, NO_NAT } from "./presets.ts";

/** A NAT of its own that names no preset differs from this one. */
export const NAT_BASE = "linux";
const KINDS = ["endpoint", "address", "address-port"] as const;

const Own = map({
  preset: word(NAT_NAMES).prefault(NAT_BASE),
  name: text(40).prefault("custom"),
  mapping: word(KINDS).optional(),
  filtering: word(KINDS).optional(),
  unreplied: someDuration().optional(),
  stream: someDuration().optional(),
  streamAfter: duration().optional(),
  inboundRefreshes: flag().optional(),
  port: word(["preserve", "sequential", "random", "block"]).optional(),
  ports: ports().optional(),
  blockPorts: whole(1, 65_535).optional(),
  mappings: whole(1, 1_000_000).optional(),
  evict: word(["refuse", "oldest", "random", "unassured"]).optional(),
  hairpin: flag().optional(),
}).transform(({ preset, unreplied, stream, streamAfter, mappings, ...same }): NatModel => {
  const given = {
    ...same,
    unrepliedMs: unreplied,
    streamMs: stream,
    streamAfterMs: streamAfter,
    mappingsMax: mappings,
  };
  return { ...natPreset(preset)!, ...stripped(given) };
});

/** A NAT. */
export const Nat = z.union([word(NAT_NAMES).transform((name): NatModel => natPreset(name)!), Own]);

/** A NAT, or `none`. */
export const NatOrNone = z.union([
  word([NO_NAT, ...NAT_NAMES]).transform((name) => natPreset(name)),
  Own,
]);
