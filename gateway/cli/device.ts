/** `device`: the registry. One file a command. */

import type { Command } from "commander";
import type { Streams } from "./common.ts";
import { addDeviceAdd } from "./device-add.ts";
import { addDeviceBundle } from "./device-bundle.ts";
import { addDeviceExport } from "./device-export.ts";
import { addDeviceImport } from "./device-import.ts";
import { addDeviceLs } from "./device-ls.ts";
import { addDeviceRekey } from "./device-rekey.ts";
import { addDeviceRm } from "./device-rm.ts";
import { addDeviceSet } from "./device-set.ts";
import { addDeviceShow } from "./device-show.ts";

export function addDevice(program: Command, streams: Streams): void {
  const device = program
    .command("device")
    .description("enrol, list, show, change, remove; make bundles");
  for (const add of [addDeviceAdd, addDeviceLs, addDeviceShow, addDeviceRm]) add(device, streams);
  for (const add of [addDeviceSet, addDeviceRekey, addDeviceImport]) add(device, streams);
  for (const add of [addDeviceExport, addDeviceBundle]) add(device, streams);
}
