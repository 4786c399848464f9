/**
 * What beats cost a disk: bytes a day for fleets of 100, 10 000 and 100 000 boards at 60 s, through
 * the real store on the real LevelDB, in accelerated time. `node dist/test/bench/wear.js`.
 *
 * Commits are made as the core's lazy flush makes them (flush.ts): half of `flushMs` after the first
 * beat that waits, at most `flushMax` in one. What is counted is what the process hands to the file
 * system (`wchar` of /proc/self/io: log, tables and compactions) and what the kernel hands to the
 * disk (`write_bytes`: whole pages, since each sync writes the last page of the log again). The
 * journal of the file system comes on top, and is not seen here.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { intervalCode } from "../../device/interval.ts";
import type { Clock } from "../../gateway/clock.ts";
import type { Fact } from "../../gateway/facts.ts";
import { LIMITS } from "../../gateway/limits.ts";
import { levelStore } from "../../gateway/store/level.ts";
import type { Store } from "../../gateway/store/store.ts";
import { stream } from "../../sim/random.ts";
import { readFlags } from "./flags.ts";
import { seedStore, storedDevice } from "./seeded.ts";
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
  mono = 0;
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

/** Beats of `boards`, each at its own phase, for so long. @returns beats and commits */
async function beatFor(
  store: Store,
  time: Time,
  boards: number,
  ms: number,
  seqs: Uint32Array,
): Promise<{ beats: number; commits: number }> {
  const random = stream(flags.seed, boards, "wear");
  const model = storedDevice(1, 1, PROMISE, 1, 0).beat!;
  const phases = Array.from({ length: boards }, (_, at) => ({ at, ms: random() * INTERVAL_MS }));
  phases.sort((a, b) => a.ms - b.ms);
  const begun = time.mono;
  let facts: Fact[] = [];
  let flushAt = Infinity;
  let commits = 0;
  let beats = 0;
  for (let round = 0; begun + round * INTERVAL_MS < begun + ms; round++) {
    for (const phase of phases) {
      const at = begun + round * INTERVAL_MS + phase.ms;
      if (at > flushAt || facts.length === LIMITS.flushMax) {
        time.mono = Math.min(at, flushAt);
        await store.commit(facts);
        commits++;
        facts = [];
      }
      if (facts.length === 0) flushAt = at + LIMITS.flushMs / 2;
      const tag = String.fromCharCode(...Array.from({ length: 8 }, () => random() * 256));
      facts.push({ ...model, id: phase.at + 1, seq: ++seqs[phase.at]!, tag, at });
      beats++;
    }
  }
  await store.commit(facts);
  time.mono = begun + ms;
  return { beats, commits: commits + 1 };
}

async function measure(boards: number, minutes: number): Promise<string[]> {
  const data = mkdtempSync(join(tmpdir(), "nextbeat-wear-"));
  const time = new Time();
  await seedStore(data, { boards, suiteOf: () => 1, promise: PROMISE });
  const seqs = new Uint32Array(boards).fill(1);
  const store = levelStore(data, { clock: time });
  await store.open();
  await beatFor(store, time, boards, 5 * INTERVAL_MS, seqs);
  const before = io();
  const { beats, commits } = await beatFor(store, time, boards, minutes * 60_000, seqs);
  const after = io();
  await store.close();
  const startMs = await startOf(data, time);
  rmSync(data, { recursive: true });
  const days = (minutes * 60_000) / DAY_MS;
  const wchar = (after.wchar - before.wchar) / days;
  const pages = (after.pages - before.pages) / days;
  const years = (bytes: number) => (CARD_BYTES / bytes / 365).toFixed(bytes > 1e10 ? 1 : 0);
  held &&= verdict(startMs < START_MAX_MS, `${count(boards)} boards: start`, `${startMs} ms`);
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

async function startOf(data: string, time: Time): Promise<number> {
  const begun = performance.now();
  const store = levelStore(data, { clock: time });
  await store.open();
  const ms = Math.round(performance.now() - begun);
  await store.close();
  return ms;
}

let held = true;
console.log(`seed ${flags.seed}\n`);
const rows: string[][] = [];
rows.push(await measure(100, flags.minutes * 3));
rows.push(await measure(10_000, flags.minutes));
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
