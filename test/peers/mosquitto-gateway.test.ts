// The gateway at a real Mosquitto: versions, logins, certificates, and what the broker keeps.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, keptLog, temporaryFolder } from "../gateway/socket-rig.ts";
import { shown } from "../mqtt/homeassistant-rules.ts";
import { MqttBoard, Reader, settings } from "../mqtt/rig.ts";
import { type Login, mosquittoHere } from "./mosquitto.ts";
import { brokerUp, dropped, endAll, keeper, start, told, until } from "./mosquitto-rig.ts";

if (!mosquittoHere) console.warn("no mosquitto on the PATH: its tests are skipped");

const STATUS = "nextbeat/gateway/status";
const LEAVING = 255;
const LOGIN: Login = { user: "gate", password: "s3cret with a space" };

afterEach(endAll);

describe.skipIf(!mosquittoHere)("the gateway at Mosquitto", () => {
  it.each([
    ["5", undefined],
    ["3.1.1", 4],
  ] as const)("speaks MQTT %s with it, and hears a board", async (version, asked) => {
    const { url } = await brokerUp();
    const gateway = await start(settings(url, { version: asked }));
    const reader = await Reader.open(url, STATUS, { protocolVersion: 5 });
    await reader.sees(STATUS, "online");
    expect(await told(gateway)).toMatchObject({ connected: true, why: null, version });
    const board = new Board(1);
    await gateway.registry.add(board.enrolment);
    const socket = await MqttBoard.open(board, url);
    await socket.hello();
    for (let beats = 0; beats < 20; beats++) await socket.beat();
    expect(gateway.core.frames.mqtt.fresh).toBe(20);
  });

  it("enters with a login, and says once in words where it may not", async () => {
    const { url } = await brokerUp(LOGIN);
    const lines: string[] = [];
    const log = keptLog(lines);
    const entering = { user: LOGIN.user, password: LOGIN.password };
    await until(await start(settings(url, entering)), ({ connected }) => connected);
    const wrong = await start(settings(url, { ...entering, password: "guess" }), new Map(), {
      log,
    });
    const { why } = await until(wrong, (one) => one.why !== "not connected yet");
    expect(why).toBe('the broker refuses the login of "gate"');
    const nobody = await start(settings(url));
    const without = await until(nobody, (one) => one.why !== "not connected yet");
    expect(without.why).toBe("the broker refuses us without a login");
    expect((await fetch(`http://127.0.0.1:${wrong.httpPort}/readyz`)).status).toBe(200);
    expect(lines.filter((line) => line.includes("broker lost"))).toHaveLength(1);
    expect(lines.join("\n")).not.toMatch(/guess|s3cret/);
  });

  it("trusts who it is told to, over TLS, and nobody else", async () => {
    const at = (name: string) => join(folder, name);
    const folder = temporaryFolder();
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    openssl(
      "req",
      "-x509",
      ...key,
      "-subj",
      "/CN=house",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca"),
    );
    const names = [
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-CA",
      at("ca"),
      "-CAkey",
      at("ca.key"),
    ];
    openssl(
      "req",
      "-x509",
      ...key,
      "-subj",
      "/CN=broker",
      "-keyout",
      at("key"),
      "-out",
      at("crt"),
      ...names,
    );
    const { port } = await brokerUp(
      LOGIN,
      `cafile ${at("ca")}\ncertfile ${at("crt")}\nkeyfile ${at("key")}`,
    );
    const url = `mqtts://127.0.0.1:${port}`;
    const entering = { user: LOGIN.user, password: LOGIN.password };
    const ca = readFileSync(at("ca"), "utf8");
    await until(await start(settings(url, { ...entering, ca })), ({ connected }) => connected);
    const stranger = await start(settings(url, entering));
    const { why } = await until(stranger, (one) => one.why !== "not connected yet");
    expect(why).toMatch(/^the broker's certificate is not trusted \(.*--mqtt-ca FILE/);
    const plain = await start(settings(url.replace("mqtts", "mqtt"), entering));
    await until(plain, (one) => !one.connected && one.why !== "not connected yet");
  });

  it("takes its place back from another gateway ever more slowly", async () => {
    const { url } = await brokerUp();
    const lines: string[] = [];
    const first = await start(settings(url), new Map(), { log: keptLog(lines) });
    await until(first, ({ connected }) => connected);
    await start(settings(url));
    await until(first, ({ connected }) => !connected);
    const times = (what: string) => lines.filter((line) => line.includes(what)).length;
    const from = performance.now();
    while (times("broker connected") < 4) await new Promise((wake) => setTimeout(wake, 20));
    // Half of 1 and 2 and 4 s, at least.
    expect(performance.now() - from).toBeGreaterThan(3_400);
  });

  it("drops frames that the broker kept, and those of another id than the topic's", async () => {
    const { url } = await brokerUp();
    const board = new Board(1);
    const socket = await MqttBoard.open(board, url);
    await socket.client.publishAsync("nextbeat/000001/up", board.hello("nonce678"), {
      retain: true,
    });
    const gateway = await start(settings(url));
    await gateway.registry.add(board.enrolment);
    const reader = await Reader.open(url, STATUS);
    await reader.sees(STATUS, "online");
    await socket.hello();
    expect(await dropped(gateway, "retained")).toBe(1);
    socket.send(board.beat(), "nextbeat/000002/up");
    await socket.beat();
    expect(await dropped(gateway, "topic")).toBe(1);
    expect(gateway.core.frames.mqtt).toMatchObject({ welcome: 1, fresh: 1, stale: 0, unknown: 0 });
  });

  it("is not kept away by a message too long for it, which the broker kept", async () => {
    const { url } = await brokerUp();
    const writer = await Reader.open(url, STATUS);
    const long = Buffer.alloc(70_000);
    await writer.client.publishAsync("nextbeat/000001/up", long, { retain: true, qos: 1 });
    const gateway = await start(settings(url));
    const reader = await Reader.open(url, STATUS);
    await reader.sees(STATUS, "online");
    await writer.client.publishAsync("nextbeat/000001/up", long, { qos: 1 });
    const board = new Board(1);
    await gateway.registry.add(board.enrolment);
    const socket = await MqttBoard.open(board, url);
    await socket.hello();
    expect(await told(gateway)).toMatchObject({ connected: true, why: null });
  });

  it("acts on no command that the broker kept", async () => {
    const { url } = await brokerUp();
    const writer = await Reader.open(url, "nextbeat/+/result");
    await writer.client.publishAsync("nextbeat/000001/command", "old", { retain: true, qos: 1 });
    const gateway = await start(settings(url, { commands: true }));
    await gateway.registry.add(new Board(1).enrolment);
    await writer.sees("nextbeat/000001/result", "kept by the broker");
    await writer.client.publishAsync("nextbeat/000001/command", "new", { qos: 1 });
    const commands = () => gateway.core.requests.commandsOf(1, 0).map(({ payload }) => payload);
    while (commands().length === 0) await new Promise((wake) => setTimeout(wake, 5));
    expect(commands()).toEqual(["new"]);
  });

  it("leaves nothing kept of what changed, or went, while it was not connected", async () => {
    const { url } = await keeper();
    const disk: MemoryDisk = new Map();
    const first = await start(settings(url), disk);
    const [stays, leaves, goes] = [new Board(1), new Board(2), new Board(3)];
    for (const { enrolment } of [stays, leaves, goes]) await first.registry.add(enrolment);
    const socket = await BoardSocket.open();
    for (const board of [stays, leaves, goes]) {
      await socket.hello(board, first.udpPort);
      await socket.beat(board, first.udpPort, P_HOUR);
    }
    const house = await Reader.open(url);
    await house.until(() => shown(house, "000003") === "on" && shown(house, "000002") === "on");
    await Promise.all([first.stop(), house.sees(STATUS, "offline")]);
    const blind = await start(undefined, disk);
    await socket.beat(leaves, blind.udpPort, LEAVING);
    await blind.registry.remove(3);
    await blind.stop();
    expect(["000001", "000002", "000003"].map((id) => shown(house, id))).toEqual(
      Array(3).fill("unavailable"),
    );
    const from = house.said.length;
    await start(settings(url), disk);
    await house.sees(STATUS, "online");
    expect([shown(house, "000001"), shown(house, "000002")]).toEqual(["on", "off"]);
    await house.until(({ now }) => ![...now.keys()].some((at) => /000003.(?!change)/.test(at)));
    const said = house.said.slice(from).map(({ topic, text }) => `${topic} ${text}`);
    const online = said.indexOf(`${STATUS} online`);
    expect(said.findIndex((one) => /^nextbeat\/000002\/presence .*"left"/.test(one))).toBeLessThan(
      online,
    );
    socket.close();
  });
});
