// A NAT beside one that is too simple to be wrong: a list of bindings, looked through from end to
// end. Which port is free luck; that it may be given, and everything else, must be the same.

import { deepEqual } from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { Nat, type NatModel, natPreset } from "../../sim/nat.ts";
import type { Dependence } from "../../sim/nat-presets.ts";
import { stream } from "../../sim/random.ts";

const REMOTES = ["a:1", "a:2", "b:1", "b:2"];

interface Entry {
  readonly inner: number;
  readonly innerPort: number;
  readonly remote: string;
  readonly port: number;
  readonly createdUs: number;
  refreshedUs: number;
  lifeUs: number;
  replied: boolean;
  stream: boolean;
}

const like = (kind: Dependence, a: string, b: string) =>
  kind === "endpoint" || (kind === "address" ? a[0] === b[0] : a === b);

class Oracle {
  model: NatModel;
  entries: Entry[] = [];

  constructor(model: NatModel) {
    this.model = model;
  }

  live(nowUs: number): Entry[] {
    this.entries = this.entries.filter((e) => nowUs < e.refreshedUs + e.lifeUs);
    return this.entries;
  }

  /** Whether this endpoint may have that port for that remote. */
  mayHave(inner: number, innerPort: number, remote: string, port: number): boolean {
    const { mapping, filtering } = this.model;
    return this.entries.every((e) => {
      const mine = e.inner === inner && e.innerPort === innerPort;
      if (mine) return !like(mapping, e.remote, remote) || e.port === port;
      if (e.port !== port) return true;
      return !like(mapping, e.remote, remote) && !like(filtering, e.remote, remote);
    });
  }

  pass(e: Entry, nowUs: number, inbound: boolean): void {
    const { streamAfterMs, inboundRefreshes, streamMs, unrepliedMs } = this.model;
    const rule = streamAfterMs === 0;
    const was = e.stream;
    if (rule ? e.replied || inbound : e.replied && nowUs > e.createdUs + streamAfterMs * 1_000) {
      e.stream = true;
    }
    e.replied = e.replied || inbound;
    if (inbound && !inboundRefreshes && was === e.stream) return;
    e.refreshedUs = nowUs;
    e.lifeUs = (e.stream ? streamMs : unrepliedMs) * 1_000;
  }
}

/** An assertion fast enough for a million. */
function same<T>(is: T, wanted: T): void {
  if (is !== wanted) deepEqual(is, wanted);
}

const KINDS: readonly Dependence[] = ["endpoint", "address", "address-port"];
const PORTS = ["preserve", "sequential", "random", "block"] as const;

/** Plays `steps` frames and faults; the models of both NATs are drawn by the seed. */
function compare(seed: number, hosts: number, steps: number): { peak: number; dropped: number } {
  const next = stream(seed, 0, "oracle");
  const below = (n: number) => Math.floor(next() * n);
  const lives = () => ({ unrepliedMs: 1 + below(400), streamMs: 1 + below(400) });
  const model: NatModel = {
    ...natPreset("linux")!,
    ...lives(),
    mapping: KINDS[below(3)]!,
    filtering: KINDS[below(3)]!,
    streamAfterMs: [0, 5, 50][below(3)]!,
    inboundRefreshes: below(2) === 0,
    port: PORTS[below(4)]!,
    ports: [5000, 5000 + [3, 40, 2_000][below(3)]!],
    blockPorts: 1 + below(8),
    mappingsMax: [5, 100, 1_000_000][below(3)]!,
    evict: below(2) === 0 ? "refuse" : "oldest",
  };
  const nat = new Nat(model, seed, 1, "outer");
  const oracle = new Oracle(model);
  let nowUs = 0;
  let peak = 0;
  let dropped = 0;
  const pace = [200, 12_000, 160_000][below(3)]! / hosts;

  const out = () => {
    const inner = below(hosts);
    const innerPort = 5000 + below(3);
    const remote = REMOTES[below(below(2) ? 4 : 1)]!;
    const port = nat.out(inner, innerPort, remote, nowUs / 1_000);
    const old = oracle.entries.find(
      (e) => e.inner === inner && e.innerPort === innerPort && e.remote === remote,
    );
    if (old) {
      same(port, old.port);
      oracle.pass(old, nowUs, false);
      return;
    }
    if (oracle.entries.length >= oracle.model.mappingsMax) {
      if (oracle.model.evict === "refuse") {
        deepEqual([port, nat.why], [-1, "full"]);
        dropped++;
        return;
      }
      const oldest = Math.min(...oracle.entries.map((e) => e.refreshedUs));
      oracle.entries = oracle.entries.filter((e) => e.refreshedUs !== oldest);
    }
    if (port < 0) {
      same(nat.why, "no-port");
      dropped++;
      return;
    }
    const [first, last] = oracle.model.ports;
    same(port >= first && port <= last, true);
    same(oracle.mayHave(inner, innerPort, remote, port), true);
    oracle.entries.push({
      ...{ inner, innerPort, remote, port, createdUs: nowUs, refreshedUs: nowUs },
      ...{ lifeUs: oracle.model.unrepliedMs * 1_000, replied: false, stream: false },
    });
  };

  const back = () => {
    const some = oracle.entries[below(oracle.entries.length)];
    const port = some && below(4) ? some.port : 5000 + below(60);
    const remote = some && below(2) ? some.remote : REMOTES[below(4)]!;
    const there = oracle.entries.filter((e) => e.port === port);
    const exact = there.filter((e) => e.remote === remote);
    const open = there.filter((e) => like(oracle.model.filtering, e.remote, remote));
    // Which of two bindings of an endpoint a frame that fits both prolongs is nobody's business.
    if (exact.length === 0 && open.length > 1) return;
    const hit = exact[0] ?? open[0];
    same(nat.in(port, remote, nowUs / 1_000), hit !== undefined);
    if (hit) {
      deepEqual([nat.inner, nat.innerPort], [hit.inner, hit.innerPort]);
      oracle.pass(hit, nowUs, true);
    } else same(nat.why, there.length ? "filtered" : "no-mapping");
  };

  for (let step = 0; step < steps; step++) {
    // Now and then at the exact instant of the next expiry, or a microsecond before.
    let at = nowUs + 1 + below(pace);
    if (below(hosts * 5) === 0 && oracle.entries.length > 0) {
      at = Math.min(...oracle.entries.map((e) => e.refreshedUs + e.lifeUs)) - below(2);
    }
    nowUs = Math.max(nowUs + 1, at);
    peak = Math.max(peak, oracle.live(nowUs).length);
    const what = below(400);
    if (what === 0) {
      oracle.model = { ...oracle.model, ...lives() };
      nat.set(oracle.model, nowUs / 1_000);
    } else if (what === 1) {
      const inner = below(hosts);
      nat.rebind(inner, nowUs / 1_000);
      oracle.entries = oracle.entries.filter((e) => e.inner !== inner);
    } else if (what === 2 && below(10) === 0) {
      nat.reboot(nowUs / 1_000);
      oracle.entries = [];
    } else if (below(2)) out();
    else back();
    same(nat.mappings(nowUs / 1_000), oracle.live(nowUs).length);
  }
  return { peak, dropped };
}

describe("a NAT and a list", () => {
  it.each([
    [4, 1_000, 200],
    [300, 4_000, 40],
  ])("of %d hosts agree on %d frames of each of %d models", (hosts, steps, models) => {
    let peak = 0;
    let dropped = 0;
    for (let seed = 1; seed <= models; seed++) {
      try {
        const seen = compare(seed, hosts, steps);
        peak = Math.max(peak, seen.peak);
        dropped += seen.dropped;
      } catch (error) {
        throw new Error(`seed ${seed}, ${hosts} hosts: ${(error as Error).message}`);
      }
    }
    expect(peak).toBeGreaterThan(hosts);
    expect(dropped).toBeGreaterThan(0);
  });
});
