/** A store of layout 1, byte for byte as it was written, opens, is brought up once, whole. */

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { BACKENDS, beat, change, clearStores, enrol, HandClock, type Place } from "./rig.ts";

afterEach(clearStores);

/** Keys and values in hex. How it was filled stands in `expectAll`. */
const RECORDS = JSON.parse(
  readFileSync(new URL("../vectors/store-layout-1.json", import.meta.url), "utf8"),
) as [string, string][];

async function fill(place: Place): Promise<void> {
  const store = place.store();
  await store.open("edit");
  await store.close();
  for (const key of (await place.records()).keys()) await place.remove(key);
  for (const [key, value] of RECORDS) await place.write(key, Buffer.from(value, "hex"));
}

describe.each(BACKENDS)("a store of layout 1 in %s", (_name, make) => {
  it("gives all of it back, then and after", async () => {
    const clock = new HandClock();
    const place = make(clock);
    await fill(place);
    const end = clock.mono + 1_000;
    clock.pass(3_000);
    for (const stoppedMs of [2_000, 500]) {
      const store = place.store();
      const loaded = await store.open();
      expect(loaded).toMatchObject({ cursor: 4, stoppedMs, quarantined: [] });
      const [one, three, last] = loaded.devices;
      expect([one, three, last].map((device) => device?.enrolment)).toEqual(
        [1, 3, 0xffffff].map((id) => (enrol(id) as { enrolment: unknown }).enrolment),
      );
      const first = beat(1, 0xffffffff, end - 1_000, { ext: "\x1e\x80".repeat(10) });
      expect(one).toMatchObject({ beat: first, issued: 9, epoch: 7, tseq: 2, status: "absent" });
      const address = { address: "2001:db8::8:800:200c:417a", tag: "\x01\xff" };
      expect(three?.beat).toEqual(beat(3, 12, end - 91_000, address));
      expect(last).toMatchObject({ beat: null, status: "unknown", restored: false });
      expect((await store.changes(0, 9)).map(({ id }) => id)).toEqual([1, 3, 1, 9]);
      expect((await store.changesOf(1, 9, 9)).map(({ cursor }) => cursor)).toEqual([3, 1]);
      expect((await store.changesOf(3, 9, 9)).map(({ cursor }) => cursor)).toEqual([2]);
      await store.close();
      clock.pass(500);
    }
    const records = await place.records();
    for (const [key, value] of RECORDS) {
      if (!key.startsWith("m")) expect(records.get(key)?.toString("hex"), key).toBe(value);
    }
  });

  it("finds no changes of a device that went, under the id of one that came", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const removed = change(3, 2, 3, clock.mono);
    if (removed.kind === "change") Object.assign(removed.change, { cause: "removed" });
    await store.commit([change(1, 2, 1, 0), change(2, 2, 2, 0), removed, enrol(2)]);
    await store.commit([change(4, 2, 1, clock.mono)]);
    await store.close();
    const records = await place.records();
    for (const key of records.keys()) if (key[0] === "t") await place.remove(key);
    await place.write(
      "mlayout",
      Buffer.from(RECORDS.find(([key]) => key === "mlayout")![1], "hex"),
    );
    const again = place.store();
    await again.open();
    expect((await again.changesOf(2, 9, 9)).map(({ cursor }) => cursor)).toEqual([4]);
  });
});
