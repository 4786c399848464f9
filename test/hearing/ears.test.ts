// The shell's ears: each reason why a beat could not be heard, told to the core when it begins and
// when it ends. The system's files are made up here.

import { afterEach, describe, expect, it } from "vitest";
import { STALL_MS } from "../../gateway/limits.ts";
import { BRIDGE, bench, closeAll, HOME, LO } from "./ears-rig.ts";

afterEach(closeAll);

describe("the machine's sleep", () => {
  it("puts our clock forward, and is over when what the socket kept is read", async () => {
    const { clock, ears, machine, pass, intervals } = await bench();
    for (let n = 0; n < 30; n++) pass(1_000);
    expect(intervals()).toEqual([]);
    const before = clock.now();
    machine.sleptMs += 3_600_000;
    clock.wall += 3_600_000;
    pass(1_000);
    expect(clock.now()).toBe(before + 3_601_000);
    expect(intervals()).toEqual([["suspended", null, 30, null]]);
    clock.pass(20);
    ears.look(true);
    expect(intervals()).toEqual([["suspended", null, 30, 3_631.02]]);
    pass(1_000);
    expect(intervals()).toHaveLength(1);
  });

  it("is over after a while, where nobody was to be doubted", async () => {
    const { clock, machine, pass, intervals } = await bench();
    machine.sleptMs += 60_000;
    clock.wall += 60_000;
    for (let n = 0; n < 7; n++) pass(1_000);
    expect(intervals()).toEqual([["suspended", null, 0, 67]]);
  });
});

describe("a process that stands", () => {
  it("hears what the kernel kept; but for long it is mute, and boards give up", async () => {
    const { ears, pass, intervals } = await bench();
    pass(1_000);
    pass(10_000);
    expect(intervals()).toEqual([]);
    pass(10_001);
    expect(intervals()).toEqual([["suspended", null, 11, null]]);
    ears.look(false);
    expect(intervals()[0]).toEqual(["suspended", null, 11, null]);
    pass(1, false);
    ears.look(true);
    expect(intervals()[0]).toEqual(["suspended", null, 11, 21.002]);
  });
});

describe("datagrams that the kernel dropped", () => {
  it("are an overflow from the look before to the last one that saw any", async () => {
    const { machine, pass, intervals, told } = await bench();
    pass(1_000);
    machine.errors += 5;
    machine.drops += 5;
    pass(1_000);
    expect(intervals()).toEqual([["overflow", "udp", 1, null]]);
    machine.errors += 1;
    machine.drops += 1;
    pass(1_000);
    for (let n = 0; n < 3; n++) pass(1_000);
    expect(intervals()).toEqual([["overflow", "udp", 1, 3]]);
    await Promise.resolve();
    expect(told).toEqual(["overflow on", "overflow over"]);
  });

  it("of somebody else's socket are nothing to us", async () => {
    const { machine, pass, intervals } = await bench();
    machine.errors += 1_000;
    pass(1_000);
    expect(intervals()).toEqual([]);
  });

  it("may still wait where a flood kept the socket from being drained", async () => {
    const { clock, ears, intervals } = await bench();
    clock.pass(1_000);
    ears.look(false);
    expect(intervals()).toEqual([["overflow", "udp", 0, null]]);
  });
});

describe("the network", () => {
  it("is down when no interface of the machine's own is up, whatever its bridges are", async () => {
    const { machine, pass, intervals, told, lines } = await bench(["0.0.0.0"]);
    pass(1_000);
    machine.up = [LO, BRIDGE];
    pass(1_000);
    for (let n = 0; n < 2; n++) pass(1_000);
    expect(intervals()).toEqual([["network", null, 1, null]]);
    machine.up = [LO, HOME, BRIDGE];
    pass(1_000);
    expect(intervals()).toEqual([["network", null, 1, 5]]);
    await Promise.resolve();
    expect(told).toEqual(["network on", "network over"]);
    expect(lines.at(-1)).toContain('"seconds":4');
  });

  it("needs the address that we listen on, where it is one", async () => {
    const { machine, pass, intervals } = await bench(["127.0.0.1"]);
    machine.up = [LO];
    pass(1_000);
    expect(intervals()).toEqual([]);
    const there = await bench(["::1"]);
    there.machine.up = [];
    there.pass(1_000);
    expect(there.intervals()).toEqual([]);
  });

  it("of a container without interfaces of its own is whatever it has", async () => {
    const { machine, pass, intervals } = await bench(["0.0.0.0"]);
    const inside = await bench(["0.0.0.0"]);
    inside.machine.up = [LO, BRIDGE];
    machine.up = [LO, BRIDGE];
    pass(1_000);
    expect(intervals()).toEqual([]);
    machine.up = [LO];
    pass(1_000);
    expect(intervals()).toEqual([["network", null, 1, null]]);
  });
});

describe("a network that is thought to be down", () => {
  it("is not, where frames come through it: nobody's death must be overlooked for ever", async () => {
    const { ears, machine, pass, intervals } = await bench(["0.0.0.0"]);
    const from = { transport: "udp", address: "198.51.100.7", port: 7 } as const;
    pass(1_000);
    machine.up = [LO, BRIDGE];
    pass(1_000);
    ears.takes("what waited in the socket", from);
    pass(5_000);
    ears.takes("of this machine", { ...from, address: "127.0.0.1" });
    expect(intervals()).toEqual([["network", null, 1, null]]);
    ears.takes("from outside", from);
    expect(intervals()).toEqual([["network", null, 1, 7]]);
    pass(1_000);
    expect(intervals()).toHaveLength(1);
  });

  it("is not, where the system does not tell", async () => {
    const { machine, pass, intervals } = await bench(["0.0.0.0"]);
    machine.up = undefined;
    pass(1_000);
    expect(intervals()).toEqual([]);
  });
});

describe("other ears", () => {
  it("hear a wall clock that steps: recorded, and of no length", async () => {
    const { clock, pass, intervals } = await bench();
    clock.wall += 999;
    pass(1_000);
    expect(intervals()).toEqual([]);
    clock.wall -= 365 * 86_400_000;
    pass(1_000);
    expect(intervals()).toEqual([["clock", null, 2, 2]]);
  });

  it("hear a broker that goes, for MQTT alone, and told twice", async () => {
    const { ears, pass, intervals } = await bench();
    ears.broker(true);
    ears.broker(false);
    pass(5_000);
    ears.broker(false);
    pass(5_000);
    ears.broker(true);
    expect(intervals()).toEqual([["broker", "mqtt", 0, 10]]);
  });

  it("were deaf for a broker since it was heard last, which is before it is known", async () => {
    const { ears, clock, pass, intervals } = await bench();
    ears.broker(true);
    pass(4_000);
    const heardAt = clock.now();
    pass(6_000);
    ears.broker(false, heardAt);
    expect(intervals()).toEqual([["broker", "mqtt", 4, null]]);
    pass(1_000);
    ears.broker(true);
    expect(intervals()).toEqual([["broker", "mqtt", 4, 11]]);
  });

  it("do not take a frame from a broker, which may be here, for a network that is up", async () => {
    const { ears, machine, pass, intervals } = await bench(["0.0.0.0"]);
    machine.up = [LO];
    pass(1_000);
    pass(10_000);
    ears.takes("frame", { transport: "mqtt", address: "000001", port: 0 });
    expect(intervals()).toEqual([["network", null, 0, null]]);
    ears.takes("frame", { transport: "udp", address: "192.0.2.9", port: 9 });
    expect(intervals()).toEqual([["network", null, 0, 11]]);
  });

  it("hear a store that does not come back: since the last write that did", async () => {
    const { ears, clock, writes, pass, intervals } = await bench();
    pass(2_000);
    writes.stalledSince = clock.now();
    pass(STALL_MS);
    expect(intervals()).toEqual([]);
    pass(1_000);
    expect(intervals()).toEqual([["store", null, 2, null]]);
    expect(ears.unwell).toBe("nothing gets to disk");
    writes.stalledSince = undefined;
    pass(1_000);
    expect(intervals()).toEqual([["store", null, 2, 9]]);
    expect(ears.unwell).toBeUndefined();
  });

  it("tell nobody before it is on disk", async () => {
    let durable = (): void => {};
    const written = new Promise<void>((resolve) => {
      durable = resolve;
    });
    const { ears, told } = await bench([], { apply: () => written });
    ears.broker(false);
    await Promise.resolve();
    expect([told, ears.told]).toEqual([[], []]);
    durable();
    await new Promise(setImmediate);
    expect(told).toEqual(["broker on"]);
    expect(ears.told).toMatchObject([{ why: "broker", toAt: null }]);
  });
});
