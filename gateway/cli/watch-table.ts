/**
 * The table of `watch`, as lines of text for a terminal of a given size: a pure function of what is
 * known, so that tests read what a person would.
 */

import { span } from "../durations.ts";
import { STATUSES, type Status } from "../facts.ts";
import type { DeviceJson } from "../http/answers.ts";

export const ORDERS = ["attention", "name", "due", "battery", "signal"] as const;
export type Order = (typeof ORDERS)[number];

export interface Watched {
  readonly devices: readonly DeviceJson[];
  /** The gateway's instant, unix ms. */
  readonly now: number;
  readonly gateway: string;
  readonly order: Order;
  /** Text that a name, site, label or id must have; "": all. */
  readonly filter: string;
  /** The first row shown. */
  readonly top: number;
  /** Since when there is no contact, unix ms; undefined: there is. */
  readonly lostAt: number | undefined;
  /** Why the gateway could not hear now; "": it can. */
  readonly deaf: string;
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
}

const COLOURS: Readonly<Record<Status, number>> = {
  present: 32,
  late: 33,
  absent: 31,
  left: 34,
  unknown: 90,
};
/** Shapes too: not everybody sees colours, and not every terminal has them. */
const MARKS: Readonly<Record<Status, string>> = {
  present: "*",
  late: "!",
  absent: "X",
  left: ">",
  unknown: "?",
};
/** Heading, and from how many columns on it is shown. */
const HEADS = [
  ["", 0],
  ["NAME", 0],
  ["STATUS", 0],
  ["NEXT DUE", 0],
  ["SITE", 70],
  ["BATTERY", 76],
  ["SIGNAL", 80],
  ["LOSS", 90],
  ["CMDS", 100],
  ["CAUSE", 50],
] as const;
/** Who gives way to the others, the first one first: place in HEADS, and what it keeps. */
const YIELDING = [
  [4, 8],
  [1, 12],
] as const;
const KEYS = "s sort  / filter  arrows scroll  q quit";
/** Heading, counts, and the line of keys. */
const AROUND = 4;

/** How many devices a terminal shows at once. */
export function roomOf(rows: number): number {
  return Math.max(1, rows - AROUND);
}

/** Those that fit the filter, in their order. */
export function chosen({ devices, filter, order }: Watched): DeviceJson[] {
  const text = filter.toLowerCase();
  const fits = ({ id, name, site, labels }: DeviceJson) =>
    [id, name, site, ...labels].some((word) => word.toLowerCase().includes(text));
  return devices
    .filter((device) => text === "" || fits(device))
    .sort((a, b) => FIRST[order](a, b) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}

const rank = ({ status }: DeviceJson) =>
  ["absent", "late", "present", "unknown", "left"].indexOf(status);
const dueAt = ({ dueAt }: DeviceJson) => (dueAt === null ? Infinity : Date.parse(dueAt));
const charge = ({ battery }: DeviceJson) =>
  battery === null ? 102 : battery === "external" ? 101 : battery;

const FIRST: Readonly<Record<Order, (a: DeviceJson, b: DeviceJson) => number>> = {
  attention: (a, b) => rank(a) - rank(b),
  name: () => 0,
  due: (a, b) => (dueAt(a) === dueAt(b) ? 0 : dueAt(a) - dueAt(b)),
  battery: (a, b) => charge(a) - charge(b),
  signal: (a, b) => (a.signal ?? 0) - (b.signal ?? 0),
};

/** The whole screen, a string a line, none wider than the terminal. */
export function screen(watched: Watched): string[] {
  const { columns, rows, colours, order, filter, top } = watched;
  const all = chosen(watched);
  const room = roomOf(rows);
  const shown = all.slice(top, top + room);
  const heads = HEADS.map(([, least], at) => [at, least] as const)
    .filter(([, least]) => columns >= least)
    .map(([at]) => at);
  const cells = shown.map((device) => cellsOf(device, watched.now));
  const table = [HEADS.map(([head]) => head), ...cells];
  const widths = HEADS.map((_, at) => Math.max(...table.map((row) => row[at]!.length)));
  for (const [at, least] of YIELDING) widths[at] = yielded(at, least, heads, widths, columns);
  const line = (row: readonly string[]) =>
    heads.map((at) => fitted(row[at]!, widths[at]!)).join("  ");
  const paint = (text: string, code: number) =>
    colours ? `\u001b[${code}m${cut(text, columns)}\u001b[0m` : cut(text, columns);
  const more =
    all.length > shown.length ? `  ${top + 1}-${top + shown.length} of ${all.length}` : "";
  const asked = `by ${order}${filter === "" ? "" : `, with "${filter}"`}`;
  return [
    paint(summary(watched), watched.lostAt === undefined && watched.deaf === "" ? 1 : 31),
    cut(`${asked}${more}`, columns),
    paint(line(HEADS.map(([head]) => head)), 90),
    ...shown.map((device, at) => paint(line(cells[at]!), COLOURS[device.status])),
    ...Array.from({ length: Math.max(0, room - shown.length) }, (_, at) =>
      at === 0 && shown.length === 0 ? cut(nobody(watched), columns) : "",
    ),
    paint(KEYS, 90),
  ];
}

/** How wide a column may be, so that all of those that are shown have their place. */
function yielded(
  at: number,
  least: number,
  heads: readonly number[],
  widths: readonly number[],
  columns: number,
): number {
  const all = heads.reduce((sum, head) => sum + 2 + widths[head]!, -2);
  return Math.min(widths[at]!, Math.max(least, widths[at]! - (all - columns)));
}

function fitted(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

/** Why the table is empty, and what fills it. */
function nobody({ devices, filter }: Watched): string {
  if (devices.length > 0) return `   none of ${devices.length} has "${filter}"; / filters anew`;
  return "   nobody is enrolled: nextbeat device add NAME";
}

function cut(text: string, columns: number): string {
  return text.trimEnd().slice(0, columns);
}

function summary({ devices, gateway, now, lostAt, deaf }: Watched): string {
  const counts = STATUSES.map((status) => {
    const count = devices.filter((device) => device.status === status).length;
    return count === 0 ? "" : `${count} ${status}`;
  });
  const fleet = counts.filter(Boolean).join(", ") || "no devices";
  if (lostAt !== undefined)
    return `${gateway}: no contact for ${span(now - lostAt)}; last: ${fleet}`;
  return `${gateway}: ${fleet}${deaf === "" ? "" : `; the gateway is deaf (${deaf})`}`;
}

function cellsOf(device: DeviceJson, now: number): string[] {
  const { status, battery, signal, lossUp, waiting, cause } = device;
  const quiet = status === "present" && !device.alert;
  return [
    MARKS[status],
    device.alert ? `${device.name} (alert)` : device.name,
    status,
    due(device, now),
    device.site || "-",
    battery === "external" ? "mains" : battery === null ? "-" : `${battery} %`,
    signal === null ? "-" : `${signal} dBm`,
    lossUp === null ? "-" : `${(lossUp * 100).toFixed(1)} %`,
    waiting === 0 ? "-" : `${waiting}`,
    quiet || cause === null ? "" : cause.replaceAll("-", " "),
  ];
}

function due({ status, dueAt, seenAt }: DeviceJson, now: number): string {
  if (seenAt === null || dueAt === null) return "-";
  if (status === "left") return "never";
  const ms = Date.parse(dueAt) - now;
  return ms >= 0 ? `in ${span(Math.ceil(ms / 1_000) * 1_000)}` : `${span(-ms)} over`;
}
