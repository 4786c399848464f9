/**
 * `device import`: many devices at once, out of a file as `device export` writes it: CSV with a
 * line of heads, or JSON. Columns that are not there are chosen as `device add` does.
 *
 * The whole file is read and checked, against itself and against the registry, before the first
 * device is enrolled: a file that is wrong in line 9 000 changes nothing. What lost: one request
 * with everything in it, whose answer would be the only sign of life for a minute.
 */

import { extname } from "node:path";
import { type Command, Option } from "commander";
import { BadInput, readNewDevice } from "../http/schema.ts";
import {
  counted,
  readGiven,
  type Streams,
  Usage,
  type WhereOptions,
  withDevices,
  withWhere,
} from "./common.ts";
import { readCsv } from "./csv.ts";
import type { DeviceJson, Devices, NewDeviceJson } from "./devices.ts";
import { Failed } from "./errors.ts";
import { Progress } from "./progress.ts";

interface Options extends WhereOptions {
  readonly format?: "csv" | "json";
  readonly skipExisting?: boolean;
}

/** A device of the file, and where it stands there. */
interface Entry {
  readonly place: string;
  readonly device: NewDeviceJson;
}

const COLUMNS = ["id", "name", "site", "labels", "suite", "key"] as const;
/** Enrolled at once: they share a write to the disk. */
const AT_ONCE = 64;
const SHOWN = 5;

export function addDeviceImport(parent: Command, streams: Streams): void {
  const command = parent
    .command("import <file>")
    .description("enrol the devices of a CSV or JSON file, as export writes them")
    .addOption(
      new Option("--format <format>", "csv or json (default: by the file's name)").choices([
        "csv",
        "json",
      ]),
    )
    .option("--skip-existing", "leave out those whose id and name are enrolled already");
  withWhere(command).action(async (file: string, options: Options) => {
    const json = (options.format ?? extname(file).slice(1).toLowerCase()) === "json";
    const text = readGiven("FILE", file);
    const entries = json ? fromJson(text, file) : fromCsv(text, file);
    checkAlone(entries);
    const progress = new Progress(streams);
    const told = await withDevices(options, true, async (devices) => {
      const wanted = missing(entries, await devices.list({}), options.skipExisting ?? false);
      await enrol(wanted, devices, progress);
      return { file, enrolled: wanted.length, skipped: entries.length - wanted.length };
    });
    const skipped = told.skipped > 0 ? `, ${told.skipped} were there` : "";
    streams.out(
      options.json ? `${JSON.stringify(told)}\n` : `${counted(told.enrolled)} enrolled${skipped}\n`,
    );
  });
}

function fromCsv(text: string, file: string): Entry[] {
  const [heads, ...rows] = readCsv(text, file);
  if (heads === undefined) throw new Usage(`${file}: expected a line of heads: ${COLUMNS.join()}`);
  const unknown = heads.cells.find((head) => !(COLUMNS as readonly string[]).includes(head));
  if (unknown !== undefined || !heads.cells.includes("name")) {
    const given = unknown === undefined ? "no column name" : JSON.stringify(unknown);
    throw new Usage(`${file}:1: given ${given}, expected of ${COLUMNS.join()} name at least`);
  }
  const twice = heads.cells.find((head, at) => heads.cells.indexOf(head) < at);
  if (twice !== undefined) throw new Usage(`${file}:1: column ${twice} stands there twice`);
  return rows.map(({ line, cells }) => {
    const place = `${file}:${line}`;
    if (cells.length !== heads.cells.length) {
      const counts = `${cells.length} cells, expected ${heads.cells.length}`;
      throw new Usage(`${place}: given ${counts}`);
    }
    // An empty cell says nothing.
    const pairs = heads.cells.map((head, at) => [head, cells[at]!] as const);
    const { labels, ...words } = Object.fromEntries(pairs.filter(([, cell]) => cell !== ""));
    return checked(place, { ...words, ...(labels !== undefined && { labels: split(labels) }) });
  });
}

/** At `;`, but for one behind a backslash. */
function split(labels: string): string[] {
  const found = labels.match(/(\\.|[^\\;])+/g) ?? [];
  return found.map((label) => label.replace(/\\(.)/g, "$1"));
}

function fromJson(text: string, file: string): Entry[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new Usage(`${file}: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw new Usage(`${file}: expected a list of devices: [{...}, ...]`);
  return list.map((given, at) => {
    // Export has the key of suite 0, which is none.
    const { key, ...words } = given ?? {};
    const device = key === undefined || key === "" ? words : { ...words, key };
    return checked(`${file}: device ${at + 1}`, device);
  });
}

function checked(place: string, given: unknown): Entry {
  try {
    readNewDevice(given);
    return { place, device: given as NewDeviceJson };
  } catch (error) {
    throw error instanceof BadInput ? new Usage(`${place}: ${error.message}`) : error;
  }
}

/** No two of the file may want the same. */
function checkAlone(entries: readonly Entry[]): void {
  for (const field of ["id", "name", "key"] as const) {
    const seen = new Map<string, string>();
    for (const { place, device } of entries) {
      const value = field === "id" ? idOf(device.id) : device[field];
      if (value === undefined || value === "") continue;
      const before = seen.get(value);
      const what = field === "key" ? "this key" : `the ${field} ${value}`;
      if (before !== undefined) throw new Usage(`${place}: ${what} stands at ${before} as well`);
      seen.set(value, place);
    }
  }
}

/** What is not enrolled yet; refuses what is there under another id or name. */
function missing(entries: Entry[], there: readonly DeviceJson[], skip: boolean): Entry[] {
  const byId = new Map(there.map((device) => [device.id, device]));
  const byName = new Map(there.map((device) => [device.name, device]));
  const taken: string[] = [];
  const wanted = entries.filter(({ place, device }) => {
    const id = idOf(device.id);
    const other = byName.get(device.name) ?? (id === undefined ? undefined : byId.get(id));
    if (other === undefined) return true;
    const same = other.name === device.name && (id === undefined || id === other.id);
    if (!(skip && same)) taken.push(`${place}: ${other.id} ${other.name} is enrolled`);
    return false;
  });
  if (taken.length === 0) return wanted;
  const more = taken.length > SHOWN ? `; and ${taken.length - SHOWN} more` : "";
  throw new Failed(`${taken.slice(0, SHOWN).join("; ")}${more} (--skip-existing); none was taken`);
}

function idOf(id: string | undefined): string | undefined {
  return id === undefined || id === "" ? undefined : id.toLowerCase().padStart(6, "0");
}

async function enrol(
  entries: readonly Entry[],
  devices: Devices,
  progress: Progress,
): Promise<void> {
  // Ids that are given first: those that are chosen must not take them.
  const order = [...entries].sort(
    (a, b) => Number(a.device.id === undefined) - Number(b.device.id === undefined),
  );
  for (let at = 0; at < order.length; at += AT_ONCE) {
    const some = order.slice(at, at + AT_ONCE);
    const came = await Promise.allSettled(some.map(({ device }) => devices.add(device)));
    const failed = came.findIndex(({ status }) => status === "rejected");
    if (failed >= 0) {
      const why = (came[failed] as PromiseRejectedResult).reason as Error;
      const done = at + came.filter(({ status }) => status === "fulfilled").length;
      const rest = `${done} of ${order.length} were enrolled; --skip-existing goes on`;
      throw new Failed(`${some[failed]!.place}: ${why.message} (${rest})`);
    }
    progress.say(() => `${at + some.length} of ${order.length} devices`);
  }
}
