// What Linux writes in /proc, as it writes it; and what is made of a file that is not there.

import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import * as kernel from "../gateway/kernel.ts";

const files = (of: Record<string, string>) => (path: string) => of[path];
const nothing = files({});

const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  330: 00000000:1C3B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 17
  331: 0100007F:1C3B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4243 2 0000000000000000 900
  411: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4244 2 0000000000000000 5
`;
const UDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  330: 00000000000000000000000000000000:1C3B 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4245 2 0000000000000000 3
`;

it("adds up the drops of our own sockets on our port, of both families", () => {
  const read = files({ "/proc/net/udp": UDP, "/proc/net/udp6": UDP6 });
  expect(kernel.socketDrops(7227, new Set(["4242", "4245"]), read)).toBe(20);
  expect(kernel.socketDrops(7227, new Set(["4242", "4244"]), read)).toBe(17);
  expect(kernel.socketDrops(7227, new Set(["1"]), read)).toBeUndefined();
  expect(kernel.socketDrops(7227, new Set(["4242"]), nothing)).toBeUndefined();
});

it("counts what no buffer held, and not what had a bad checksum", () => {
  const snmp = `Ip: Forwarding DefaultTTL
Ip: 1 64
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 65247037 1651758 2037181 69013134 2037 7 99 1 4
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: 0 0 0 0 1000000 0 0 0 0
`;
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
