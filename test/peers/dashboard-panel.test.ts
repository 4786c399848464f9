/**
 * What a person does on the dashboard, in a real browser on a real gateway: looks into a device's
 * past, sends it a command, spares somebody the notices, sees to an incident, adds a device.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { Browser, chromium, type Page } from "./chromium.ts";

const binary = chromium();
if (!binary) console.warn("no Chromium on the PATH: the dashboard's tests are skipped");

const P_SHORT = intervalCode(1_200);
const BATTERY_70_SIGNAL_74 = 0x73;

const gateways: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
let browser: Browser;

/** Three boards at two sites; all of them beat. */
async function farm() {
  const gateway = await startHere(new Map());
  const socket = await BoardSocket.open();
  gateways.push(gateway);
  sockets.push(socket);
  const boards = [
    new Board(0x2bd, 2, { name: "shed-07", site: "garden", labels: ["cold"] }),
    new Board(0x2be, 1, { name: "greenhouse", site: "orchard" }),
    new Board(0x2bf, 0, { name: "bench", site: "garden" }),
  ] as const;
  for (const board of boards) {
    await gateway.registry.add(board.enrolment);
    await socket.hello(board, gateway.udpPort);
    await socket.beat(board, gateway.udpPort, P_HOUR);
  }
  const page = await browser.page();
  await page.open(`http://127.0.0.1:${gateway.httpPort}/`);
  await page.until(`document.querySelectorAll("#rows tr").length === 3`);
  return { gateway, socket, boards, page, port: gateway.udpPort };
}

const at = (id: string) => `document.getElementById("${id}")`;
const text = (id: string) => `${at(id)}.textContent`;
const row = (id: string) => `document.querySelector('#rows [data-id="${id}"]')`;
const shown = `[...document.querySelectorAll("#rows tr:not([hidden])")].map((e) => e.dataset.id)`;

async function opened(page: Page, id: string): Promise<void> {
  await page.value(`${row(id)}.querySelector(".name").click()`);
  await page.until(`${at("detail")}.open`);
}

/** Chooses, as a person does: the page hears of it. */
const choose = (id: string, value: string) =>
  `${at(id)}.value = ${JSON.stringify(value)}; ${at(id)}.dispatchEvent(new Event("change"))`;

describe.skipIf(!binary)("the dashboard in Chromium", () => {
  beforeAll(() => {
    browser = new Browser(binary!);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  it("a command is sent, waits, and what came of it is told without a reload", async () => {
    const { boards, socket, page, port } = await farm();
    const [shed] = boards;
    await opened(page, "0002bd");
    await page.value(`${at("d-order-text")}.value = "led on"; ${at("d-order")}.requestSubmit()`);
    const line = `(e) => e.innerText.replace(/\\s+/g, " ")`;
    const orders = `[...document.querySelectorAll("#d-orders li")].map(${line})`;
    await page.until(`/^led on (waits|sent)/.test(${orders}[0])`);
    await page.until(`${row("0002bd")}.querySelector(".waiting").textContent === "1"`);
    const beat = await socket.beat(shed, port, P_HOUR);
    const command = await socket.next((frame) => shed.commandOf(frame, beat));
    expect(command.payload).toBe("led on");
    socket.send(shed.result(shed.seq, command.cmd, 0, "is on"), port);
    await page.until(`/^led on done: is on, /.test(${orders}[0])`);
    expect(await page.value(`${at("d-order-text")}.value`)).toBe("");

    // What cannot be sent is said, and lost is nothing.
    await page.value(
      `${at("d-order-text")}.value = "\\u00e4".repeat(200); ${at("d-order")}.requestSubmit()`,
    );
    await page.until(`${text("d-order-said")} !== ""`);
    expect(await page.value(text("d-order-said"))).toMatch(/243/);
    expect(await page.value(`${at("d-order-text")}.value.length`)).toBe(200);
    await opened(page, "0002bf");
    expect(await page.value(`${at("d-orders-all")}.hidden`)).toBe(true);
    expect(page.complaints.filter((words) => !words.includes("400"))).toEqual([]);
  });

  it("a command that was not sent can be taken back", async () => {
    const { gateway, boards, socket, page, port } = await farm();
    const sleeper = boards[1];
    const deep = sleeper.beat({ reach: 2, promise: P_HOUR });
    socket.send(deep, port);
    await socket.next((frame) => sleeper.ackOf(frame, deep));
    await opened(page, "0002be");
    await page.value(`${at("d-order-text")}.value = "open"; ${at("d-order")}.requestSubmit()`);
    const line = `document.querySelector("#d-orders li")`;
    await page.until(`/waits/.test(${line}?.innerText)`);
    await page.value(`${line}.querySelector("button").click()`);
    await page.until(`${line}?.querySelector("span").textContent.startsWith("superseded")`);
    expect(
      gateway.core.requests.commandsOf(0x2be, 0).filter(({ state }) => state === "queued"),
    ).toEqual([]);
  });

  it("plots what the board told, over the range that is chosen", async () => {
    const { boards, socket, page, port } = await farm();
    const [shed] = boards;
    const told = shed.beat({ vitals: BATTERY_70_SIGNAL_74, promise: P_HOUR });
    socket.send(told, port);
    await socket.next((frame) => shed.ackOf(frame, told));
    await opened(page, "0002bd");
    const label = `(e) => e.getAttribute("aria-label")`;
    const plots = `[...document.querySelectorAll("#d-plots svg")].map(${label})`;
    await page.until(`${plots}.length === 3`);
    expect(await page.value(plots)).toEqual([
      "Battery: 70\u00a0%",
      "Signal: −74\u00a0dBm",
      "Loss: 0\u00a0%",
    ]);
    const day = `${at("d-day")}.getAttribute("aria-label")`;
    expect(await page.value(day)).toBe("last 24 hours: 2 beats heard, 0 missed");
    await page.value(choose("d-range", "168"));
    await page.until(`${day}.startsWith("last 7 days: 2 beats heard")`);
    expect(await page.value(`document.querySelectorAll("#d-changes li").length`)).toBe(1);
  });

  it("filters by site and by label, and keeps both in the address", async () => {
    const { page } = await farm();
    await page.until(`${at("site")}.options.length === 3 && ${at("label")}.options.length === 2`);
    await page.value(choose("site", "garden"));
    await page.until(`${shown}.sort().join() === "0002bd,0002bf"`);
    await page.value(choose("label", "cold"));
    await page.until(`${shown}.join() === "0002bd"`);
    expect(await page.value("location.hash")).toBe("#site=garden&label=cold");
    await page.value("location.reload()");
    await page.until(`document.readyState === "complete" && ${shown}.join() === "0002bd"`);
  });

  it("an incident shows as one cause of two silences, and somebody sees to it", async () => {
    const { gateway, boards, socket, page, port } = await farm();
    await page.value("window.untouched = true");
    for (const board of [boards[0], boards[2]]) await socket.beat(board, port, P_SHORT);
    await page.until(`${text("attention")}.endsWith("2 silent, 1 cause.")`);
    await page.until(`!${at("incidents")}.hidden`);
    const incident = `document.querySelector("#incident-list li")`;
    expect(await page.value(`${incident}.querySelector("b").textContent`)).toMatch(/2 devices/);
    await page.value(`${incident}.querySelector("button").click()`);
    await page.until(`${incident}.querySelector("button").textContent === "somebody sees to it"`);
    expect(
      [...gateway.core.requests.incidents()].filter(({ ackedAt }) => ackedAt !== null),
    ).toHaveLength(1);
    for (const board of [boards[0], boards[2]]) await socket.beat(board, port, P_HOUR);
    await page.until(`${incident}.innerText.includes("all are back, and watched")`);
    expect(await page.value("window.untouched")).toBe(true);
    expect(page.complaints).toEqual([]);
  });

  it("spares people the notices of a device, and ends that", async () => {
    const { gateway, page } = await farm();
    await opened(page, "0002bd");
    await page.until(`${text("d-quiet")} === "People are told when it falls silent."`);
    await page.value(`${at("d-maintenance")}.click()`);
    await page.until(`/^Under maintenance until .*: nobody is told.$/.test(${text("d-quiet")})`);
    expect(gateway.core.requests.quiets).toMatchObject([
      { target: "device:0002bd", kind: "maintenance" },
    ]);
    await page.value(`${at("d-unmute")}.click()`);
    await page.until(`${text("d-quiet")} === "People are told when it falls silent."`);
    expect(gateway.core.requests.quiets).toEqual([]);
  });

  it("a device is added, down to the command that flashes it; a name that is taken is said", async () => {
    const { gateway, page } = await farm();
    const fill = (name: string) =>
      `${at("enrol-name")}.value = ${JSON.stringify(name)}; ${at("enrol-form")}.requestSubmit()`;
    await page.value(`${at("enrol-open")}.click()`);
    expect(await page.value(`${at("enrol")}.matches(":modal")`)).toBe(true);
    expect(await page.value("document.activeElement.id")).toBe("enrol-name");
    await page.value(fill("shed-07"));
    await page.until(`${text("enrol-said")}.includes("is taken")`);
    await page.value(
      `${choose("enrol-board", "esp8266")}; ${at("enrol-site")}.value = "roof";
       ${at("enrol-ssid")}.value = "Bob's Wi-Fi"; ${choose("enrol-reach", "deep")};
       ${fill("mast 2")}`,
    );
    await page.until(`!${at("enrol-done")}.hidden`);
    expect(await page.value(text("enrol-command"))).toMatch(
      /^nextbeat flash 'mast 2' --port \/dev\/ttyUSB0 --gateway \S+ --board esp8266 --interval 60s --reach deep --wifi 'Bob'\\''s Wi-Fi' --wifi-pass-file pass.txt$/,
    );
    const added = gateway.registry.find("mast 2");
    expect(added).toMatchObject({ suite: 2, site: "roof" });
    await page.press("Escape");
    await page.until(`!${at("enrol")}.open`);
    await page.until(`document.querySelectorAll("#rows tr").length === 4`);
  });

  it("every view fits a phone, in either scheme", async () => {
    const { page } = await farm();
    const url = await page.value<string>("location.href");
    await page.open("about:blank");
    await page.open(`${url}#device=0002bd`, 390);
    await page.until(`${at("detail")}?.open`);
    for (const value of ["light", "dark"]) {
      await page.send("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value }],
      });
      for (const open of ["", `${at("d-close")}.click()`, `${at("enrol-open")}.click()`]) {
        await page.value(`${open}; 0`);
        const dialogs = `[...document.querySelectorAll("dialog[open]")]`;
        const wide = `${dialogs}.some((e) => e.scrollWidth > 390)`;
        expect(await page.value(`document.documentElement.scrollWidth > 390 || ${wide}`)).toBe(
          false,
        );
      }
      await page.value(
        `${at("enrol-close")}.click(); ${row("0002bd")}.querySelector(".name").click()`,
      );
    }
  });
});
