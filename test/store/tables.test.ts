/**
 * Tables that were damaged where LevelDB does not look: nothing is lost without a word, nobody's
 * epoch is believed then (rule 7), and what can still be read is kept.
 */

import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, describe, expect, it, vi } from "vitest";
import { damagedTables } from "../../gateway/store/level-table.ts";
import { unpack } from "../../gateway/store/snappy.ts";
import type { Loaded } from "../../gateway/store/store.ts";
import { beat, change, clearStores, enrol, folder, HandClock, levelAt } from "./rig.ts";

afterEach(clearStores);

const COUNT = 300;
const REPAIRED = "the store was damaged and has been repaired";

/** A store whose records all lie in one table. */
async function filled(clock: HandClock): Promise<string> {
  const data = folder();
  const store = levelAt(data, clock);
  await store.open();
  for (let id = 1; id <= COUNT; id++) {
    const issued = { kind: "epoch", id, issued: 9, epoch: 7 } as const;
    void store.commit([enrol(id, keyOf(id)), issued, beat(id, 3, clock.mono)]);
    void store.commit([change(id, id, 1, clock.mono)]);
    void store.commit([{ kind: "history", id, part: "x", bytes: `history ${id}` }]);
  }
  await store.close();
  await opened(data, clock);
  return data;
}

function keyOf(id: number): string {
  return `0123456789abcd${String.fromCharCode(id >> 8, id & 255)}`;
}

async function opened(data: string, clock: HandClock): Promise<Loaded> {
  const store = levelAt(data, clock);
  const loaded = await store.open();
  await store.close();
  return loaded;
}

function tableIn(data: string): string {
  const store = join(data, "store");
  const tables = readdirSync(store).filter((file) => /\.ldb$/.test(file));
  return join(store, tables[0]!);
}

/** The store with one bit turned, at a share of its table's length. */
function turned(data: string, where: number): string {
  const harmed = folder();
  cpSync(data, harmed, { recursive: true });
  const bytes = readFileSync(tableIn(harmed));
  bytes[Math.floor(where * (bytes.length - 49))]! ^= 4;
  writeFileSync(tableIn(harmed), bytes);
  return harmed;
}

describe("a table with one bit turned", () => {
  it("never loses a thing in silence, wherever it is", { timeout: 60_000 }, async () => {
    const clock = new HandClock();
    const data = await filled(clock);
    expect(damagedTables(join(data, "store"), true)).toEqual([]);
    let worst = COUNT;
    for (let step = 0; step < 24; step++) {
      const harmed = turned(data, step / 23);
      const { devices, quarantined } = await opened(harmed, clock);
      const known = devices.filter(({ issued, beat: last }) => issued === 9 && last?.seq === 3);
      if (quarantined.length === 0) {
        // Only history was hit: it is not looked at before it is read.
        expect(known).toHaveLength(COUNT);
        expect(damagedTables(join(harmed, "store"), true)).not.toEqual([]);
        continue;
      }
      expect(quarantined[0], `step ${step}`).toBe(REPAIRED);
      expect(devices.every(({ restored }) => restored)).toBe(true);
      worst = Math.min(worst, devices.length);
      expect((await opened(harmed, clock)).quarantined).toEqual([]);
    }
    // A block has 4 KB; unpacked, the enrolments of forty boards.
    expect(worst).toBeGreaterThan(COUNT - 45);
  });

  it("in its index or its filter keeps every record", async () => {
    const clock = new HandClock();
    const data = await filled(clock);
    const footer = readFileSync(tableIn(data)).subarray(-48);
    expect(footer.subarray(-8).toString("hex")).toBe("57fb808b247547db");
    for (const where of [0.985, 1]) {
      const { devices, quarantined } = await opened(turned(data, where), clock);
      expect(quarantined).toEqual([REPAIRED]);
      expect(devices).toHaveLength(COUNT);
    }
  });
});

describe("a repair", () => {
  it("that is cut short is begun anew, and nobody is believed after it either", async () => {
    const clock = new HandClock();
    const harmed = turned(await filled(clock), 0.1);
    const { repair } = ClassicLevel;
    const cut = vi.spyOn(ClassicLevel, "repair").mockImplementation((async (at: string) => {
      await repair(at);
      throw new Error("cut short");
    }) as never);
    await expect(opened(harmed, clock)).rejects.toThrow("cut short");
    cut.mockRestore();
    const { devices, quarantined } = await opened(harmed, clock);
    expect(quarantined).toEqual([REPAIRED]);
    expect(devices.length).toBeGreaterThan(COUNT - 45);
    expect(devices.every(({ restored }) => restored)).toBe(true);
    expect((await opened(harmed, clock)).quarantined).toEqual([]);
  });
});

describe("CURRENT", () => {
  it("that names no manifest is mended like one that is gone", async () => {
    const clock = new HandClock();
    const data = await filled(clock);
    for (const words of ["MANIFEST-999999\n", "MANIFEQT-000001\n", "../../x\n"]) {
      writeFileSync(join(data, "store", "CURRENT"), words);
      const { devices, quarantined } = await opened(data, clock);
      expect(quarantined).toEqual([REPAIRED]);
      expect(devices).toHaveLength(COUNT);
    }
  });
});

describe("Snappy", () => {
  it.each([
    ["a literal", "0308616263", "abc"],
    ["a copy over itself", "090461620d02", "ababababa"],
    ["a short copy", "060461620102", "ababab"],
    ["a copy of 16 bits", "07046162120200", "abababa"],
    ["a copy from nowhere", "0600610100", "a"],
    ["a literal beyond the end", "05106162", ""],
    ["nothing", "", ""],
  ])("unpacks %s", (_words, packed, text) => {
    expect(unpack(Buffer.from(packed, "hex")).toString()).toBe(text);
  });
});
