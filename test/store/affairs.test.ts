/** What is kept beside records and changes comes back after any crash, in either backend. */

import { afterEach, describe, expect, it } from "vitest";
import type { Affairs } from "../../gateway/affairs.ts";
import type { Fact } from "../../gateway/facts.ts";
import { DEAF_MAX, EVIDENCE_MAX, INCIDENTS_MAX } from "../../gateway/store/store.ts";
import { allKinds, commandOf, incidentOf, noticeOf } from "./kinds.ts";
import { BACKENDS, beat, change, clearStores, enrol, HandClock } from "./rig.ts";

afterEach(clearStores);

describe.each(BACKENDS)("the affairs in %s", (_name, make) => {
  it("come back after a crash, their instants on the new clock", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    expect((await store.open()).affairs).toEqual(nothing);
    await store.commit(allKinds(clock.mono));
    place.crash();
    clock.pass(1_000);
    clock.mono = 100;
    const loaded = await place.store().open();
    expect(loaded).toMatchObject({ stoppedMs: 1_000, quarantined: [] });
    const at = -900;
    const [device] = loaded.devices;
    expect(device).toMatchObject({ learned: "\x00\xff learned" });
    expect(device?.commands?.[0]).toEqual(commandOf(7, at));
    expect(device?.commands?.[1]?.notAfterAt).toBeGreaterThan(1e300);
    expect(loaded.affairs).toEqual({
      incidents: [incidentOf(4, at)],
      notices: [noticeOf(9, at)],
      deaf: [{ n: 1, why: "stopped", transport: null, fromAt: at - 9, toAt: at }],
      quiets: [{ target: "site:söuth", kind: "mute", fromAt: at, untilAt: at + 5_000 }],
      ...{ lastIncident: 4, lastNotice: 9, lastDeaf: 1 },
    });
  });

  it("are gone when they are taken away, and their numbers are not given again", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit(allKinds(clock.mono));
    await store.commit([
      { kind: "command", id: 1, n: 7, command: null },
      { kind: "incident", n: 4, incident: null },
      { kind: "notice", n: 9, notice: null },
      { kind: "quiet", target: "site:söuth", quiet: null },
      { kind: "history", id: 1, part: "m0001", bytes: "" },
      { kind: "learned", id: 1, bytes: "" },
    ]);
    await store.close();
    const again = place.store();
    const { devices, affairs } = await again.open();
    expect(affairs).toMatchObject({ incidents: [], notices: [], quiets: [] });
    expect(affairs).toMatchObject({ lastIncident: 4, lastNotice: 9, lastDeaf: 1 });
    expect(devices[0]).toMatchObject({ learned: "", commands: [{ n: 8 }] });
    expect(await again.history(1, "", "~")).toEqual([{ part: "m0002", bytes: "\xfe" }]);
  });

  it("do not move when the wall clock steps (5b.17)", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([...allKinds(clock.mono), beat(1, 1, clock.mono)]);
    clock.pass(2_000);
    clock.wall += 365 * 86_400_000;
    await store.commit([{ kind: "learned", id: 1, bytes: "x" }]);
    place.crash();
    clock.pass(3_000);
    const { devices, stoppedMs } = await place.store().open();
    expect(stoppedMs).toBe(3_000);
    expect(devices[0]?.beat?.at).toBe(clock.mono - 5_000);
    expect(devices[0]?.commands?.[0]?.notAfterAt).toBe(clock.mono + 55_000);
  });

  it("of one device are found by device, and go with it", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    const history = (id: number, part: string): Fact => ({
      ...{ kind: "history", id, part, bytes: `${id} ${part}` },
    });
    await store.commit([
      ...allKinds(clock.mono),
      enrol(2),
      ...["a1", "a2", "b1"].map((part) => history(2, part)),
      change(1, 2, 1, clock.mono),
      change(2, 1, 1, clock.mono),
      change(3, 2, 2, clock.mono),
    ]);
    expect(await store.history(2, "a", "b")).toEqual([
      { part: "a1", bytes: "2 a1" },
      { part: "a2", bytes: "2 a2" },
    ]);
    expect((await store.changesOf(2, 9, 9)).map(({ cursor }) => cursor)).toEqual([3, 1]);
    expect((await store.changesOf(2, 2, 9)).map(({ cursor }) => cursor)).toEqual([1]);
    expect((await store.changesOf(2, 9, 1)).map(({ cursor }) => cursor)).toEqual([3]);
    const early = store.commit([history(1, "late")]);
    const removed = store.commit([{ kind: "enrol", id: 1, enrolment: null }]);
    const later = store.commit([enrol(1), history(1, "new"), change(4, 1, 1, clock.mono)]);
    await Promise.all([early, removed, later]);
    expect(await store.history(1, "", "~")).toEqual([{ part: "new", bytes: "1 new" }]);
    expect((await store.changesOf(1, 9, 9)).map(({ cursor }) => cursor)).toEqual([4]);
    await store.commit([{ kind: "enrol", id: 1, enrolment: null }]);
    await store.close();
    const left = [...(await place.records()).keys()].filter((key) => /^.000001/.test(key));
    expect(left).toEqual([]);
  });

  it("are bounded: changes, evidence, deaf intervals and closed incidents", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store({ changesMax: 3 });
    await store.open();
    const at = clock.mono;
    await store.commit([enrol(2)]);
    const evidence = { promiseMs: 60_000, missedAt: at + 1, why: "x" };
    for (let n = 1; n <= 7; n++) {
      await store.commit([{ ...(change(n, 2, n, at) as Fact & { kind: "change" }), evidence }]);
    }
    expect((await store.changesOf(2, 99, 9)).map(({ tseq }) => tseq)).toEqual([7, 6, 5]);
    expect(await store.evidence(7)).toEqual({ ...evidence, missedAt: clock.wall + 1 });
    await store.commit([change(EVIDENCE_MAX + 7, 2, 8, at)]);
    expect(await store.evidence(7)).toBeUndefined();
    const facts: Fact[] = [];
    for (let n = 1; n <= DEAF_MAX + 5; n++) {
      const deaf = { n, why: "clock", transport: "udp", fromAt: at, toAt: null } as const;
      facts.push({ kind: "deaf", deaf });
    }
    for (let n = 1; n <= INCIDENTS_MAX + 5; n++) {
      const closedAt = n === 2 ? null : at;
      facts.push({ kind: "incident", n, incident: incidentOf(n, at, { closedAt }) });
    }
    await store.commit(facts);
    await store.close();
    const again = place.store();
    const { affairs } = await again.open();
    expect(affairs.deaf.map(({ n }) => n)).toEqual(upTo(6, DEAF_MAX + 5));
    expect(affairs.incidents.map(({ n }) => n)).toEqual([2, ...upTo(6, INCIDENTS_MAX + 5)]);
    await again.close();
    const keys = [...(await place.records()).keys()];
    expect(keys.filter((key) => /^[ct]/.test(key))).toEqual(["c0000000186a7", "t00000200000008"]);
    expect(keys.filter((key) => key[0] === "i")).toHaveLength(INCIDENTS_MAX + 1);
  });
});

const nothing: Affairs = {
  ...{ incidents: [], notices: [], deaf: [], quiets: [] },
  ...{ lastIncident: 0, lastNotice: 0, lastDeaf: 0 },
};

function upTo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
