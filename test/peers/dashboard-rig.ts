/**
 * The dashboard before a test's eyes: a real gateway with boards that beat, and a page of it in a
 * real browser, found by roles and names as a screen reader finds it. Whatever a test is about, no
 * page of it may complain, or ask anybody but its gateway.
 */

import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { GatewaySettings, RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { chromium, complaintsOf, launch } from "./chromium.ts";

/** Long enough to be seen as present, short enough to be waited for. */
export const P_SHORT = intervalCode(1_200);
export const HOSTILE = "<img src=x onerror=alert(1)>";
/** A telephone held upright. */
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DESK = { viewport: { width: 1280, height: 900 } };
const PATIENCE_MS = 30_000;

const binary = chromium();
if (!binary) console.warn("no Chromium on the PATH: the dashboard's tests are skipped");

let browser: Browser;
const gateways: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
const contexts: BrowserContext[] = [];
const views: { complaints: string[]; forgive: RegExp }[] = [];

/** `describe` with a browser for all of its tests; after each of them nothing stays. */
export function inChromium(what: string, tests: () => void): void {
  describe.skipIf(!binary)(what, () => {
    beforeAll(async () => {
      browser = await launch(binary!);
    });
    afterAll(() => browser.close());
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      for (const socket of sockets.splice(0)) socket.close();
      await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
      const unforgiven = views
        .splice(0)
        .flatMap(({ complaints, forgive }) => complaints.filter((words) => !forgive.test(words)));
      expect(unforgiven).toEqual([]);
    });
    tests();
  });
}

/** A gateway that ends with the test. */
export async function gatewayHere(
  disk: MemoryDisk = new Map(),
  more: Partial<GatewaySettings> = {},
): Promise<{ gateway: RunningGateway; url: string; port: number }> {
  const gateway = await startHere(disk, more);
  gateways.push(gateway);
  return { gateway, url: `http://127.0.0.1:${gateway.httpPort}/`, port: gateway.udpPort };
}

export async function socketHere(): Promise<BoardSocket> {
  const socket = await BoardSocket.open();
  sockets.push(socket);
  return socket;
}

/** A gateway with these boards; all but the silent ones beat, and promise an hour. */
async function populate(boards: readonly Board[], silent: number, disk?: MemoryDisk) {
  const place = await gatewayHere(disk);
  const socket = await socketHere();
  for (const board of boards) await place.gateway.registry.add(board.enrolment);
  for (const board of boards.slice(0, boards.length - silent)) {
    await socket.hello(board, place.port);
    await socket.beat(board, place.port, P_HOUR);
  }
  return { ...place, socket };
}

/** A shed, a greenhouse, a name that wants to be markup, and a freezer that never beat. */
export async function fleet(disk?: MemoryDisk) {
  const shed = new Board(0x2bd, 2, { name: "shed-07", site: "garden" });
  const others = [
    new Board(0x2be, 1, { name: "greenhouse", site: "orchard", labels: ["warm"] }),
    new Board(0x2bf, 2, { name: HOSTILE }),
    new Board(0x2c0, 2, { name: "freezer" }),
  ];
  return { shed, ...(await populate([shed, ...others], 1, disk)) };
}

/** Three boards at two sites; all of them beat. */
export async function farm() {
  const shed = new Board(0x2bd, 2, { name: "shed-07", site: "garden", labels: ["cold"] });
  const greenhouse = new Board(0x2be, 1, { name: "greenhouse", site: "orchard" });
  const bench = new Board(0x2bf, 0, { name: "bench", site: "garden" });
  return { shed, greenhouse, bench, ...(await populate([shed, greenhouse, bench], 0)) };
}

/** A page in a profile of its own. @param forgive complaints that the test provokes */
export async function pageOf(options: BrowserContextOptions = DESK, forgive = /^$/): Promise<Page> {
  const context = await browser.newContext(options);
  contexts.push(context);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== "http:" || hostname !== "127.0.0.1") complaints.push(request.url());
  });
  views.push({ complaints, forgive });
  return page;
}

/** The dashboard, with so many devices. */
export async function opened(
  url: string,
  devices: number,
  options?: BrowserContextOptions,
  forgive?: RegExp,
): Promise<Page> {
  const page = await pageOf(options, forgive);
  await page.goto(url);
  await eventually(() => page.locator("#rows tr").count()).toBe(devices);
  return page;
}

/** The row of a device. */
export function rowOf(page: Page, name: string): Locator {
  const button = page.getByRole("button", { name, exact: true });
  return page.getByRole("row").filter({ has: button });
}

/** Resolves when the row says this status. */
export function says(page: Page, name: string, status: string): Promise<void> {
  return rowOf(page, name).getByText(status, { exact: true }).waitFor();
}

/** The names of the rows that are to be seen, in their order. */
export function names(page: Page): Promise<string[]> {
  return page.getByRole("rowheader").getByRole("button").allTextContents();
}

/** The panel of a device, opened by its row. */
export async function panelOf(page: Page, name: string): Promise<Locator> {
  await rowOf(page, name).getByRole("button").click();
  const panel = page.getByRole("dialog", { name });
  await panel.waitFor();
  return panel;
}

/** Asks again until it is as expected. */
export function eventually(look: () => Promise<unknown>): ReturnType<typeof expect.poll> {
  return expect.poll(look, { timeout: PATIENCE_MS, interval: 20 });
}
