/**
 * What a person does on the dashboard, in a real browser on a real gateway: looks into a device's
 * past, sends it a command, spares somebody the notices, sees to an incident, adds a device.
 */

import { expect, it } from "vitest";
import { P_HOUR } from "../gateway/gateway-rig.ts";
import {
  eventually,
  farm,
  inChromium,
  names,
  opened,
  P_SHORT,
  PHONE,
  panelOf,
  rowOf,
} from "./dashboard-rig.ts";

const BATTERY_70_SIGNAL_74 = 0x73;
/** With room for every column. */
const WIDE = { viewport: { width: 1600, height: 900 } };

inChromium("the dashboard in Chromium", () => {
  it("a command is sent, waits, and what came of it is told without a reload", async () => {
    const { shed, socket, url, port } = await farm();
    const page = await opened(url, 3, WIDE, /400/);
    const panel = await panelOf(page, "shed-07");
    const commands = panel.getByRole("region", { name: "Commands" });
    const payload = commands.getByRole("textbox", { name: "Payload" });
    const send = commands.getByRole("button", { name: "Send" });
    await payload.fill("led on");
    await send.click();
    const order = commands.getByRole("listitem").filter({ hasText: "led on" });
    await order.getByText(/^(waits|sent)/).waitFor();
    await rowOf(page, "shed-07").getByRole("cell", { name: "1", exact: true }).waitFor();
    const beat = await socket.beat(shed, port, P_HOUR);
    const command = await socket.next((frame) => shed.commandOf(frame, beat));
    expect(command.payload).toBe("led on");
    socket.send(shed.result(shed.seq, command.cmd, 0, "is on"), port);
    await order.getByText(/^done: is on, /).waitFor();
    expect(await payload.inputValue()).toBe("");

    // What cannot be sent is said, and lost is nothing.
    await payload.fill("\u00e4".repeat(200));
    await send.click();
    await commands.getByRole("status").filter({ hasText: "243" }).waitFor();
    expect(await payload.inputValue()).toHaveLength(200);
    await panelOf(page, "bench");
    await commands.waitFor({ state: "hidden" });
  });

  it("a command that was not sent can be taken back", async () => {
    const { gateway, greenhouse, socket, url, port } = await farm();
    const page = await opened(url, 3);
    const deep = greenhouse.beat({ reach: 2, promise: P_HOUR });
    socket.send(deep, port);
    await socket.next((frame) => greenhouse.ackOf(frame, deep));
    const panel = await panelOf(page, "greenhouse");
    await panel.getByRole("textbox", { name: "Payload" }).fill("open");
    await panel.getByRole("button", { name: "Send" }).click();
    const order = panel.getByRole("listitem").filter({ hasText: "open" });
    await order.getByText(/^waits/).waitFor();
    await order.getByRole("button", { name: "Take back" }).click();
    await order.getByText(/^superseded/).waitFor();
    expect(
      gateway.core.requests.commandsOf(0x2be, 0).filter(({ state }) => state === "queued"),
    ).toEqual([]);
  });

  it("plots what the board told, over the range that is chosen", async () => {
    const { shed, socket, url, port } = await farm();
    const page = await opened(url, 3);
    const told = shed.beat({ vitals: BATTERY_70_SIGNAL_74, promise: P_HOUR });
    socket.send(told, port);
    await socket.next((frame) => shed.ackOf(frame, told));
    const panel = await panelOf(page, "shed-07");
    const plots = panel.getByRole("figure").getByRole("img");
    const labels = () => plots.evaluateAll((all) => all.map((e) => e.getAttribute("aria-label")));
    await eventually(labels).toEqual([
      "Battery: 70\u00a0%",
      "Signal: −74\u00a0dBm",
      "Loss: 0\u00a0%",
    ]);
    const bar = (words: string) => panel.getByRole("img", { name: words }).waitFor();
    await bar("last 24 hours: 2 beats heard, 0 missed");
    await panel.getByRole("combobox", { name: "Range" }).selectOption("last 7 days");
    await bar("last 7 days: 2 beats heard");
    const changes = panel.getByRole("listitem").filter({ has: page.getByRole("time") });
    expect(await changes.count()).toBe(1);
  });

  it("filters by site and by label, and keeps both in the address", async () => {
    const { url } = await farm();
    const page = await opened(url, 3);
    await page.getByRole("combobox", { name: "Site" }).selectOption("garden");
    await eventually(async () => (await names(page)).sort()).toEqual(["bench", "shed-07"]);
    await page.getByRole("combobox", { name: "Label" }).selectOption("cold");
    await eventually(() => names(page)).toEqual(["shed-07"]);
    expect(new URL(page.url()).hash).toBe("#site=garden&label=cold");
    await page.reload();
    await eventually(() => names(page)).toEqual(["shed-07"]);
  });

  it("an incident shows as one cause of two silences, and somebody sees to it", async () => {
    const { gateway, shed, bench, socket, url, port } = await farm();
    const page = await opened(url, 3);
    await page.evaluate("window.untouched = true");
    for (const board of [shed, bench]) await socket.beat(board, port, P_SHORT);
    await page.getByText(/2 silent, 1 cause\.$/).waitFor();
    const incidents = page.getByRole("region", { name: "Open incidents" }).getByRole("listitem");
    await incidents.getByText(/2 devices/).waitFor();
    expect(await incidents.count()).toBe(1);
    await incidents.getByRole("button", { name: "I see to it" }).click();
    const seen = incidents.getByRole("button", { name: "somebody sees to it" });
    await seen.waitFor();
    expect(await seen.isDisabled()).toBe(true);
    expect(
      [...gateway.core.requests.incidents()].filter(({ ackedAt }) => ackedAt !== null),
    ).toHaveLength(1);
    for (const board of [shed, bench]) await socket.beat(board, port, P_HOUR);
    await incidents.getByText("all are back, and watched").waitFor();
    expect(await page.evaluate("window.untouched")).toBe(true);
  });

  it("spares people the notices of a device, and ends that", async () => {
    const { gateway, url } = await farm();
    const page = await opened(url, 3);
    const panel = await panelOf(page, "shed-07");
    await panel.getByText("People are told when it falls silent.", { exact: true }).waitFor();
    await panel.getByRole("button", { name: "Maintenance" }).click();
    await panel.getByText(/^Under maintenance until .*: nobody is told.$/).waitFor();
    expect(gateway.core.requests.quiets).toMatchObject([
      { target: "device:0002bd", kind: "maintenance" },
    ]);
    await panel.getByRole("button", { name: "Tell people again" }).click();
    await panel.getByText("People are told when it falls silent.", { exact: true }).waitFor();
    expect(gateway.core.requests.quiets).toEqual([]);
  });

  it("a device is added, down to the command that flashes it; a name that is taken is said", async () => {
    const { gateway, url } = await farm();
    const page = await opened(url, 3, undefined, /409/);
    await page.getByRole("button", { name: "Add a device" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a device" });
    const field = (name: string) => dialog.getByRole("textbox", { name, exact: true });
    const choose = (name: string, value: string) =>
      dialog.getByRole("combobox", { name, exact: true }).selectOption(value);
    expect(await page.locator("#enrol:modal").count()).toBe(1);
    expect(await field("Name").and(page.locator(":focus")).count()).toBe(1);
    const enrol = async (name: string) => {
      await field("Name").fill(name);
      await dialog.getByRole("button", { name: "Enrol it" }).click();
    };
    await enrol("shed-07");
    await dialog.getByRole("status").filter({ hasText: "is taken" }).waitFor();
    await choose("Board", "ESP8266");
    await choose("Between beats it", "sleeps deeply");
    await field("Site").fill("roof");
    await field("Wi-Fi").fill("Bob's Wi-Fi");
    await enrol("mast 2");
    expect(await dialog.getByRole("code").last().textContent()).toMatch(
      /^nextbeat flash 'mast 2' --port \/dev\/ttyUSB0 --gateway \S+ --board esp8266 --interval 60s --reach deep --wifi 'Bob'\\''s Wi-Fi' --wifi-pass-file pass.txt$/,
    );
    const added = gateway.registry.find("mast 2");
    expect(added).toMatchObject({ suite: 2, site: "roof" });
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await eventually(async () => (await names(page)).length).toBe(4);
  });

  it("every view fits a phone, in either scheme", async () => {
    const { url } = await farm();
    const page = await opened(`${url}#device=0002bd`, 3, PHONE);
    const panel = page.getByRole("dialog", { name: "shed-07" });
    const dialog = page.getByRole("dialog", { name: "Add a device" });
    const fits = async () => {
      const open = page.locator("html, dialog[open]");
      const widths = await open.evaluateAll((all) => all.map((e) => e.scrollWidth));
      expect(Math.max(...widths)).toBe(390);
    };
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await panel.waitFor();
      await fits();
      await panel.getByRole("button", { name: "Close" }).tap();
      await fits();
      await page.getByRole("button", { name: "Add a device" }).tap();
      await dialog.waitFor();
      await fits();
      await dialog.getByRole("button", { name: "Close" }).tap();
      await rowOf(page, "shed-07").getByRole("button").tap();
    }
  });
});
