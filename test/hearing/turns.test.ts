// What the rhythm of the shell owes its ears: they look before anybody is doubted, they take the
// gateway's own frames, and they know since when nothing has got to disk.

import { setImmediate as nextRound } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Effects, Fact, Source } from "../../gateway/facts.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Store } from "../../gateway/store/store.ts";
import { type Listener, Turns } from "../../gateway/turns.ts";

const FROM: Source = { transport: "udp", address: "192.0.2.7", port: 40_007 };
const FACT: Fact = { kind: "epoch", id: 1, issued: 2, epoch: 1 };
const NONE: Effects = {
  ...{ send: [], commit: [], ticket: 0 },
  afterCommit: { send: [], changes: [] },
};

function bench() {
  const seen: string[] = [];
  const commits: (() => void)[] = [];
  const state = { now: 1_000, wakeAt: Infinity };
  const counts = { fresh: 0 };
  const core = {
    frames: { udp: counts, mqtt: counts, sim: counts },
    get wakeAt() {
      return state.wakeAt;
    },
    handle() {
      seen.push("handle");
      return NONE;
    },
    expire(at: number) {
      seen.push(`expire ${at}`);
      state.wakeAt = Infinity;
      return NONE;
    },
    write: () => NONE,
    committed: () => {},
  } as unknown as Gateway;
  const store = {
    commit: () => new Promise<void>((resolve) => commits.push(resolve)),
  } as unknown as Store;
  const none = () => {};
  const turns = new Turns({
    ...{ core, store, onChanges: none, onFacts: none, onBeat: none, onAnswered: none },
    clock: { now: () => state.now, wallAt: (at) => at, trusted: () => true },
    onFatal: none,
  });
  const ears: Listener = {
    takes: (frame) => frame === "own",
    look(drained) {
      seen.push(`look ${drained}`);
      state.now += 5_000;
    },
    unwell: undefined,
  };
  turns.ears = ears;
  return { turns, seen, state, commits };
}

/** Starts the timer and brings so many frames each round, until something expired. */
async function expired({ turns, seen, state }: ReturnType<typeof bench>, frames: string[]) {
  state.wakeAt = 900;
  turns.start();
  while (!seen.some((what) => what.startsWith("expire"))) {
    await nextRound();
    for (const frame of frames) {
      if (frame === "refused") turns.refused();
      else turns.receive(frame, FROM);
    }
    if (frames.length > 0) state.now += 60;
  }
}

it("looks before it expires, and expires by the clock as it is then", async () => {
  const b = bench();
  await expired(b, []);
  expect(b.seen).toEqual(["look true", "expire 6000"]);
});

it("says that it could not drain the sockets, where it could not", async () => {
  const b = bench();
  await expired(b, Array(32).fill("x"));
  const seen = b.seen.filter((what) => what !== "handle");
  expect(seen).toEqual(["look false", expect.stringMatching(/^expire/)]);
});

it("counts the gateway's own frames and refused ones as read, and shows the core neither", async () => {
  const b = bench();
  await expired(b, [...Array(31).fill("own"), "refused"]);
  expect(b.seen).toEqual(["look false", expect.stringMatching(/^expire/)]);
});

it("knows since when no write has ended that is waited for, and when the last one did", async () => {
  const { turns, state, commits } = bench();
  expect(turns.stalledSince).toBeUndefined();
  state.now = 2_000;
  void turns.apply({ ...NONE, commit: [FACT], ticket: 1 });
  state.now = 3_000;
  void turns.apply({ ...NONE, commit: [FACT], ticket: 2 });
  expect([turns.stalledSince, turns.writtenAt]).toEqual([2_000, 1_000]);
  state.now = 4_000;
  commits[0]!();
  await nextRound();
  expect([turns.stalledSince, turns.writtenAt]).toEqual([4_000, 4_000]);
  commits[1]!();
  await nextRound();
  expect(turns.stalledSince).toBeUndefined();
});
