// The rhythm of the shell (rules 5 and 8): answers in the turn that received, nothing told before
// it is durable, and nothing expired before the sockets are empty.

import { setImmediate as nextRound } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Change, Effects, Fact, Outgoing, Source } from "../../gateway/facts.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Store } from "../../gateway/store/store.ts";
import { Turns, type TurnsOptions } from "../../gateway/turns.ts";

const FROM: Source = { transport: "udp", address: "192.0.2.7", port: 40_007 };
const FACT: Fact = { kind: "epoch", id: 1, issued: 2, epoch: 1 };
const CHANGE: Change = {
  cursor: 1,
  id: 1,
  tseq: 1,
  at: 0,
  from: "unknown",
  to: "present",
  cause: "first-beat",
  incident: null,
};

function out(frame: string): Outgoing {
  return { to: FROM, frame };
}

function effects(words: { send?: string[]; ticket?: number; after?: string[] }): Effects {
  const { send = [], ticket = 0, after = [] } = words;
  return {
    send: send.map(out),
    commit: ticket > 0 ? [FACT] : [],
    ticket,
    afterCommit: { send: after.map(out), changes: after.length > 0 ? [CHANGE] : [] },
  };
}

/** Turns over a core and a store by hand; `seen` is what happened, in order. */
function bench(more: Partial<TurnsOptions> = {}) {
  const seen: string[] = [];
  const commits: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const counts = { fresh: 0 };
  const answers: Effects[] = [];
  const written: Effects[] = [];
  let now = 1_000;
  let wakeAt = Infinity;
  const core = {
    frames: { udp: counts, mqtt: counts, sim: counts },
    get wakeAt() {
      return wakeAt;
    },
    handle(frame: string) {
      seen.push(`handle ${frame}`);
      counts.fresh++;
      return answers.shift() ?? effects({});
    },
    expire(at: number) {
      seen.push(`expire ${at}`);
      wakeAt = Infinity;
      return answers.shift() ?? effects({});
    },
    write(at: number) {
      seen.push(`write ${at}`);
      return written.shift() ?? effects({});
    },
    flush: () => effects({ ticket: 99, after: ["flushed"] }),
    committed: (ticket: number) => void seen.push(`committed ${ticket}`),
  } as unknown as Gateway;
  const store = {
    commit: () =>
      new Promise<void>((resolve, reject) => {
        seen.push("commit");
        commits.push({ resolve, reject });
      }),
  } as unknown as Store;
  const turns = new Turns({
    core,
    store,
    clock: { now: () => now, wallAt: (at) => at, trusted: () => true },
    onFacts: () => void seen.push("facts"),
    onChanges: (changes) => void seen.push(`changes ${changes.length}`),
    onBeat: (id) => void seen.push(`beat ${id}`),
    onAnswered: (at) => void seen.push(`answered ${at}`),
    onFatal: (error) => void seen.push(`fatal ${error.message}`),
    ...more,
  });
  turns.add({
    name: "udp",
    send: (_to, frame) => void seen.push(`send ${frame}`),
    close: () => Promise.resolve(),
  });
  return {
    seen,
    commits,
    answers,
    written,
    turns,
    at(instant: number) {
      now = instant;
    },
    wake(instant: number) {
      wakeAt = instant;
    },
  };
}

describe("a turn", () => {
  it("answers before `receive` returns (rule 5)", () => {
    const { turns, seen, answers } = bench();
    answers.push(effects({ send: ["ack"] }));
    turns.receive("\x00\x00\x00\x07", FROM);
    expect(seen).toEqual(["handle \x00\x00\x00\x07", "send ack", "answered 1000", "beat 7"]);
  });

  it("tells nothing before it is durable, and what it tells in order (rule 8)", async () => {
    const { turns, seen, answers, commits } = bench();
    answers.push(effects({ send: ["now"], ticket: 1, after: ["then"] }));
    turns.receive("", FROM);
    await nextRound();
    expect(seen).toEqual(["handle ", "send now", "answered 1000", "facts", "commit", "beat 0"]);
    seen.length = 0;
    commits[0]!.resolve();
    await nextRound();
    expect(seen).toEqual(["committed 1", "send then", "answered 1000", "changes 1"]);
  });

  it("stops at a store that fails: nothing more is told, taken or expired", async () => {
    const { turns, seen, answers, commits, wake } = bench();
    answers.push(effects({ ticket: 1, after: ["never"] }));
    turns.receive("first", FROM);
    const enrolling = turns.apply(effects({ ticket: 2, after: ["never"] }));
    commits[0]!.reject(new Error("disk full"));
    commits[1]!.reject(new Error("disk full"));
    await expect(enrolling).rejects.toThrow("disk full");
    wake(0);
    turns.receive("second", FROM);
    turns.start();
    await nextRound();
    await nextRound();
    expect(seen).toContain("fatal disk full");
    expect(seen.join()).not.toMatch(/never|second|committed|expire/);
  });

  it("makes durable at its stop what the core still holds", async () => {
    const { turns, seen, commits } = bench();
    const stopping = turns.stop();
    commits[0]!.resolve();
    await stopping;
    turns.receive("late", FROM);
    expect(seen).toEqual(["facts", "commit", "committed 99", "send flushed", "changes 1"]);
  });
});

describe("the timer", () => {
  /** Waits for the timer of a start, and goes on before the round that it wanted has passed. */
  async function fired(b: ReturnType<typeof bench>): Promise<void> {
    b.turns.start();
    while (!b.seen.some((what) => what.startsWith("write"))) await nextRound();
  }

  /** Lets rounds pass until `expire` was seen; brings `rounds` full rounds of datagrams first. */
  async function expired(b: ReturnType<typeof bench>, rounds: number): Promise<number> {
    b.wake(900);
    await fired(b);
    let passed = 0;
    while (!b.seen.some((what) => what.startsWith("expire"))) {
      if (passed < rounds) for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
      passed++;
      await nextRound();
    }
    return passed;
  }

  it("expires what is due when a round brought nothing", async () => {
    const b = bench();
    expect(await expired(b, 0)).toBeLessThanOrEqual(2);
    expect(b.seen).toEqual(["write 1000", "write 1000", "expire 1000"]);
  });

  it("lets the sockets empty first", async () => {
    const b = bench();
    await expired(b, 10);
    const handled = b.seen.filter((what) => what.startsWith("handle")).length;
    expect(handled).toBe(320);
    expect(b.seen.at(-1)).toBe("expire 1000");
  });

  it("waits a second at most for sockets that never empty, but for what it stood", async () => {
    const b = bench();
    b.wake(900);
    await fired(b);
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
      // The first round lasts a minute, in which the process stood: it read for 100 ms of that.
      b.at(61_000 + round * 100);
      await nextRound();
      if (round < 9) expect(b.seen.some((what) => what.startsWith("expire"))).toBe(false);
    }
    expect(b.seen).toContain("expire 61900");
  });

  it("writes what is due for the disk while the sockets are busy, once at a time (rule 8)", async () => {
    const b = bench();
    b.wake(900);
    await fired(b);
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
      if (round === 2) b.written.push(effects({ ticket: 1 }));
      await nextRound();
    }
    expect(b.seen.filter((what) => what === "commit")).toEqual(["commit"]);
    const after = b.seen.slice(b.seen.indexOf("commit"));
    expect(after.some((what) => /^(write|expire)/.test(what))).toBe(false);
    b.commits[0]!.resolve();
    await nextRound();
    for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
    await nextRound();
    expect(b.seen.slice(b.seen.indexOf("committed 1"))).toContain("write 1000");
  });

  it("lets other work through when a round brought little, or after 50 ms", async () => {
    const b = bench();
    const done: string[] = [];
    for (const name of ["first", "second"]) void b.turns.quiet().then(() => done.push(name));
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
      await nextRound();
    }
    expect(done).toEqual([]);
    b.at(1_050);
    for (let n = 0; n < 32; n++) b.turns.receive("x", FROM);
    await nextRound();
    expect(done).toEqual(["first"]);
    await nextRound();
    await nextRound();
    expect(done).toEqual(["first", "second"]);
  });

  it("is set for what comes sooner", async () => {
    const b = bench();
    b.wake(1_000_000);
    b.turns.start();
    b.wake(1_000);
    b.turns.receive("x", FROM);
    await new Promise((done) => setTimeout(done, 2));
    await nextRound();
    await nextRound();
    expect(b.seen).toContain("expire 1000");
  });
});
