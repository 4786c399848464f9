// Commands that wait at the gateway: who is called, how long, how many, and what is said of them.

import { describe, expect, it } from "vitest";
import { Bench } from "../gateway/gateway-bench.ts";
import { gist, HOUR, MINUTE, Post, payloads } from "./rig.ts";

describe("a device that is awake", () => {
  it("is nudged at once, and gets its command with the beat that it sends for it", () => {
    const post = new Post(0);
    post.send("a");
    expect(gist(post.pass(0))).toBe("!");
    expect(gist(post.wake())).toBe("A+ a");
    expect(gist(post.answer(1))).toBe("A");
    expect(gist(post.pass(30_000))).toBe("");
  });

  it("is nudged again after 5 s, then twice as late each time, for as long as it is here", () => {
    const post = new Post(0);
    post.send("a");
    const start = post.bench.now;
    const nudges = [...post.pass(50_000)].map(({ at }) => at - start);
    expect(nudges).toEqual([0, 5_000, 15_000, 35_000]);
  });

  it("is not nudged twice within 5 s, whatever is queued and answered", () => {
    const post = new Post(0);
    const nudges: number[] = [];
    for (let n = 1; n <= 32; n++) {
      post.send(`${n}`);
      for (const { at, nudge } of post.pass(700)) if (nudge) nudges.push(at);
      if (n % 3 === 0) post.wake();
      if (n % 5 === 0) post.answer(n / 5);
    }
    const gaps = nudges.slice(1).map((at, n) => at - nudges[n]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5_000);
    expect(nudges.length).toBeGreaterThan(2);
  });

  it("gets all that waits under one beat, however long that takes", () => {
    const post = new Post(0);
    for (let n = 1; n <= 20; n++) post.send(`${n}`);
    post.wake();
    for (let cmd = 1; cmd < 20; cmd++) {
      post.pass(1_000);
      expect(payloads(post.answer(cmd))).toEqual([`${cmd + 1}`]);
    }
    expect(gist(post.answer(20))).toBe("A");
  });

  it("a sleeper, an absent one and one without an epoch get no NUDGE", () => {
    const sleeper = new Post(2);
    sleeper.send("a");
    expect(gist(sleeper.pass(30 * MINUTE))).toBe("");
    const absent = new Post(0);
    absent.pass(HOUR);
    expect(absent.bench.view(absent.board).status).toBe("absent");
    absent.send("a");
    expect(gist(absent.pass(30 * MINUTE))).toBe("");
  });
});

describe("a command that waits", () => {
  it("expires at its not-after, to the millisecond, if it was never sent", () => {
    const post = new Post();
    post.send("a", 10_000);
    post.send("b", 20_000);
    const start = post.bench.now;
    post.pass(9_999);
    expect(post.states).toEqual(["queued", "queued"]);
    post.pass(1);
    expect(post.states).toEqual(["expired", "queued"]);
    expect(post.commands[0]!.doneAt).toBe(start + 10_000);
    expect(post.stored).toEqual(["expired", "queued"]);
    expect(payloads(post.wake())).toEqual(["b"]);
  });

  it("can be taken back while it was never sent, and only then", () => {
    const post = new Post();
    for (const payload of ["a", "b"]) post.send(payload);
    post.wake();
    expect([post.withdraw(1), post.withdraw(2), post.withdraw(3)]).toEqual([
      "sent",
      "withdrawn",
      "unknown",
    ]);
    expect(gist(post.answer(1))).toBe("A");
    expect([post.withdraw(1), post.withdraw(2)]).toEqual(["ended", "ended"]);
    expect(post.states).toEqual(["done", "superseded"]);
  });

  it("is told of when it is on disk, and so is its end", () => {
    const post = new Post();
    post.bench.hold = true;
    post.send("a", 5_000);
    expect([post.states, post.bench.view(post.board).waiting]).toEqual([[], 0]);
    post.bench.settle();
    expect([post.states, post.bench.view(post.board).waiting]).toEqual([["queued"], 1]);
    post.pass(5_000);
    expect(post.states).toEqual(["queued"]);
    post.bench.settle();
    expect(post.states).toEqual(["expired"]);
  });

  it("goes with its device, and the next one of that name has none", () => {
    const post = new Post();
    post.send("a", 5_000);
    post.bench.obey(post.bench.core.remove(post.board.id, post.bench.now));
    post.bench.enrol(post.board);
    expect(post.commands).toEqual([]);
    expect(gist(post.pass(10_000))).toBe("");
    expect(post.bench.core.requests.commands).toMatchObject({ queued: 0, expired: 0 });
  });

  it("is doubted when it comes back from a backup: it may have been sent since", () => {
    const post = new Post();
    post.send("a");
    const { devices } = post.bench.disk;
    const { id } = post.board;
    devices.set(id, { ...devices.get(id)!, restored: true });
    post.bench.restart(MINUTE);
    post.send("b");
    post.bench.meet(post.board, { promise: post.promise, reach: 2 });
    expect(post.states).toEqual(["failed", "offered"]);
    expect(payloads(post.wake())).toEqual(["b"]);
  });
});

describe("limits", () => {
  const full = (post: Post) => {
    try {
      post.send("one too many");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("so many wait for a device, and so many for all", () => {
    const limits = { commandsPerDevice: 3, commandsMax: 4 };
    const post = new Post(2, { limits });
    for (let n = 0; n < 3; n++) post.send("x", HOUR, n === 0 ? "key" : "");
    expect(full(post)).toBe("3 commands wait for this device; expected fewer than 3");
    // What it takes the place of makes room for it.
    post.send("y", HOUR, "key");
    const other = new Post(2, {}, 1, post.bench);
    other.send("x");
    expect(full(other)).toBe("4 commands wait; expected fewer than 4");
    post.withdraw(4);
    expect(full(other)).toBe("");
  });

  it("so many outcomes are kept; n goes on, and no number is given twice in an epoch", () => {
    const post = new Post(2, { limits: { outcomesPerDevice: 3 } });
    post.send("sent");
    post.wake();
    post.answer(1);
    for (let n = 0; n < 6; n++) {
      post.send("late", 1_000);
      post.pass(1_000);
    }
    expect(post.commands.map(({ n }) => n)).toEqual([1, 6, 7]);
    expect(post.stored).toHaveLength(3);
    post.bench.restart(0);
    expect(post.send("next")).toBe(8);
    expect(post.wake().at(-1)!.command).toMatchObject({ cmd: 2, payload: "next" });
  });

  it("so many outcomes are kept for all, whoever's is the oldest goes", () => {
    const post = new Post(2, { limits: { outcomesMax: 4 } });
    const other = new Post(2, {}, 1, post.bench);
    const end = (whose: Post) => {
      whose.send("late", 1_000);
      whose.pass(1_000);
    };
    for (const whose of [post, post, post, other, post, other, other]) end(whose);
    expect(post.commands.map(({ n }) => n)).toEqual([4]);
    expect(other.commands.map(({ n }) => n)).toEqual([1, 2, 3]);
    end(other);
    expect([post.stored, other.stored].map(({ length }) => length)).toEqual([1, 3]);
    expect(other.commands.map(({ n }) => n)).toEqual([2, 3, 4]);
  });

  it("refuses what cannot be, and changes nothing", () => {
    const post = new Post();
    const { requests } = post.bench.core;
    const order = { payload: "", notAfterMs: HOUR, supersede: "" };
    const send = (more: Partial<typeof order>, id = post.board.id) =>
      requests.send(id, { ...order, ...more }, post.bench.now);
    expect(() => send({ payload: "x".repeat(244) })).toThrow("244 bytes; expected at most 243");
    expect(() => send({ payload: "\u0100" })).toThrow("expected bytes");
    expect(() => send({ notAfterMs: 999 })).toThrow("expected 1 s to 30 d");
    expect(() => send({ notAfterMs: 30 * 24 * HOUR + 1 })).toThrow("expected 1 s to 30 d");
    expect(() => send({ supersede: "k".repeat(65) })).toThrow("expected at most 64");
    expect(() => send({}, 99)).toThrow("expected an enrolled one");
    const crc = new Post(2, {}, 0, post.bench);
    expect(() => send({}, crc.board.id)).toThrow("suite 0 (crc16) has no commands");
    expect(post.states).toEqual([]);
    expect(post.send("x".repeat(243), 1_000, "k".repeat(64))).toBe(1);
  });
});

describe("the forecast", () => {
  it("is now for who is awake, the next promised wake for a sleeper, and counts who is before it", () => {
    const awake = new Post(0);
    awake.send("a");
    awake.send("b");
    const now = awake.bench.now;
    expect(awake.commands.map(({ forecastAt }) => forecastAt! - now)).toEqual([0, 1_000]);
    const post = new Post();
    for (let n = 1; n <= 14; n++) post.send(`${n}`);
    const { dueAt, promiseMs } = post.bench.view(post.board);
    const forecasts = post.commands.map(({ forecastAt }) => forecastAt!);
    expect(forecasts[0]).toBeLessThanOrEqual(dueAt!);
    expect(forecasts[12]! - forecasts[0]!).toBe(12_000);
    expect(forecasts[13]! - forecasts[0]!).toBe(promiseMs);
  });

  it("says nothing where nothing is promised, or where the not-after comes first", () => {
    const post = new Post();
    post.send("a", 10 * MINUTE);
    post.send("b", 10 * HOUR);
    expect(post.commands.map(({ forecastAt }) => forecastAt === null)).toEqual([true, false]);
    post.pass(5 * HOUR);
    expect(post.bench.view(post.board).status).toBe("absent");
    expect(post.commands.map(({ forecastAt }) => forecastAt)).toEqual([null, null]);
  });
});

it("a gateway without commands has no timers for them, and its beats no MORE", () => {
  const bench = new Bench();
  expect(bench.core.wakeAt).toBe(Number.POSITIVE_INFINITY);
  const post = new Post();
  expect(gist(post.wake())).toBe("A");
  expect(bench.core.requests.commands).toEqual({
    ...{ queued: 0, offered: 0, done: 0, refused: 0, failed: 0, expired: 0, superseded: 0 },
  });
});
