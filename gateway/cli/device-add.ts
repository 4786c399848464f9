/** `device add`: enrols a device, and prints its id and key. The key is shown this once. */

import type { Command } from "commander";
import { type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import { checkNew } from "./devices.ts";
import { gather } from "./words.ts";

interface Options extends WhereOptions {
  readonly id?: string;
  readonly suite?: string;
  readonly key?: string;
  readonly site?: string;
  readonly label?: string[];
}

export function addDeviceAdd(parent: Command, streams: Streams): void {
  const command = parent
    .command("add <name>")
    .description("enrol a device; prints its id and key, once")
    .option("--id <id>", "1 to 6 hex digits (default: the next free one)")
    .option("--suite <suite>", "1 hmac-sha256-64 (default), 2 chaskey12-64, 0 crc16: no security")
    .option("--key <hex>", "32 hex digits (default: random)")
    .option("--site <site>", "where it stands")
    .option("--label <label>", "a word of yours; may be given again", gather);
  withWhere(command).action(async (name: string, options: Options) => {
    const { id, suite, key, site, label: labels } = options;
    const device = { name, id, suite, key, site, labels };
    checkNew(device);
    const added = await withDevices(options, true, (devices) => devices.add(device));
    if (options.json) streams.out(`${JSON.stringify(added)}\n`);
    else streams.out(`id   ${added.id}\nkey  ${added.key || "none (suite 0)"}\n`);
  });
}
