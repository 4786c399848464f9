// History on the real stores: it outlives a crash of the store as it was committed, is read back by
// its parts, and goes with its device.

import { afterEach, describe, expect, it } from "vitest";
import { ALL_PARTS } from "../../gateway/history/code.ts";
import { minutesOf, uptimeOf } from "../../gateway/history/read.ts";
import type { Store } from "../../gateway/store/store.ts";
import { BACKENDS, clearStores, HandClock } from "../store/rig.ts";
import { beats, type HistoryBench, HOUR, known, met } from "./rig.ts";

afterEach(clearStores);

/** What a bench would have had committed, in order, in some commits. */
async function committed(store: Store, bench: HistoryBench, run: () => void): Promise<void> {
  const facts: Parameters<Store["commit"]>[0][number][] = [];
  const { disk } = bench;
  const commit = disk.commit.bind(disk);
  disk.commit = (some) => {
    facts.push(...some);
    commit(some);
  };
  run();
  disk.commit = commit;
  for (let at = 0; at < facts.length; at += 50) await store.commit(facts.slice(at, at + 50));
}

describe.each(BACKENDS)("in a store: %s", (_, place) => {
  it("is read back after a crash as it was written, and not after its device is gone", async () => {
    const there = place(new HandClock());
    const store = there.store();
    await store.open();
    const { bench, board } = met();
    await store.commit([{ kind: "enrol", id: board.id, enrolment: board.enrolment }]);
    await committed(store, bench, () => {
      beats(bench, board, 300);
      bench.pass(HOUR);
    });
    there.crash();
    const next = there.store();
    await next.open();
    const pieces = await next.history(board.id, ...ALL_PARTS);
    expect(pieces.length).toBeGreaterThan(6);
    const window = { ...bench.window(board.id, 7), pieces };
    expect(known(minutesOf(window))).toMatchObject({ heard: 301 });
    // It is a full hour, with which its own ends: nothing is in memory alone.
    expect(uptimeOf(window)).toEqual(uptimeOf(bench.window(board.id, 7)));
    expect(await next.history(board.id + 1, ...ALL_PARTS)).toEqual([]);
    await next.commit([{ kind: "enrol", id: board.id, enrolment: null }]);
    expect(await next.history(board.id, ...ALL_PARTS)).toEqual([]);
  });
});
