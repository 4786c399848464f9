/** The store: what was committed comes back after any crash, in either backend (rules 7 and 8). */

import { afterEach, describe, expect, it } from "vitest";
import { BACKENDS, beat, change, clearStores, enrol, HandClock, KEY } from "./rig.ts";

afterEach(clearStores);

describe.each(BACKENDS)("a store in %s", (_name, make) => {
  it("gives everything back after a crash", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    const first = await store.open();
    expect(first).toMatchObject({ devices: [], cursor: 0, stoppedMs: undefined, quarantined: [] });
    expect(first.secret).toHaveLength(32);
    await store.commit([
      enrol(1),
      enrol(0xffffff),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 0xffffffff, clock.mono, { ext: "\x1e\x80".repeat(100) }),
      change(1, 1, 1, clock.mono),
    ]);
    await store.commit([change(2, 1, 2, clock.mono + 0.4)]);
    clock.pass(1_000);
    place.crash();
    const again = place.store();
    const loaded = await again.open();
    expect(loaded).toMatchObject({ cursor: 2, stoppedMs: 1_000, secret: first.secret });
    expect(loaded.generation).toBe((first.generation + 1) & 15);
    expect(loaded.devices.map((device) => device.enrolment)).toEqual(
      [enrol(1), enrol(0xffffff)].map((fact) => (fact.kind === "enrol" ? fact.enrolment : null)),
    );
    expect(loaded.devices[0]).toMatchObject({
      issued: 9,
      epoch: 7,
      beat: beat(1, 0xffffffff, clock.mono - 1_000, { ext: "\x1e\x80".repeat(100) }),
      status: "absent",
      cause: "promise-broken",
      tseq: 2,
      restored: false,
    });
    expect(loaded.devices[1]).toMatchObject({ issued: 0, beat: null, status: "unknown", tseq: 0 });
  });

  it("keeps beats from every kind of address", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const addresses = [
      "10.0.0.1",
      "::1",
      "fe80::1%eth0",
      "2001:db8::8:800:200c:417a",
      "::ffff:1.2.3.4",
      "",
    ];
    for (const [at, address] of addresses.entries()) {
      await store.commit([
        enrol(at + 1),
        beat(at + 1, at, clock.mono, { address, tag: "\x01\xff", transport: "mqtt", port: at }),
      ]);
    }
    await store.close();
    const { devices } = await place.store().open();
    expect(devices.map((device) => device.beat)).toEqual(
      addresses.map((address, at) =>
        beat(at + 1, at, clock.mono, { address, tag: "\x01\xff", transport: "mqtt", port: at }),
      ),
    );
  });

  it("makes commits durable in order, many in one write", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const writes: number[] = [];
    const store = place.store({ onWrite: (_ms, commits) => void writes.push(commits) });
    await store.open();
    const order: number[] = [];
    const all = [];
    for (let n = 1; n <= 50; n++) {
      const facts = n % 10 === 0 ? [] : [enrol(n)];
      all.push(store.commit(facts).then(() => order.push(n)));
    }
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    expect(writes).toEqual([1, 44]);
    await store.commit([]);
    expect(writes).toHaveLength(2);
  });

  it("counts generations 0 to 15 and starts again, and an edit moves nothing", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const seen: number[] = [];
    for (let n = 0; n < 18; n++) {
      const store = place.store();
      const { generation } = await store.open();
      await store.close();
      seen.push(generation);
      clock.pass(10);
      const edit = place.store();
      const loaded = await edit.open("edit");
      expect(loaded).toMatchObject({ generation, stoppedMs: 10 });
      await edit.commit([enrol(n + 1)]);
      await edit.close();
      clock.pass(10);
    }
    expect(seen).toEqual(seen.map((_, at) => (seen[0]! + at) & 15));
    expect(await place.store().open()).toMatchObject({ stoppedMs: 20 });
  });

  it("lists changes from a cursor and keeps no more than changesMax", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store({ changesMax: 5 });
    await store.open();
    for (let n = 1; n <= 5; n++) await store.commit([change(n, 1, n, clock.mono + n)]);
    expect((await store.changes(0, 9)).map((found) => found.cursor)).toEqual([1, 2, 3, 4, 5]);
    await store.commit([change(6, 1, 6, clock.mono)]);
    expect((await store.changes(0, 9)).map((found) => found.cursor)).toEqual([2, 3, 4, 5, 6]);
    expect(await store.changes(3, 1)).toEqual([
      {
        cursor: 4,
        id: 1,
        tseq: 4,
        at: clock.wall + 4,
        from: "present",
        to: "absent",
        cause: "promise-broken",
        incident: null,
      },
    ]);
    expect((await store.changes(1, 1))[0]?.incident).toBe(5);
    expect(await store.changes(6, 9)).toEqual([]);
  });

  it("forgets a removed device but never its key", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    expect(store.keyKnown(KEY)).toBe(false);
    const adding = store.commit([
      enrol(1, KEY),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 1, clock.mono),
      change(1, 1, 1, clock.mono),
    ]);
    expect(store.keyKnown(KEY)).toBe(true);
    await adding;
    await store.commit([{ kind: "enrol", id: 1, enrolment: null }]);
    await store.close();
    const again = place.store();
    expect((await again.open()).devices).toEqual([]);
    expect(again.keyKnown(KEY)).toBe(true);
    await again.commit([enrol(1, "0123456789abcdef")]);
    await again.close();
    const { devices } = await place.store().open();
    expect(devices[0]).toMatchObject({ issued: 0, epoch: 0, beat: null, tseq: 0 });
  });

  it.each([
    ["in order", 60_000, true, 60_000],
    ["stepped back", -60_000, true, undefined],
    ["not trusted", 60_000, false, undefined],
  ])("with a wall clock %s after the stop", async (_words, step, trust, stoppedMs) => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([enrol(1), beat(1, 1, clock.mono - 2_000)]);
    place.crash();
    clock.mono = 100;
    clock.wall += step;
    clock.trust = trust;
    const loaded = await place.store().open();
    expect(loaded.stoppedMs).toBe(stoppedMs);
    expect(loaded.devices[0]?.beat?.at).toBe(100 - (stoppedMs ?? 0) - 2_000);
  });

  it("takes nothing after it was closed", async () => {
    const store = make(new HandClock()).store();
    await store.open();
    await store.close();
    await expect(store.commit([enrol(1)])).rejects.toThrow("the store is closed");
  });
});
