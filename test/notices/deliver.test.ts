/** The driver of notices, on a clock of its own: retries, order, limits, and what a crash costs. */

import { describe, expect, it } from "vitest";
import {
  CONCURRENT_MAX,
  GIVE_UP_MS,
  JITTER,
  RETRY_FIRST_MS,
  RETRY_MAX_MS,
} from "../../gateway/notices/deliver.ts";
import { BAD, Bench, fact, gone, notice, OK, settled } from "./rig.ts";

describe("a notice", () => {
  it("is delivered when it is durable, told to the core once, and forgotten", async () => {
    const bench = new Bench();
    bench.answers.set("a", OK);
    bench.deliver.coming([fact(notice(1))]);
    await settled();
    expect(bench.attempts).toEqual([]);
    await bench.facts(fact(notice(1)));
    await bench.facts(gone(1));
    await bench.pass(GIVE_UP_MS);
    expect(bench.attempts).toEqual(["1 at 0"]);
    expect(bench.done).toEqual(["1 true"]);
    expect(bench.results).toEqual(["a 1 delivered"]);
    expect([...bench.deliver.waiting]).toEqual([["a", 0]]);
  });

  it("is retried for a day, three times as late each time, up to four hours", async () => {
    const bench = new Bench();
    bench.answers.set("a", BAD);
    await bench.facts(fact(notice(1)));
    await bench.pass(2 * GIVE_UP_MS);
    const at = bench.attempts.map((each) => Number(each.split(" at ")[1]));
    const gaps = at.slice(1).map((each, i) => each - at[i]!);
    const tripled = [5, 15, 45, 135, 405, 1_215, 3_645, 10_935].map((s) => s * 1_000);
    expect(gaps).toEqual([...tripled, ...Array(5).fill(RETRY_MAX_MS)]);
    expect(at.at(-1)).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(bench.done).toEqual(["1 false"]);
    expect(bench.results.at(-1)).toBe("a 1 given-up");
    expect(new Set(bench.ids).size).toBe(1);
  });

  it.each([
    [0, RETRY_FIRST_MS * (1 - JITTER)],
    [1, RETRY_FIRST_MS * (1 + JITTER)],
  ])("is retried with jitter: luck of %d", async (random, ms) => {
    const bench = new Bench();
    bench.random = random;
    bench.answers.set("a", BAD);
    await bench.facts(fact(notice(1)));
    await bench.pass(ms - 1);
    expect(bench.attempts).toHaveLength(1);
    await bench.pass(ms);
    expect(bench.attempts).toHaveLength(2);
  });

  it("obeys Retry-After, and its own back-off where that is longer", async () => {
    const bench = new Bench();
    const retry = [60_000, 1_000];
    bench.answers.set("a", () => ({ ...BAD, retryMs: retry.shift() ?? 0 }));
    await bench.facts(fact(notice(1)));
    await bench.pass(100_000);
    expect(bench.attempts.slice(0, 3)).toEqual(["1 at 0", "1 at 60000", "1 at 75000"]);
  });

  it("that was made a day ago is tried once at least", async () => {
    const bench = new Bench();
    bench.answers.set("a", BAD);
    bench.now = 3 * GIVE_UP_MS;
    bench.deliver.start([notice(1)]);
    await settled();
    expect(bench.done).toEqual(["1 false"]);
    expect(bench.attempts).toHaveLength(1);
  });

  it("whose route is gone from the configuration is given up", async () => {
    const bench = new Bench();
    await bench.facts(fact(notice(1, { route: "old" })));
    expect(bench.done).toEqual(["1 false"]);
  });
});

describe("410", () => {
  it("disables the route until the restart, and no other", async () => {
    const bench = new Bench({ a: 0, b: 0 });
    bench.answers.set("a", { result: "gone", why: "answered 410" }).set("b", OK);
    await bench.facts(fact(notice(1)), fact(notice(2)), fact(notice(3, { route: "b" })));
    await bench.facts(fact(notice(4)));
    expect(bench.results.toSorted()).toEqual([
      ...["a 1 disabled", "a 2 disabled", "a 4 disabled", "b 3 delivered"],
    ]);
    expect(bench.attempts.filter((each) => each.startsWith("4"))).toEqual([]);
    expect(bench.done.toSorted()).toEqual(["1 false", "2 false", "3 true", "4 false"]);
  });
});

describe("order", () => {
  it("of one incident is kept: its end never before its beginning", async () => {
    const bench = new Bench();
    let fails = 2;
    bench.answers.set("a", (n) => (n === 1 && fails-- > 0 ? BAD : OK));
    await bench.facts(fact(notice(1, { incident: 7 })));
    await bench.facts(fact(notice(2, { incident: 7, kind: "closed" })), fact(notice(3)));
    expect(bench.attempts).toEqual(["1 at 0", "3 at 0"]);
    await bench.pass(GIVE_UP_MS);
    expect(bench.attempts.slice(2)).toEqual(["1 at 5000", "1 at 20000", "2 at 20000"]);
    expect(bench.done).toEqual(["3 true", "1 true", "2 true"]);
  });

  it("over two routes is no matter of the other", async () => {
    const bench = new Bench({ a: 0, b: 0 });
    bench.answers.set("a", BAD).set("b", OK);
    await bench.facts(
      fact(notice(1, { incident: 7 })),
      fact(notice(2, { incident: 7, route: "b" })),
    );
    expect(bench.done).toEqual(["2 true"]);
  });

  it(`at most ${CONCURRENT_MAX} attempts of a route are under way`, async () => {
    const bench = new Bench({ a: 0, b: 0 });
    const many = Array.from({ length: 10 }, (_, i) => fact(notice(i + 1)));
    await bench.facts(...many, fact(notice(11, { route: "b" })));
    expect(bench.attempts).toHaveLength(CONCURRENT_MAX + 1);
    bench.open[0]!(OK);
    await settled();
    expect(bench.attempts).toHaveLength(CONCURRENT_MAX + 2);
    expect(bench.deliver.waiting.get("a")).toBe(9);
  });
});

describe("a route that waits", () => {
  it("is told when the wait is over, with the newest words", async () => {
    const bench = new Bench({ a: 10_000 });
    bench.answers.set("a", OK);
    await bench.facts(fact(notice(1)));
    const words = JSON.stringify({ title: "t99", at: null });
    bench.now = 4_000;
    await bench.facts(fact(notice(1, { body: words })));
    await bench.pass(9_999);
    expect(bench.attempts).toEqual([]);
    await bench.pass(10_000);
    expect(bench.attempts).toEqual(["99 at 10000"]);
  });

  it("is not told of what was withdrawn, from when that is on its way to the disk", async () => {
    const bench = new Bench({ a: 10_000 });
    bench.answers.set("a", OK);
    await bench.facts(fact(notice(1)));
    bench.now = 9_999;
    bench.deliver.coming([gone(1)]);
    await bench.pass(GIVE_UP_MS);
    expect(bench.attempts).toEqual([]);
    expect(bench.results).toEqual(["a 1 withdrawn"]);
  });

  it("of two words in one commit only the last counts", async () => {
    const bench = new Bench();
    bench.answers.set("a", OK);
    await bench.facts(fact(notice(1)), gone(1), fact(notice(2)));
    expect(bench.attempts).toEqual(["2 at 0"]);
  });
});

describe("a crash", () => {
  it("between the commit and the delivery loses nothing: the store's are delivered", async () => {
    const before = new Bench();
    before.deliver.coming([fact(notice(1))]);
    const after = new Bench();
    after.answers.set("a", OK);
    after.deliver.start([notice(1)]);
    await settled();
    expect(after.done).toEqual(["1 true"]);
  });

  it("between the delivery and its commit delivers again, under the same id", async () => {
    const ids = [];
    for (let life = 0; life < 2; life++) {
      const bench = new Bench();
      bench.answers.set("a", OK);
      bench.now = life * 3_600_000;
      bench.deliver.start([notice(1)]);
      await settled();
      expect(bench.done).toEqual(["1 true"]);
      ids.push(...bench.ids);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids).toHaveLength(2);
  });

  it("a stop ends what is under way, and tells the core nothing of it", async () => {
    const bench = new Bench();
    await bench.facts(fact(notice(1)));
    bench.deliver.stop();
    bench.open[0]!({ result: "failed", why: "aborted" });
    await settled();
    await bench.facts(fact(notice(2)));
    await bench.pass(GIVE_UP_MS);
    expect([bench.done, bench.results]).toEqual([[], []]);
    expect(bench.attempts).toEqual(["1 at 0"]);
  });

  it("what was delivered in spite of the stop is told", async () => {
    const bench = new Bench();
    await bench.facts(fact(notice(1)));
    bench.deliver.stop();
    bench.open[0]!(OK);
    await settled();
    expect(bench.done).toEqual(["1 true"]);
  });
});
