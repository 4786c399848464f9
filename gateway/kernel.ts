/**
 * What Linux tells about the machine and about our sockets, in /proc and /sys. Elsewhere, and in a
 * container that hides them, each answer is `undefined`, and whoever asks does without: that is why
 * these are small files read with `node:fs`, and no native module.
 *
 * What is read each second, or before each verdict, is cheap (measured: 30 to 50 us a file of
 * counters, 160 us the table of sockets).
 */

import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";

/** One start of the machine. */
export interface Boot {
  /** Another one at each start of the machine. */
  readonly id: string;
  /** Ms since that start, suspended time included. */
  readonly ms: number;
  /** Whether the wall clock went on while the machine was off, or was set right since. */
  readonly clockKept: boolean;
}

/** A file of /proc or /sys; undefined: there is none. Tests hand in their own. */
export type Read = (path: string) => string | undefined;

export const read: Read = (path) => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
};

/** Ms since the machine started, suspended time included (CLOCK_BOOTTIME). */
export function uptimeMs(from: Read = read): number | undefined {
  const seconds = Number.parseFloat(from("/proc/uptime") ?? "");
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/**
 * The start of the machine that this process belongs to. A wall clock is good over a restart of the
 * machine where there is a real-time clock, or where systemd's time client has set it since; a
 * board without either goes on with the time at which it was switched off.
 */
export function thisBoot(from: Read = read): Boot | undefined {
  const id = from("/proc/sys/kernel/random/boot_id")?.trim().replaceAll("-", "");
  const ms = uptimeMs(from);
  if (ms === undefined || id === undefined || !/^[0-9a-f]{32}$/.test(id)) return undefined;
  const clockKept =
    from("/sys/class/rtc/rtc0/name") !== undefined ||
    existsSync("/run/systemd/timesync/synchronized");
  // In a container the file may count from the container's start; the monotonic clock does not.
  return { id, ms: Math.max(ms, Number(process.hrtime.bigint() / 1_000_000n)), clockKept };
}

/**
 * Datagrams that were lost since the machine started because some socket's buffer, or the memory of
 * all, was full. Bad checksums are not among them: who sends those must not make us deaf.
 */
export function bufferErrors(from: Read = read): number | undefined {
  const lines = (from("/proc/net/snmp") ?? "").split("\n").filter((line) => /^Udp: /.test(line));
  const [names, values] = lines.map((line) => line.split(" "));
  if (names === undefined || values === undefined) return undefined;
  const named = (name: string) => Number(values[names.indexOf(name)] ?? 0);
  let sum = named("RcvbufErrors") + named("MemErrors");
  const six = from("/proc/net/snmp6") ?? "";
  for (const [, value] of six.matchAll(/^Udp6(?:RcvbufErrors|MemErrors)\s+(\d+)/gm)) {
    sum += Number(value);
  }
  return sum;
}

/** Inodes of the sockets of this process. */
export function socketInodes(folder = "/proc/self/fd"): Set<string> {
  const found = new Set<string>();
  try {
    for (const fd of readdirSync(folder)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1];
      if (inode !== undefined) found.add(inode);
    }
  } catch {}
  return found;
}

/** Datagrams dropped by our sockets on a port, ever; undefined: none of them is listed. */
export function socketDrops(
  port: number,
  inodes: ReadonlySet<string>,
  from: Read = read,
): number | undefined {
  let sum: number | undefined;
  for (const file of ["/proc/net/udp", "/proc/net/udp6"]) {
    for (const line of (from(file) ?? "").split("\n").slice(1)) {
      //  sl  local_address rem_address st queues timer retrnsmt uid timeout inode ref pointer drops
      const words = line.trim().split(/\s+/);
      if (Number.parseInt(words[1]?.split(":")[1] ?? "", 16) !== port) continue;
      if (inodes.has(words[9] ?? "")) sum = (sum ?? 0) + Number(words[12]);
    }
  }
  return sum;
}

/** What stands between us and the boards. */
export interface Interface {
  readonly name: string;
  readonly internal: boolean;
  readonly addresses: readonly string[];
  /** A device of the machine, or built on one; no bridge of containers, and no tunnel. */
  readonly physical: boolean;
}

/** Interfaces that are up, have a carrier and an address: the system lists no others. */
export function interfacesUp(): Interface[] | undefined {
  try {
    return Object.entries(networkInterfaces()).map(([name, list = []]) => ({
      name,
      internal: list.every(({ internal }) => internal),
      addresses: list.map(({ address }) => address),
      physical: isPhysical(name),
    }));
  } catch {
    return undefined;
  }
}

/** Whether an interface is the machine's own. @param depth of a VLAN on a bond on a bridge */
export function isPhysical(name: string, folder = "/sys/class/net", depth = 3): boolean {
  if (existsSync(`${folder}/${name}/device`)) return true;
  if (depth === 0) return false;
  try {
    const below = readdirSync(`${folder}/${name}`).filter((file) => file.startsWith("lower_"));
    return below.some((file) => isPhysical(file.slice("lower_".length), folder, depth - 1));
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
