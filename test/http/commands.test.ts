// Commands over HTTP and at the command line: queued, listed, taken back, refused with words.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOT_AFTER_DEFAULT_MS } from "../../gateway/limits.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { refused, run } from "../cli/rig.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { ask, bench, KEY } from "./rig.ts";

const COMMANDS = "/api/v1/devices/0000a1/commands";

async function withDevice(suite = 1) {
  const { app } = await bench();
  const device = { name: "shed", id: "a1", suite, ...(suite > 0 && { key: KEY }) };
  expect((await ask(app, "POST", "/api/v1/devices", device)).status).toBe(201);
  return app;
}

describe("over HTTP", () => {
  it("queues a command, and lists it with all of its fields", async () => {
    const app = await withDevice();
    const body = { payload: "led on \u2713", ttl: "1h", supersede: "led" };
    const made = await ask(app, "POST", COMMANDS, body);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${COMMANDS}/1`);
    const command = made.body as Record<string, string>;
    expect(command).toMatchObject({
      ...{ n: 1, cmd: null, payload: "led on \u2713", supersede: "led", state: "queued" },
      payloadHex: "6c6564206f6e20e29c93",
      ...{ offeredAt: null, doneAt: null, code: null, result: null, forecastAt: null },
    });
    expect(Date.parse(command.notAfter!) - Date.parse(command.queuedAt!)).toBe(3_600_000);
    expect((await ask(app, "GET", COMMANDS)).body).toEqual({ items: [command], next: null });
    expect((await ask(app, "GET", "/api/v1/devices/shed/commands/1")).body).toEqual(command);
    expect((await ask(app, "GET", "/api/v1/devices/shed")).body).toMatchObject({ waiting: 1 });
  });

  it("takes bytes as hex, and shows what is no text as hex alone", async () => {
    const app = await withDevice();
    const made = await ask(app, "POST", COMMANDS, { payloadHex: "00FF80" });
    expect(made.body).toMatchObject({ payload: null, payloadHex: "00ff80" });
    const { queuedAt, notAfter } = made.body as Record<string, string>;
    expect(Date.parse(notAfter!) - Date.parse(queuedAt!)).toBe(NOT_AFTER_DEFAULT_MS);
  });

  it("takes back what was never sent, once", async () => {
    const app = await withDevice();
    await ask(app, "POST", COMMANDS, { payload: "x" });
    expect((await ask(app, "DELETE", `${COMMANDS}/1`)).status).toBe(204);
    expect((await ask(app, "GET", `${COMMANDS}/1`)).body).toMatchObject({ state: "superseded" });
    const again = await ask(app, "DELETE", `${COMMANDS}/1`);
    expect([again.status, (again.body as { detail: string }).detail]).toEqual([
      409,
      "command 1 has ended already; expected one that was never sent",
    ]);
    expect((await ask(app, "DELETE", `${COMMANDS}/2`)).status).toBe(404);
    expect((await ask(app, "GET", `${COMMANDS}/2`)).status).toBe(404);
  });

  it.each([
    [{}, "either payload (text) or payloadHex"],
    [{ payload: "a", payloadHex: "61" }, "either payload (text) or payloadHex"],
    [{ payload: 7 }, "payload: given 7, expected text"],
    [{ payloadHex: "6" }, "expected hex digits, two for each of at most 243 bytes"],
    [{ payload: "x".repeat(244) }, "payload of 244 bytes; expected at most 243"],
    [{ payload: "x", ttl: "soon" }, "expected a duration such as 90s, 5m or 1h30m"],
    [{ payload: "x", ttl: "31d" }, "from 1s to 30d"],
    [{ payload: "x", supersede: "" }, "text of 1 to 64 printable characters"],
    [{ payload: "x", when: "now" }, '"when" is not known here'],
  ])("refuses %j", async (body, words) => {
    const app = await withDevice();
    const { status, body: told } = await ask(app, "POST", COMMANDS, body);
    expect([status, (told as { detail: string }).detail]).toEqual([
      400,
      expect.stringContaining(words),
    ]);
    expect((await ask(app, "GET", COMMANDS)).body).toEqual({ items: [], next: null });
  });

  it("has 243 bytes for a payload, and 32 places in a device's queue", async () => {
    const app = await withDevice();
    for (let n = 1; n <= 32; n++) {
      const made = await ask(app, "POST", COMMANDS, { payload: "x".repeat(243) });
      expect(made.status).toBe(201);
    }
    const full = await ask(app, "POST", COMMANDS, { payload: "x" });
    expect([full.status, (full.body as { detail: string }).detail]).toEqual([
      409,
      "32 commands wait for this device; expected fewer than 32",
    ]);
  });

  it("refuses suite 0, unknown devices, and other methods", async () => {
    const app = await withDevice(0);
    const { status, body } = await ask(app, "POST", COMMANDS, { payload: "x" });
    expect(status).toBe(400);
    expect((body as { detail: string }).detail).toContain("suite 0 (crc16) has no commands");
    expect((await ask(app, "GET", "/api/v1/devices/nobody/commands")).status).toBe(404);
    expect((await ask(app, "PUT", COMMANDS)).status).toBe(405);
    expect((await ask(app, "POST", `${COMMANDS}/1`)).status).toBe(405);
  });
});

describe("at the command line", () => {
  let gateway: Awaited<ReturnType<typeof startHere>>;
  let url: string;
  beforeAll(async () => {
    gateway = await startHere(new Map());
    url = `http://127.0.0.1:${gateway.httpPort}`;
    for (const [name, site, suite] of [
      ["a", "hut", 1],
      ["b", "hut", 2],
      ["c", "hut", 0],
      ["d", "", 1],
    ] as const) {
      await gateway.registry.add({ name, site, suite });
    }
  });
  afterAll(() => gateway.stop());

  it("queues, lists and says when it will be delivered", async () => {
    const sent = await run("send", "d", "led on", "--ttl", "2h", "--url", url);
    expect(sent).toMatchObject({ code: 0, err: "" });
    expect(sent.out).toMatch(
      /^d: command 1 queued; no delivery is foreseen, it expires in (2 h|1 h 59 min)\n$/,
    );
    const json = await run(
      "send",
      "d",
      "00ff",
      "--hex",
      "--supersede",
      "k",
      "--json",
      "--url",
      url,
    );
    expect(JSON.parse(json.out)).toMatchObject({ n: 2, payloadHex: "00ff", supersede: "k" });
    const listed = await run("commands", "d", "--url", url);
    expect(listed.out).toMatch(/^N {2}PAYLOAD +STATE +QUEUED/);
    expect(listed.out).toMatch(/1 {2}led on +queued +\d+ s ago +- +- +in (2 h|119 min 59 s|1 h)/);
    const items = JSON.parse((await run("commands", "d", "--json", "--url", url)).out) as unknown[];
    expect(items).toHaveLength(2);
  });

  it("takes back what was never sent, and says what it cannot", async () => {
    await run("send", "d", "led off", "--url", url);
    const back = await run("commands", "d", "--cancel", "3", "--url", url);
    expect(back).toEqual({ code: 0, out: "d: command 3 taken back\n", err: "" });
    const again = await run("commands", "d", "--cancel", "3", "--url", url);
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/command 3 has ended already; expected one that was never sent/);
    const nonsense = await run("commands", "d", "--cancel", "all", "--url", url);
    expect(nonsense.code).toBe(2);
    expect(nonsense.err).toMatch(/Expected the number of a command/);
  });

  it("sends to a site, each on its own, and fails if one was refused", async () => {
    const { code, out, err } = await run("send", "--site", "hut", "go", "--url", url);
    expect(code).toBe(1);
    expect(out.match(/command 1 queued/g)).toHaveLength(2);
    expect(out).toContain("suite 0 (crc16) has no commands");
    expect(err).toBe("error: 1 of 3 commands: not done\n");
  });

  it("waits for the end, and says what it was", async () => {
    const waiting = run("send", "a", "x", "--supersede", "w", "--wait", "--url", url);
    const { id } = gateway.registry.find("a");
    const queued = () => gateway.core.requests.commandsOf(id, performance.now()).at(-1)!;
    while (queued().supersede !== "w") await new Promise((wake) => setTimeout(wake, 5));
    await run("send", "a", "y", "--supersede", "w", "--url", url);
    const { code, out } = await waiting;
    expect([code, out]).toEqual([1, `a: command ${queued().n - 1} superseded, -\n`]);
  });

  it("outlives a restart of the gateway", async () => {
    const disk: MemoryDisk = new Map();
    const first = await startHere(disk);
    await first.registry.add({ name: "e" });
    const sent = ["send", "e", "x\u2713", "--supersede", "k", "--json", "--url"];
    const before = await run(...sent, `http://127.0.0.1:${first.httpPort}`);
    await first.stop();
    const second = await startHere(disk);
    const listed = await run(
      "commands",
      "e",
      "--json",
      "--url",
      `http://127.0.0.1:${second.httpPort}`,
    );
    await second.stop();
    const [command, ...more] = JSON.parse(listed.out) as unknown[];
    expect(more).toEqual([]);
    // Instants go over two clocks, each rounded to the millisecond.
    const { queuedAt, notAfter, ...same } = command as Record<string, string>;
    const was = JSON.parse(before.out) as Record<string, string>;
    expect(was).toMatchObject(same);
    expect(Math.abs(Date.parse(queuedAt!) - Date.parse(was.queuedAt!))).toBeLessThan(100);
    expect(Math.abs(Date.parse(notAfter!) - Date.parse(was.notAfter!))).toBeLessThan(100);
  });

  it("refuses in one line", async () => {
    await refused(2, "given 1 words, expected ID PAYLOAD", "send", "d", "--url", url);
    await refused(
      2,
      "expected ID PAYLOAD or --site",
      "send",
      "d",
      "x",
      "--site",
      "s",
      "--url",
      url,
    );
    await refused(2, "Expected a duration", "send", "d", "x", "--ttl", "1x", "--url", url);
    await refused(1, 'no device has the site "s"', "send", "x", "--site", "s", "--url", url);
    await refused(1, "no device has the id or name", "commands", "nobody", "--url", url);
  });
});
