// The shell's ears: each reason why a beat could not be heard, told to the core when it begins and
// when it ends. The system's files are made up here; the sockets of the self-beat are real.

import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { Ears, type EarsOptions } from "../gateway/ears.ts";
import type { System } from "../gateway/ears-machine.ts";
import { MISSES, PROVE_MS } from "../gateway/ears-self.ts";
import type { Effects } from "../gateway/facts.ts";
import { Gateway } from "../gateway/gateway.ts";
import type * as kernel from "../gateway/kernel.ts";
import { STALL_MS } from "../gateway/limits.ts";
import { OPTIONS } from "./gateway-bench.ts";
import { keptLog } from "./socket-rig.ts";
import { HandClock } from "./store-rig.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const HOME: kernel.Interface = {
  name: "eth0",
  internal: false,
  addresses: ["192.0.2.1", "fe80::1"],
  physical: true,
};
const BRIDGE = { ...HOME, name: "docker0", addresses: ["172.17.0.1"], physical: false };
const LO = { ...HOME, name: "lo", internal: true, addresses: ["127.0.0.1"], physical: false };

/** Ears over a system by hand: `pass` lets time go by, and has them look. */
async function bench(addresses: string[] = [], more: Partial<EarsOptions> = {}) {
  const clock = Object.assign(new HandClock(), {
    skip(ms: number) {
      clock.mono += ms;
      clock.wall += 0;
    },
  });
  const machine = { sleptMs: 0, errors: 0, drops: 0, up: [LO, HOME, BRIDGE], blind: false };
  const system: System = {
    uptimeMs: () => (machine.blind ? undefined : clock.mono - skipped() + machine.sleptMs),
    bufferErrors: () => (machine.blind ? undefined : machine.errors),
    socketDrops: () => machine.drops,
    socketInodes: () => new Set(),
    interfacesUp: () => machine.up,
  };
  let skippedMs = 0;
  const skipped = () => skippedMs;
  clock.skip = (ms) => {
    clock.mono += ms;
    skippedMs += ms;
  };
  const core = new Gateway({ ...OPTIONS, stoppedMs: 0 }, [], clock.now());
  const lines: string[] = [];
  const told: string[] = [];
  const writes = { stalledSince: undefined as number | undefined, writtenAt: clock.mono };
  const ears = await Ears.open({
    core: core.requests,
    clock,
    udp: { port: 9, addresses, send() {} },
    log: keptLog(lines),
    apply: async (_effects: Effects) => {},
    alive: async () => {},
    writes,
    onTold: ({ why, toAt }) => void told.push(`${why} ${toAt === null ? "on" : "over"}`),
    system,
    ...more,
  });
  closers.push(() => ears.close());
  const start = clock.mono;
  return {
    ears,
    clock,
    machine,
    writes,
    told,
    lines,
    pass(ms: number, looks = true) {
      clock.pass(ms);
      if (looks) ears.tick();
    },
    /** From when to when, since the start, in s. */
    intervals: () =>
      core.requests.deafness.map(({ why, transport, fromAt, toAt }) => {
        const since = (at: number | null) => (at === null ? null : (at - start) / 1000);
        return [why, transport, since(fromAt), since(toAt)];
      }),
  };
}

describe("the machine's sleep", () => {
  it("puts our clock forward and is deafness; a late loop is not", async () => {
    const { clock, machine, pass, intervals } = await bench();
    pass(30_000);
    expect(intervals()).toEqual([]);
    const before = clock.now();
    machine.sleptMs += 3_600_000;
    clock.wall += 3_600_000;
    pass(1_000);
    expect(clock.now()).toBe(before + 3_601_000);
    expect(intervals()).toEqual([["suspended", null, 31, 3_631]]);
    pass(1_000);
    expect(intervals()).toHaveLength(1);
  });

  it("is taken for one where the system tells nothing and the loop was away for long", async () => {
    const { machine, pass, intervals } = await bench();
    machine.blind = true;
    pass(1_000);
    pass(9_000);
    expect(intervals()).toEqual([]);
    pass(11_000);
    expect(intervals()).toEqual([["suspended", null, 10, 21]]);
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
    pass(60_000);
    expect(intervals()).toEqual([["network", null, 1, null]]);
    machine.up = [LO, HOME, BRIDGE];
    pass(1_000);
    expect(intervals()).toEqual([["network", null, 1, 63]]);
    await Promise.resolve();
    expect(told).toEqual(["network on", "network over"]);
    expect(lines.at(-1)).toContain('"seconds":62');
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

/** A gateway's socket on loopback, and ears that beat to it. `answer`: whether it reads. */
async function selfBench() {
  const socket: Socket = createSocket("udp4");
  await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound));
  closers.push(() => new Promise((closed) => socket.close(() => closed())));
  const state = { reads: true, alives: 0, alive: () => Promise.resolve() };
  let arrived = (): void => {};
  const rig = await bench(["127.0.0.1"], {
    udp: {
      port: socket.address().port,
      addresses: ["127.0.0.1"],
      send: (to, frame) => socket.send(Buffer.from(frame, "latin1"), to.port, to.address),
    },
    alive() {
      state.alives++;
      return state.alive();
    },
  });
  let taken = 0;
  socket.on("message", (message, { address, port }) => {
    const from = { transport: "udp", address, port } as const;
    if (state.reads && rig.ears.takes(message.toString("latin1"), from)) taken++;
    arrived();
  });
  /** A second, and the beat's way there and back. */
  const second = async (ms = 1_000): Promise<void> => {
    const there = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    rig.pass(ms);
    await there;
    // The ACK is in the other socket's queue by now: a few rounds of the loop read it.
    for (let n = 0; n < 5; n++) await new Promise(setImmediate);
  };
  return { ...rig, state, second, socket, taken: () => taken };
}

describe("the self-beat", () => {
  it("passes the real socket once a second, and leaves no trace", async () => {
    const { second, taken, intervals, ears, state } = await selfBench();
    for (let n = 0; n < 5; n++) await second();
    expect(taken()).toBe(5);
    expect(intervals()).toEqual([]);
    expect(ears.unwell).toBeUndefined();
    expect(state.alives).toBe(0);
  });

  it("that is not acknowledged is deafness since the last one that was", async () => {
    const { second, state, intervals, ears } = await selfBench();
    await second();
    await second();
    state.reads = false;
    for (let n = 0; n < MISSES; n++) await second();
    expect(intervals()).toEqual([]);
    await second();
    expect(intervals()).toEqual([["self-beat", "udp", 2, null]]);
    expect(ears.unwell).toContain("own beat");
    state.reads = true;
    await second();
    await second();
    expect(intervals()).toEqual([["self-beat", "udp", 2, 10]]);
  });

  it("is no business of anybody else's frames, and no other's frames are its own", async () => {
    const { ears } = await selfBench();
    expect(ears.takes("", { transport: "udp", address: "127.0.0.1", port: 1 })).toBe(false);
  });

  it("writes once a minute where nothing else is written, and waits for the disk", async () => {
    const { second, state, writes, clock, intervals } = await selfBench();
    await second();
    await second(PROVE_MS);
    expect(state.alives).toBe(1);
    await second();
    expect(state.alives).toBe(1);
    clock.pass(PROVE_MS - 2_000);
    writes.writtenAt = clock.now();
    await second();
    expect(state.alives).toBe(1);
    state.alive = () => new Promise(() => {});
    await second(PROVE_MS);
    for (let n = 0; n <= MISSES; n++) await second();
    expect(state.alives).toBe(2);
    expect(intervals()).toMatchObject([["self-beat", "udp", expect.any(Number), null]]);
  });
});
