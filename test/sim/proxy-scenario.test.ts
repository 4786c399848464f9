// What a scenario and its faults do to real datagrams: NATs that forget, links that change, and
// what is not done at all. The clock is the machine's: each wait ends with what it waits for.

import { afterEach, describe, expect, it } from "vitest";
import { BOARD_FAULTS, PATH_FAULTS } from "../../sim/live/stage.ts";
import { notEmulated } from "../../sim/scenario/modes.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import type { FaultKind } from "../../sim/scenario/types.ts";
import { beat, Client, closeEnds, Echo, proxyTo, until } from "./proxy-rig.ts";

afterEach(closeEnds);

const scenarioOf = (text: string) => parseScenario(text, "test.yaml");

describe("a NAT", () => {
  const short = {
    preset: "linux",
    port: "random",
    unreplied: "60ms",
    stream: "60ms",
    streamAfter: "0ms",
  };
  const text = (nat: object, faults = "[]") => `
run: 1h
fleet: [{group: a, count: 2, link: lan, nat: ${JSON.stringify(nat)}}]
faults: ${faults}
`;

  it("that forgot a board gives it another port, and lets nothing in by the old one", async () => {
    const gateway = new Echo();
    const client = new Client();
    const proxy = await proxyTo(gateway, { scenario: scenarioOf(text(short)) });
    client.say(beat(1, 1), proxy.port);
    await until(() => client.received.length === 1);
    const [old] = gateway.ports;
    // The mapping is prolonged by every frame, so there is a silence before each.
    for (let seq = 2; gateway.ports.size < 2; seq++) {
      await new Promise((resolve) => setTimeout(resolve, 70));
      const before = client.received.length;
      client.say(beat(1, seq), proxy.port);
      await until(() => client.received.length > before);
    }
    const received = client.received.length;
    gateway.say("late", old!);
    gateway.say("now", [...gateway.ports].at(-1)!);
    await until(() => client.received.length > received);
    expect(client.received.slice(received)).toEqual(["now"]);
  });

  it("is rebound by a fault, for the board that it names", async () => {
    const gateway = new Echo();
    const client = new Client();
    const faults = "[{at: 100ms, where: a-1, do: nat, change: rebind}]";
    const scenario = scenarioOf(text({ preset: "linux" }, faults));
    const proxy = await proxyTo(gateway, { scenario });
    const portsOf = (id: number) =>
      new Set(
        gateway.heard.flatMap(({ frame, port }) => (frame.charCodeAt(3) === id ? [port] : [])),
      );
    for (let seq = 1; portsOf(1).size < 2; seq++) {
      client.say(beat(1, seq), proxy.port);
      client.say(beat(2, seq), proxy.port);
      await until(() => gateway.heard.length === 2 * seq);
    }
    expect(portsOf(2).size).toBe(1);
  });
});

describe("a scenario", () => {
  it("gives each group its link, and faults their time", async () => {
    const gateway = new Echo();
    const client = new Client();
    const fates = new Map<number, { fate: string; at: number }[]>([
      [1, []],
      [0x10001, []],
      [7, []],
    ]);
    const scenario = scenarioOf(`
run: 1h
fleet:
  - {group: a, link: lan}
  - {group: b, link: {loss: 100%}}
faults:
  - {at: 100ms, where: a, do: cut, direction: up, for: 200ms}
  - {at: 0ms, do: crash, for: 1s}
`);
    const proxy = await proxyTo(gateway, {
      scenario,
      onDecision: (id, way, _high, _low, fate, at) => {
        if (way === "up") fates.get(id)!.push({ fate, at });
      },
    });
    for (let seq = 1; (fates.get(1)!.at(-1)?.at ?? 0) <= 400; seq++) {
      for (const id of fates.keys()) client.say(beat(id, seq), proxy.port);
      await until(() => fates.get(7)!.length === seq);
    }
    expect(new Set(fates.get(0x10001)!.map(({ fate }) => fate))).toEqual(new Set(["loss"]));
    expect(new Set(fates.get(7)!.map(({ fate }) => fate))).toEqual(new Set(["passed"]));
    // Faults come late rather than early, and nothing says by how much.
    for (const { fate, at } of fates.get(1)!) {
      if (at < 100) expect(fate).toBe("passed");
      if (fate === "cut") expect(at).toBeGreaterThanOrEqual(100);
    }
    const cut = fates.get(1)!.map(({ fate }) => fate === "cut");
    expect(cut).toContain(true);
    expect(cut.lastIndexOf(true)).toBeLessThan(cut.length - 1);
  });

  it("says of each fault that a mode cannot do that it is not emulated", () => {
    const shapes: Partial<Record<FaultKind, string>> = {
      battery: "share: 50%",
      powercut: "step: after-store",
      clock: "by: 1s",
      drift: "ppm: 5",
      link: "to: lan",
      loss: "share: 5%",
      "nat-set": "to: linux",
      disk: "commit: 1s",
      wall: "by: 1s",
      replay: "perSecond: 1",
      flood: "perSecond: 1",
    };
    const others =
      "power die reboot forget leave clone cut nat nat-full nat-deaf dns crash stop stall suspend";
    const kinds = [...Object.keys(shapes), ...others.split(" ")] as FaultKind[];
    for (const kind of kinds) {
      const shape = shapes[kind] === undefined ? "" : `, ${shapes[kind]}`;
      const fleet = "run: 1h\nfleet: [{group: a, nat: linux}]";
      const scenario = scenarioOf(`${fleet}\nfaults: [{at: 1s, do: ${kind}${shape}}]`);
      const done = (mode: "proxy" | "fleet") =>
        !notEmulated(scenario, mode).some((line) => line.includes(`${kind}:`));
      expect(`${kind} ${done("proxy")}`).toBe(`${kind} ${PATH_FAULTS.includes(kind)}`);
      expect(`${kind} ${done("fleet")}`).toBe(`${kind} ${BOARD_FAULTS.includes(kind)}`);
    }
  });
});
