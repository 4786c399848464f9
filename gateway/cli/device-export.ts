/**
 * `device export`: the registry as CSV or JSON, for a spreadsheet or another gateway. Keys are in
 * it only where they were asked for: whoever has a key can speak for the board.
 *
 * In CSV labels stand in one cell with `;` between them, and a backslash before a `;` that is part
 * of one. A column a label lost: nobody knows beforehand how many there are.
 */

import { type Command, Option } from "commander";
import { counted, type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import type { DeviceJson, Devices } from "./devices.ts";
import { writePrivate } from "./private.ts";
import { Progress } from "./progress.ts";

interface Options extends WhereOptions {
  readonly format?: "csv" | "json";
  readonly keys?: boolean;
  readonly output?: string;
}

interface Exported {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly labels: readonly string[];
  readonly suite: number;
  /** Hex. */
  readonly key?: string;
}

/** Keys that are asked for at once. */
const AT_ONCE = 16;

export function addDeviceExport(parent: Command, streams: Streams): void {
  const command = parent
    .command("export")
    .description("print all devices as CSV or JSON")
    .addOption(
      new Option("--format <format>", "csv, the default, or json").choices(["csv", "json"]),
    )
    .option("--keys", "with the keys: keep the result as safe as them")
    .option("-o, --output <file>", "write into this file, which its owner alone can read");
  withWhere(command).action(async (options: Options) => {
    const progress = new Progress(streams);
    const found = await withDevices(options, false, (devices) =>
      gathered(devices, options.keys ?? false, progress),
    );
    const asJson = options.json || options.format === "json";
    const text = asJson ? `${JSON.stringify(found)}\n` : csv(found, options.keys ?? false);
    if (options.output === undefined) {
      streams.out(text);
      return;
    }
    writePrivate(options.output, text, "utf8");
    const told = { file: options.output, devices: found.length };
    streams.out(options.json ? `${JSON.stringify(told)}\n` : `${counted(found.length)} written\n`);
  });
}

async function gathered(devices: Devices, keys: boolean, progress: Progress): Promise<Exported[]> {
  const all = (await devices.list({})).map(wordsOf);
  if (!keys) return all;
  const found: Exported[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const their = await Promise.all(some.map(({ id }) => devices.key(id)));
    found.push(...some.map((device, n) => ({ ...device, key: their[n]!.key })));
    progress.say(() => `${found.length} of ${all.length} keys`);
  }
  return found;
}

function wordsOf({ id, name, site, labels, suite }: DeviceJson): Exported {
  return { id, name, site, labels, suite };
}

function csv(devices: readonly Exported[], keys: boolean): string {
  const heads = ["id", "name", "site", "labels", "suite", ...(keys ? ["key"] : [])];
  const rows = devices.map(({ id, name, site, labels, suite, key }) => [
    ...[id, name, site, labels.map(escaped).join(";"), `${suite}`, ...(keys ? [key ?? ""] : [])],
  ]);
  return [heads, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function escaped(label: string): string {
  return label.replace(/[\\;]/g, "\\$&");
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
