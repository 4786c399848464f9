/**
 * What a fleet costs a disk: bytes a day for 100, 10 000 and 100 000 boards at 60 s, through the
 * real core and the real store on the real LevelDB, in accelerated time.
 * `node dist/test/bench/wear.js`.
 *
 * What is counted is what the process hands to the file system (`wchar` of /proc/self/io: log,
 * tables and compactions) and what the kernel hands to the disk (`write_bytes`: whole pages, since
 * each sync writes the last page of the log again). The journal of the file system comes on top,
 * and is not seen here.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { intervalCode } from "../../device/interval.ts";
import type { TagKey } from "../../device/tag.ts";
import type { Clock } from "../../gateway/clock.ts";
import type { Effects, Source } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { levelStore } from "../../gateway/store/level.ts";
import type { Store } from "../../gateway/store/store.ts";
import { stream } from "../../sim/random.ts";
import { EPOCH, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { seedStore } from "./seeded.ts";
import { count, table, verdict } from "./table.ts";

const INTERVAL_MS = 60_000;
const PROMISE = intervalCode(INTERVAL_MS * 1.2);
const DAY_MS = 86_400_000;
/** What a beat is, as far as the disk must know: epoch, seq, tag, promise, vitals, arrival, id. */
const BEAT_BYTES = 3 + 4 + 4 + 8 + 1 + 1 + 6;
/** A card of 32 GB whose cells bear 3 000 rewrites. */
const CARD_BYTES = 32e9 * 3_000;
/** A card that writes more than it is given: small writes make it move what lies around them. */
const CARD_OWN = 4;
const START_MAX_MS = 3_000;

const flags = readFlags({ seed: 1, minutes: 20 });

/** A clock that the bench moves. */
class Time implements Clock {
  mono = 1_000;
  now = () => this.mono;
  wallAt = (mono: number) => Math.round(Date.UTC(2027, 0, 1) + mono);
  trusted = () => true;
}

interface Io {
  readonly wchar: number;
  readonly pages: number;
}

function io(): Io {
  const text = readFileSync("/proc/self/io", "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)?.[1]);
  return { wchar: field("wchar"), pages: field("write_bytes") };
}

const SUITE = 2;
/** Where the boards of the store that `seedStore` makes were last heard. */
const HOME: Source = { transport: "udp", address: "127.0.0.1", port: 9 };

/** A fleet that beats, and the gateway that hears it. */
class Fleet {
  beats = 0;
  commits = 0;
  readonly #core: Gateway;
  readonly #store: Store;
  readonly #time: Time;
  readonly #keys: TagKey[];
  readonly #phases: Float64Array;
  #seq = 1;

  constructor(core: Gateway, store: Store, time: Time, boards: number) {
    this.#core = core;
    this.#store = store;
    this.#time = time;
    this.#keys = Array.from({ length: boards }, (_, at) => tagKeyOf(at + 1, SUITE));
    const random = stream(flags.seed, boards, "wear");
    this.#phases = Float64Array.from({ length: boards }, () => random() * INTERVAL_MS).sort();
  }

  async run(ms: number): Promise<void> {
    const time = this.#time;
    for (const until = time.mono + ms; time.mono < until; ) {
      const begun = time.mono;
      this.#seq++;
      for (const [at, phase] of this.#phases.entries()) {
        // Boards beat in an order that has nothing to do with their ids.
        const id = 1 + ((at * 7_919) % this.#keys.length);
        await this.#until(begun + phase);
        const frame = sealBeat(this.#keys[id - 1]!, id, EPOCH, this.#seq, PROMISE);
        await this.#obey(this.#core.handle(frame, HOME, time.mono));
        this.beats++;
      }
      await this.#until(begun + INTERVAL_MS);
    }
  }

  async #until(at: number): Promise<void> {
    while (this.#core.wakeAt <= at) {
      this.#time.mono = Math.max(this.#time.mono, this.#core.wakeAt);
      await this.#obey(this.#core.expire(this.#time.mono));
    }
    this.#time.mono = at;
  }

  async #obey({ ticket, commit }: Effects): Promise<void> {
    if (ticket === 0) return;
    await this.#store.commit(commit);
    if (commit.length > 0) this.commits++;
    this.#core.committed(ticket, this.#time.mono);
  }
}

async function measure(boards: number, minutes: number): Promise<string[]> {
  const data = mkdtempSync(join(tmpdir(), "nextbeat-wear-"));
  const time = new Time();
  await seedStore(data, { boards, suiteOf: () => SUITE, promise: PROMISE });
  const store = levelStore(data, { clock: time });
  const loaded = await store.open();
  const wallAt = (mono: number): number => time.wallAt(mono);
  const unixSeconds = (mono: number): number => Math.floor(wallAt(mono) / 1_000);
  const options = { ...loaded, sha256, unixSeconds, wallAt };
  const fleet = new Fleet(new Gateway(options, loaded.devices, time.mono), store, time, boards);
  await fleet.run(5 * INTERVAL_MS);
  const before = { ...io(), beats: fleet.beats, commits: fleet.commits };
  await fleet.run(minutes * 60_000);
  const after = io();
  const beats = fleet.beats - before.beats;
  const commits = fleet.commits - before.commits;
  await store.close();
  const startMs = await startOf(data, time);
  rmSync(data, { recursive: true });
  const days = (minutes * 60_000) / DAY_MS;
  const wchar = (after.wchar - before.wchar) / days;
  const pages = (after.pages - before.pages) / days;
  const years = (bytes: number) => (CARD_BYTES / bytes / 365).toFixed(bytes > 1e10 ? 1 : 0);
  held &&= verdict(
    startMs < START_MAX_MS,
    `${count(boards)} boards: start`,
    `${startMs} ms of CPU`,
  );
  return [
    count(boards),
    count(beats / days),
    (beats / commits).toFixed(1),
    `${count(wchar / 1e6)} MB`,
    (wchar / (beats / days)).toFixed(0),
    (wchar / (beats / days) / BEAT_BYTES).toFixed(1),
    `${count(pages / 1e6)} MB`,
    years(pages),
    years(pages * CARD_OWN),
  ];
}

/** In CPU time: what else runs on the machine is nobody's fault here. */
async function startOf(data: string, time: Time): Promise<number> {
  const begun = process.cpuUsage();
  const store = levelStore(data, { clock: time });
  await store.open();
  const { user, system } = process.cpuUsage(begun);
  const ms = Math.round((user + system) / 1_000);
  await store.close();
  return ms;
}

let held = true;
console.log(`seed ${flags.seed}\n`);
const rows: string[][] = [];
// Small fleets for longer: LevelDB makes tables of every 4 MB, and those must be in the account.
rows.push(await measure(100, flags.minutes * 12));
rows.push(await measure(10_000, flags.minutes * 6));
rows.push(await measure(100_000, flags.minutes));
const heads = ["boards", "beats a day", "a commit", "written", "a beat", "times"];
console.log(`\n${table([...heads, "pages", "years", `years/${CARD_OWN}`], rows)}`);
console.log(
  "\nwritten: what the store wrote, a day; a beat: bytes; times: what a beat says, so many",
);
console.log(
  "times; pages: what reached the disk, a day; years: of a 32 GB card of 3 000 cycles, and",
);
console.log(`of one that writes ${CARD_OWN} bytes for each that it is given`);
process.exitCode = held ? 0 : 1;
