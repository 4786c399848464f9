/**
 * The start of a store: everything is read once, what is unreadable is set aside, an older layout
 * is brought up, and the count of starts goes on. One batch at the end makes all of that durable,
 * or a crash leaves it to be done again.
 */

import { randomBytes } from "node:crypto";
import { AFFAIR_KINDS, AffairsLoading } from "./affairs.ts";
import { Flushes } from "./flushes.ts";
import { numberOf } from "./keys.ts";
import { DEVICE_RANGES, Loading } from "./loading.ts";
import { type Meta, RESTORED_KEY, readMeta, sinceStamp, writeMeta, writeNumbers } from "./meta.ts";
import { Quarantine } from "./quarantine.ts";
import { LAYOUT, writeTurn } from "./records.ts";
import type { Batch, Shelf } from "./shelf.ts";
import { CHANGES_MAX, type Loaded, type Purpose, type StoreOptions, StoreTooNew } from "./store.ts";
import { readChange, sweepDevice, Writing } from "./writing.ts";

/** Records in one batch of a migration. */
const STEP = 10_000;

/** @param lost damage of the shelf as a whole: no record can then be believed to be the newest */
export async function load(
  shelf: Shelf,
  { clock, changesMax = CHANGES_MAX }: StoreOptions,
  purpose: Purpose,
  lost: readonly string[],
): Promise<{ loaded: Loaded; writing: Writing }> {
  const repairs = shelf.batch();
  const quarantine = new Quarantine(repairs);
  const repaired = lost.length > 0;
  quarantine.named.push(...lost);
  const meta = readMeta(await all(shelf.range("m", "n")), quarantine);
  if (meta.layout > LAYOUT) {
    throw new StoreTooNew(
      `the store has layout ${meta.layout}; this version of nextbeat reads up to ${LAYOUT}`,
    );
  }
  if (meta.layout < LAYOUT || repaired) await indexChanges(shelf);
  const { stoppedMs, aheadMs } = sinceStamp(clock, meta);

  const flushes = new Flushes(shelf);
  const loading = new Loading(flushes, repairs, quarantine, clock.now(), aheadMs);
  await readDevices(shelf, loading, repaired);
  const devices = loading.finish(repaired || meta.restored);
  for (const id of loading.orphans) await sweepDevice(shelf, repairs, id);
  repairs.del(RESTORED_KEY);

  const gathered = new AffairsLoading((line) => line - aheadMs, repairs, quarantine);
  for (const kind of AFFAIR_KINDS) {
    for await (const record of shelf.range(...kindRange(kind))) gathered.take(...record);
  }
  const affairs = gathered.finish(repaired ? undefined : meta.numbers);
  const { lastIncident: incident, lastNotice: notice, lastDeaf: deaf } = affairs;
  const numbers = { incident, notice, deaf };
  writeNumbers(repairs, numbers);

  const [firstCursor, cursor] = [await endOf(shelf, false), await endOf(shelf, true)];
  const options = { shelf, clock, changesMax, aheadMs, numbers, cursor, flushes };
  const writing = new Writing({ ...options, firstCursor: Math.max(1, firstCursor) });
  const { generation, secret } = begin(meta, purpose);
  writeMeta(repairs, { generation, secret, layout: LAYOUT });
  if (purpose === "run") writing.stamp(repairs);
  await repairs.write();
  const loaded = { devices, affairs, cursor, generation, secret, stoppedMs };
  return { loaded: { ...loaded, quarantined: quarantine.named }, writing };
}

async function readDevices(shelf: Shelf, loading: Loading, repaired: boolean): Promise<void> {
  for (const [from, to] of DEVICE_RANGES) {
    for await (const record of shelf.range(from, to)) loading.take(...record);
  }
  for await (const record of shelf.range(...kindRange("f"), true)) loading.takeFlush(...record);
  if (repaired) loading.doubtStatuses();
  if (!loading.wantsChanges) return;
  for await (const record of shelf.range(...kindRange("c"), true)) {
    const change = readChange(...record);
    if (change) loading.takeChange(change);
    if (!loading.wantsChanges) return;
  }
}

/**
 * Finds the changes of each device again, for a store of layout 1, which had no index of them, and
 * for one that lost records. Newest first: what is older than a removal is of a device that went.
 */
async function indexChanges(shelf: Shelf): Promise<void> {
  let batch: Batch | undefined;
  let held = 0;
  const gone = new Set<number>();
  for await (const record of shelf.range(...kindRange("c"), true)) {
    const change = readChange(...record);
    if (change === undefined || gone.has(change.id)) continue;
    if (change.cause === "removed") {
      gone.add(change.id);
      continue;
    }
    batch ??= shelf.batch();
    writeTurn(batch, change.id, change.tseq, change.cursor);
    if (++held % STEP > 0) continue;
    await batch.write();
    batch = undefined;
  }
  await batch?.write();
}

/** A missing generation may have been any; a random one differs from it in 15 of 16 cases. */
function begin(meta: Meta, purpose: Purpose): Pick<Meta, "generation" | "secret"> {
  const last = meta.generation < 0 ? randomBytes(1).readUInt8() & 15 : meta.generation;
  return {
    generation: purpose === "run" ? (last + 1) & 15 : last,
    secret: meta.secret.length === 32 ? meta.secret : randomBytes(32).toString("latin1"),
  };
}

/** Cursor of the oldest or the newest change, 0: none. */
async function endOf(shelf: Shelf, newest: boolean): Promise<number> {
  for await (const [key] of shelf.range(...kindRange("c"), newest)) return numberOf(key);
  return 0;
}

/** All keys of a kind. */
function kindRange(kind: string): [string, string] {
  return [kind, String.fromCharCode(kind.charCodeAt(0) + 1)];
}

async function all(records: AsyncIterable<[string, Buffer]>): Promise<[string, Buffer][]> {
  const found: [string, Buffer][] = [];
  for await (const record of records) found.push(record);
  return found;
}
