/**
 * A data folder with boards that were here a moment ago: enrolled, with an epoch in force and a
 * last beat.
 *
 * Written through the store itself before the gateway starts. Enrolling 100 000 boards over HTTP
 * would measure the disk for a minute, and a HELLO and a first beat of each would measure their
 * commits; both happen once in a board's life, its beats for years.
 */

import { systemClock } from "../../gateway/clock.ts";
import type { BeatFact, Enrolment, Fact, StoredDevice } from "../../gateway/facts.ts";
import { levelStore } from "../../gateway/store/level.ts";
import { EPOCH, enrolmentOf, sealBeat, tagKeyOf } from "./boards.ts";

/** Boards written in one commit. */
const CHUNK = 2_000;

export interface Seeds {
  /** Boards get the ids 1 to this. */
  readonly boards: number;
  readonly suiteOf: (id: number) => number;
  /** Interval code that the last beat of each promised. */
  readonly promise: number;
  /** Of the last beat of a board. Default: 1 for all. */
  readonly seqOf?: (id: number) => number;
  /** Boards that are enrolled and were never heard, besides. */
  readonly strangers?: readonly Enrolment[];
}

/** Resolves when `data` holds the boards, every one of them present. */
export async function seedStore(data: string, seeds: Seeds): Promise<void> {
  const clock = systemClock(0);
  const store = levelStore(data, { clock });
  await store.open("run");
  for (let first = 1; first <= seeds.boards; first += CHUNK) {
    const facts: Fact[] = [];
    for (let id = first; id < first + CHUNK && id <= seeds.boards; id++) {
      facts.push(...factsOf(id, seeds, clock.now()));
    }
    await store.commit(facts);
  }
  const { strangers = [] } = seeds;
  await store.commit(
    strangers.map((enrolment) => ({ kind: "enrol", id: enrolment.id, enrolment })),
  );
  await store.close();
}

/** What a store gives back for such a board. `at`: ms on the monotonic clock. */
export function storedDevice(
  id: number,
  suite: number,
  promise: number,
  seq: number,
  at: number,
): StoredDevice {
  const enrolment = enrolmentOf(id, suite);
  const beat = beatOf(id, suite, promise, seq, at);
  const status = { status: "present", cause: "first-beat", tseq: 1 } as const;
  return { enrolment, issued: EPOCH, epoch: EPOCH, beat, ...status };
}

function beatOf(id: number, suite: number, promise: number, seq: number, at: number): BeatFact {
  const tag = sealBeat(tagKeyOf(id, suite), id, EPOCH, seq, promise).slice(-8);
  const said = { epoch: EPOCH, seq, tag, promise, vitals: 0xf0, reach: 0, ext: "" };
  return { kind: "beat", id, ...said, at, transport: "udp", address: "127.0.0.1", port: 9 };
}

function factsOf(id: number, { suiteOf, promise, seqOf = () => 1 }: Seeds, at: number): Fact[] {
  const { enrolment, beat, status, cause, tseq } = storedDevice(
    id,
    suiteOf(id),
    promise,
    seqOf(id),
    at,
  );
  const from = "unknown";
  return [
    { kind: "enrol", id, enrolment },
    { kind: "epoch", id, issued: EPOCH, epoch: EPOCH },
    beat!,
    {
      kind: "change",
      change: { cursor: id, id, tseq, at, from, to: status, cause: cause!, incident: null },
    },
  ];
}
