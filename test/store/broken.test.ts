/** A store that cannot write: nothing half, nothing after it, and all that waited are told. */

import { describe, expect, it } from "vitest";
import { KeyedStore } from "../../gateway/store/keyed.ts";
import type { Batch, Shelf } from "../../gateway/store/shelf.ts";
import { beat, enrol, HandClock } from "./rig.ts";

/** A shelf whose writes end when the test says so. */
function shelf() {
  const writes: { keys: string[]; end: (error?: Error) => void }[] = [];
  const made: Shelf = {
    open: () => Promise.resolve([]),
    repair: (error) => Promise.reject(error),
    batch(): Batch {
      const keys: string[] = [];
      return {
        put: (key) => void keys.push(key),
        del: (key) => void keys.push(key),
        write: () =>
          new Promise((resolve, reject) => {
            writes.push({ keys, end: (error) => (error ? reject(error) : resolve()) });
          }),
      };
    },
    async *range() {},
    get: () => undefined,
    close: () => Promise.resolve(),
  };
  return { made, writes };
}

async function opened() {
  const { made, writes } = shelf();
  const store = new KeyedStore(made, { clock: new HandClock() });
  const opening = store.open();
  while (writes.length === 0) await new Promise(setImmediate);
  writes.shift()?.end();
  await opening;
  return { store, writes };
}

describe("a store that cannot write", () => {
  it("says so to all that waited, and takes nothing more", async () => {
    const { store, writes } = await opened();
    const waiting = [store.commit([enrol(1)]), store.commit([enrol(2)]), store.commit([])];
    expect(writes).toHaveLength(1);
    writes[0]?.end(new Error("no space left"));
    for (const commit of waiting) {
      await expect(commit).rejects.toThrow("the store cannot write: no space left");
    }
    await expect(store.commit([enrol(3)])).rejects.toThrow("no space left");
    expect(writes).toHaveLength(1);
    await store.close();
    expect(writes).toHaveLength(1);
  });

  it("never writes half of a commit", async () => {
    const { store, writes } = await opened();
    const first = store.commit([enrol(1)]);
    const joined = store.commit([enrol(2)]);
    const bad = store.commit([enrol(3), beat(3, 2 ** 32, 0)]);
    writes[0]?.end();
    await expect(bad).rejects.toThrow("the store cannot write");
    await expect(joined).rejects.toThrow("the store cannot write");
    await first;
    expect(writes).toHaveLength(1);
    expect(writes[0]?.keys).toContain("d000001");
  });
});
