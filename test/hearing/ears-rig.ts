// Ears over a machine by hand: its clocks, its counters and its interfaces are what a test says.

import { makeTagKey, SUITE_HMAC, sealAck, tagBytes } from "../../device/tag.ts";
import type { System } from "../../gateway/ears/machine.ts";
import { Ears, type EarsOptions } from "../../gateway/ears.ts";
import type { Effects } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type * as kernel from "../../gateway/kernel.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { openUdp } from "../../gateway/udp.ts";
import { OPTIONS } from "../gateway/gateway-bench.ts";
import { keptLog } from "../gateway/socket-rig.ts";
import { HandClock } from "../store/rig.ts";

/** For afterEach. */
export const closers: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

export const HOME: kernel.Interface = {
  name: "eth0",
  internal: false,
  addresses: ["192.0.2.1", "fe80::1"],
  physical: true,
};
export const BRIDGE = { ...HOME, name: "docker0", addresses: ["172.17.0.1"], physical: false };
export const LO = {
  ...HOME,
  name: "lo",
  internal: true,
  addresses: ["127.0.0.1"],
  physical: false,
};

/** Ears over a system by hand: `pass` lets time go by, and has them look. */
export async function bench(addresses: string[] = [], more: Partial<EarsOptions> = {}) {
  let skippedMs = 0;
  const clock = Object.assign(new HandClock(), {
    skip(ms: number) {
      clock.mono += ms;
      skippedMs += ms;
    },
  });
  const machine = {
    sleptMs: 0,
    errors: 0,
    drops: 0,
    up: [LO, HOME, BRIDGE] as kernel.Interface[] | undefined,
    blind: false,
  };
  const system: System = {
    uptimeMs: () => (machine.blind ? undefined : clock.mono - skippedMs + machine.sleptMs),
    bufferErrors: () => (machine.blind ? undefined : machine.errors),
    socketDrops: () => machine.drops,
    socketInodes: () => new Set(),
    interfacesUp: () => machine.up,
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

/** Ears that beat to a real socket, which reads while `state.reads`. */
export function selfBench() {
  return listening(["127.0.0.1"]);
}

/** The same where the gateway listens on `hosts`. */
export async function listening(hosts: readonly string[]) {
  const state = { reads: true, forges: false, alives: 0, alive: () => Promise.resolve() };
  let taken = 0;
  let arrived = (): void => {};
  const udp = await openUdp({
    ...{ port: 0, hosts },
    onFrame(frame, from) {
      if (state.reads && rig.ears.takes(frame, from)) taken++;
      if (state.forges) udp.send(from, forged(frame));
      arrived();
    },
  });
  closers.push(() => udp.close());
  const rig = await bench([...udp.addresses], {
    udp,
    alive() {
      state.alives++;
      return state.alive();
    },
  });
  /** A second, and the way of each beat there and back. */
  const second = async (ms = 1_000): Promise<void> => {
    const there = new Promise<void>((resolve) => {
      let left = hosts.length;
      arrived = () => void (--left === 0 && resolve());
    });
    rig.pass(ms);
    await there;
    // The ACK is in the other socket's queue by now: a few rounds of the loop read it.
    for (let n = 0; n < 5; n++) await new Promise(setImmediate);
  };
  return { ...rig, state, second, taken: () => taken };
}

/** An ACK of a beat by somebody who does not have its key. */
function forged(beat: string): string {
  const seq = (beat.charCodeAt(4) << 8) | beat.charCodeAt(5);
  const key = makeTagKey(SUITE_HMAC, "a key of 16 byte", sha256);
  return sealAck(key, 1, seq, 0, 0, 0, false, beat, beat.length - tagBytes(SUITE_HMAC));
}
