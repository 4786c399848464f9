// What goes wrong with a NAT: each fault alone, and what it leaves as it was.

import { describe, expect, it } from "vitest";
import { Nat, type NatModel, natPreset } from "../../sim/nat.ts";

const LINUX = natPreset("linux")!;
const GATEWAY = "gateway:5683";
const make = (model: Partial<NatModel> = {}) => new Nat({ ...LINUX, ...model }, 1, 1, "outer");

describe("the faults", () => {
  it("rebind: one host comes from another port and stays there", () => {
    const nat = make();
    expect([1, 2].map((host) => nat.out(host, 5000 + host, GATEWAY, 0))).toEqual([5001, 5002]);
    nat.rebind(1, 10);
    expect([nat.in(5001, GATEWAY, 20), nat.why]).toEqual([false, "no-mapping"]);
    expect(nat.in(5002, GATEWAY, 20)).toBe(true);
    const moved = nat.out(1, 5001, GATEWAY, 30);
    expect(moved).not.toBe(5001);
    expect(nat.in(moved, GATEWAY, 40)).toBe(true);
    expect(nat.out(1, 5001, GATEWAY, 100_000)).toBe(moved);
    nat.rebind(1, 100_001);
    expect([5001, moved]).not.toContain(nat.out(1, 5001, GATEWAY, 100_002));
  });

  it("rebindAll: everybody does, sleepers too", () => {
    const nat = make();
    nat.out(1, 5001, GATEWAY, 0);
    nat.rebindAll(10);
    expect(nat.mappings(10)).toBe(0);
    const ports = [1, 2].map((host) => nat.out(host, 5000 + host, GATEWAY, 20));
    expect(ports[0]).not.toBe(5001);
    expect(ports[1]).not.toBe(5002);
    nat.rebind(1, 30);
    expect([5001, ports[0]]).not.toContain(nat.out(1, 5001, GATEWAY, 40));
  });

  it("readdress: another address, and nothing is bound", () => {
    const nat = make();
    const addresses = [nat.address];
    const port = nat.out(1, 5000, GATEWAY, 0);
    for (let n = 0; n < 3; n++) {
      nat.readdress(10);
      addresses.push(nat.address);
    }
    expect(addresses).toEqual(["outer", "outer~1", "outer~2", "outer~3"]);
    expect(nat.in(port, GATEWAY, 20)).toBe(false);
    expect(nat.out(1, 5000, GATEWAY, 30)).toBe(port);
  });

  it("reboot: nothing is bound, and ports are as on the first day", () => {
    const nat = make({ port: "sequential" });
    expect(nat.out(1, 5000, GATEWAY, 0)).toBe(1024);
    expect(nat.out(2, 5000, GATEWAY, 0)).toBe(1025);
    nat.reboot(10);
    expect([nat.mappings(10), nat.address]).toEqual([0, "outer"]);
    expect(nat.out(2, 5000, GATEWAY, 20)).toBe(1024);
  });

  it("deaf: frames go out, nothing comes in, and what is dropped prolongs nothing", () => {
    const nat = make();
    const port = nat.out(1, 5000, GATEWAY, 0);
    nat.deaf = true;
    expect([nat.in(port, GATEWAY, 10_000), nat.why]).toEqual([false, "deaf"]);
    expect(nat.mappings(29_999.999)).toBe(1);
    expect(nat.mappings(30_000)).toBe(0);
    expect(nat.out(1, 5000, GATEWAY, 30_000)).toBe(port);
    nat.deaf = false;
    expect(nat.in(port, GATEWAY, 30_001)).toBe(true);
  });

  it("full: what is bound goes on, nothing new is, whoever could be evicted", () => {
    const nat = make({ evict: "oldest" });
    nat.out(1, 5001, GATEWAY, 0);
    nat.full = true;
    expect([nat.out(2, 5002, GATEWAY, 1), nat.why]).toEqual([-1, "full"]);
    expect(nat.out(1, 5001, GATEWAY, 20_000)).toBe(5001);
    expect(nat.out(1, 5001, GATEWAY, 50_000)).toBe(-1);
    nat.full = false;
    expect(nat.out(1, 5001, GATEWAY, 50_001)).toBe(5001);
  });

  it("set: a binding gets its new life with its next frame", () => {
    const nat = make();
    for (const host of [1, 2]) nat.out(host, 5000 + host, GATEWAY, 0);
    nat.set({ ...LINUX, unrepliedMs: 5_000 }, 10);
    nat.out(2, 5002, GATEWAY, 20_000);
    expect([24_999.999, 25_000, 29_999.999, 30_000].map((at) => nat.mappings(at))).toEqual([
      2, 1, 1, 0,
    ]);
  });
});
