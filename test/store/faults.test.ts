/** The real store over a disk that fails on purpose: torn anywhere, it has what it had, or all. */

import { describe, expect, it } from "vitest";
import { KeyedStore } from "../../gateway/store/keyed.ts";
import type { Loaded } from "../../gateway/store/store.ts";
import { FaultyDisk, FaultyShelf } from "./faulty-shelf.ts";
import { allKinds } from "./kinds.ts";
import { beat, change, enrol, HandClock } from "./rig.ts";

/** A store whose writes wait for the test. */
function storeOn(disk: FaultyDisk, clock = new HandClock()) {
  const shelf = new FaultyShelf(disk, () => {});
  return { shelf, store: new KeyedStore(shelf, { clock }) };
}

const turn = () => new Promise(setImmediate);

/** Opens a store, its writes included. */
async function opened(disk: FaultyDisk, clock?: HandClock) {
  const made = storeOn(disk, clock);
  let loaded: Loaded | undefined;
  void made.store.open().then((found) => {
    loaded = found;
  });
  while (loaded === undefined) {
    await turn();
    if (made.shelf.underWay) made.shelf.finish(() => false);
    await turn();
  }
  return { ...made, loaded };
}

describe("a store whose power goes", () => {
  it("while a batch is written has all of it or nothing, wherever it is torn", async () => {
    const seen = new Set<number>();
    for (let part = 0; part <= 1; part += 1 / 64) {
      const disk = new FaultyDisk();
      const clock = new HandClock();
      const { store, shelf } = await opened(disk, clock);
      const first = store.commit([enrol(1), beat(1, 1, clock.mono)]);
      await turn();
      shelf.finish(() => false);
      await first;
      void store.commit([...allKinds(clock.mono), beat(1, 2, clock.mono), change(1, 1, 1, 0)]);
      await turn();
      shelf.die(part);
      const { loaded } = await opened(disk, clock);
      const whole = part === 1;
      seen.add(loaded.devices[0]!.beat!.seq);
      expect(loaded.quarantined).toEqual([]);
      expect(loaded.devices[0]).toMatchObject({
        tseq: whole ? 1 : 0,
        beat: { seq: whole ? 2 : 1 },
      });
      expect(loaded.affairs.incidents).toHaveLength(whole ? 1 : 0);
      expect(loaded.cursor).toBe(whole ? 1 : 0);
    }
    expect([...seen]).toEqual([1, 2]);
  });

  it("while it opens does it again, to the same end", async () => {
    const disk = new FaultyDisk();
    const { store, shelf } = await opened(disk);
    const filled = store.commit([...allKinds(0), enrol(2)]);
    await turn();
    shelf.finish(() => false);
    await filled;
    disk.records.get("l000001")![0]! ^= 1;
    for (const part of [0, 0.5]) {
      const torn = storeOn(disk);
      void torn.store.open();
      while (!torn.shelf.underWay) await turn();
      torn.shelf.die(part);
    }
    const { loaded } = await opened(disk);
    expect(loaded.quarantined).toEqual([
      "what was learned of 000001: the check sum does not match",
    ]);
    expect(loaded.devices.map(({ enrolment }) => enrolment.id)).toEqual([1, 2]);
    expect((await opened(disk)).loaded.quarantined).toEqual([]);
  });

  it.each([true, false])("after a sync that failed tells nobody (made: %s)", async (made) => {
    const disk = new FaultyDisk();
    const { store, shelf } = await opened(disk);
    const first = store.commit([enrol(1)]);
    const second = store.commit([enrol(2)]);
    await turn();
    shelf.fail(made);
    await expect(first).rejects.toThrow("the store cannot write: input/output error");
    await expect(second).rejects.toThrow("the store cannot write");
    await expect(store.commit([enrol(3)])).rejects.toThrow("the store cannot write");
    const { loaded } = await opened(disk);
    expect(loaded.devices.map(({ enrolment }) => enrolment.id)).toEqual(made ? [1] : []);
  });
});
