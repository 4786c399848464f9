/** `device rm`: a device and all that is known of it go; its key stays refused. */

import type { Command } from "commander";
import { type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";

export function addDeviceRm(parent: Command, streams: Streams): void {
  const command = parent
    .command("rm <id>")
    .description("remove a device; ID is six hex digits or its name");
  withWhere(command).action(async (given: string, options: WhereOptions) => {
    const { id, name } = await withDevices(options, false, async (devices) => {
      const device = await devices.show(given);
      await devices.remove(device.id);
      return device;
    });
    if (options.json) streams.out(`${JSON.stringify({ id, name })}\n`);
    else streams.out(`removed ${id} ${name}\n`);
  });
}
