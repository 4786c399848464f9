// What a NAT is like, and those that boards are really behind, by name. Each number has its source;
// "estimate" says that it has none. The default is Linux: most routers of homes run it.

/** How much of the other end counts: nothing, its address, or its address and port. */
export type Dependence = "endpoint" | "address" | "address-port";

export interface NatModel {
  readonly name: string;
  /** Bindings of one inner endpoint to remotes that are alike in this share an outer port. */
  readonly mapping: Dependence;
  /** Who may send in: anyone / known addresses / known addresses and ports. */
  readonly filtering: Dependence;
  /** Life after a frame until there was a reply and `streamAfterMs` has passed, ms. */
  readonly unrepliedMs: number;
  /** Life after a frame from then on, ms. */
  readonly streamMs: number;
  /** Age that a binding must exceed, ms. 0: no such rule, the reply itself gives the long life. */
  readonly streamAfterMs: number;
  /**
   * Whether frames from outside prolong a life; those from inside always do, and so does the one
   * that changes the short life into the long one.
   */
  readonly inboundRefreshes: boolean;
  /**
   * Which outer port: the inner one where it is free, the next one, any, or any of the block that
   * belongs to the inner host: the `inner % blocks`-th (RFC 7422).
   */
  readonly port: "preserve" | "sequential" | "random" | "block";
  /** Outer ports, both ends included. */
  readonly ports: readonly [first: number, last: number];
  /** Ports in a block. */
  readonly blockPorts: number;
  /** Bindings at one time. */
  readonly mappingsMax: number;
  /**
   * Who makes room in a full table: nobody, who was heard longest ago, anybody, or (conntrack)
   * anybody without the long life that is found soon.
   */
  readonly evict: "refuse" | "oldest" | "random" | "unassured";
  /** Whether an inner host may reach another one by its outer address. */
  readonly hairpin: boolean;
}

export interface NatPreset {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** Undefined: no NAT at all. */
  readonly model: NatModel | undefined;
}

/**
 * nf_conntrack with MASQUERADE: 30 s, and 120 s for a frame on a replied binding older than 2 s
 * (120 s since commit 294304e4, the 2 s since d535c8a6); test/peers/conntrack.test.ts compares it
 * with the kernel. The table: nf_conntrack_max as OpenWrt sets it.
 */
const linux: NatModel = {
  name: "linux",
  mapping: "address-port",
  filtering: "address-port",
  unrepliedMs: 30_000,
  streamMs: 120_000,
  streamAfterMs: 2_000,
  inboundRefreshes: true,
  port: "preserve",
  ports: [1_024, 65_535],
  blockPorts: 64_512,
  mappingsMax: 16_384,
  evict: "unassured",
  hairpin: false,
};

/**
 * A carrier's, as hard as they come: 15 s until there is a reply, 5 min from then on (Nokia 7750
 * SR, defaults of `udp-initial` and `udp`), blocks of ports of a host (RFC 7422). Inbound frames do
 * not prolong (RFC 4787 REQ-6 leaves it open), size of blocks and table: estimates.
 */
const cgn: NatModel = {
  ...linux,
  name: "cgn",
  mapping: "endpoint",
  unrepliedMs: 15_000,
  streamMs: 300_000,
  streamAfterMs: 0,
  inboundRefreshes: false,
  port: "block",
  blockPorts: 64,
  mappingsMax: 64_512,
  evict: "refuse",
};

/** OpenWrt: Linux with 60 s and 180 s (its sysctl-nf-conntrack.conf). */
const home60: NatModel = { ...linux, name: "home-60", unrepliedMs: 60_000, streamMs: 180_000 };

/**
 * The NAT gateway of a cloud: 350 s for UDP, replied or not, and at most 55 000 bindings to one
 * remote (AWS). Ports at random: estimate.
 */
const cloud350: NatModel = {
  ...linux,
  name: "cloud-350",
  unrepliedMs: 350_000,
  streamMs: 350_000,
  streamAfterMs: 0,
  port: "random",
  mappingsMax: 55_000,
  evict: "refuse",
};

export const NAT_PRESETS: readonly NatPreset[] = [
  { name: "none", about: "no NAT: the board's own address", model: undefined },
  { name: "linux", about: "a Linux router: 30 s, 120 s for what lasts", model: linux },
  { name: "cgn", about: "a strict carrier: 15 s, 300 s once replied, blocks of ports", model: cgn },
  { name: "home-60", about: "an OpenWrt router: 60 s, 180 s for what lasts", model: home60 },
  { name: "cloud-350", about: "a cloud's NAT gateway: 350 s, ports at random", model: cloud350 },
];

/** Undefined for "none", which has no model, and for a name that is not one of `NAT_PRESETS`. */
export function natPreset(name: string): NatModel | undefined {
  return NAT_PRESETS.find((preset) => preset.name === name)?.model;
}

/**
 * The longest interval of beats, ms, at which a binding is certainly kept: it is still there that
 * long after a first beat, answered within its life, and after each one from then on. Certain as
 * long as the table has room and nobody restarts it.
 */
export function safeIntervalMs(model: NatModel): number {
  const first = model.streamAfterMs === 0 ? model.streamMs : model.unrepliedMs;
  return Math.min(first, model.streamMs) - 0.001;
}
