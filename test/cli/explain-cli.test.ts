// `nextbeat explain` and `nextbeat history`, and history over HTTP, on a gateway of the test's
// time.

import { afterEach, describe, expect, it } from "vitest";
import { moment } from "../../gateway/cli/explain.ts";
import { portOf, serveHttp } from "../../gateway/http/serve.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { Desk } from "../incidents/explain-rig.ts";
import { refused, run } from "./rig.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Met at noon, heard for half an hour, silent since; and how commands reach its gateway. */
async function story(): Promise<{ desk: Desk; board: Board; url: string[] }> {
  const desk = await Desk.open();
  const board = new Board(0x2bd, 2, { name: "shed-07" });
  await desk.enrol(board);
  await desk.meet(board);
  await desk.live(board, 30);
  await desk.pass(30 * MINUTE);
  const http = await serveHttp(desk.app, 0, "127.0.0.1");
  open.push(() => http.close());
  return { desk, board, url: ["--url", `http://127.0.0.1:${portOf(http)}`] };
}

describe("explain", () => {
  it("prints the sentences, and what was ruled out", async () => {
    const { url } = await story();
    const { code, out } = await run("explain", "shed-07", ...url);
    const lines = out.split("\n");
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^shed-07 is absent since \d\d:\d\d:\d\d \(\d\d min/);
    expect(lines).toContain("Its next beat makes it present again.");
    expect(out).toMatch(/\n\nRuled out:\n {2}Our own deafness: /);
  });

  it("of a moment, by id, as JSON", async () => {
    const { url } = await story();
    const { out } = await run("explain", "0002bd", "--at", "-40m", "--json", ...url);
    expect(JSON.parse(out)).toMatchObject({
      id: "0002bd",
      status: "present",
      at: "2026-11-22T12:20:00.000Z",
    });
  });

  it("refuses what is no moment, before it asks, and a device that is not there", async () => {
    const { url } = await story();
    await refused(2, "Expected 14:05", "explain", "shed-07", "--at", "noon");
    await refused(2, "missing required argument", "explain");
    await refused(1, "no device has the id or name", "explain", "shed-08", ...url);
    await refused(
      2,
      "expected no future instant",
      "explain",
      "shed-07",
      "--at",
      "2099-01-01T00:00Z",
      ...url,
    );
  });

  it.each([
    ["14:05", new Date(2026, 10, 22, 14, 5)],
    ["14:05:09", new Date(2026, 10, 22, 14, 5, 9)],
    ["15:01", new Date(2026, 10, 21, 15, 1)],
    ["2026-11-20T08:00", new Date(2026, 10, 20, 8)],
    ["2026-11-20 08:00:30", new Date(2026, 10, 20, 8, 0, 30)],
    ["2026-11-20T08:00Z", new Date(Date.UTC(2026, 10, 20, 8))],
    ["2026-11-20T08:00+02:00", new Date(Date.UTC(2026, 10, 20, 6))],
  ])("takes %s as a time of this terminal", (given, at) => {
    expect(moment(given, undefined, new Date(2026, 10, 22, 15))).toBe(at.toISOString());
  });

  it.each(["24:00", "14:60", "14", "-2", "2026-13-01T00:00", "", "-"])("refuses %s", (given) => {
    expect(() => moment(given)).toThrow("Expected 14:05");
  });
});

describe("history", () => {
  it("shows a line of minutes an hour, and the time up", async () => {
    const { url } = await story();
    const { code, out } = await run("history", "shed-07", "--hours", "1", ...url);
    expect(code).toBe(0);
    expect(out).toMatch(/^FROM +HEARD +MISSED\n/);
    expect(out).toMatch(/:00 +[|]{31}[.x]{29} +31 +2\d\n/);
    expect(out).toMatch(/\n24 hours +5\d\.\d{3} % +3\d min/);
    expect(out).toMatch(/\n3 changes of status\n$/);
  });

  it("shows days of hours, and JSON", async () => {
    const { desk, url } = await story();
    await desk.pass(3 * HOUR);
    expect((await run("history", "shed-07", "--hours", "72", ...url)).out).toMatch(/[?]{9}/);
    const { out } = await run("history", "0002bd", "--json", ...url);
    expect(JSON.parse(out)).toMatchObject({ id: "0002bd", stepMs: MINUTE });
  });

  it.each(["0", "2161", "1.5", "a"])("refuses --hours %s", async (hours) => {
    await refused(2, "from 1 to 2160", "history", "shed-07", "--hours", hours);
  });
});

describe("GET /api/v1/devices/:id/history", () => {
  it("has minutes up to 48 hours, then hours, status, changes and uptime", async () => {
    const { desk, board } = await story();
    await desk.receive(board.beat());
    await desk.pass(1_000);
    const { items, uptime, changes, vitals, ...rest } = await desk.get("shed-07/history?hours=1");
    expect(vitals).toEqual([]);
    expect(rest).toEqual({
      id: "0002bd",
      from: "2026-11-22T12:00:01.000Z",
      to: "2026-11-22T13:00:01.000Z",
      stepMs: MINUTE,
    });
    expect(items).toHaveLength(61);
    const first = { at: "2026-11-22T12:00:00.000Z", heard: 1, missed: 0, deafMs: 0 };
    expect(items[0]).toEqual({ ...first, status: "present" });
    expect(items[31].status).toBe("late");
    expect(items[45]).toMatchObject({ heard: 0, status: "absent" });
    expect(items[60]).toMatchObject({ heard: 1, status: "present" });
    expect(changes.map(({ to }: { to: string }) => to)).toEqual(["late", "absent", "present"]);
    const { window, day } = uptime;
    expect(window.upMs + window.downMs).toBe(HOUR);
    expect(window.share).toBeCloseTo(window.upMs / HOUR, 6);
    expect(day).toMatchObject({
      deafMs: 0,
      unknownMs: 23 * HOUR - 1_000,
      share: expect.any(Number),
    });
    const by = await desk.get("shed-07/history?hours=49");
    expect(by.stepMs).toBe(HOUR);
    expect(by.items.at(-1)).toMatchObject({ status: "present" });
    expect(by.items.slice(0, 47).every((it: { heard: null }) => it.heard === null)).toBe(true);
    expect((await desk.get("shed-07/history?hours=48")).items).toHaveLength(48 * 60 + 1);
  });

  it("has the hour that goes to the disk while the disk is read", async () => {
    const { desk, board } = await story();
    await desk.receive(board.beat());
    await desk.pass(56 * MINUTE + 30_000);
    const { store } = desk;
    const read = store.history.bind(store);
    store.history = async (...of) => {
      const pieces = await read(...of);
      await desk.pass(desk.clock.at < 117 * MINUTE ? MINUTE : 0);
      return pieces;
    };
    const { items } = await desk.get("shed-07/history?hours=2");
    const heard = items.reduce((n: number, it: { heard: number }) => n + (it.heard ?? 0), 0);
    expect(heard).toBe(32);
  });

  it("of a device that is removed while the disk is read is not found", async () => {
    const { desk, board } = await story();
    const { store } = desk;
    const read = store.history.bind(store);
    store.history = async (...of) => {
      await desk.obey(desk.core.remove(board.id, desk.clock.at));
      return read(...of);
    };
    expect((await desk.get("shed-07/history")).status).toBe(404);
  });

  it.each(["0", "2161", "-1", "x", ""])("refuses hours=%s", async (hours) => {
    const { desk } = await story();
    const { status, detail } = await desk.get(`shed-07/history?hours=${hours}`);
    expect(status).toBe(400);
    expect(detail).toMatch(/^hours: given ".*", expected a number of hours from 1 to 2160$/);
  });
});
