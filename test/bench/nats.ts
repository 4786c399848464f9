/**
 * What a NAT costs: memory of a house with one binding, and time of a beat and its ack through a
 * carrier with a hundred thousand, in random order, beside one with a hundred.
 *
 * Nanoseconds of CPU, the least of some rounds: whoever shares the machine's caches only adds. What
 * a hundred thousand cost more are misses of the cache; a scan would cost a thousand times more.
 * Usage: node dist/test/bench/nats.js [--houses 100000] [--hosts 50000] [--rounds 10]
 */

import { Nat, type NatModel, natPreset } from "../../sim/nat.ts";
import { readFlags } from "./flags.ts";
import { shuffled } from "./luck.ts";
import { live, timed } from "./meter.ts";
import { table, verdict } from "./table.ts";

const HOUSE_BYTES_MAX = 600;
const RATIO_MAX = 40;
const REMOTES = ["gateway:5683", "broker:1883"] as const;
const LINUX = natPreset("linux")!;

function houseBytes(houses: number): number {
  const before = live();
  const nats: Nat[] = [];
  for (let n = 0; n < houses; n++) {
    const nat = new Nat(LINUX, 1, n, "house");
    nat.out(n, 5683, REMOTES[0], n / 1_000);
    nats.push(nat);
  }
  return (live() - before) / nats.length;
}

/**
 * Two bindings a host.
 * @param passes over all of them in what is timed at once
 * @returns ns of a new binding, and of a beat and its ack on an old one
 */
function carrier(port: NatModel["port"], hosts: number, passes: number): [number, number] {
  const model: NatModel = { ...LINUX, port, blockPorts: 1, mappingsMax: 1_000_000 };
  const nat = new Nat(model, 1, 1, "carrier");
  const order = shuffled(hosts);
  const ports = new Int32Array(2 * hosts);
  let now = 0;
  const opens = () => {
    for (let pass = 0; pass < passes; pass++) {
      now += 1_000_000;
      for (let i = 0; i < 2 * hosts; i++) ports[i] = nat.out(i >> 1, 5683, REMOTES[i & 1]!, now);
    }
  };
  const beats = () => {
    for (let pass = 0; pass < passes; pass++) {
      now += 10_000;
      for (let i = 0; i < 2 * hosts; i++) {
        const host = order[i >> 1]! - 1;
        nat.out(host, 5683, REMOTES[i & 1]!, now);
        nat.in(ports[2 * host + (i & 1)]!, REMOTES[i & 1]!, now);
      }
    }
  };
  const ns: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    ns[0] = Math.min(ns[0], timed(2 * hosts * passes, opens));
    ns[1] = Math.min(ns[1], timed(2 * hosts * passes, beats));
  }
  return ns;
}

const { houses, hosts, rounds } = readFlags({ houses: 100_000, hosts: 50_000, rounds: 10 });
const bytes = houseBytes(houses);
let ratio = 0;
const rows: string[][] = [];
for (const port of ["preserve", "sequential", "random", "block"] as const) {
  const small = carrier(port, 50, Math.ceil(hosts / 50));
  const large = carrier(port, hosts, 1);
  ratio = Math.max(ratio, large[1] / small[1]);
  rows.push([port, ...[...small, ...large].map((ns) => ns.toFixed(0))]);
}
console.log(`ns of a new binding, and of a beat with its ack, among 100 and ${2 * hosts}\n`);
console.log(table(["port", "new", "beat", "new", "beat"], rows));
console.log();
const held = [
  verdict(bytes <= HOUSE_BYTES_MAX, `a house: at most ${HOUSE_BYTES_MAX} bytes`, bytes.toFixed(0)),
  verdict(ratio <= RATIO_MAX, `many bindings: at most ${RATIO_MAX} times few`, ratio.toFixed(1)),
];
process.exitCode = held.every((ok) => ok) ? 0 : 1;
