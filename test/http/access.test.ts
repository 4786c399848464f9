/** Who gets in: loopback without a token, all others with one, and no foreign page ever. */

import { describe, expect, it } from "vitest";
import { isLoopback } from "../../gateway/http/access.ts";
import { readTokens, Tokens } from "../../gateway/http/tokens.ts";
import { ask, bench } from "./rig.ts";

describe("access on loopback", () => {
  it.each([
    ["localhost:8227", 200],
    ["LOCALHOST", 200],
    ["nextbeat.localhost:8227", 200],
    ["127.0.0.9:1", 200],
    ["[::1]:8227", 200],
    ["evil.example:8227", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.evil.example", 421],
    ["192.168.1.5", 421],
    ["[::2]", 421],
    ["", 421],
  ])("with the Host header %j: %i", async (host, status) => {
    const { app } = await bench();
    for (const path of ["/api/v1/devices", "/metrics"]) {
      expect((await ask(app, "GET", path, undefined, { host })).status).toBe(status);
    }
    expect((await ask(app, "GET", "/livez", undefined, { host })).status).toBe(200);
  });

  it.each([
    [{}, 201, 200],
    [{ origin: "http://127.0.0.1:8227" }, 201, 200],
    [{ "sec-fetch-site": "same-origin" }, 201, 200],
    [{ origin: "http://127.0.0.1:9999" }, 403, 403],
    [{ origin: "https://evil.example" }, 403, 403],
    [{ origin: "null" }, 403, 403],
    [{ "sec-fetch-site": "cross-site" }, 403, 403],
    [{ "sec-fetch-site": "same-site" }, 403, 403],
  ] as [Record<string, string>, number, number][])(
    "from a page with %j: a write %i, the key %i",
    async (headers, write, key) => {
      const { app } = await bench();
      await ask(app, "POST", "/api/v1/devices", { name: "first" });
      const written = await ask(app, "POST", "/api/v1/devices", { name: "x" }, headers);
      expect(written.status).toBe(write);
      const read = await ask(app, "GET", "/api/v1/devices/first/key", undefined, headers);
      expect(read.status).toBe(key);
      expect((await ask(app, "GET", "/api/v1/devices", undefined, headers)).status).toBe(200);
    },
  );

  it("is this machine's alone", () => {
    expect(["localhost", "127.0.0.1", "127.9.9.9", "::1"].every(isLoopback)).toBe(true);
    const others = [
      "0.0.0.0",
      "::",
      "192.168.1.5",
      "128.0.0.1",
      "::2",
      "example.org",
      "127.evil.example",
    ];
    expect(others.some(isLoopback)).toBe(false);
  });
});

describe("access with tokens", () => {
  const READ = "read-token-of-the-test";
  const WRITE = "write-token-of-the-test";
  const entries = readTokens(`# for the test\nread ${READ}\n\nwrite  ${WRITE}\n`);
  const tokens = new Tokens(entries, "secret");
  const lan = { host: "gateway.lan" };

  it.each([
    [undefined, 401, 401, 401],
    ["Bearer wrong-token-of-the-test", 401, 401, 401],
    [`Basic ${READ}`, 401, 401, 401],
    [`Bearer ${READ}`, 200, 403, 403],
    [`bearer ${WRITE}`, 200, 201, 200],
  ])("and the header %j: read %i, write %i, key %i", async (authorization, read, write, key) => {
    const { app } = await bench({ tokens });
    const own = { ...lan, authorization: `Bearer ${WRITE}` };
    await ask(app, "POST", "/api/v1/devices", { name: "first" }, own);
    const headers = { ...lan, ...(authorization !== undefined && { authorization }) };
    for (const path of ["/api/v1/devices", "/metrics", "/api/v1/gateway", "/api/v1/changes"]) {
      expect((await ask(app, "GET", path, undefined, headers)).status).toBe(read);
    }
    expect((await ask(app, "POST", "/api/v1/devices", { name: "x" }, headers)).status).toBe(write);
    expect((await ask(app, "GET", "/api/v1/devices/first/key", undefined, headers)).status).toBe(
      key,
    );
    expect((await ask(app, "GET", "/readyz", undefined, headers)).status).toBe(200);
  });

  it("shows a login page whose cookie lets the dashboard in, and no foreign page", async () => {
    const { app } = await bench({ tokens });
    const door = await ask(app, "GET", "/", undefined, lan);
    expect(door.status).toBe(401);
    expect(door.body).toContain('action="login"');
    // With no-referrer a browser posts this form as Origin null, which is refused.
    expect(door.headers.get("referrer-policy")).toBe("same-origin");
    const files = { "/login.css": 200, "/icon.svg": 200, "/dashboard.css": 401, "/words.js": 401 };
    for (const [path, status] of Object.entries(files))
      expect((await ask(app, "GET", path, undefined, lan)).status, path).toBe(status);
    const form = {
      "content-type": "application/x-www-form-urlencoded",
      origin: "http://gateway.lan",
    };
    const wrong = await ask(app, "POST", "/login", "token=nonsense", { ...lan, ...form });
    const broken = { ...lan, ...form, "content-type": "multipart/form-data; boundary=x" };
    expect((await ask(app, "POST", "/login", "no form", broken)).status).toBe(401);
    expect(wrong).toMatchObject({ status: 401, body: expect.stringContaining("not known") });
    const evil = { ...lan, ...form, origin: "http://evil.example" };
    expect((await ask(app, "POST", "/login", `token=${WRITE}`, evil)).status).toBe(403);
    const right = await ask(app, "POST", "/login", `token=${WRITE}`, { ...lan, ...form });
    expect(right.status).toBe(303);
    const set = right.headers.get("set-cookie")!;
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
    expect(set).not.toContain(WRITE);
    const cookie = { ...lan, cookie: set.split(";")[0]! };
    expect((await ask(app, "GET", "/api/v1/devices", undefined, cookie)).status).toBe(200);
    const own = { ...cookie, origin: "http://gateway.lan" };
    expect((await ask(app, "POST", "/api/v1/devices", { name: "x" }, own)).status).toBe(201);
    const foreign = { ...cookie, origin: "http://evil.example" };
    expect((await ask(app, "POST", "/api/v1/devices", { name: "y" }, foreign)).status).toBe(403);
    const forged = { ...lan, cookie: `nextbeat=${"0".repeat(64)}` };
    expect((await ask(app, "GET", "/api/v1/devices", undefined, forged)).status).toBe(401);
  });

  it.each([
    ["", 'expected at least one line "write TOKEN"'],
    ["# nothing\n", 'expected at least one line "write TOKEN"'],
    ["write short", "line 1: expected a token of at least 16"],
    [`\nadmin ${WRITE}`, 'line 2: expected "read TOKEN" or "write TOKEN"'],
    [`write ${WRITE} more`, "line 1: expected"],
    [WRITE, "line 1: expected"],
  ])("refuses the token file %j", (text, words) => {
    expect(() => readTokens(text)).toThrow(words);
  });
});
