/**
 * The panel of a device on the dashboard, in a real browser on a real gateway: its past, commands
 * and what came of them, and whom its silence is told.
 */

import { expect, it } from "vitest";
import { EXT_TIMES, encodeExtension } from "../../device/extensions.ts";
import { intervalCode } from "../../device/interval.ts";
import { P_HOUR } from "../gateway/gateway-rig.ts";
import { eventually, farm, inChromium, opened, P_SHORT, panelOf, rowOf } from "./dashboard-rig.ts";

const BATTERY_70_SIGNAL_74 = 0x73;
const ROUND_TRIP = encodeExtension(EXT_TIMES, `\x20${String.fromCharCode(intervalCode(230))}`);
const WEEK_MS = 604_800_000;
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
    const told = shed.beat({ vitals: BATTERY_70_SIGNAL_74, promise: P_HOUR, ext: ROUND_TRIP });
    socket.send(told, port);
    await socket.next((frame) => shed.ackOf(frame, told));
    const panel = await panelOf(page, "shed-07");
    const plots = panel.getByRole("figure").getByRole("img");
    const labels = () => plots.evaluateAll((all) => all.map((e) => e.getAttribute("aria-label")));
    await eventually(labels).toEqual([
      "Battery: 70\u00a0%",
      "Signal: −74\u00a0dBm",
      "Round trip: 230\u00a0ms",
      "Loss: 0\u00a0%",
    ]);
    const bar = (words: string) => panel.getByRole("img", { name: words }).waitFor();
    await bar("last 24 hours: 2 beats heard, 0 missed");
    await panel.getByRole("combobox", { name: "Range" }).selectOption("last 7 days");
    await bar("last 7 days: 2 beats heard");
    const changes = panel.getByRole("listitem").filter({ has: page.getByRole("time") });
    expect(await changes.count()).toBe(1);
  });

  it("tells a death while it is looked at: the sentence, why, and each change", async () => {
    const { shed, socket, url, port } = await farm();
    const page = await opened(url, 3);
    const panel = await panelOf(page, "shed-07");
    await panel.getByText(/^Last heard .* The next beat is promised within/).waitFor();
    await socket.beat(shed, port, P_SHORT);
    await panel.getByText(/^Absent: it should have been heard/).waitFor();
    await panel.getByRole("listitem").filter({ hasText: "shed-07 is absent since" }).waitFor();
    const changes = panel.getByRole("listitem").filter({ has: page.getByRole("time") });
    await eventually(() => changes.getByRole("paragraph").allTextContents()).toEqual([
      expect.stringMatching(/^late → absent: promise broken/),
      expect.stringMatching(/^present → late: promise broken/),
      expect.stringMatching(/^unknown → present: first beat/),
    ]);
    await panel.getByRole("definition").filter({ hasText: "absent, promise broken" }).waitFor();
  });

  it("spares people the notices of a device, and ends that", async () => {
    const { gateway, url } = await farm();
    const page = await opened(url, 3);
    const panel = await panelOf(page, "shed-07");
    const told = panel.getByText("People are told when it falls silent.", { exact: true });
    await told.waitFor();
    await panel.getByRole("button", { name: "Maintenance" }).click();
    await panel.getByText(/^Under maintenance until .*: nobody is told.$/).waitFor();
    const quiet = () => gateway.core.requests.quiets;
    expect(quiet()).toMatchObject([{ target: "device:0002bd", kind: "maintenance" }]);
    await panel.getByRole("button", { name: "Tell people again" }).click();
    await told.waitFor();
    expect(quiet()).toEqual([]);

    await panel.getByRole("combobox", { name: "For", exact: true }).selectOption("for 7 d");
    await panel.getByRole("button", { name: "Mute" }).click();
    await panel.getByText(/^Muted until .*: nobody is told.$/).waitFor();
    const [muted] = quiet();
    expect(muted).toMatchObject({ target: "device:0002bd", kind: "mute" });
    expect(muted!.untilAt! - muted!.fromAt).toBe(WEEK_MS);
    await panel.getByRole("button", { name: "Tell people again" }).click();
    await told.waitFor();
  });
});
