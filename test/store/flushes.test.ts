/** Many beats in one record (rule 8): the last of each device comes back, whatever was before. */

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { BeatFact, Fact } from "../../gateway/facts.ts";
import { BACKENDS, beat, clearStores, enrol, HandClock, memoryPlace } from "./rig.ts";

afterEach(clearStores);

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.info(`flushes.test.ts: seed ${SEED}`);

interface Said {
  readonly id: number;
  /** How far `seq` goes on; 0: a new epoch. */
  readonly step: number;
  readonly ago: number;
  readonly move: boolean;
}

const said = fc.record<Said>({
  id: fc.integer({ min: 1, max: 12 }),
  step: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(65_535, 65_536, 70_000)),
  ago: fc.constantFrom(0, 1, 400, 65_535, 65_536, 3_600_000),
  move: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const action = fc.oneof(
  { weight: 8, arbitrary: fc.array(said, { minLength: 1, maxLength: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }).map((remove) => ({ remove })) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

function next(last: BeatFact | undefined, { id, step, ago, move }: Said, now: number): BeatFact {
  const epoch = (last?.epoch ?? 1) + (step === 0 ? 1 : 0);
  const seq = step === 0 ? 1 : (last?.seq ?? 0) + step;
  const tag = String.fromCharCode(...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => (n * seq + epoch) & 255));
  const port = (last?.port ?? 40_000) + (move ? 1 : 0);
  return beat(id, seq, now - ago, {
    epoch,
    tag,
    port,
    promise: 1 + (seq % 200),
    vitals: seq & 255,
  });
}

describe("flushes", () => {
  it("give back the last beat of each device after any history and any restart", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
        const clock = new HandClock();
        const place = memoryPlace(clock);
        let store = place.store();
        await store.open();
        const last = new Map<number, BeatFact>();
        for (const doing of [...actions, "restart" as const]) {
          clock.pass(1_000);
          if (doing === "restart") {
            store = place.store();
            const { devices } = await store.open();
            const found = devices.map(({ enrolment, beat }) => [enrolment.id, beat]);
            expect(new Map(found as [number, BeatFact][])).toEqual(last);
            expect(devices.every(({ restored }) => restored === false)).toBe(true);
          } else if ("remove" in doing) {
            last.delete(doing.remove);
            await store.commit([{ kind: "enrol", id: doing.remove, enrolment: null }]);
          } else {
            const facts: Fact[] = [];
            for (const one of doing) {
              if (!last.has(one.id)) facts.push(enrol(one.id));
              last.set(one.id, next(last.get(one.id), one, clock.mono));
              facts.push(last.get(one.id)!);
            }
            await store.commit(facts);
          }
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe.each(BACKENDS)("flushes in %s", (_name, make) => {
  it("go when newer ones are there, and leave nobody behind", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const ids = Array.from({ length: 100 }, (_, at) => at + 1);
    await store.commit(ids.flatMap((id) => [enrol(id), beat(id, 1, clock.mono)]));
    const deadAt = clock.mono + 1_000;
    for (let seq = 2; seq <= 200; seq++) {
      clock.pass(1_000);
      // Boards 1 to 9 die after their second beat.
      const alive = ids.filter((id) => id > 9 || seq === 2);
      await store.commit(alive.map((id) => beat(id, seq, clock.mono)));
    }
    await store.close();
    const keys = [...(await place.records()).keys()];
    expect(keys.filter((key) => key[0] === "f").length).toBeLessThanOrEqual(4_096 / 91 + 1);
    const { devices } = await place.store().open();
    for (const { enrolment, beat } of devices) {
      const dead = enrolment.id <= 9;
      expect(beat).toMatchObject({ seq: dead ? 2 : 200, at: dead ? deadAt : clock.mono });
    }
  });

  it("that are damaged make those doubtful who have nothing newer (rule 7)", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const of = (ids: number[], seq: number) => ids.map((id) => beat(id, seq, clock.mono));
    await store.commit([1, 2, 3, 4, 5, 6].flatMap((id) => [enrol(id), beat(id, 1, clock.mono)]));
    await store.commit(of([1, 2, 3, 4], 2));
    await store.commit(of([2, 3, 4, 5], 3));
    await store.commit(of([4, 5, 6], 4));
    await store.commit([beat(3, 9, clock.mono, { port: 1 })]);
    await store.close();
    const key = [...(await place.records()).keys()].filter((name) => name[0] === "f")[1]!;
    const bad = Buffer.from((await place.records()).get(key)!);
    bad[9]! ^= 1;
    await place.write(key, bad);
    const second = place.store();
    const loaded = await second.open();
    expect(loaded.quarantined).toEqual(["beats of flush 2: the check sum does not match"]);
    const doubtful = (list: typeof loaded.devices) =>
      list.filter(({ restored }) => restored).map(({ enrolment }) => enrolment.id);
    expect(doubtful(loaded.devices)).toEqual([1, 2]);
    expect(loaded.devices.map(({ beat }) => beat?.seq)).toEqual([2, 2, 9, 4, 4, 4]);
    await second.commit(of([1, 4, 5, 6], 10));
    await second.close();
    expect((await place.records()).get(`q${key}`)).toEqual(bad);
    const third = await place.store().open();
    expect(third.quarantined).toEqual([]);
    expect(third.devices.map(({ beat }) => beat?.seq)).toEqual([10, 2, 9, 10, 10, 10]);
    expect(doubtful(third.devices)).toEqual([1, 2]);
  });
});
