/**
 * The dashboard for those who read it otherwise: without a mouse, on a telephone, in the dark,
 * without motion, by a screen reader. In a real browser on a real gateway.
 */

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { HistoryJson } from "../../gateway/http/answers.ts";
import { P_HOUR } from "../gateway/gateway-rig.ts";
import {
  eventually,
  farm,
  fleet,
  gatewayHere,
  inChromium,
  names,
  opened,
  P_SHORT,
  PHONE,
  pageOf,
  panelOf,
  rowOf,
  says,
} from "./dashboard-rig.ts";

/** Counts what begins to move, from the first script on. */
const COUNT_MOTION = `
  window.moved = 0;
  const { animate } = Element.prototype;
  Element.prototype.animate = function (...how) {
    window.moved++;
    return animate.apply(this, how);
  };
  addEventListener("transitionrun", () => window.moved++, true);`;
/** A control or a picture of which a screen reader can say no more than what it is. */
const NAMELESS =
  /^\s*- '?(button|link|textbox|searchbox|combobox|img|dialog|table|region|figure)\b(?! ")/m;
/** Whether it is to be seen what has the focus; a name shows it on its whole row. */
const OUTLINED = `[document.activeElement, document.activeElement.closest("tr")].some(
  (element) => element !== null && getComputedStyle(element).outlineStyle !== "none")`;
/** What the login page writes with, by scheme. */
const INK = { light: "rgb(23, 33, 29)", dark: "rgb(227, 234, 230)" } as const;
/** The ground of the page by scheme. */
const GROUND = { light: "rgb(242, 244, 241)", dark: "rgb(15, 21, 20)" } as const;

/** No wider than it may be, and everything in it has a name. */
async function readable(page: Page, width: number): Promise<void> {
  const boxes = page.locator("html, dialog[open]");
  const widths = await boxes.evaluateAll((all) => all.map((e) => e.scrollWidth));
  expect(Math.max(...widths)).toBe(width);
  expect(await page.locator("body").ariaSnapshot()).not.toMatch(NAMELESS);
}

inChromium("the dashboard in Chromium", () => {
  it("is worked by keys: filter, walk, open, close", async () => {
    const { url } = await fleet();
    // History counts whole seconds: in the first one it knows nothing yet.
    const upMs = async () => {
      const response = await fetch(`${url}api/v1/devices/0002be/history`);
      return ((await response.json()) as HistoryJson).uptime.day.upMs;
    };
    await eventually(upMs).toBeGreaterThan(0);
    const page = await opened(url, 4);
    const { keyboard } = page;
    await keyboard.press("/");
    await keyboard.type("warm");
    await eventually(() => names(page)).toEqual(["greenhouse"]);
    await rowOf(page, "greenhouse").getByRole("button").focus();
    await keyboard.press("Enter");
    const panel = page.getByRole("dialog", { name: "greenhouse" });
    await panel.getByText("1, hmac-sha256-64").waitFor();
    await panel.getByText("If it died now you would know in").waitFor();
    await panel
      .getByRole("img", { name: "last 24 hours: 1 beat heard, 0 missed", exact: true })
      .waitFor();
    const fact = panel.locator("dl div").filter({ hasText: /^Up/ });
    expect(await fact.textContent()).toBe(
      "Up, last 24 h100\u00a0%, not known for 23\u00a0h 59\u00a0min",
    );
    expect(new URL(page.url()).hash).toBe("#q=warm&device=0002be");
    await keyboard.press("Escape");
    await panel.waitFor({ state: "hidden" });
    const focused = page.locator(":focus");
    expect(await focused.textContent()).toBe("greenhouse");

    await keyboard.press("/");
    await keyboard.press("Control+a");
    await keyboard.press("Backspace");
    await eventually(async () => (await names(page)).length).toBe(4);
    const order = await names(page);
    await rowOf(page, "greenhouse").getByRole("button").focus();
    await keyboard.press("ArrowDown");
    expect(await focused.textContent()).toBe(order[order.indexOf("greenhouse") + 1]);
  });

  it("needs no mouse: every step by keys alone, and the focus is always to be seen", async () => {
    const { gateway, url } = await farm();
    const page = await opened(url, 3);
    const { keyboard } = page;
    /** The tab key, until it has come to a control of this name. */
    const tabTo = async (role: Parameters<Page["getByRole"]>[0], name: string) => {
      const wanted = page.getByRole(role, { name, exact: true }).and(page.locator(":focus"));
      for (let steps = 0; (await wanted.count()) === 0; steps++) {
        expect(steps, `steps to ${role} ${name}`).toBeLessThan(30);
        await keyboard.press("Tab");
      }
      expect(await page.evaluate(OUTLINED), `an outline around ${name}`).toBe(true);
    };
    await tabTo("link", "Skip to the devices");
    await keyboard.press("Enter");
    await tabTo("button", "bench");
    await keyboard.press("End");
    await tabTo("button", "shed-07");
    await keyboard.press("Enter");
    await page.getByRole("dialog", { name: "shed-07" }).waitFor();
    await tabTo("textbox", "Payload");
    await keyboard.type("led on");
    await keyboard.press("Enter");
    await page.getByRole("listitem").filter({ hasText: "led on" }).waitFor();
    await tabTo("button", "Mute");
    await keyboard.press("Space");
    await page.getByText(/^Muted until/).waitFor();
    await keyboard.press("Escape");
    expect(gateway.core.requests.quiets).toMatchObject([{ kind: "mute" }]);

    await page.reload();
    await eventually(() => page.locator("#rows tr").count()).toBe(3);
    await tabTo("button", "Add a device");
    await keyboard.press("Enter");
    await keyboard.type("mast");
    await tabTo("combobox", "Between beats it");
    await keyboard.press("ArrowDown");
    await tabTo("button", "Enrol it");
    await keyboard.press("Space");
    await page.getByText(/^nextbeat flash mast .* --reach light /).waitFor();
    await keyboard.press("Escape");
    await says(page, "mast", "unknown");
    await tabTo("button", "1 unknown");
    await keyboard.press("Space");
    await eventually(() => names(page)).toEqual(["mast"]);
  });

  it("fits a phone of 390 px, in either scheme, and all of it has names, in every view", async () => {
    const { shed, bench, socket, port, url } = await farm();
    for (const board of [shed, bench]) await socket.beat(board, port, P_SHORT);
    const page = await opened(`${url}#device=0002bd`, 3, PHONE);
    const panel = page.getByRole("dialog", { name: "shed-07" });
    const dialog = page.getByRole("dialog", { name: "Add a device" });
    await page.getByText(/2 silent, 1 cause\.$/).waitFor();
    // On a phone incidents are folded, and leave the list its place.
    const incident = page.locator("#incident-list li");
    await incident.waitFor({ state: "hidden" });
    const fold = page.locator("#incidents summary");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const ground = "getComputedStyle(document.documentElement).backgroundColor";
      expect(await page.evaluate(ground)).toBe(GROUND[colorScheme]);
      await panel.waitFor();
      expect(await page.locator("#detail:modal").count()).toBe(1);
      await readable(page, 390);
      await panel.getByRole("button", { name: "Close" }).tap();
      await readable(page, 390);
      await fold.tap();
      await incident.waitFor();
      await readable(page, 390);
      await fold.tap();
      await page.getByRole("button", { name: "Add a device" }).tap();
      await readable(page, 390);
      await dialog.getByRole("textbox", { name: "Name" }).fill(`a long name, for ${colorScheme}`);
      await dialog.getByRole("button", { name: "Enrol it" }).tap();
      await dialog.getByText("nextbeat flash").waitFor();
      await readable(page, 390);
      await dialog.getByRole("button", { name: "Close" }).tap();
      await rowOf(page, "shed-07").getByRole("button").tap();
    }
  });

  it("fits when it has nothing to show: no device, no contact, no login", async () => {
    const { gateway, url } = await gatewayHere();
    const page = await opened(url, 0, PHONE, /ERR_/);
    await page.getByText("No device is enrolled yet.").waitFor();
    await readable(page, 390);
    await gateway.stop();
    await page.getByRole("alert").filter({ hasText: "No contact" }).waitFor();
    await readable(page, 390);
    const guarded = await gatewayHere(undefined, { tokens: [] });
    const door = await pageOf(PHONE, /401/);
    await door.goto(guarded.url);
    await door.getByRole("textbox", { name: "Token" }).waitFor();
    await readable(door, 390);
    for (const colorScheme of ["light", "dark"] as const) {
      await door.emulateMedia({ colorScheme });
      expect(await door.evaluate("getComputedStyle(document.body).color")).toBe(INK[colorScheme]);
    }
  });

  it("fits a desk, with the panel of a device beside the list", async () => {
    const { url } = await farm();
    const page = await opened(url, 3);
    const panel = await panelOf(page, "shed-07");
    expect(await page.locator("#detail:modal").count()).toBe(0);
    await readable(page, 1280);
    await rowOf(page, "greenhouse").getByRole("button").click();
    await panel.waitFor({ state: "hidden" });
    await page.getByRole("dialog", { name: "greenhouse" }).waitFor();
  });

  it.each(["no-preference", "reduce"] as const)(
    "moves only before those who have not asked for less motion: %s",
    async (reducedMotion) => {
      const { shed, socket, port, url } = await farm();
      const page = await pageOf({ reducedMotion });
      await page.addInitScript(COUNT_MOTION);
      await page.goto(url);
      await says(page, "shed-07", "present");
      await socket.beat(shed, port, P_SHORT);
      await says(page, "shed-07", "absent");
      await socket.beat(shed, port, P_HOUR);
      await says(page, "shed-07", "present");
      const moved = await page.evaluate<number>("window.moved");
      if (reducedMotion === "reduce") expect(moved).toBe(0);
      else expect(moved).toBeGreaterThan(3);
    },
  );
});
