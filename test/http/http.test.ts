/** The HTTP interface that people's scripts rest on: devices, changes and health. */

import { describe, expect, it } from "vitest";
import { systemClock } from "../../gateway/clock.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import { type AppOptions, BODY_MAX } from "../../gateway/http/app.ts";
import { memoryStore } from "../../gateway/store/memory.ts";
import { ask, bench, changeOf, KEY, slices } from "./rig.ts";

describe("devices", () => {
  it("are added, listed, shown, amended and removed", async () => {
    const { app } = await bench();
    const added = await ask(app, "POST", "/api/v1/devices", {
      name: "Shed 07/ä",
      id: "0002bd",
      key: KEY.toUpperCase(),
      suite: "chaskey12-64",
      site: "south",
      labels: ["cold"],
    });
    expect(added.status).toBe(201);
    expect(added.headers.get("location")).toBe("/api/v1/devices/0002bd");
    const device = {
      id: "0002bd",
      name: "Shed 07/ä",
      site: "south",
      labels: ["cold"],
      suite: 2,
      status: "unknown",
      cause: null,
      tseq: 0,
      seenAt: null,
      dueAt: null,
      deadlineAt: null,
      promiseMs: null,
      reach: null,
      transport: null,
      address: null,
      epoch: 0,
      seq: 0,
      battery: null,
      signal: null,
      alert: false,
      lossUp: null,
      lossDown: null,
      waiting: 0,
    };
    expect(added.body).toMatchObject({ ...device, key: KEY });
    for (const name of ["0002bd", "0002BD", encodeURIComponent("Shed 07/ä")]) {
      const shown = await ask(app, "GET", `/api/v1/devices/${name}`);
      expect(shown.body).toMatchObject(device);
      expect(shown.body).not.toHaveProperty("key");
    }
    expect((await ask(app, "GET", "/api/v1/devices/0002bd/key")).body).toEqual({
      id: "0002bd",
      suite: 2,
      key: KEY,
    });
    const words = { name: "shed-7", labels: ["x", "y"] };
    const amended = await ask(app, "PATCH", "/api/v1/devices/0002bd", words);
    expect(amended.body).toMatchObject({ ...device, ...words });
    expect((await ask(app, "DELETE", "/api/v1/devices/shed-7")).status).toBe(204);
    expect((await ask(app, "GET", "/api/v1/devices/0002bd")).status).toBe(404);
    const again = await ask(app, "POST", "/api/v1/devices", { name: "shed-7", key: KEY });
    expect(again).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("before") },
    });
  });

  it("get a free id and a random key where none is given", async () => {
    const { app } = await bench();
    const keys = new Set<string>();
    for (const name of ["a", "b", "c"]) {
      const { body } = await ask(app, "POST", "/api/v1/devices", { name });
      expect(body).toMatchObject({ suite: 1, site: "", labels: [] });
      keys.add((body as { key: string }).key);
    }
    expect([...keys].every((key) => /^[0-9a-f]{32}$/.test(key))).toBe(true);
    expect(keys.size).toBe(3);
    const { body } = await ask(app, "GET", "/api/v1/devices");
    expect((body as { items: DeviceJson[] }).items.map((device) => device.id)).toEqual([
      "000001",
      "000002",
      "000003",
    ]);
  });

  it("come in pages, narrowed by status, site, label and text", async () => {
    const { app } = await bench();
    for (let n = 1; n <= 25; n++) {
      const site = n % 2 ? "odd" : "even";
      const labels = n % 5 ? [] : ["fifth"];
      await ask(app, "POST", "/api/v1/devices", { name: `dev-${n}`, site, labels });
    }
    async function names(query: string): Promise<string[]> {
      const found: string[] = [];
      for (let after = ""; ; ) {
        const { body } = await ask(app, "GET", `/api/v1/devices?${query}${after}`);
        const { items, next } = body as { items: DeviceJson[]; next: string | null };
        found.push(...items.map((device) => device.name));
        if (next === null) return found;
        expect(next).toBe(items.at(-1)?.id);
        after = `&after=${next}`;
      }
    }
    const all = Array.from({ length: 25 }, (_, at) => `dev-${at + 1}`);
    expect(await names("limit=7")).toEqual(all);
    expect(await names("limit=25")).toEqual(all);
    expect(await names("limit=3&site=odd")).toEqual(all.filter((_, at) => at % 2 === 0));
    expect(await names("label=fifth")).toEqual(["dev-5", "dev-10", "dev-15", "dev-20", "dev-25"]);
    expect(await names("q=DEV-1&limit=1")).toEqual(all.filter((name) => name.startsWith("dev-1")));
    expect(await names("status=absent")).toEqual([]);
    expect(await names("q=000019")).toEqual(["dev-25"]);
  });

  it.each([
    ["POST", "/api/v1/devices", {}, 400, "name: missing, expected text of 1 to 64"],
    ["POST", "/api/v1/devices", { name: "" }, 400, 'name: given "", expected text'],
    ["POST", "/api/v1/devices", { name: "a\nb" }, 400, 'name: given "a\\nb", expected text'],
    ["POST", "/api/v1/devices", { name: "x".repeat(65) }, 400, "name: given"],
    ["POST", "/api/v1/devices", { name: "facade" }, 400, "six hex digits"],
    ["POST", "/api/v1/devices", { name: "x", id: "0" }, 400, 'id: given "0", expected 1 to 6 hex'],
    ["POST", "/api/v1/devices", { name: "x", id: "1000000" }, 400, "id: given"],
    ["POST", "/api/v1/devices", { name: "x", id: 17 }, 400, "id: given 17, expected"],
    ["POST", "/api/v1/devices", { name: "x", key: "00" }, 400, "expected 32 hex digits"],
    ["POST", "/api/v1/devices", { name: "x", suite: 3 }, 400, "suite: given 3, expected 0 (crc16)"],
    [
      "POST",
      "/api/v1/devices",
      { name: "x", labels: [1] },
      400,
      "labels.0: given 1, expected text",
    ],
    ["POST", "/api/v1/devices", { name: "x", pace: 1 }, 400, 'body: "pace" is not known here'],
    ["POST", "/api/v1/devices", [], 400, "body: given [], expected a JSON object"],
    ["POST", "/api/v1/devices", "{", 400, "body: given something else, expected a JSON object"],
    ["POST", "/api/v1/devices", { name: "first" }, 409, 'the name "first" is taken by 000001'],
    ["POST", "/api/v1/devices", { name: "x", id: "1" }, 409, "id 000001 is taken"],
    ["POST", "/api/v1/devices", { name: "x", key: KEY }, 409, "this key was enrolled before"],
    ["PATCH", "/api/v1/devices/1", { name: "x" }, 404, 'no device has the id or name "1"'],
    ["PATCH", "/api/v1/devices/first", { key: KEY }, 400, '"key" is not known here'],
    ["PATCH", "/api/v1/devices/first", { name: "second" }, 409, "is taken by 000002"],
    ["DELETE", "/api/v1/devices/nobody", undefined, 404, 'name "nobody"'],
    ["PUT", "/api/v1/devices/first", {}, 405, "GET, PATCH, DELETE"],
    [
      "GET",
      "/api/v1/devices?limit=0",
      undefined,
      400,
      'limit: given "0", expected a number from 1',
    ],
    ["GET", "/api/v1/devices?status=gone", undefined, 400, "one of unknown, present, late"],
    ["GET", "/api/v1/devices?colour=red", undefined, 400, 'query: "colour" is not known here'],
    ["GET", "/api/v1/changes?after=-1", undefined, 400, 'after: given "-1", expected a cursor'],
    ["GET", "/api/v1/nothing", undefined, 404, "there is nothing at /api/v1/nothing"],
    ["GET", "/api/v1/events?after=x", undefined, 400, "after: given"],
    ["POST", "/api/v1/events", {}, 405, "GET"],
  ])("%s %s %j is refused with %i: %s", async (method, path, body, status, detail) => {
    const { app } = await bench();
    await ask(app, "POST", "/api/v1/devices", { name: "first", key: KEY });
    await ask(app, "POST", "/api/v1/devices", { name: "second" });
    const before = (await ask(app, "GET", "/api/v1/devices")).body;
    const answer = await ask(app, method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ type: "about:blank", status });
    expect((answer.body as { detail: string }).detail).toContain(detail);
    expect((answer.body as { detail: string }).detail).not.toContain("\n");
    expect((await ask(app, "GET", "/api/v1/devices")).body).toEqual(before);
  });

  it("are not taken from a body nested too deep to show", async () => {
    const { app } = await bench();
    const deep = "[".repeat(30_000) + "]".repeat(30_000);
    const answer = await ask(app, "POST", "/api/v1/devices", deep);
    expect(answer.status).toBe(400);
  });

  it("are not taken from bodies too long or of another type", async () => {
    const { app } = await bench();
    const long = await ask(app, "POST", "/api/v1/devices", { name: "x".repeat(BODY_MAX) });
    expect(long.status).toBe(413);
    const type = { "content-type": "text/plain" };
    expect((await ask(app, "POST", "/api/v1/devices", '{"name":"x"}', type)).status).toBe(415);
  });
});

describe("health and changes", () => {
  it("says why it is not ready", async () => {
    const { app } = await bench({ unready: () => "the gateway stops" });
    expect((await ask(app, "GET", "/livez")).status).toBe(200);
    const answer = await ask(app, "GET", "/readyz");
    expect(answer).toMatchObject({ status: 503, body: { detail: "the gateway stops" } });
  });

  it("pages through changes", async () => {
    const { app, feed } = await bench({
      store: {
        ...memoryStore({ clock: systemClock(0) }),
        changes: slices(250),
      } as AppOptions["store"],
    });
    feed.publish(Array.from({ length: 250 }, (_, at) => changeOf(at + 1)));
    const cursors: number[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { body } = await ask(app, "GET", `/api/v1/changes?after=${after}&limit=100`);
      const page = body as {
        items: { cursor: number; id: string; at: string }[];
        next: number | null;
      };
      expect(page.items[0]).toMatchObject({ id: "000001", at: "2027-01-01T00:00:00.000Z" });
      cursors.push(...page.items.map((change) => change.cursor));
      after = page.next;
    }
    expect(cursors).toEqual(Array.from({ length: 250 }, (_, at) => at + 1));
  });
});
