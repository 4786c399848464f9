/**
 * The world in virtual time at up to three sizes: events and beats a second of CPU, bytes a board,
 * with the real sender, the real gateway core, lossy links and a disk that takes its time.
 *
 * An event is one entry taken from the queue. Boards boot within a minute and settle for another
 * before the clock runs; nobody looks on, as in a run without checkers. Each size has a process of
 * its own, since what one leaves in the heap is paid by the next, with a young heap of 4 MB and an
 * old one that grows by a fifth before it is collected: the peak of memory is then that of the
 * boards. "peak" is the most memory that the process ever had, "bytes/board" that without what it
 * had before the first board.
 *
 * Usage: node dist/test/bench/world.js [--most 100000] [--suite 2] [--minutes 10] at least; `--most
 * 1000000 --minutes 60` for an hour of a million. On Linux GLIBC_TUNABLES=glibc.malloc.hugetlb=1
 * gives it large pages: most of what a beat costs with so many boards is to find their memory.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../gateway/sha256.ts";
import { sayDuration } from "../../sim/duration.ts";
import { linkPreset } from "../../sim/presets.ts";
import { World } from "../../sim/world.ts";
import { readFlags } from "./flags.ts";
import { mib, table } from "./table.ts";

const MINUTE = 60_000;
const INTERVAL_MS = 60_000;
const KIB = 1_024;
/** Virtual time before the clock runs. */
const SETTLE_MS = 2 * MINUTE;

/** Virtual minutes: enough beats that what the compiler does at first no longer shows. */
const BEATS_MIN = 1_000_000;
const minutesOf = (devices: number): number =>
  Math.max(flags.minutes, Math.ceil(BEATS_MIN / devices));

interface Figures {
  readonly devices: number;
  readonly events: number;
  readonly beats: number;
  readonly cpuS: number;
  readonly grownBytes: number;
  readonly peakBytes: number;
  readonly hash: string;
}

/** What V8 is told: see above. */
const HEAP = ["--max-semi-space-size=4", "--heap-growing-percent=20"];
const SIZES = [1_000, 100_000, 1_000_000];
/** One frame in fifteen is lost, in bursts. */
const LINK = linkPreset("wifi-congested")!;
/** `devices`: this process is the one that measures so many. */
const NONE = 999_999_999;
const flags = readFlags({ most: 100_000, suite: 2, minutes: 10, devices: NONE });

function measure(devices: number): Figures {
  const before = process.resourceUsage().maxRSS;
  const limits = { devicesMax: devices };
  const host = { commitMs: [5, 20], limits } as const;
  const world = new World({ seed: 1, sha256, capacity: devices, host });
  const kind = { suite: flags.suite, intervalMs: INTERVAL_MS, link: LINK };
  const boards = Array.from({ length: devices }, (_, i) => {
    return world.make({ name: `bench-${i + 1}`, id: i + 1 }, kind);
  });
  world.startGateway();
  // One after the other, each from a place far away from the one before.
  const plug = (nth: number) => {
    world.plug(boards[(nth * 7_919) % devices]!);
    if (nth + 1 === devices) boards.length = 0;
    else world.at((nth + 1) * (INTERVAL_MS / devices), () => plug(nth + 1));
  };
  world.at(0, () => plug(0));
  world.run(SETTLE_MS);
  const [events, beats] = [world.events, fresh(world)];
  const { user, system } = process.cpuUsage();
  const end = SETTLE_MS + minutesOf(devices) * MINUTE;
  for (let now = SETTLE_MS; now < end; now += MINUTE) {
    world.run(now + MINUTE);
    process.stderr.write(
      `\r${devices} boards: ${sayDuration(world.now)} of ${sayDuration(end)}\u001b[K`,
    );
  }
  const after = process.cpuUsage();
  process.stderr.write("\r\u001b[K");
  return {
    devices,
    events: world.events - events,
    beats: fresh(world) - beats,
    cpuS: (after.user + after.system - user - system) / 1e6,
    grownBytes: (process.resourceUsage().maxRSS - before) * KIB,
    peakBytes: process.resourceUsage().maxRSS * KIB,
    hash: world.hash.toString(16).padStart(8, "0"),
  };
}

function fresh(world: World): number {
  return world.host.gateway?.counters.fresh ?? 0;
}

/** The same in a process of its own. */
function apart(devices: number): Figures {
  const args = Object.entries({ ...flags, devices }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const script = fileURLToPath(import.meta.url);
  const out = execFileSync(process.execPath, [...HEAP, script, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(out) as Figures;
}

if (flags.devices !== NONE) console.log(JSON.stringify(measure(flags.devices)));
else {
  const rows = SIZES.filter((size) => size <= flags.most)
    .map(apart)
    .map(({ devices, events, beats, cpuS, grownBytes, peakBytes, hash }) => [
      String(devices),
      `${(events / cpuS / 1e6).toFixed(2)} M`,
      `${(beats / cpuS / 1e3).toFixed(0)} k`,
      (events / beats).toFixed(2),
      `${((cpuS / beats) * 1e6).toFixed(2)} us`,
      `${(grownBytes / devices).toFixed(0)}`,
      mib(peakBytes),
      `${((minutesOf(devices) * 60) / cpuS).toFixed(0)} x`,
      hash,
    ]);
  const heads = ["boards", "events/s", "beats/s", "events/beat", "CPU/beat", "bytes/board", "peak"];
  console.log(`suite ${flags.suite}, ${LINK.name}, per second of CPU`);
  console.log(table([...heads, "real time", "hash"], rows));
}
