/**
 * What a person comes to the dashboard for, in a real browser on a real gateway: finds the devices
 * that are meant, sees to an incident, adds a device, and logs in where that is asked.
 */

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import {
  eventually,
  farm,
  fleet,
  gatewayHere,
  inChromium,
  names,
  opened,
  P_SHORT,
  pageOf,
  panelOf,
  says,
  socketHere,
} from "./dashboard-rig.ts";

const READ = "a-token-that-reads";
const WRITE = "a-token-that-writes";

const hash = (page: Page) => new URL(page.url()).hash;
const enrolment = (page: Page) => page.getByRole("dialog", { name: "Add a device" });
const command = (page: Page) => enrolment(page).getByRole("code").last();

/** Types a name into the open dialog, and enrols it. */
async function enrol(page: Page, name: string): Promise<void> {
  await enrolment(page).getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await enrolment(page).getByRole("button", { name: "Enrol it" }).click();
}

inChromium("the dashboard in Chromium", () => {
  it("filters by site and by label, and keeps both in the address", async () => {
    const { url } = await farm();
    const page = await opened(url, 3);
    await page.getByRole("combobox", { name: "Site" }).selectOption("garden");
    await eventually(async () => (await names(page)).sort()).toEqual(["bench", "shed-07"]);
    await page.getByRole("combobox", { name: "Label" }).selectOption("cold");
    await eventually(() => names(page)).toEqual(["shed-07"]);
    expect(hash(page)).toBe("#site=garden&label=cold");
    await page.reload();
    await eventually(() => names(page)).toEqual(["shed-07"]);
  });

  it("filters by status and by text, says how many are left, and keeps both too", async () => {
    const { url } = await fleet();
    const page = await opened(url, 4);
    const unknown = page.getByRole("button", { name: "1 unknown" });
    const present = page.getByRole("button", { name: "3 present" });
    await unknown.click();
    await eventually(() => names(page)).toEqual(["freezer"]);
    await present.click();
    await eventually(async () => (await names(page)).length).toBe(4);
    await unknown.click();
    await eventually(async () => (await names(page)).includes("freezer")).toBe(false);
    const find = page.getByRole("searchbox", { name: /^Filter by name/ });
    await find.fill("ORCHARD");
    await eventually(() => names(page)).toEqual(["greenhouse"]);
    await page.getByRole("status").filter({ hasText: "1 of 4" }).waitFor();
    expect(hash(page)).toBe("#q=ORCHARD&status=present");
    await page.reload();
    await eventually(() => names(page)).toEqual(["greenhouse"]);
    await page.getByRole("button", { name: "3 present", pressed: true }).waitFor();
    await page.getByRole("button", { name: "1 unknown", pressed: false }).waitFor();
    await find.fill("nobody");
    await page.getByText("No device fits this filter.").waitFor();
    expect(await names(page)).toEqual([]);
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
    await incidents.getByRole("button", { name: "I'll see to it: 2 devices" }).click();
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

  it("a device is added, down to the command that flashes it; a name that is taken is said", async () => {
    const { gateway, url } = await farm();
    const page = await opened(url, 3, undefined, /409/);
    const dialog = enrolment(page);
    const field = (name: string) => dialog.getByRole("textbox", { name, exact: true });
    const choose = (name: string, value: string) =>
      dialog.getByRole("combobox", { name, exact: true }).selectOption(value);
    await page.getByRole("button", { name: "Add a device" }).click();
    expect(await page.locator("#enrol:modal").count()).toBe(1);
    expect(await field("Name").and(page.locator(":focus")).count()).toBe(1);
    await enrol(page, "shed-07");
    await dialog.getByRole("status").filter({ hasText: "is taken" }).waitFor();
    await choose("Board", "ESP8266");
    await choose("Between beats it", "sleeps deeply");
    await field("Site").fill("roof");
    await field("Wi-Fi").fill("Bob's Wi-Fi");
    await enrol(page, "mast 2");
    expect(await command(page).textContent()).toMatch(
      /^nextbeat flash 'mast 2' --port \/dev\/ttyUSB0 --gateway \S+ --board esp8266 --interval 60s --reach deep --wifi 'Bob'\\''s Wi-Fi' --wifi-pass-file pass.txt$/,
    );
    const added = gateway.registry.find("mast 2");
    expect(added).toMatchObject({ suite: 2, site: "roof" });
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await eventually(async () => (await names(page)).length).toBe(4);
  });

  it("leads an empty gateway to its first board: how, the command to copy, its first beat", async () => {
    const { gateway, url, port } = await gatewayHere();
    const permissions = ["clipboard-read", "clipboard-write"];
    const page = await opened(url, 0, { permissions });
    await page.getByText(`sim fleet --gateway 127.0.0.1:${port} `).waitFor();
    expect(await page.getByRole("table").count()).toBe(0);
    await page.getByRole("button", { name: "Add a device" }).click();
    await enrol(page, "shed-07");
    await enrolment(page).getByRole("button", { name: "Copy" }).click();
    await enrolment(page).getByRole("status").filter({ hasText: "Copied." }).waitFor();
    const copied = await page.evaluate("navigator.clipboard.readText()");
    expect(copied).toMatch(/^nextbeat flash shed-07 --port /);
    expect(copied).toBe(await command(page).textContent());
    await enrolment(page).getByRole("button", { name: "Close" }).click();
    await says(page, "shed-07", "unknown");

    const { id, suite, key } = gateway.registry.find("shed-07");
    const board = new Board(id, suite, { key });
    const socket = await socketHere();
    await socket.hello(board, port);
    await socket.beat(board, port, P_HOUR);
    await says(page, "shed-07", "present");
    await page.getByRole("heading", { name: "The one device keeps its promise." }).waitFor();
  });

  it("asks for a token where one is needed, and may then do what the token may", async () => {
    const tokens = [
      { scope: "read", token: READ },
      { scope: "write", token: WRITE },
    ] as const;
    const { gateway, url } = await gatewayHere(undefined, { tokens });
    await gateway.registry.add({ name: "shed-07" });
    const page = await pageOf(undefined, /40[13]/);
    const logIn = async (token: string) => {
      await page.getByRole("textbox", { name: "Token" }).fill(token);
      await page.getByRole("button", { name: "Log in" }).click();
    };
    await page.goto(url);
    await logIn("no-token-of-this-gateway");
    await page.getByRole("alert").filter({ hasText: "This token is not known." }).waitFor();
    await logIn(READ);
    await says(page, "shed-07", "unknown");
    expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);
    const mute = async () => {
      const panel = await panelOf(page, "shed-07");
      await panel.getByRole("button", { name: "Mute" }).click();
      return panel;
    };
    const refused = (await mute()).getByRole("status");
    await refused.filter({ hasText: "expected one with scope write" }).waitFor();

    // A login that ends brings its form back by itself.
    await page.context().clearCookies();
    await logIn(WRITE);
    await (await mute()).getByText(/^Muted until .*: nobody is told.$/).waitFor();
  });
});
