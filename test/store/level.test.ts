/** The store on LevelDB: torn logs, lost files, a second opener, and what a beat costs on disk. */

import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, describe, expect, it } from "vitest";
import { hasStore } from "../../gateway/store/level.ts";
import { type Loaded, StoreBusy } from "../../gateway/store/store.ts";
import { beat, change, clearStores, enrol, folder, HandClock, levelAt, levelPlace } from "./rig.ts";

afterEach(clearStores);

describe("a store on LevelDB", () => {
  it("is refused to a second opener, in words", async () => {
    const place = levelPlace(new HandClock());
    await place.store().open();
    const second = place.store().open();
    await expect(second).rejects.toThrow(StoreBusy);
    await expect(second).rejects.toThrow(/in use by another process/);
  });

  it("lies in a folder that its owner alone can enter", async () => {
    const data = folder();
    expect(hasStore(data)).toBe(false);
    const store = levelAt(data, new HandClock());
    await store.open();
    expect(hasStore(data)).toBe(true);
    expect(statSync(join(data, "store")).mode & 0o777).toBe(0o700);
  });

  it("opens after its log was torn at any length, with a state it once had", async () => {
    const clock = new HandClock();
    const data = folder();
    const store = levelAt(data, clock);
    await store.open();
    for (let n = 1; n <= 40; n++) {
      await store.commit([enrol(n), beat(n, n, clock.mono), change(n, n, 1, clock.mono)]);
    }
    const log = newestLog(data);
    const size = statSync(log).size;
    const lengths = [0, 1, 6, 7, size - 1, size - 7, size];
    for (let at = 50; at < size; at += Math.floor(size / 12)) lengths.push(at);
    let devicesBefore = 0;
    for (const length of lengths.sort((a, b) => a - b)) {
      const torn = folder();
      cpSync(data, torn, { recursive: true });
      truncateSync(newestLog(torn), length);
      const again = levelAt(torn, clock);
      const { devices, cursor, quarantined } = await again.open();
      expect(quarantined).toEqual([]);
      expect(devices.length).toBe(cursor);
      expect(devices.length).toBeGreaterThanOrEqual(devicesBefore);
      for (const device of devices) {
        expect(device).toMatchObject({ tseq: 1, beat: { seq: device.enrolment.id } });
      }
      devicesBefore = devices.length;
    }
    expect(devicesBefore).toBe(40);
  });

  it.each([
    ["CURRENT is gone", (store: string) => rmSync(join(store, "CURRENT"))],
    ["CURRENT is empty", (store: string) => writeFileSync(join(store, "CURRENT"), "")],
    ["the manifest is gone", (store: string) => rmSync(find(store, /^MANIFEST/))],
    [
      "the manifest is garbage",
      (store: string) => writeFileSync(find(store, /^MANIFEST/), "garbage"),
    ],
    ["it was marked as damaged", (store: string) => writeFileSync(`${store}.damaged`, "")],
  ])("mends itself where %s, and then no epoch is in force", async (_words, harm) => {
    const clock = new HandClock();
    const data = folder();
    const store = levelAt(data, clock);
    const { secret } = await store.open();
    await store.commit([
      enrol(1),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 3, clock.mono),
    ]);
    await store.close();
    harm(join(data, "store"));
    for (const quarantined of [["the store was damaged and has been repaired"], []]) {
      const again = levelAt(data, clock);
      const loaded = await again.open();
      expect(loaded).toMatchObject({ quarantined, secret });
      expect(loaded.devices[0]).toMatchObject({ issued: 9, restored: true, beat: { seq: 3 } });
      await again.close();
    }
  });

  it.each([
    ["garbage at its start", (file: string) => overwrite(file, 0)],
    ["garbage in its middle", (file: string) => overwrite(file, 0.5)],
    ["garbage at its end", (file: string) => overwrite(file, 1)],
    ["half of it gone", (file: string) => truncateSync(file, statSync(file).size >> 1)],
  ])("starts with a damaged table, %s, and believes nothing in doubt", async (_words, harm) => {
    const clock = new HandClock();
    const data = folder();
    const store = levelAt(data, clock);
    await store.open();
    for (let id = 1; id <= 500; id++) {
      const issued = { kind: "epoch", id, issued: 9, epoch: 7 } as const;
      void store.commit([
        enrol(id),
        issued,
        beat(id, 1, clock.mono),
        change(id, id, 1, clock.mono),
      ]);
    }
    await store.close();
    // What lies in the log becomes a table at the next start.
    await reopened(data, clock);
    harm(find(join(data, "store"), /\.ldb$/));
    const { devices, quarantined } = await reopened(data, clock);
    expect(quarantined).toEqual(["the store was damaged and has been repaired"]);
    expect(devices.every((device) => device.restored)).toBe(true);
    // A beat without its change, or the reverse, is what a repair may leave; a change counts on.
    for (const device of devices) expect(device.tseq).toBeLessThanOrEqual(1);
    expect(await reopened(data, clock)).toMatchObject({ quarantined: [] });
  });

  it("gives back the status of the last change where a repair lost it", async () => {
    const clock = new HandClock();
    const data = folder();
    const store = levelAt(data, clock);
    await store.open();
    await store.commit([enrol(1), change(1, 1, 1, clock.mono), change(2, 1, 2, clock.mono)]);
    await store.close();
    await alter(data, (level) => level.del("s000001"));
    writeFileSync(join(data, "store.damaged"), "");
    const { devices } = await reopened(data, clock);
    expect(devices[0]).toMatchObject({ tseq: 2, status: "absent", cause: "promise-broken" });
    expect((await reopened(data, clock)).devices[0]).toMatchObject({ tseq: 2 });
  });

  it("writes less than 64 bytes for a beat over IPv4", async () => {
    const clock = new HandClock();
    const data = folder();
    const store = levelAt(data, clock);
    await store.open();
    const before = statSync(newestLog(data)).size;
    const facts = Array.from({ length: 1_000 }, (_, at) => beat(at + 1, 1, clock.mono));
    await store.commit(facts);
    expect((statSync(newestLog(data)).size - before) / facts.length).toBeLessThan(64);
  });
});

function find(store: string, name: RegExp): string {
  return join(store, readdirSync(store).find((file) => name.test(file))!);
}

function newestLog(data: string): string {
  const logs = readdirSync(join(data, "store")).filter((file) => file.endsWith(".log"));
  return join(data, "store", logs.sort().at(-1)!);
}

function overwrite(file: string, where: number): void {
  const bytes = readFileSync(file);
  const length = Math.min(600, bytes.length >> 2);
  const at = Math.floor((bytes.length - length) * where);
  bytes.fill(0x5a, at, at + length);
  writeFileSync(file, bytes);
}

async function reopened(data: string, clock: HandClock): Promise<Loaded> {
  const store = levelAt(data, clock);
  const loaded = await store.open();
  await store.close();
  return loaded;
}

async function alter(
  data: string,
  use: (level: ClassicLevel<string, Buffer>) => Promise<void>,
): Promise<void> {
  const level = new ClassicLevel<string, Buffer>(join(data, "store"), { valueEncoding: "buffer" });
  await use(level);
  await level.close();
}
