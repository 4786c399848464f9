/** Backups: whole or refused, also of a running store; and what may be believed after one. */

import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { BadBackup, readBackup } from "../../gateway/store/backup.ts";
import { restoreBackup, StoreThere } from "../../gateway/store/restore.ts";
import { type Store, StoreBusy } from "../../gateway/store/store.ts";
import { allKinds } from "./kinds.ts";
import { BACKENDS, beat, change, clearStores, enrol, folder, HandClock, levelAt } from "./rig.ts";

afterEach(clearStores);

async function bytesOf(store: Store): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.backup()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function recordsOf(bytes: Buffer, piece: number): Promise<Map<string, Buffer>> {
  async function* pieces(): AsyncIterable<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) {
      yield await Promise.resolve(bytes.subarray(at, at + piece));
    }
  }
  const found = new Map<string, Buffer>();
  for await (const [key, value] of readBackup(pieces())) found.set(key, Buffer.from(value));
  return found;
}

/** A store with one of everything, in a folder. */
async function full(clock: HandClock): Promise<{ data: string; store: Store }> {
  const data = folder();
  const store = levelAt(data, clock);
  await store.open();
  await store.commit([
    ...allKinds(clock.mono),
    enrol(2),
    { kind: "epoch", id: 1, issued: 9, epoch: 7 },
    beat(1, 5, clock.mono),
    change(1, 1, 1, clock.mono),
  ]);
  return { data, store };
}

async function backedUp(clock: HandClock): Promise<{ file: string; bytes: Buffer }> {
  const { store } = await full(clock);
  const bytes = await bytesOf(store);
  await store.close();
  const file = join(folder(), "backup");
  writeFileSync(file, bytes);
  return { file, bytes };
}

describe.each(BACKENDS)("a backup in %s", (_name, make) => {
  it("has every record as it was at one instant, while the store goes on", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit(allKinds(clock.mono));
    for (let id = 1; id <= 2_000; id++) void store.commit([enrol(id), beat(id, 1, clock.mono)]);
    await store.commit([]);
    const chunks = store.backup()[Symbol.asyncIterator]();
    const first = await chunks.next();
    await store.commit([enrol(3_000), { kind: "enrol", id: 1_999, enrolment: null }]);
    const rest: Buffer[] = [first.value];
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      rest.push(next.value);
    }
    expect(rest.length).toBeGreaterThan(2);
    const records = await recordsOf(Buffer.concat(rest), 1_000);
    expect(records.has("d0007cf")).toBe(true);
    expect(records.has("d000bb8")).toBe(false);
    await store.close();
    const now = await place.records();
    for (const key of ["d000001", "i000000000004", "h000001m0001", "msecret"]) {
      expect(records.get(key), key).toEqual(now.get(key));
    }
  });
});

describe("a backup file", () => {
  it("that is cut short anywhere, or has a byte changed anywhere, is refused", async () => {
    const clock = new HandClock();
    const { bytes } = await backedUp(clock);
    expect((await recordsOf(bytes, 7)).size).toBeGreaterThan(15);
    for (let at = 0; at < bytes.length; at += 1 + (at % 3)) {
      await expect(recordsOf(bytes.subarray(0, at), 64), `cut at ${at}`).rejects.toThrow(BadBackup);
      const bad = Buffer.from(bytes);
      bad[at]! ^= 1 << (at % 8);
      await expect(recordsOf(bad, 64), `byte ${at}`).rejects.toThrow(BadBackup);
    }
    const long = Buffer.concat([bytes, Buffer.alloc(1)]);
    await expect(recordsOf(long, 64)).rejects.toThrow(BadBackup);
  });

  it("restores all but the epochs in force (rule 7), which stay out of force", async () => {
    const clock = new HandClock();
    const { file } = await backedUp(clock);
    const data = join(folder(), "new");
    clock.pass(86_400_000);
    expect(await restoreBackup(file, data, { force: false })).toBeGreaterThan(15);
    expect(statSync(join(data, "store")).mode & 0o777).toBe(0o700);
    for (const stop of [86_400_000, 0]) {
      const store = levelAt(data, clock);
      const loaded = await store.open();
      expect(loaded).toMatchObject({ cursor: 1, stoppedMs: stop, quarantined: [] });
      expect(loaded.devices.map(({ restored }) => restored)).toEqual([true, true]);
      const beats = { beat: { seq: 5 }, issued: 9, tseq: 1, learned: "\x00\xff learned" };
      expect(loaded.devices[0]).toMatchObject({ ...beats, commands: [{ n: 7 }, { n: 8 }] });
      expect(loaded.affairs).toMatchObject({ incidents: [{ n: 4 }], notices: [{ n: 9 }] });
      expect(await store.history(1, "", "~")).toHaveLength(2);
      expect(store.keyKnown((enrol(2) as { enrolment: { key: string } }).enrolment.key)).toBe(true);
      await store.close();
    }
    const store = levelAt(data, clock);
    await store.open();
    await store.commit([{ kind: "epoch", id: 1, issued: 12, epoch: 12 }, beat(1, 1, 0)]);
    await store.close();
    const last = levelAt(data, clock);
    expect((await last.open()).devices.map(({ restored }) => restored)).toEqual([false, true]);
  });

  it("changes nothing where it is damaged, or where a store lies or runs", async () => {
    const clock = new HandClock();
    const { file, bytes } = await backedUp(clock);
    const { data, store } = await full(clock);
    await expect(restoreBackup(file, data, { force: false })).rejects.toThrow(StoreThere);
    await expect(restoreBackup(file, data, { force: true })).rejects.toThrow(StoreBusy);
    await store.commit([enrol(77)]);
    await store.close();
    const before = readdirSync(data, { recursive: true });
    writeFileSync(file, bytes.subarray(0, -1));
    await expect(restoreBackup(file, data, { force: true })).rejects.toThrow(BadBackup);
    expect(readdirSync(data, { recursive: true })).toEqual(before);
    writeFileSync(file, bytes);
    await restoreBackup(file, data, { force: true });
    expect(readdirSync(data)).toEqual(["store"]);
    const again = levelAt(data, clock);
    expect((await again.open()).devices.map(({ enrolment }) => enrolment.id)).toEqual([1, 2]);
  });

  it("leaves the old store where the power went between its two renames", async () => {
    const clock = new HandClock();
    const { data, store } = await full(clock);
    await store.close();
    renameSync(join(data, "store"), join(data, "store.replaced"));
    const again = levelAt(data, clock);
    expect((await again.open()).devices).toHaveLength(2);
    expect(existsSync(join(data, "store.replaced"))).toBe(false);
    expect(readFileSync(join(data, "store", "CURRENT"), "utf8")).toMatch(/^MANIFEST/);
  });
});
