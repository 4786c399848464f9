// The self-beat, over real sockets of loopback: it passes the gateway's socket and its store, and
// is seen by nobody.

import { afterEach, describe, expect, it } from "vitest";
import { MISSES, PROVE_MS } from "../../gateway/ears/self.ts";
import { bench, closeAll, listening, selfBench } from "./ears-rig.ts";

afterEach(closeAll);

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

  it("is not content with an ACK that somebody else made up", async () => {
    const { second, state, intervals } = await selfBench();
    state.reads = false;
    state.forges = true;
    for (let n = 0; n <= MISSES; n++) await second();
    expect(intervals()).toEqual([["self-beat", "udp", 0, null]]);
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
    const ours = intervals().filter(([why]) => why === "self-beat");
    expect(ours).toMatchObject([["self-beat", "udp", expect.any(Number), null]]);
  });

  it.each([
    ["0.0.0.0", ["0.0.0.0"]],
    ["::", ["::"]],
    ["all of both families", ["0.0.0.0", "::"]],
    ["one address", ["127.0.0.1"]],
    ["one of IPv6", ["::1"]],
  ])("comes to a gateway that listens on %s", async (_, hosts) => {
    const rig = await listening(hosts);
    for (let n = 0; n < 3; n++) await rig.second();
    expect(rig.taken()).toBe(3 * hosts.length);
    expect(rig.intervals()).toEqual([]);
  });

  it("that has no way to an address is told of, and the gateway does without", async () => {
    const { lines, pass, intervals } = await bench(["192.0.2.77"]);
    expect(lines.join()).toMatch(/"msg":"no self-beat","to":"192.0.2.77"/);
    for (let n = 0; n < 2 * MISSES; n++) pass(1_000);
    expect(intervals().filter(([why]) => why === "self-beat")).toEqual([]);
  });
});
