/**
 * The dashboard in a real browser, on a real gateway: who is there, what changes before one's eyes,
 * how it is worked by keys, and that it says so when it no longer knows.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { HistoryJson } from "../../gateway/http/answers.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { Browser, chromium, type Page } from "./chromium.ts";

const binary = chromium();
if (!binary) console.warn("no Chromium on the PATH: the dashboard's tests are skipped");

const HOSTILE = "<img src=x onerror=alert(1)>";
/** Long enough to be seen as present, short enough to be waited for. */
const P_SHORT = intervalCode(1_200);

const gateways: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
let browser: Browser;

/** A gateway with a shed, a greenhouse and a name that wants to be markup; all but one beat. */
async function fleet(disk: MemoryDisk = new Map()) {
  const gateway = await startHere(disk);
  const socket = await BoardSocket.open();
  gateways.push(gateway);
  sockets.push(socket);
  const boards = [
    new Board(0x2bd, 2, { name: "shed-07", site: "garden" }),
    new Board(0x2be, 1, { name: "greenhouse", site: "orchard", labels: ["warm"] }),
    new Board(0x2bf, 2, { name: HOSTILE }),
    new Board(0x2c0, 2, { name: "freezer" }),
  ] as const;
  for (const board of boards) await gateway.registry.add(board.enrolment);
  for (const board of boards.slice(0, 3)) {
    await socket.hello(board, gateway.udpPort);
    await socket.beat(board, gateway.udpPort, P_HOUR);
  }
  return { gateway, socket, shed: boards[0], url: `http://127.0.0.1:${gateway.httpPort}/` };
}

async function opened(url: string, width?: number): Promise<Page> {
  const page = await browser.page();
  await page.open(url, width);
  await page.until(`document.querySelectorAll("#rows .word").length === 4 && ${ROW_READY}`);
  return page;
}

/** Rows are filled when the browser has seen that they are near. */
const ROW_READY = `[...document.querySelectorAll("#rows .word")].every((e) => e.textContent)`;

/** The row of a device, in the page. */
const row = (id: string) => `document.querySelector('#rows [data-id="${id}"]')`;
const statusOf = (id: string) => `${row(id)}.querySelector(".word").textContent`;
const text = (id: string) => `document.getElementById("${id}").textContent`;
const shown = `[...document.querySelectorAll("#rows tr:not([hidden])")].map((e) => e.dataset.id)`;

describe.skipIf(!binary)("the dashboard in Chromium", () => {
  beforeAll(() => {
    browser = new Browser(binary!);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  it("shows every device with its name and status, and names stay words", async () => {
    const { url } = await fleet();
    const page = await opened(url);
    const names = `[...document.querySelectorAll("#rows .name")].map((e) => e.textContent)`;
    expect((await page.value<string[]>(names)).sort()).toEqual(
      [HOSTILE, "freezer", "greenhouse", "shed-07"].sort(),
    );
    expect(await page.value("document.querySelectorAll('img').length")).toBe(0);
    expect(await page.value(statusOf("0002bd"))).toBe("present");
    expect(await page.value(statusOf("0002c0"))).toBe("unknown");
    expect(await page.value(text("verdict"))).toBe("All 3 keep their promise.");
    expect(await page.value(`${row("0002be")}.querySelector(".site").textContent`)).toBe("orchard");
    expect(page.complaints).toEqual([]);
  });

  it("lives through a broken promise and its mending without being loaded again", async () => {
    const { gateway, socket, shed, url } = await fleet();
    const page = await opened(url);
    await page.value("window.untouched = true");
    await socket.beat(shed, gateway.udpPort, P_SHORT);
    await page.until(`${statusOf("0002bd")} === "absent"`);
    await page.until(`document.title === "1 absent · nextbeat"`);
    expect(await page.value(text("verdict"))).toBe("2 of 3 keep their promise.");
    expect(await page.value(text("attention"))).toBe("Absent: shed-07.");
    const told = await page.value<string[]>(
      `[...document.querySelectorAll("#feed .what")].slice(0, 2).map((e) => e.textContent)`,
    );
    expect(told[0]).toMatch(/^late → absent: promise broken, \d+\ss overdue$/);
    expect(told[1]).toBe("present → late: promise broken");
    await page.until(`${text("announce")}.includes("shed-07 absent")`);

    await socket.beat(shed, gateway.udpPort, P_HOUR);
    await page.until(`${statusOf("0002bd")} === "present"`);
    const bar = `${row("0002bd")}.querySelector(".bar").getAttribute("aria-label")`;
    await page.until(`/^last \\d+ beats: .*1 heard late, \\d missed$/.test(${bar})`);
    expect(await page.value("window.untouched")).toBe(true);
    expect(page.complaints).toEqual([]);
  });

  it("is worked by keys: filter, walk, open, close", async () => {
    const { url } = await fleet();
    // History counts whole seconds: in the first one it knows nothing yet.
    const upMs = async () => {
      const response = await fetch(`${url}api/v1/devices/0002be/history`);
      return ((await response.json()) as HistoryJson).uptime.day.upMs;
    };
    await expect.poll(upMs).toBeGreaterThan(0);
    const page = await opened(url);
    await page.press("/");
    for (const key of "warm") await page.press(key);
    await page.until(`${shown}.join() === "0002be"`);
    await page.value(`document.querySelector("#rows [tabindex='0']").focus()`);
    await page.press("Enter");
    await page.until("document.getElementById('detail').open");
    expect(await page.value(text("d-name"))).toBe("greenhouse");
    expect(await page.value(text("d-facts"))).toContain("1, hmac-sha256-64");
    await page.until(`${text("d-why")}.includes("If it died now you would know in")`);
    const day = `document.getElementById("d-day").getAttribute("aria-label")`;
    expect(await page.value(day)).toBe("last 24 hours: 1 beat heard, 0 missed");
    const fact =
      "[...document.querySelectorAll('#d-facts dt')].find((e) => /^Up/.test(e.textContent))";
    expect(await page.value(`${fact}.parentElement.textContent`)).toBe(
      "Up, last 24 h100\u00a0%, not known for 23\u00a0h 59\u00a0min",
    );
    expect(await page.value("location.hash")).toBe("#q=warm&device=0002be");
    await page.press("Escape");
    await page.until("!document.getElementById('detail').open");
    expect(await page.value("document.activeElement.textContent")).toBe("greenhouse");

    await page.press("/");
    await page.value("document.activeElement.select()");
    await page.press("Backspace");
    await page.until(`${shown}.length === 4`);
    const order = await page.value<string[]>(shown);
    const next = order[order.indexOf("0002be") + 1];
    await page.value(`${row("0002be")}.querySelector("button").focus()`);
    await page.press("ArrowDown");
    expect(await page.value("document.activeElement.closest('tr').dataset.id")).toBe(next);
  });

  it("says when it lost the gateway, and finds it again", async () => {
    const disk: MemoryDisk = new Map();
    const { gateway, socket, shed, url } = await fleet(disk);
    const page = await opened(url);
    await gateway.stop();
    await page.until("!document.getElementById('broken').hidden");
    expect(await page.value(text("g-health"))).toBe("no contact");
    expect(await page.value(text("broken-why"))).toMatch(/What you see is from \d\d:\d\d:\d\d/);

    const again = await startHere(disk, { httpPort: gateway.httpPort });
    gateways.push(again);
    await page.value("document.getElementById('broken-retry').click()");
    await page.until("document.getElementById('broken').hidden");
    expect(await page.value(text("g-health"))).toBe("listening");
    await socket.beat(shed, again.udpPort, P_SHORT);
    await page.until(`${statusOf("0002bd")} !== "present"`);
  });

  it("fits a phone of 390 px, in either scheme", async () => {
    const { url } = await fleet();
    const page = await opened(`${url}#device=0002bd`, 390);
    for (const value of ["light", "dark"]) {
      const features = [{ name: "prefers-color-scheme", value }];
      await page.send("Emulation.setEmulatedMedia", { features });
      expect(await page.value("document.documentElement.scrollWidth")).toBe(390);
      expect(await page.value("document.getElementById('detail').matches(':modal')")).toBe(true);
    }
  });
});
