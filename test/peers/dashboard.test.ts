/**
 * The dashboard in a real browser, on a real gateway: who is there, what changes before one's eyes,
 * how it is worked by keys, and that it says so when it no longer knows.
 */

import { expect, it } from "vitest";
import type { HistoryJson } from "../../gateway/http/answers.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { P_HOUR } from "../gateway/gateway-rig.ts";
import {
  eventually,
  fleet,
  gatewayHere,
  HOSTILE,
  inChromium,
  names,
  opened,
  P_SHORT,
  PHONE,
  rowOf,
  says,
} from "./dashboard-rig.ts";

inChromium("the dashboard in Chromium", () => {
  it("shows every device with its name and status, and names stay words", async () => {
    const { url } = await fleet();
    const page = await opened(url, 4);
    expect((await names(page)).sort()).toEqual(
      [HOSTILE, "freezer", "greenhouse", "shed-07"].sort(),
    );
    expect(await page.locator("img").count()).toBe(0);
    await says(page, "shed-07", "present");
    await says(page, "freezer", "unknown");
    await page.getByRole("heading", { name: "All 3 keep their promise." }).waitFor();
    await rowOf(page, "greenhouse").getByText("orchard").waitFor();
  });

  it("lives through a broken promise and its mending without being loaded again", async () => {
    const { port, socket, shed, url } = await fleet();
    const page = await opened(url, 4);
    await page.evaluate("window.untouched = true");
    await socket.beat(shed, port, P_SHORT);
    await says(page, "shed-07", "absent");
    await eventually(() => page.title()).toBe("1 absent · nextbeat");
    await page.getByRole("heading", { name: "2 of 3 keep their promise." }).waitFor();
    await page.getByText("Absent: shed-07.", { exact: true }).waitFor();
    const feed = page.getByRole("list", { name: "Changes of status, newest first" });
    const told = await feed.getByRole("listitem").getByRole("paragraph").allTextContents();
    expect(told[0]).toMatch(/^late → absent: promise broken, \d+\ss overdue$/);
    expect(told[1]).toBe("present → late: promise broken");
    await page.getByRole("status").filter({ hasText: "shed-07 absent" }).waitFor();

    await socket.beat(shed, port, P_HOUR);
    await says(page, "shed-07", "present");
    await rowOf(page, "shed-07")
      .getByRole("img", { name: /^last \d+ beats: .*1 heard late, \d missed$/ })
      .waitFor();
    expect(await page.evaluate("window.untouched")).toBe(true);
  });

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

  it("says when it lost the gateway, and finds it again", async () => {
    const disk: MemoryDisk = new Map();
    const { gateway, socket, shed, url } = await fleet(disk);
    const page = await opened(url, 4, undefined, /ERR_/);
    await gateway.stop();
    const broken = page.getByRole("alert").filter({ hasText: "No contact with the gateway." });
    await broken.getByText(/What you see is from \d\d:\d\d:\d\d/).waitFor();
    const facts = page.getByLabel("Gateway", { exact: true });
    await facts.getByText("no contact").waitFor();

    const again = await gatewayHere(disk, { httpPort: gateway.httpPort });
    await broken.getByRole("button", { name: "Try now" }).click();
    await broken.waitFor({ state: "hidden" });
    await facts.getByText("listening").waitFor();
    await socket.beat(shed, again.port, P_SHORT);
    await says(page, "shed-07", "late");
  });

  it("fits a phone of 390 px, in either scheme", async () => {
    const { url } = await fleet();
    const page = await opened(`${url}#device=0002bd`, 4, PHONE);
    await page.getByRole("dialog", { name: "shed-07" }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      expect(await page.locator("#detail:modal").count()).toBe(1);
    }
  });
});
