// The MQTT bundle on the interpreter it is made for, against real brokers, through a proxy that
// hands over one byte at a time, resets, stalls and leaves connections half open; the broker dies
// and comes back. Each time beats come back by themselves and so do their acks, without which each
// beat would be sent three times (rule 13); and the board's memory stays as it was.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { interpreter } from "../../device/interpreter.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { openTcpProxy, type TcpProxy } from "../../sim/live/proxy-tcp.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { client, closeClients, settings } from "../mqtt/rig.ts";
import { link } from "../sim/proxy-rig.ts";
import { aedes, type Broker, mosquitto, mosquittoHere } from "./mosquitto.ts";

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: MQTT is not tried on it");
if (!mosquittoHere) console.warn("no mosquitto on the PATH: boards are not tried with it");

const SOURCES = fileURLToPath(new URL("../../device", import.meta.url));
const OWN_MS = 300;
const KEYS = ["", "a key of sixteen", "another, sixteen"] as const;

const ends: (() => unknown)[] = [];
afterAll(async () => {
  await closeClients();
  for (const end of ends.splice(0).reverse()) await end();
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((wake) => setTimeout(wake, 20));
}

async function started(broker: Broker): Promise<Broker> {
  await broker.start();
  ends.push(() => broker.end());
  return broker;
}

async function proxyTo(broker: Broker): Promise<TcpProxy> {
  const target = { address: "127.0.0.1", port: broker.port, family: 4 } as const;
  const options = { port: 0, host: "127.0.0.1", target, seed: 7, link: link({}), split: 1 };
  const proxy = await openTcpProxy(options);
  ends.push(() => proxy.close());
  return proxy;
}

/** What the board says of itself: how it stands with the broker, and JsVars in use. */
interface Said {
  readonly broker: number | undefined;
  readonly used: number;
}
const APP = `
setInterval(function () {
  print("> " + JSON.stringify({ broker: NEXTBEAT.broker, used: process.memory().usage }));
}, 250);
`;

async function boot(suite: 1 | 2, port: number, login = ""): Promise<Said[]> {
  const variant = VARIANTS.find(
    ({ name }) => name === (suite === 1 ? "mqtt-hmac" : "mqtt-chaskey"),
  )!;
  const config =
    `var NEXTBEAT={id:${0xb0a0 + suite},secret:"${KEYS[suite]}",host:"127.0.0.1",port:${port},way:1,` +
    `own:${OWN_MS},salt:"12345678",extra:"A\\x00q1"${login}};\n`;
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-espruino-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "bundle.js"), `${config}${await bundle(variant, SOURCES)};${APP}`);
  // Without an input the console of a 32-bit build reads its end for ever, into its memory.
  const board: ChildProcess = spawn(espruino!, ["bundle.js"], {
    cwd: folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  ends.push(() => board.kill("SIGKILL"));
  const said: Said[] = [];
  let rest = "";
  board.stdout!.on("data", (text) => {
    rest += text;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) {
      const [json] = /\{"broker.*\}/.exec(line) ?? [];
      if (json) said.push(JSON.parse(json));
    }
  });
  return said;
}

async function gatewayAt(broker: Broker, suite: 1 | 2): Promise<RunningGateway> {
  const gateway = await startHere(new Map(), { mqtt: settings(`mqtt://127.0.0.1:${broker.port}`) });
  ends.push(() => gateway.stop());
  const device = { id: 0xb0a0 + suite, name: "board", site: "", labels: [], suite };
  await gateway.registry.add({ ...device, key: KEYS[suite] });
  return gateway;
}

const pairs = [
  { name: "mosquitto", suite: 1, here: mosquittoHere, make: () => mosquitto() },
  { name: "aedes", suite: 2, here: true, make: aedes },
] as const;

// At once: most of it is waiting.
describe.skipIf(!espruino)("a board and its broker", () => {
  it.concurrent.for(pairs)(
    "of suite $suite, $name: find each other again after whatever happened between them",
    { timeout: 300_000 },
    async ({ suite, here, make }, { skip }) => {
      skip(!here, "no mosquitto on the PATH");
      const broker = await started(await make());
      const gateway = await gatewayAt(broker, suite);
      const proxy = await proxyTo(broker);
      const said = await boot(suite, proxy.port);
      const view = () => gateway.core.view(0xb0a0 + suite, performance.now())!;
      const { counters } = gateway.core;
      const beats = async (n: number) => {
        const from = counters["fresh"]!;
        await until(() => counters["fresh"]! >= from + n && said.at(-1)?.broker === 0);
        expect(view()).toMatchObject({ status: "present", transport: "mqtt" });
      };
      const acknowledged = async (n: number) => {
        await beats(2);
        const before = counters["duplicate"]!;
        await beats(n);
        expect(counters["duplicate"]! - before).toBeLessThan(n);
      };
      // Kept by the broker, for each connection anew, and longer than a board has any use for.
      const keeper = await client(`mqtt://127.0.0.1:${broker.port}`);
      const down = `nextbeat/00b0a${suite}/down`;
      keeper.publish(down, Buffer.alloc(4_000, "\0\xff"), { retain: true });
      await acknowledged(6);
      // A connection takes some 70 of them.
      const used = () =>
        Math.max(...said.slice(-6).map((line) => (line.broker === 0 ? line.used : 0)));
      const before = used();

      const trouble = [
        () => proxy.break("reset"),
        () => proxy.break("stall"),
        () => proxy.break("half-open"),
        async () => {
          await broker.kill();
          await new Promise((wake) => setTimeout(wake, 3 * OWN_MS));
          await broker.start();
        },
        () => proxy.break("reset"),
      ];
      for (const happens of trouble) {
        await happens();
        await acknowledged(5);
      }
      expect(counters["clash"]).toBe(0);
      expect(used()).toBeLessThan(before + 15);
    },
  );
});

describe.skipIf(!espruino)("a board that a broker refuses", () => {
  it("tells each reason, though the broker hangs up behind it", async () => {
    const refusals = [1, 2, 3, 4, 5];
    const refusing = async (code: number): Promise<Said[]> => {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(Buffer.from([0x20, 2, 0, code])));
      });
      server.listen(0, "127.0.0.1");
      await new Promise((done) => server.once("listening", done));
      ends.push(() => server.close());
      return boot(1, (server.address() as AddressInfo).port);
    };
    const boards = await Promise.all(refusals.map(refusing));
    const told = () => boards.map((said) => said.find(({ broker }) => broker! > 0)?.broker ?? 0);
    await until(() => told().every((code) => code > 0));
    expect(told()).toEqual(refusals);
  });
});

describe.skipIf(!espruino || !mosquittoHere)("a board that mosquitto refuses", () => {
  it("says so, knocks ever more rarely, and is let in once its login is right", async () => {
    const broker = await started(
      await mosquitto({ user: "board", password: "s\u00e9same \u20ac" }),
    );
    const proxy = await proxyTo(broker);
    const wrong = await boot(1, proxy.port, ',user:"board",password:"wrong"');
    await until(() => wrong.some((line) => line.broker === 5));
    // The SUBACK needs no gateway.
    const password = Buffer.from("s\u00e9same \u20ac", "utf8").toString("latin1");
    const escaped = JSON.stringify(password).replace(
      /[\x80-\xff]/g,
      (letter) => `\\x${letter.charCodeAt(0).toString(16)}`,
    );
    const right = await boot(2, proxy.port, `,user:"board",password:${escaped}`);
    await until(() => right.some((line) => line.broker === 0));
    await until(() => wrong.length > 16);
    // Within 4 s and with three tries for each 300 ms: spaced 1..2 s, then 2..4 s.
    const knocks = proxy.progress().clients;
    expect(knocks).toBeLessThanOrEqual(6);
    expect(wrong.at(-1)!.broker).toBe(5);
  });
});
