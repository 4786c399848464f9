/**
 * What history costs: a beat, an hour's end, memory, and bytes a day on the disk.
 *
 * History alone, on a table of records, with the beats of a day in virtual time: 60 s boards whose
 * gaps are U(0.9, 1) of that, and each hundredth beat lost. The bytes are those of keys, values and
 * check sums as the store hands them on; how often LevelDB writes them again is the store's bench.
 * Usage: node dist/test/bench/history.js [--devices 100000] [--hours 2]
 */

import { Draft, Ledger } from "../../gateway/effects.ts";
import { Hearing } from "../../gateway/hearing.ts";
import { History } from "../../gateway/history.ts";
import { NO_NEWS } from "../../gateway/news.ts";
import { Records } from "../../gateway/records.ts";
import * as row from "../../gateway/rows.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { readFlags } from "./flags.ts";
import { dice, shuffled } from "./luck.ts";
import { live, timed } from "./meter.ts";
import { storedDevice } from "./seeded.ts";
import { table } from "./table.ts";

const P_MINUTE = 95;
const MINUTE_MS = 60_000;
/** The store's: kind and id before a part, a check sum behind the bytes. */
const KEY_BYTES = 7;
const CHECK_BYTES = 4;

const { devices, hours } = readFlags({ devices: 100_000, hours: 2 });
const records = new Records(sha256);
for (let id = 1; id <= devices; id++) records.load(storedDevice(id, 2, P_MINUTE, 1, 0), 0);
const before = live();
const wallAt = (at: number) => 1_800_000_000_000 + at;
const hearing = new Hearing([], 0);
const history = new History({ records, hearing, generation: 1, wallAt, quiets: [] }, 0);
for (let slot = 0; slot < devices; slot++) history.joined(slot, 0);

const order = shuffled(devices);
const ledger = new Ledger();
const below = dice(1);
let [bytes, facts, hearNs, closeNs, beats, now] = [0, 0, 0, 0, 0, 0];

/** 57 s, in which each board beats once. */
function round(): void {
  const begun = now;
  hearNs += timed(1, () => {
    for (const id of order) {
      now += (MINUTE_MS * 0.95) / devices;
      const slot = id - 1;
      const lost = below(100) === 0 ? 2 : 1;
      history.hears(slot, lost, NO_NEWS, now);
      records.rows.floats[slot * row.FLOATS + row.AT] = now;
      beats++;
    }
  });
  // The moves between rounds spread a board's gaps over +-5 %.
  for (let i = 0; i < devices / 10; i++) {
    const [a, b] = [below(devices), below(devices)];
    [order[a], order[b]] = [order[b]!, order[a]!];
  }
  closeNs += timed(1, () => {
    while (history.wakeAt <= begun + MINUTE_MS * 0.95) {
      const draft = new Draft(ledger);
      history.expire(history.wakeAt, draft);
      for (const fact of draft.commit) {
        if (fact.kind !== "history") continue;
        facts++;
        bytes += KEY_BYTES + fact.part.length + fact.bytes.length + CHECK_BYTES;
      }
    }
  });
}

while (now < 3_600_000) round();
[bytes, facts, hearNs, closeNs, beats] = [0, 0, 0, 0, 0];
const from = now;
while (now < from + hours * 3_600_000) round();
const perDay = ((bytes / hours) * 24) / 1e6;

console.log(`history, ${devices} boards that beat once a minute, ${hours} hours`);
console.log(
  table(
    ["", "", ""],
    [
      ["a beat", (hearNs / beats).toFixed(0), "ns"],
      ["an hour of a board written", (closeNs / (facts / 2) / 1_000).toFixed(1), "us"],
      ["memory a board", ((live() - before) / devices).toFixed(0), "bytes"],
      [
        "bytes for an hour of a board, keys and check sums with them",
        (bytes / (facts / 2)).toFixed(1),
        "",
      ],
      ["a day, all boards", perDay.toFixed(0), "MB"],
    ],
  ).trimStart(),
);
