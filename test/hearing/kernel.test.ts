// What Linux writes in /proc, as it writes it; and what is made of a file that is not there.

import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../gateway/clock.ts";
import * as kernel from "../../gateway/kernel.ts";

const files = (of: Record<string, string>) => (path: string) => of[path];
const nothing = files({});

/** A line of /proc/net/udp. */
const line = (address: string, port: string, inode: number, drops: number): string =>
  [
    `  330: ${address}:${port} ${address}:0000 07 00000000:00000000 00:00000000 00000000`,
    `     0        0 ${inode} 2 0000000000000000 ${drops}`,
  ].join("");
const HEAD = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt  ...";
const UDP = [
  HEAD,
  line("00000000", "1C3B", 4242, 17),
  line("0100007F", "1C3B", 4243, 900),
  line("00000000", "14E9", 4244, 5),
  "",
].join("\n");
const UDP6 = [HEAD, line("0".repeat(32), "1C3B", 4245, 3), ""].join("\n");

it("adds up the drops of our own sockets on our port, of both families", () => {
  const read = files({ "/proc/net/udp": UDP, "/proc/net/udp6": UDP6 });
  expect(kernel.socketDrops(7227, new Set(["4242", "4245"]), read)).toBe(20);
  expect(kernel.socketDrops(7227, new Set(["4242", "4244"]), read)).toBe(17);
  expect(kernel.socketDrops(7227, new Set(["1"]), read)).toBeUndefined();
  expect(kernel.socketDrops(7227, new Set(["4242"]), nothing)).toBeUndefined();
});

it("counts what no buffer held, and not what had a bad checksum", () => {
  const names = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors";
  const snmp = [
    "Ip: Forwarding DefaultTTL",
    "Ip: 1 64",
    `Udp: ${names} InCsumErrors IgnoredMulti MemErrors`,
    "Udp: 65247037 1651758 2037181 69013134 2037 7 99 1 4",
    `UdpLite: ${names} InCsumErrors IgnoredMulti MemErrors`,
    "UdpLite: 0 0 0 0 1000000 0 0 0 0",
    "",
  ].join("\n");
  const snmp6 = "Udp6InCsumErrors \t50\nUdp6RcvbufErrors                \t30\nUdp6MemErrors \t2\n";
  const read = files({ "/proc/net/snmp": snmp, "/proc/net/snmp6": snmp6 });
  expect(kernel.bufferErrors(read)).toBe(2_037 + 4 + 30 + 2);
  expect(kernel.bufferErrors(files({ "/proc/net/snmp": snmp }))).toBe(2_041);
  expect(kernel.bufferErrors(nothing)).toBeUndefined();
});

it("knows the start of the machine, and whether the wall clock outlives one", () => {
  const id = "45672271-e8b8-4ae5-825c-3ff6233ab521";
  // Further than any machine's monotonic clock, which counts where a container's file does not.
  const boot = {
    "/proc/uptime": "9000000000.50 1.00\n",
    "/proc/sys/kernel/random/boot_id": `${id}\n`,
  };
  expect(kernel.thisBoot(files(boot))).toMatchObject({
    id: id.replaceAll("-", ""),
    ms: 9_000_000_000_500,
  });
  const clock = { ...boot, "/sys/class/rtc/rtc0/name": "rtc_cmos\n" };
  expect(kernel.thisBoot(files(clock))).toMatchObject({ clockKept: true });
  expect(kernel.thisBoot(files({ ...boot, "/proc/uptime": "" }))).toBeUndefined();
  expect(kernel.thisBoot(nothing)).toBeUndefined();
});

it.runIf(existsSync("/proc/net/udp"))("finds a socket of this process here and now", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound));
  const inodes = kernel.socketInodes();
  expect(kernel.socketDrops(socket.address().port, inodes)).toBe(0);
  await new Promise<void>((closed) => socket.close(closed));
  expect(kernel.bufferErrors()).toBeGreaterThanOrEqual(0);
  expect(kernel.uptimeMs()).toBeGreaterThan(0);
});

it("takes a bridge for the machine's own where it stands on something that is", () => {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-net-"));
  const made = (name: string, below: string) =>
    mkdirSync(join(folder, name, below), { recursive: true });
  made("eth0", "device");
  made("bond0", "lower_eth0");
  made("bond0.7", "lower_bond0");
  made("br0", "lower_bond0.7");
  made("br1", "lower_br0");
  made("docker0", "lower_veth12");
  made("veth12", "statistics");
  const physical = (name: string) => kernel.isPhysical(name, folder);
  expect(["eth0", "bond0", "bond0.7", "br0"].map(physical)).toEqual([true, true, true, true]);
  expect(["br1", "docker0", "veth12", "wg0"].map(physical)).toEqual([false, false, false, false]);
  rmSync(folder, { recursive: true });
});

it("puts our clock forward over a sleep, with the wall clock and the machine's beside it", () => {
  const clock = systemClock(0);
  const [now, boot] = [clock.now(), clock.boot?.()];
  clock.skip?.(3_600_000);
  expect(clock.now() - now).toBeGreaterThanOrEqual(3_600_000);
  expect(clock.now() - now).toBeLessThan(3_601_000);
  expect(Math.abs(clock.wallAt(clock.now()) - Date.now())).toBeLessThan(1_000);
  if (boot) expect(clock.boot!()!.ms - boot.ms).toBeGreaterThanOrEqual(3_600_000);
});
