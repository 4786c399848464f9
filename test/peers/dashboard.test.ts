/**
 * The dashboard in a real browser, on a real gateway: who is there, what changes before one's eyes,
 * and that it says so when it no longer knows.
 */

import { expect, it } from "vitest";
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
    const told = feed.getByRole("listitem").getByRole("paragraph");
    await eventually(async () => (await told.allTextContents()).slice(0, 2)).toEqual([
      expect.stringMatching(/^late → absent: promise broken, \d+\ss overdue$/),
      "present → late: promise broken",
    ]);
    await page.getByRole("status").filter({ hasText: "shed-07 absent" }).waitFor();

    await socket.beat(shed, port, P_HOUR);
    await says(page, "shed-07", "present");
    await rowOf(page, "shed-07")
      .getByRole("img", { name: /^last \d+ beats: .*1 heard late, \d missed$/ })
      .waitFor();
    expect(await page.evaluate("window.untouched")).toBe(true);
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

    // It would find it by itself: held off until it means to wait for a while.
    await page.route("**/api/**", (route) => route.abort());
    const again = await gatewayHere(disk, { httpPort: gateway.httpPort });
    await broken.getByText(/^Trying again in [45]\ss/).waitFor();
    await page.unroute("**/api/**");
    await broken.getByRole("button", { name: "Try now" }).click();
    await broken.waitFor({ state: "hidden" });
    await facts.getByText("listening").waitFor();
    await socket.beat(shed, again.port, P_SHORT);
    await rowOf(page, "shed-07")
      .getByText(/^(late|absent)$/)
      .waitFor();
  });

  it("comes back by itself after a restart; what happened meanwhile is told in order, once", async () => {
    const disk: MemoryDisk = new Map();
    const { gateway, socket, shed, url } = await fleet(disk);
    const page = await opened(url, 4, undefined, /ERR_/);
    const feed = page.getByRole("list", { name: "Changes of status, newest first" });
    const lines = () => feed.getByRole("listitem").allInnerTexts();
    await eventually(async () => (await lines()).length).toBe(3);
    await page.evaluate("window.untouched = true");
    await gateway.stop();
    await page.getByRole("alert").filter({ hasText: "No contact" }).waitFor();

    // The page finds it only when all is over.
    await page.route("**/api/**", (route) => route.abort());
    const again = await gatewayHere(disk, { httpPort: gateway.httpPort });
    const statusOf = async () => {
      const answer = await fetch(`${url}api/v1/devices/0002bd`);
      return ((await answer.json()) as { status: string }).status;
    };
    await socket.beat(shed, again.port, P_SHORT);
    await eventually(statusOf).toBe("absent");
    await socket.beat(shed, again.port, P_HOUR);
    await page.unroute("**/api/**");
    await page.getByLabel("Gateway", { exact: true }).getByText("listening").waitFor();
    const words = ["absent → present", "late → absent", "present → late"];
    const told = feed.getByRole("listitem").filter({ hasText: "shed-07" }).getByRole("paragraph");
    await eventually(async () => (await told.allTextContents()).slice(0, 3)).toEqual(
      words.map((start) => expect.stringMatching(start)),
    );
    expect((await lines()).length).toBe(6);
    await says(page, "shed-07", "present");
    expect(await page.evaluate("window.untouched")).toBe(true);
  });
});
