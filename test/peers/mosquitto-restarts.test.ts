// Restarts of the broker, of Home Assistant and of the gateway: nobody is called absent for them,
// and nothing that the broker kept says what is no longer so.

import { afterEach, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, buildGateway, startChild, temporaryFolder } from "../gateway/socket-rig.ts";
import { shown } from "../mqtt/homeassistant-rules.ts";
import { MqttBoard, Reader, settings } from "../mqtt/rig.ts";
import { mosquittoHere } from "./mosquitto.ts";
import { brokerUp, endAll, keeper, start, until } from "./mosquitto-rig.ts";

if (!mosquittoHere) console.warn("no mosquitto on the PATH: its tests are skipped");

const STATUS = "nextbeat/gateway/status";
const LEAVING = 255;

afterEach(endAll);

describe.skipIf(!mosquittoHere)("broker, Home Assistant and gateway", () => {
  const orders = [
    ["broker", "house", "gateway"],
    ["broker", "gateway", "house"],
    ["house", "broker", "gateway"],
    ["house", "gateway", "broker"],
    ["gateway", "broker", "house"],
    ["gateway", "house", "broker"],
  ];
  it.each(orders)("restarted %s, %s, %s: the house ends with the truth", async (...order) => {
    const broker = await keeper();
    const { url } = broker;
    const disk: MemoryDisk = new Map();
    let gateway = await start(settings(url), disk);
    const [here, left] = [new Board(1), new Board(2)];
    for (const board of [here, left]) {
      await gateway.registry.add(board.enrolment);
      const socket = await MqttBoard.open(board, url);
      await socket.hello();
      await socket.beat(P_HOUR);
      if (board === left) await socket.beat(LEAVING);
    }
    let house = await Reader.open(url);
    const right = () => shown(house, "000001") === "on" && shown(house, "000002") === "off";
    await house.until(right);
    const restart: Record<string, () => Promise<void>> = {
      async broker() {
        await broker.kill("SIGTERM");
        await broker.start();
      },
      async gateway() {
        await gateway.stop();
        gateway = await start(settings(url), disk);
      },
      async house() {
        house.client.end(true);
        house = await Reader.open(url);
        house.client.publish("homeassistant/status", "online");
      },
    };
    for (const what of order) await restart[what]!();
    await until(gateway, ({ connected }) => connected);
    await house.until(right);
    // What it has seen may be old: what would it see now?
    house = await Reader.open(url);
    await house.until(right);
    const { status } = gateway.core.view(1, 0)!;
    expect(status).toBe("present");
    const topics = [...house.now.keys()].filter((topic) => topic.startsWith("nextbeat/0"));
    expect(topics.filter((topic) => /presence|availability/.test(topic))).toHaveLength(4);
  });
});

/** Beats each 250 ms, promising a second; answers are not waited for. */
function beating(send: (frame: string) => void, board: Board): () => void {
  const timer = setInterval(() => send(board.beat({ promise: SECOND })), 250);
  return () => clearInterval(timer);
}

const SECOND = intervalCode(1_000);

describe.skipIf(!mosquittoHere)("a broker that is away", () => {
  it("is deafness of the devices at it: none is called absent, those elsewhere are", async () => {
    const broker = await brokerUp();
    const gateway = await start(settings(broker.url));
    const [back, dead, other] = [new Board(1), new Board(2), new Board(3)];
    for (const { enrolment } of [back, dead, other]) await gateway.registry.add(enrolment);
    const ends: (() => void)[] = [];
    const udp = await BoardSocket.open();
    await udp.hello(other, gateway.udpPort);
    ends.push(beating((frame) => udp.send(frame, gateway.udpPort), other));
    for (const board of [back, dead]) {
      const socket = await MqttBoard.open(board, broker.url, { queueQoSZero: false });
      await socket.hello();
      ends.push(beating((frame) => socket.send(frame), board));
    }
    const status = (id: number) => gateway.core.view(id, 0)!.status;
    const wait = async (wanted: () => boolean) => {
      while (!wanted()) await new Promise((wake) => setTimeout(wake, 20));
    };
    await wait(() => [1, 2, 3].every((id) => status(id) === "present"));
    await broker.kill();
    await until(gateway, ({ connected }) => !connected);
    ends[0]!();
    ends[2]!();
    // The one over UDP dies as fast as ever; by then the others would have been dead as well.
    await wait(() => status(3) === "absent");
    const { changes } = await changesOf(gateway);
    expect(changes.filter(({ id, to }) => id !== "000003" && to === "absent")).toEqual([]);
    await broker.start();
    await until(gateway, ({ connected }) => connected);
    const since = performance.now();
    await wait(() => status(2) === "absent");
    expect(performance.now() - since).toBeLessThan(15_000);
    expect(status(1)).toBe("present");
    const after = await changesOf(gateway);
    expect(after.changes.filter(({ id, to }) => id === "000001" && to === "absent")).toEqual([]);
    for (const end of ends) end();
    udp.close();
  });

  it("is known within seconds also where it says nothing, and begins when it was heard last", async () => {
    const broker = await brokerUp();
    const gateway = await start(settings(broker.url));
    await until(gateway, ({ connected }) => connected);
    broker.signal("SIGSTOP");
    const stoppedAt = Date.now();
    const { why } = await until(gateway, ({ connected }) => !connected);
    expect(why).toBe("nothing comes back from the broker");
    expect(Date.now() - stoppedAt).toBeLessThan(12_000);
    const { deaf } = await gatewayOf(gateway);
    const { why: what, transport, from, to } = deaf.at(-1)!;
    expect({ what, transport, to }).toEqual({ what: "broker", transport: "mqtt", to: null });
    expect(Date.parse(from) - stoppedAt).toBeLessThan(100);
    broker.signal("SIGCONT");
    await until(gateway, ({ connected }) => connected);
    expect((await gatewayOf(gateway)).deaf.at(-1)!.to).not.toBeNull();
  });

  it("does not keep the gateway from starting, which goes there when it comes", async () => {
    const broker = await brokerUp();
    await broker.kill();
    const gateway = await start(settings(broker.url));
    const { why } = await until(gateway, (one) => one.why !== "not connected yet");
    expect(why).toBe("nothing listens there");
    expect((await fetch(`http://127.0.0.1:${gateway.httpPort}/readyz`)).status).toBe(200);
    await broker.start();
    await until(gateway, ({ connected }) => connected);
    await (await Reader.open(broker.url, STATUS)).sees(STATUS, "online");
  });

  it("says offline for a gateway that was killed, until the next one has told everything", async () => {
    buildGateway();
    const { url } = await brokerUp();
    const data = temporaryFolder();
    const reader = await Reader.open(url, STATUS);
    const child = await startChild(data, "--mqtt", url);
    await reader.sees(STATUS, "online");
    child.process.kill("SIGKILL");
    await reader.sees(STATUS, "offline");
    const next = await startChild(data, "--mqtt", url);
    await reader.sees(STATUS, "online");
    next.process.kill("SIGTERM");
    await reader.sees(STATUS, "offline");
    expect(await next.ended).toBe(0);
  });
});

interface Shown {
  readonly deaf: { why: string; transport: string; from: string; to: string | null }[];
}

async function gatewayOf({ httpPort }: RunningGateway): Promise<Shown> {
  return (await fetch(`http://127.0.0.1:${httpPort}/api/v1/gateway`)).json() as Promise<Shown>;
}

async function changesOf({ httpPort }: RunningGateway) {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/changes?after=0`);
  const { items } = (await answer.json()) as { items: { id: string; to: string }[] };
  return { changes: items };
}
