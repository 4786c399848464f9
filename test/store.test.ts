/** The store: what was committed comes back after any crash, and what cannot be read stops nobody (rules 7 and 8). */

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../gateway/clock.ts";
import { type BeatFact, CAUSES, type Change, type Fact, STATUSES } from "../gateway/facts.ts";
import { addressBytes, addressForm, addressText } from "../gateway/store/addresses.ts";
import { hasStore, levelStore } from "../gateway/store/level.ts";
import { type MemoryDisk, memoryStore } from "../gateway/store/memory.ts";
import { LAYOUT } from "../gateway/store/records.ts";
import { seal } from "../gateway/store/seal.ts";
import { type Store, StoreBusy, type StoreOptions, StoreTooNew } from "../gateway/store/store.ts";

/** A clock by hand: `mono` and `wall` move as the test says. */
class HandClock implements Clock {
  mono = 5_000;
  wall = Date.UTC(2027, 0, 1);
  trust = true;
  now = () => this.mono;
  wallAt = (mono: number) => Math.round(this.wall + mono - this.mono);
  trusted = () => this.trust;
  pass(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }
}

/** One backend and what survives its crashes. */
interface Place {
  store(options?: Partial<StoreOptions>): Store;
  /** The process dies: what a store did since its last durable write is gone, nothing was closed. */
  crash(): void;
  records(): Promise<Map<string, Buffer>>;
  write(key: string, value: Buffer): Promise<void>;
}

const folders: string[] = [];
const opened: Store[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nextbeat-store-"));
  folders.push(made);
  return made;
}

function memoryPlace(clock: Clock): Place {
  const disk: MemoryDisk = new Map();
  return {
    store: (options) => memoryStore({ clock, ...options }, disk),
    crash() {},
    records: () => Promise.resolve(new Map(disk)),
    write: (key, value) => Promise.resolve(void disk.set(key, value)),
  };
}

function levelPlace(clock: Clock): Place {
  let data = folder();
  async function bare<T>(use: (level: ClassicLevel<string, Buffer>) => Promise<T>): Promise<T> {
    const level = new ClassicLevel<string, Buffer>(join(data, "store"), {
      valueEncoding: "buffer",
    });
    try {
      return await use(level);
    } finally {
      await level.close();
    }
  }
  return {
    store(options) {
      const store = levelStore(data, { clock, ...options });
      opened.push(store);
      return store;
    },
    crash() {
      const next = folder();
      cpSync(data, next, { recursive: true });
      data = next;
    },
    records: () => bare(async (level) => new Map(await level.iterator().all())),
    write: (key, value) => bare((level) => level.put(key, value, { sync: true })),
  };
}

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((store) => store.close()));
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

const KEY = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\xfe\xff";

function enrol(id: number, key = KEY.slice(0, 15) + String.fromCharCode(id & 255)): Fact {
  const enrolment = {
    id,
    name: `shed-${id}`,
    site: "söuth",
    labels: ["a", "ü"],
    suite: 1,
    key,
    ...(id === 1 && { open: true }),
  };
  return { kind: "enrol", id, enrolment };
}

function beat(id: number, seq: number, at: number, more: Partial<BeatFact> = {}): BeatFact {
  return {
    kind: "beat",
    id,
    epoch: 7,
    seq,
    tag: "\x00tag\xff\x80\x7f!",
    promise: 93,
    vitals: 0xa3,
    reach: 2,
    ext: "",
    at,
    transport: "udp",
    address: "192.168.1.77",
    port: 40_000,
    ...more,
  };
}

function change(cursor: number, id: number, tseq: number, at: number): Fact {
  const to = tseq % 2 ? "present" : "absent";
  const from = tseq === 1 ? "unknown" : tseq % 2 ? "absent" : "present";
  const cause = tseq === 1 ? "first-beat" : tseq % 2 ? "returned" : "promise-broken";
  const made: Change = { cursor, id, tseq, at, from, to, cause, incident: tseq === 2 ? 5 : null };
  return { kind: "change", change: made };
}

describe.each([
  ["memory", memoryPlace],
  ["level", levelPlace],
] as const)("a store in %s", (_name, make) => {
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
    const seen = [];
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
    ["b000001", "beat of 000001", { beat: null, restored: true, issued: 9, epoch: 7 }],
    ["e000001", "epochs of 000001", { restored: true, issued: 7, epoch: 0 }],
    ["s000001", "status of 000001", { restored: false, tseq: 2, status: "absent" }],
  ])("sets an unreadable %s aside and starts", async (key, words, expected) => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([
      enrol(1),
      enrol(2),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 1, clock.mono),
      change(1, 1, 1, clock.mono),
      change(2, 1, 2, clock.mono),
    ]);
    await store.close();
    const bad = Buffer.from((await place.records()).get(key)!);
    bad[0]! ^= 1;
    await place.write(key, bad);
    const second = place.store();
    const loaded = await second.open();
    expect(loaded.quarantined).toEqual([`${words}: the check sum does not match`]);
    expect(loaded.devices[0]).toMatchObject(expected);
    expect(loaded.devices[1]?.restored).toBe(false);
    await second.close();
    expect((await place.records()).get(`q${key}`)).toEqual(bad);
    const third = place.store();
    const calm = await third.open();
    expect(calm.quarantined).toEqual([]);
    expect(calm.devices[0]).toMatchObject(expected);
    await third.commit([{ kind: "epoch", id: 1, issued: 12, epoch: 12 }]);
    await third.close();
    expect((await place.store().open()).devices[0]).toMatchObject({ epoch: 12, restored: false });
  });

  it("starts without an enrolment that cannot be read, and without what it keeps of itself", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([enrol(1), enrol(2), beat(1, 1, clock.mono)]);
    await store.close();
    await place.write("d000001", seal("d000001", Buffer.from('{"name":1}    ')));
    for (const key of ["mlayout", "mgeneration", "msecret", "mstamp"]) {
      await place.write(key, Buffer.from("xx"));
    }
    const loaded = await place.store().open();
    expect(loaded.quarantined).toHaveLength(5);
    expect(loaded.quarantined).toContain("enrolment of 000001: not an enrolment of this version");
    expect(loaded.devices.map((device) => device.enrolment.id)).toEqual([2]);
    expect(loaded.stoppedMs).toBeUndefined();
    expect(loaded.secret).toHaveLength(32);
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

  it("refuses a store of a later version and leaves it alone", async () => {
    const place = make(new HandClock());
    const store = place.store();
    await store.open();
    await store.close();
    const later = seal("mlayout", Buffer.from([0, 0, 0, LAYOUT + 1, 0, 0, 0, 0]));
    await place.write("mlayout", later);
    const before = await place.records();
    await expect(place.store().open()).rejects.toThrow(StoreTooNew);
    expect(await place.records()).toEqual(before);
  });

  it("takes nothing after it was closed", async () => {
    const store = make(new HandClock()).store();
    await store.open();
    await store.close();
    await expect(store.commit([enrol(1)])).rejects.toThrow("the store is closed");
  });
});

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
    const store = levelStore(data, { clock: new HandClock() });
    opened.push(store);
    await store.open();
    expect(hasStore(data)).toBe(true);
    expect(statSync(join(data, "store")).mode & 0o777).toBe(0o700);
  });

  it("opens after its log was torn at any length, with a state it once had", async () => {
    const clock = new HandClock();
    const data = folder();
    const store = levelStore(data, { clock });
    opened.push(store);
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
      const again = levelStore(torn, { clock });
      opened.push(again);
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
    const store = levelStore(data, { clock });
    opened.push(store);
    const { secret } = await store.open();
    await store.commit([
      enrol(1),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 3, clock.mono),
    ]);
    await store.close();
    harm(join(data, "store"));
    for (const quarantined of [["the store was damaged and has been repaired"], []]) {
      const again = levelStore(data, { clock });
      opened.push(again);
      const loaded = await again.open();
      expect(loaded).toMatchObject({ quarantined, secret });
      expect(loaded.devices[0]).toMatchObject({ issued: 9, restored: true, beat: { seq: 3 } });
      await again.close();
    }
  });

  it("writes less than 64 bytes for a beat over IPv4", async () => {
    const clock = new HandClock();
    const data = folder();
    const store = levelStore(data, { clock });
    opened.push(store);
    await store.open();
    const before = statSync(newestLog(data)).size;
    const facts = Array.from({ length: 1_000 }, (_, at) => beat(at + 1, 1, clock.mono));
    await store.commit(facts);
    expect((statSync(newestLog(data)).size - before) / facts.length).toBeLessThan(64);
  });
});

describe("records", () => {
  it("number statuses and causes as they did in layout 1", () => {
    expect(STATUSES.join(" ")).toBe("unknown present late absent left");
    expect(CAUSES.join(" ")).toBe(
      "returned first-beat left promise-broken battery weak-signal reset-loop site gateway-deaf " +
        "broker clock nat refused clash removed",
    );
  });

  it("give every address back as the kernel writes it", () => {
    const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const canonical = new URL(`http://[${words.map((w) => w.toString(16)).join(":")}]/`)
          .hostname;
        const address = canonical.slice(1, -1);
        const form = addressForm(address);
        expect(form).toBe(1);
        expect(addressText(form, addressBytes(form, address))).toBe(address);
      }),
    );
  });
});

function find(store: string, name: RegExp): string {
  return join(store, readdirSync(store).find((file) => name.test(file))!);
}

function newestLog(data: string): string {
  const logs = readdirSync(join(data, "store")).filter((file) => file.endsWith(".log"));
  return join(data, "store", logs.sort().at(-1)!);
}
