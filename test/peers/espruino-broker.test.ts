// The very bundle that is flashed, on the interpreter it is written for, at the gateway's own
// broker: beats, a command, and a restart that takes gateway and broker away at once.

import { afterEach, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { settings } from "../mqtt/rig.ts";
import { freePort } from "./mosquitto.ts";
import { client, TrialBoard } from "./trial-board.ts";

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: its tests are skipped");

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((wake) => setTimeout(wake, 20));
}

describe.skipIf(!espruino)("a flashed board at the embedded broker", () => {
  it.each([1, 2] as const)("under suite %i beats, obeys, and comes back", async (suite) => {
    const disk: MemoryDisk = new Map();
    const port = await freePort();
    const mqtt = settings("mqtt://127.0.0.1", { version: 4 });
    const start = async (): Promise<RunningGateway> => {
      const gateway = await startHere(disk, { mqtt, broker: { host: "127.0.0.1", port } });
      ends.push(() => gateway.stop());
      return gateway;
    };
    const first = await start();
    const key = "a key of sixteen";
    await first.registry.add({ id: 7, name: "board", site: "", labels: [], suite, key });
    const code = await client({ way: "mqtt", suite });
    const options = { espruino: espruino!, way: "mqtt", suite, id: 7, key, port } as const;
    const board = new TrialBoard(code, { ...options, intervalMs: 400 });
    ends.push(() => board.stop());
    const fresh = (gateway: RunningGateway) => gateway.core.frames.mqtt.fresh;
    await until(() => fresh(first) > 5);
    expect(first.core.view(7, 0)).toMatchObject({ status: "present", transport: "mqtt" });
    const send = (gateway: RunningGateway, payload: string) =>
      fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/devices/000007/commands`, {
        method: "POST",
        body: JSON.stringify({ payload }),
      });
    const outcomes = (gateway: RunningGateway) =>
      gateway.core.requests.commandsOf(7, 0).map(({ state, result }) => `${state}: ${result}`);
    await send(first, "one");
    await until(() => outcomes(first)[0] === "done: did one");
    await first.stop();
    const second = await start();
    await until(() => fresh(second) > 5);
    await send(second, "two");
    await until(() => outcomes(second)[1] === "done: did two");
    expect(board.acted).toEqual(["one", "two"]);
    const { items } = (await (
      await fetch(`http://127.0.0.1:${second.httpPort}/api/v1/changes?after=0`)
    ).json()) as { items: { to: string }[] };
    expect(items.filter(({ to }) => to === "absent")).toEqual([]);
  });
});
