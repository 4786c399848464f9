/** `device show`: one device, a fact a line. */

import type { Command } from "commander";
import { ago, span } from "../durations.ts";
import { columns, type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import type { DeviceJson } from "./devices.ts";

const SUITES = ["crc16 (no security)", "hmac-sha256-64", "chaskey12-64"];
const REACHES = ["awake", "light sleep", "deep sleep"];

export function addDeviceShow(parent: Command, streams: Streams): void {
  const command = parent
    .command("show <id>")
    .description("show one device; ID is six hex digits or its name");
  withWhere(command).action(async (id: string, options: WhereOptions) => {
    const device = await withDevices(options, false, (devices) => devices.show(id));
    if (options.json) streams.out(`${JSON.stringify(device)}\n`);
    else streams.out(columns(facts(device, Date.now())));
  });
}

function facts(device: DeviceJson, now: number): string[][] {
  const instant = (at: string | null) =>
    at === null ? "-" : `${at} (${ago(now - Date.parse(at))})`;
  return [
    ["id", device.id],
    ["name", device.name],
    ["site", device.site || "-"],
    ["labels", device.labels.join(", ") || "-"],
    ["suite", `${device.suite} ${SUITES[device.suite]}`],
    ["status", device.status],
    ["cause", device.cause ?? "-"],
    ["changes", `${device.tseq}`],
    ["seen", instant(device.seenAt)],
    ["due", instant(device.dueAt)],
    ["deadline", instant(device.deadlineAt)],
    ["promise", device.promiseMs === null ? "-" : span(device.promiseMs)],
    ["reach", device.reach === null ? "-" : (REACHES[device.reach] ?? "-")],
    ["path", device.address === null ? "-" : `${device.transport} ${device.address}`],
    ["epoch, seq", `${device.epoch}, ${device.seq}`],
    [
      "battery",
      typeof device.battery === "number" ? `${device.battery} %` : `${device.battery ?? "-"}`,
    ],
    ["signal", device.signal === null ? "-" : `${device.signal} dBm`],
    ["alert", device.alert ? "yes" : "no"],
    ...(device.clashes > 0 ? [["clashes", `${device.clashes}, ${instant(device.clashAt)}`]] : []),
  ];
}
