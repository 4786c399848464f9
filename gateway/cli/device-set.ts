/** `device set`: another name, site or labels. What is not said stays. */

import { type Command, Option } from "commander";
import { type Streams, Usage, type WhereOptions, withDevices, withWhere } from "./common.ts";
import { gather } from "./words.ts";

interface Options extends WhereOptions {
  readonly name?: string;
  readonly site?: string;
  readonly label?: string[];
  /** False: `--no-labels`. */
  readonly labels: boolean;
}

export function addDeviceSet(parent: Command, streams: Streams): void {
  const command = parent
    .command("set <id>")
    .description("change the name, the site or the labels of a device")
    .option("--name <name>", "its new name")
    .option("--site <site>", 'where it stands; "" for nowhere')
    .option("--label <label>", "its labels from now on; may be given again", gather)
    .addOption(new Option("--no-labels", "take all labels away").conflicts("label"));
  withWhere(command).action(async (id: string, options: Options) => {
    const { name, site, label, labels } = options;
    const words = {
      ...(name !== undefined && { name }),
      ...(site !== undefined && { site }),
      ...((label !== undefined || !labels) && { labels: label ?? [] }),
    };
    if (Object.keys(words).length === 0) {
      throw new Usage("device set: expected --name, --site, --label or --no-labels");
    }
    const device = await withDevices(options, false, (devices) => devices.amend(id, words));
    if (options.json) streams.out(`${JSON.stringify(device)}\n`);
    else {
      const marks = device.labels.length === 0 ? "no labels" : device.labels.join(", ");
      streams.out(`${device.id} ${device.name}, ${device.site || "no site"}, ${marks}\n`);
    }
  });
}
