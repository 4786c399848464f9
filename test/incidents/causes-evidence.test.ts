/** Evidence in words, and the counts that causes rest on, against the plainest reckoning. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CAUSE_WORDS,
  describeEvidence,
  describeValue,
  EVIDENCE,
} from "../../gateway/causes/evidence.ts";
import { CAUSES, type Source, STATUSES, type Status } from "../../gateway/facts.ts";
import { Crowd } from "../../gateway/incidents/crowd.ts";
import { Paths } from "../../gateway/incidents/paths.ts";
import { Records } from "../../gateway/records.ts";
import * as row from "../../gateway/rows.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { holds, SEED } from "../gateway/gateway-bench.ts";
import { Board, P_HOUR, P_MINUTE } from "../gateway/gateway-rig.ts";

console.info(`causes-evidence.test.ts: seed ${SEED}`);

describe("evidence in words", () => {
  it("is told in the order of the list, with units; what nobody knows is left out", () => {
    const evidence = { siteSilent: 9, promiseMs: 67_559, lossUp: 0.0214, tomorrow: 1, seenAt: 5 };
    expect(describeEvidence(evidence, (at) => `at ${at}`)).toEqual([
      "last heard at 5",
      "it had promised to be heard within 67 s",
      "2.1 % of its beats are lost on their way to us",
      "of its site silent: 9",
    ]);
    expect(describeValue("constructor", 1, String)).toBe("");
  });

  it("has words for every name and every cause", () => {
    for (const name of Object.keys(EVIDENCE)) {
      const text = describeValue(name, 1_000, (at) => `at ${at}`);
      expect(text).toMatch(/\d/);
      expect(text).not.toMatch(/_/);
    }
    expect(Object.keys(CAUSE_WORDS).sort()).toEqual([...CAUSES].sort());
  });
});

/** What a device may do: its site, its address, its promise, its status. */
const STEP = fc.record({
  slot: fc.integer({ min: 0, max: 9 }),
  site: fc.constantFrom("", "a", "b"),
  address: fc.integer({ min: 0, max: 3 }),
  mqtt: fc.boolean(),
  promise: fc.constantFrom(P_MINUTE, P_HOUR, 255),
  status: fc.constantFrom(...STATUSES),
  remove: fc.integer({ min: 0, max: 9 }),
});

describe("what devices have in common", () => {
  it("is counted right, whatever they do", () => {
    holds(
      fc.property(fc.array(STEP, { minLength: 1, maxLength: 80 }), (steps) => {
        const records = new Records(sha256);
        const crowd = new Crowd(records, 0);
        const here = new Map<number, number>();
        for (const [
          at,
          { slot: n, site, address, mqtt, promise, status, remove },
        ] of steps.entries()) {
          const { bytes } = records.rows;
          if (!here.has(n)) {
            const slot = records.add(new Board(n + 1, 2, { site }).enrolment);
            crowd.joined(slot, at);
            here.set(n, slot);
            continue;
          }
          const slot = here.get(n)!;
          if (remove === 0) {
            const from = records.status(slot);
            crowd.changes(slot, from, "unknown", at);
            records.rows.bytes[slot * row.BYTES + row.STATUS] = 0;
            crowd.removed(slot);
            records.remove(slot);
            here.delete(n);
          } else {
            const before = records.source[slot];
            const transport: Source["transport"] = mqtt ? "mqtt" : "udp";
            records.source[slot] = { transport, address: `192.0.2.${address}`, port: at };
            crowd.moves(slot, before);
            const beforeMs = records.promiseMs(slot);
            bytes[slot * row.BYTES + row.PROMISE] = promise;
            crowd.promises(slot, beforeMs);
            crowd.changes(slot, records.status(slot), status, at);
            bytes[slot * row.BYTES + row.STATUS] = STATUSES.indexOf(status);
            const words = { ...records.roster.enrolment(slot), site };
            records.roster.amend(slot, words);
            crowd.amended(slot);
          }
          for (const mine of here.values()) reckoned(records, crowd, mine, [...here.values()]);
        }
      }),
      200,
    );
  });

  it("finds the same holders of an address as a map does", () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 4 }));
    holds(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const at = new Map<number, string>();
        const groups = new Map<number, { address: string; devices: number }>();
        const make = (address: string) => ({ address, devices: 0 });
        const paths = new Paths((slot) => at.get(slot)!, make);
        for (const [slot, n] of steps) {
          const old = at.get(slot);
          if (old !== undefined) paths.leave(slot, old, groups.get(slot));
          groups.delete(slot);
          at.set(slot, `address ${n}`);
          const { group, other } = paths.join(slot, `address ${n}`);
          if (group !== undefined) groups.set(slot, group);
          if (other >= 0) groups.set(other, group!);
          const same = [...at].filter(([, address]) => address === `address ${n}`);
          expect(groups.get(slot)?.devices ?? 1).toBe(same.length);
          for (const [each] of same) expect(groups.get(each)).toBe(groups.get(slot));
        }
      }),
      300,
    );
  });
});

/** The counts of all groups of a device, from scratch. */
function reckoned(records: Records, crowd: Crowd, slot: number, all: readonly number[]): void {
  const is = (other: number, ...statuses: Status[]): boolean =>
    statuses.includes(records.status(other));
  for (const group of crowd.groups(slot)) {
    const mine = all.filter((other) => crowd.groups(other).includes(group));
    const here = mine.filter((other) => is(other, "present", "late"));
    const rate = here.reduce((sum, other) => {
      const ms = records.promiseMs(other);
      return sum + (ms === 0 ? 0 : Math.round(1e9 / ms));
    }, 0);
    const late = here.filter((other) => is(other, "late")).length;
    expect([group.scope, group.here, group.late, group.rate]).toEqual([
      group.scope,
      here.length,
      late,
      rate,
    ]);
    if (group.kind === "site") expect(records.roster.site(slot)).toBe(group.address);
    if (group.kind === "address") expect(records.source[slot]!.address).toBe(group.address);
  }
}
