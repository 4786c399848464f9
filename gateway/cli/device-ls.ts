/** `device ls`: all devices, or those of a status, a site or a label. */

import { type Command, Option } from "commander";
import { ago } from "../durations.ts";
import { STATUSES } from "../facts.ts";
import { columns, type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import type { DeviceJson } from "./devices.ts";

interface Options extends WhereOptions {
  readonly status?: string;
  readonly site?: string;
  readonly label?: string;
}

const HEAD = ["ID", "NAME", "SITE", "STATUS", "CAUSE", "SEEN", "BATTERY", "SIGNAL", "ADDRESS"];

export function addDeviceLs(parent: Command, streams: Streams): void {
  const command = parent
    .command("ls")
    .description("list devices")
    .addOption(new Option("--status <status>", "only these").choices(STATUSES))
    .option("--site <site>", "only those of this site")
    .option("--label <label>", "only those with this label");
  withWhere(command).action(async (options: Options) => {
    const { status, site, label } = options;
    const found = await withDevices(options, false, (devices) =>
      devices.list({ status, site, label }),
    );
    if (options.json) streams.out(`${JSON.stringify(found)}\n`);
    else streams.out(columns([HEAD, ...found.map((device) => row(device, Date.now()))]));
  });
}

function row(device: DeviceJson, now: number): string[] {
  return [
    device.id,
    device.name,
    device.site || "-",
    device.status,
    device.cause ?? "-",
    device.seenAt === null ? "never" : ago(now - Date.parse(device.seenAt)),
    typeof device.battery === "number" ? `${device.battery} %` : (device.battery ?? "-"),
    device.signal === null ? "-" : `${device.signal} dBm`,
    device.address ?? "-",
  ];
}
