// Which port a NAT gives, who makes room when its table is full, and a carrier with as many
// bindings as it can have.

import { describe, expect, it } from "vitest";
import { Nat, type NatModel, natPreset } from "../../sim/nat.ts";

const LINUX = natPreset("linux")!;
const GATEWAY = "gateway:5683";
const make = (model: Partial<NatModel> = {}, seed = 1) =>
  new Nat({ ...LINUX, ...model }, seed, 1, "outer");
const hosts = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("the outer port", () => {
  it("preserve: the inner one; the second who wants it gets another, as long as both live", () => {
    const nat = make();
    expect(nat.out(1, 5000, GATEWAY, 0)).toBe(5000);
    const other = nat.out(2, 5000, GATEWAY, 0);
    expect(other).toBeGreaterThanOrEqual(1024);
    expect(other).not.toBe(5000);
    expect(nat.out(2, 5000, GATEWAY, 29_000)).toBe(other);
    // The first one has slept too long: now it is the other's turn to be the second.
    expect(nat.out(3, 5000, GATEWAY, 30_000)).toBe(5000);
    expect([5000, other]).not.toContain(nat.out(1, 5000, GATEWAY, 30_001));
  });

  it("preserve: two hosts share a port where their remotes tell them apart", () => {
    const nat = make();
    expect(nat.out(1, 5000, GATEWAY, 0)).toBe(5000);
    expect(nat.out(2, 5000, "elsewhere:5683", 0)).toBe(5000);
    expect(nat.in(5000, "elsewhere:5683", 1) && nat.inner).toBe(2);
    expect(nat.in(5000, GATEWAY, 1) && nat.inner).toBe(1);
    // Not if the filter, or the mapping, looks at less.
    for (const coarse of [{ filtering: "endpoint" }, { mapping: "endpoint" }] as const) {
      const strict = make(coarse);
      strict.out(1, 5000, GATEWAY, 0);
      expect(strict.out(2, 5000, "elsewhere:5683", 0)).not.toBe(5000);
    }
  });

  it("preserve: an endpoint that has another port keeps it for its next remote", () => {
    const nat = make();
    nat.out(1, 5000, GATEWAY, 0);
    const other = nat.out(2, 5000, GATEWAY, 0);
    expect(nat.out(2, 5000, "elsewhere:5683", 0)).toBe(other);
  });

  it("preserve: not below the first port", () => {
    const port = make().out(1, 123, GATEWAY, 0);
    expect(port).toBeGreaterThanOrEqual(1024);
  });

  it("sequential: one after the other, around the end, over what is taken", () => {
    const nat = make({ port: "sequential", ports: [2000, 2003] });
    const frames = [
      [0, 0, 2000],
      [1, 0, 2001],
      [0, 20_000, 2000],
      [2, 20_000, 2002],
      [3, 30_000, 2003],
      [4, 30_000, 2001],
    ] as const;
    for (const [host, at, port] of frames) expect(nat.out(host, 5000, GATEWAY, at)).toBe(port);
  });

  it.each(["preserve", "sequential", "random"] as const)(
    "%s: a small range is used to its last port, then no more",
    (port) => {
      const nat = make({ port, ports: [2000, 2099] });
      const given = hosts(100).map((host) => nat.out(host, 2050, GATEWAY, host));
      expect([...given].sort()).toEqual(hosts(100).map((n) => 2000 + n));
      expect([nat.out(100, 2050, GATEWAY, 100), nat.why]).toEqual([-1, "no-port"]);
      // The first one to expire makes room for exactly one.
      expect(nat.out(100, 2050, GATEWAY, 30_000)).toBe(given[0]);
      expect(nat.out(101, 2050, GATEWAY, 30_000)).toBe(-1);
    },
  );

  it("random: anywhere, by the seed, and nobody's luck depends on the others", () => {
    const draw = (seed: number, among: readonly number[]) => {
      const nat = make({ port: "random" }, seed);
      return among.map((host) => nat.out(host, 5000, GATEWAY, host));
    };
    const ports = draw(1, hosts(4_000));
    expect(draw(1, hosts(4_000))).toEqual(ports);
    expect(draw(2, hosts(4_000)).filter((port, n) => port === ports[n]).length).toBeLessThan(10);
    const few = draw(1, [10, 20, 30]);
    expect(few).toEqual([ports[10], ports[20], ports[30]]);
    // 64 cells of 1008 ports: chi-square with 63 degrees, 1e-6 beyond 130.
    const cells = new Array<number>(64).fill(0);
    for (const port of ports) cells[Math.floor((port - 1024) / 1008)]!++;
    const chi2 = cells.reduce((sum, n) => sum + (n - 62.5) ** 2 / 62.5, 0);
    expect(chi2).toBeLessThan(130);
  });

  it("block: each host in its own, and no port more than it has", () => {
    const nat = make({ port: "block", ports: [2000, 2999], blockPorts: 100 });
    for (const host of [0, 3, 9]) {
      const given = hosts(100).map((n) => nat.out(host, 5000 + n, GATEWAY, 0));
      expect([...given].sort()).toEqual(hosts(100).map((n) => 2000 + host * 100 + n));
      expect([nat.out(host, 6000, GATEWAY, 0), nat.why]).toEqual([-1, "no-port"]);
    }
    // The eleventh subscriber has the first one's block.
    expect(nat.out(10, 5000, GATEWAY, 0)).toBe(-1);
    expect(nat.out(11, 5000, GATEWAY, 0)).toBeGreaterThanOrEqual(2100);
  });
});

describe("a full table", () => {
  /** Four hosts, of which 0 and 2 have the long life and 0 was heard last; then a fifth. */
  function crowd(evict: NatModel["evict"], seed = 1): number[] {
    const nat = make({ evict, mappingsMax: 4 }, seed);
    for (const host of hosts(4)) nat.out(host, 5000 + host, GATEWAY, 0);
    for (const host of [0, 2]) nat.in(5000 + host, GATEWAY, 1);
    for (const [n, host] of [1, 2, 3, 0].entries()) nat.out(host, 5000 + host, GATEWAY, 3_000 + n);
    const port = nat.out(4, 5004, GATEWAY, 4_000);
    if (port < 0) expect(nat.why).toBe("full");
    return hosts(5).filter((host) => nat.in(5000 + host, GATEWAY, 5_000));
  }

  it("refuse: the fifth is dropped", () => {
    expect(crowd("refuse")).toEqual([0, 1, 2, 3]);
  });

  it("oldest: the one that was heard longest ago goes, whatever its life", () => {
    expect(crowd("oldest")).toEqual([0, 2, 3, 4]);
  });

  it("random: each of the four as often (seeds 1 to 400)", () => {
    const gone = new Array<number>(4).fill(0);
    for (const seed of hosts(400)) {
      const left = crowd("random", seed + 1);
      expect(left).toHaveLength(4);
      gone[hosts(4).find((host) => !left.includes(host))!]!++;
    }
    // 100 each, sigma 8.7: five of them.
    for (const count of gone) expect(Math.abs(count - 100)).toBeLessThan(44);
  });

  it("unassured: one with the short life, and nobody if all have the long one", () => {
    const gone = new Set<number>();
    for (const seed of hosts(50)) {
      const left = crowd("unassured", seed + 1);
      expect(left).toHaveLength(4);
      gone.add(hosts(4).find((host) => !left.includes(host))!);
    }
    expect([...gone].sort()).toEqual([1, 3]);
    const nat = make({ mappingsMax: 4 });
    for (const now of [0, 3_000]) {
      for (const host of hosts(4)) {
        nat.out(host, 5000 + host, GATEWAY, now);
        nat.in(5000 + host, GATEWAY, now);
      }
    }
    expect([nat.out(4, 5004, GATEWAY, 4_000), nat.why]).toEqual([-1, "full"]);
  });

  it("the dead take no room: at the microsecond of the first expiry there is some", () => {
    for (const at of [29_999.999, 30_000]) {
      const nat = make({ evict: "refuse", mappingsMax: 4 });
      for (const host of hosts(4)) nat.out(host, 5000 + host, GATEWAY, host);
      expect(nat.out(4, 5004, GATEWAY, at)).toBe(at < 30_000 ? -1 : 5004);
      expect(nat.out(5, 5005, GATEWAY, at)).toBe(-1);
    }
  });
});

describe("a carrier", () => {
  it("has 120 000 bindings of 60 000 hosts, each its own, and forgets them all in time", () => {
    const remotes = [GATEWAY, "broker:1883"];
    const nat = make({ port: "random", mappingsMax: 1_000_000 });
    const ports = new Map<string, number>();
    let none = 0;
    for (const host of hosts(60_000)) {
      for (const remote of remotes) {
        const port = nat.out(host, 5000, remote, host / 1_000);
        // A search among 93 % taken ports may find none.
        if (port < 0) none++;
        else ports.set(`${port} ${remote}`, host);
      }
    }
    expect(none).toBeLessThan(100);
    expect(ports.size).toBe(120_000 - none);
    expect(nat.mappings(100)).toBe(ports.size);
    const astray = [...ports].filter(([key, host]) => {
      const [port, remote] = key.split(" ") as [string, string];
      return !(nat.in(Number(port), remote, 1_000) && nat.inner === host);
    });
    expect(astray).toEqual([]);
    expect(nat.mappings(30_999.999)).toBe(ports.size);
    expect(nat.mappings(31_000)).toBe(0);
  });
});
