/**
 * `device rekey`: another key, because somebody may have the old one, or because the board takes
 * another suite. The board must be flashed anew; until then its beats are refused.
 */

import type { Command } from "commander";
import { type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";

interface Options extends WhereOptions {
  readonly suite?: string;
  readonly key?: string;
}

export function addDeviceRekey(parent: Command, streams: Streams): void {
  const command = parent
    .command("rekey <id>")
    .description("give a device another key; its record begins anew, and its board is flashed anew")
    .option("--suite <suite>", "another suite as well: 1 hmac-sha256-64, 2 chaskey12-64, 0 crc16")
    .option("--key <hex>", "32 hex digits (default: random)");
  withWhere(command).action(async (given: string, options: Options) => {
    const { suite, key } = options;
    const device = await withDevices(options, false, (devices) =>
      devices.rekey(given, { suite, key }),
    );
    if (options.json) streams.out(`${JSON.stringify(device)}\n`);
    else streams.out(`id   ${device.id}\nkey  ${device.key || "none (suite 0)"}\n`);
  });
}
