// The UDP proxy on loopback, its clock that of the machine: each wait ends with what it waits for.
// What a link decides is compared with the same link in virtual time; how late frames left is the
// bench's business.

import { afterEach, describe, expect, it } from "vitest";
import { Links } from "../../sim/links.ts";
import { openUdpProxy, type UdpProxyOptions } from "../../sim/live/proxy-udp.ts";
import { LINK_PRESETS } from "../../sim/presets.ts";
import { SocketFleet } from "../../sim/sockets.ts";
import { startHere } from "../gateway/socket-rig.ts";
import {
  beat,
  Client,
  closeEnds,
  Echo,
  families,
  link,
  proxyTo,
  SEED,
  until,
} from "./proxy-rig.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await closeEnds();
});

describe("frames", () => {
  it.each(families())(
    "go there and back over IPv%i, each board from a port of its own",
    async (family) => {
      const gateway = new Echo(family);
      const [first, second] = [new Client(family), new Client(family)];
      const proxy = await proxyTo(gateway);
      // Boards 1 and 2 behind one address, board 3 behind another.
      for (let seq = 1; seq <= 3; seq++) {
        first.say(beat(1, seq), proxy.port);
        first.say(beat(2, seq), proxy.port);
        second.say(beat(3, seq), proxy.port);
      }
      await until(() => first.received.length === 6 && second.received.length === 3);
      expect(gateway.ports.size).toBe(3);
      expect(gateway.heard.map(({ frame }) => frame).sort()).toEqual(
        [1, 2, 3].flatMap((id) => [1, 2, 3].map((seq) => beat(id, seq))).sort(),
      );
      const { up, down, clients } = proxy.report();
      expect(up).toEqual({ received: 9, sent: 9, lost: 0, doubled: 0, corrupted: 0 });
      expect(down).toEqual(up);
      expect(clients).toBe(3);
    },
  );

  it("that are none of ours have a path, too: that of their sender", async () => {
    const gateway = new Echo();
    const [first, second] = [new Client(), new Client()];
    const proxy = await proxyTo(gateway);
    const words = ["", "hi", "@", `\xff${beat(1, 1)}`, beat(0, 1), "x".repeat(1_400)];
    for (const word of words) {
      first.say(word, proxy.port);
      second.say(word, proxy.port);
    }
    await until(() => gateway.heard.length === 12);
    expect(gateway.ports.size).toBe(2);
    expect(new Set(gateway.heard.map(({ frame }) => frame))).toEqual(new Set(words));
  });

  it("down from anybody but the target go nowhere", async () => {
    const gateway = new Echo();
    const stranger = new Echo();
    const client = new Client();
    const proxy = await proxyTo(gateway);
    client.say(beat(1, 1), proxy.port);
    await until(() => client.received.length === 1);
    const [port] = gateway.ports;
    stranger.say("no", port!);
    gateway.say("yes", port!);
    await until(() => client.received.length === 2);
    expect(client.received[1]).toBe("yes");
    expect(proxy.report().down.received).toBe(2);
  });

  it("of real boards reach a real gateway", async () => {
    const gateway = await startHere(new Map());
    const place = { address: "127.0.0.1", family: 4, port: gateway.udpPort } as const;
    const proxy = await openUdpProxy({
      ...{ port: 0, host: "127.0.0.1", target: place, seed: SEED },
      link: link({ lossGood: 0.1, duplicate: 0.1, corrupt: 0.05 }),
    });
    const boards = [1, 2, 3, 4].map((id) => {
      return { id, name: `b${id}`, suite: 1 + (id % 2), link: link({}), intervalMs: 250 };
    });
    const fleet = new SocketFleet({ ...place, port: proxy.port, seed: SEED, boards, spreadMs: 1 });
    open.push(fleet, proxy, { close: () => gateway.stop() });
    for (const { board } of fleet.members) {
      const { id, name, suite, key } = board;
      await gateway.registry.add({ id, name, suite, key });
    }
    await fleet.open();
    await until(() => fleet.members.every(({ acked }) => acked >= 4));
    const { up, down } = proxy.report();
    expect(up.lost + down.lost).toBeGreaterThan(0);
    expect(up.doubled + down.doubled).toBeGreaterThan(0);
    expect(up.sent).toBe(up.received - up.lost + up.doubled);
  });
});

describe("decisions", () => {
  it("are those of the same links in virtual time, by occasion", async () => {
    const gateway = new Echo();
    const clients = [1, 2, 3, 4].map((id) => ({ id, client: new Client() }));
    const model = link({ lossGood: 0.4, duplicate: 0.2 });
    const told: Parameters<NonNullable<UdpProxyOptions["onDecision"]>>[] = [];
    const proxy = await proxyTo(gateway, {
      link: model,
      onDecision: (...decision) => told.push(decision),
    });
    let said = 0;
    for (let seq = 1; seq <= 50; seq++) {
      for (const { id, client } of clients) {
        // Tries of a beat have occasions of their own.
        for (let tries = 0; tries < 1 + (seq % 3); tries++, said++) {
          client.say(beat(id, seq), proxy.port);
        }
      }
      await until(() => told.filter(([, way]) => way === "up").length === said);
    }
    const links = new Links(SEED);
    const ways = new Map<string, number>();
    for (const { id } of clients) {
      ways.set(`${id} up`, links.add(model.up, id, "up"));
      ways.set(`${id} down`, links.add(model.down, id, "down"));
    }
    const again = told.map(([id, way, high, low], n) => {
      links.submit(ways.get(`${id} ${way}`)!, "frame", n * 1_000, high, low);
      return links.fate;
    });
    expect(again).toEqual(told.map((decision) => decision[4]));
    expect(new Set(again)).toEqual(new Set(["passed", "loss"]));
    expect(new Set(told.map(([id, way, high, low]) => `${id} ${way} ${high} ${low}`)).size).toBe(
      told.length,
    );
    for (const [, , , , , at] of told) expect(at).toBeGreaterThanOrEqual(0);
  });

  it("count time from where they are told it began", async () => {
    const gateway = new Echo();
    const client = new Client();
    const at: number[] = [];
    const proxy = await proxyTo(gateway, {
      startAt: performance.now() - 3_600_000,
      onDecision: (...decision) => at.push(decision[5]),
    });
    client.say(beat(1, 1), proxy.port);
    await until(() => client.received.length === 1);
    expect(at).toHaveLength(2);
    for (const each of at) expect(each).toBeGreaterThanOrEqual(3_600_000);
  });
});

describe("limits", () => {
  it("of clients and of the queue are kept, counted, and not certified", async () => {
    const gateway = new Echo();
    const client = new Client();
    const slow = LINK_PRESETS.find(({ name }) => name === "geo")!;
    const proxy = await proxyTo(gateway, { link: slow, clientsMax: 2, queueMax: 2 });
    for (let id = 1; id <= 3; id++) client.say(beat(id, 1), proxy.port);
    client.say(beat(1, 2), proxy.port);
    await until(() => proxy.report().up.received === 4);
    const { faults, clients } = proxy.report();
    expect(clients).toBe(2);
    expect(faults).toContain("1 frames of clients beyond the limit");
    expect(faults).toContain("1 frames beyond the limit of the queue");
  });

  it("of what is believed: nothing came, nothing is certified", async () => {
    const proxy = await proxyTo(new Echo());
    expect(proxy.report().faults).toEqual(["nothing came through"]);
  });
});
