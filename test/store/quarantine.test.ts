/** Damage in each kind of record: set aside and named; the store starts, the rest is whole. */

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Fact } from "../../gateway/facts.ts";
import { firstDamage } from "../../gateway/store/level-log.ts";
import { allKinds } from "./kinds.ts";
import {
  BACKENDS,
  beat,
  change,
  clearStores,
  enrol,
  folder,
  HandClock,
  levelAt,
  type Place,
} from "./rig.ts";

afterEach(clearStores);

/** A key, how the store names it, and what is then expected of what was loaded. */
const CASES: readonly (readonly [string, string, object])[] = [
  ["l000001", "what was learned of 000001", { devices: [{ learned: "" }] }],
  [
    "w000001000000000007",
    "command 7 of 000001",
    { devices: [{ restored: true, commands: [{ n: 7, state: "failed", code: -1 }, { n: 8 }] }] },
  ],
  ["i000000000004", "incident 4", { affairs: { incidents: [], lastIncident: 4 } }],
  ["n000000000009", "notice 9", { affairs: { notices: [], lastNotice: 9 } }],
  ["o000000000001", "deaf interval 1", { affairs: { deaf: [], lastDeaf: 1 } }],
  ["usite:söuth", "quiet target site:söuth", { affairs: { quiets: [] } }],
  ["mnumbers", "numbers of the store", { affairs: { lastNotice: 1_000_009 } }],
];

async function filled(place: Place, clock: HandClock): Promise<void> {
  const store = place.store();
  await store.open();
  const changed = change(1, 1, 1, clock.mono) as Extract<Fact, { kind: "change" }>;
  await store.commit([...allKinds(clock.mono), { ...changed, evidence: { promiseMs: 60_000 } }]);
  await store.close();
}

async function harm(place: Place, key: string): Promise<Buffer> {
  const bad = Buffer.from((await place.records()).get(key)!);
  bad[2]! ^= 1;
  await place.write(key, bad);
  return bad;
}

describe.each(BACKENDS)("a store in %s", (_name, make) => {
  it.each(CASES)("starts with an unreadable %s", async (key, words, expected) => {
    const clock = new HandClock();
    const place = make(clock);
    await filled(place, clock);
    const bad = await harm(place, key);
    const store = place.store();
    const loaded = await store.open();
    expect(loaded.quarantined).toEqual([`${words}: the check sum does not match`]);
    expect(loaded).toMatchObject(expected);
    await store.close();
    expect((await place.records()).get(`q${key}`)).toEqual(bad);
    const again = await place.store().open();
    expect(again.quarantined).toEqual([]);
    expect(again).toMatchObject(expected);
  });

  it.each([
    ["c000000000001", (store) => store.changes(0, 9)],
    ["c000000000001", (store) => store.changesOf(1, 9, 9)],
    ["t00000100000001", (store) => store.changesOf(1, 9, 9)],
    ["v000000000001", async (store) => [await store.evidence(1)].filter(Boolean)],
    ["h000001m0001", (store) => store.history(1, "m0001", "m0002")],
  ] as readonly [string, (store: ReturnType<Place["store"]>) => Promise<unknown[]>][])(
    "sets %s aside when it is read",
    async (key, read) => {
      const clock = new HandClock();
      const place = make(clock);
      await filled(place, clock);
      const bad = await harm(place, key);
      const named: string[] = [];
      const store = place.store({ onQuarantined: (why) => void named.push(why) });
      expect((await store.open()).quarantined).toEqual([]);
      expect(await read(store)).toEqual([]);
      await store.commit([]);
      expect(await read(store)).toEqual([]);
      expect(named).toEqual([`${key}: the check sum does not match`]);
      await store.close();
      expect((await place.records()).get(`q${key}`)).toEqual(bad);
    },
  );

  it("refuses an affair of another form, and starts", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const incident = { n: 3, cause: "boredom" } as never;
    await store.commit([{ kind: "incident", n: 3, incident }]);
    await store.close();
    const { quarantined } = await place.store().open();
    expect(quarantined).toEqual(['incident 3: cause is "boredom"']);
  });
});

describe("a store on LevelDB", () => {
  it.each([
    ["letters", 0x5a],
    ["zeros", 0],
    ["ones", 0xff],
  ])(
    "with a last page of the journal full of %s starts, quarantines, reports (5b.19)",
    async (_words, filler) => {
      const clock = new HandClock();
      const data = folder();
      const store = levelAt(data, clock);
      await store.open();
      for (let n = 1; n <= 60; n++) {
        const issued = { kind: "epoch", id: n, issued: 9, epoch: 7 } as const;
        await store.commit([enrol(n), issued, beat(n, n, clock.mono), change(n, n, 1, clock.mono)]);
      }
      await store.close();
      const name = readdirSync(join(data, "store")).find((file) => file.endsWith(".log"))!;
      const log = join(data, "store", name);
      expect(firstDamage(readFileSync(log))).toBe(-1);
      const { size } = statSync(log);
      const from = Math.floor((size - 1) / 4_096) * 4_096;
      const file = openSync(log, "r+");
      writeSync(file, Buffer.alloc(size - from, filler), 0, size - from, from);
      closeSync(file);
      const harmed = readFileSync(log);

      const again = levelAt(data, clock);
      const { devices, cursor, quarantined } = await again.open();
      expect(quarantined).toHaveLength(1);
      expect(quarantined[0]).toMatch(/^the log of the store from byte \d+ of \d+ on; it is kept/);
      expect(readFileSync(join(data, `store.unreadable-${name}`))).toEqual(harmed);
      // Everything before that page is there, and nobody's epoch is believed (rule 7).
      expect(devices.length).toBeGreaterThan(30);
      expect(devices.length).toBe(cursor);
      expect(devices.every(({ restored, tseq }) => restored && tseq === 1)).toBe(true);
      await again.close();
      const third = levelAt(data, clock);
      expect(await third.open()).toMatchObject({ quarantined: [], cursor });
      expect(existsSync(join(data, "store.damaged"))).toBe(false);
    },
  );
});
