/**
 * Outbox, disk, driver and receiver together, with crashes at every step between them: nothing that
 * was told to the disk stays untold, and what comes twice comes under one id.
 */

import fc from "fast-check";
import { expect, it } from "vitest";
import { Deliver } from "../../gateway/notices/deliver.ts";
import { type Message, messageOf } from "../../gateway/notices/message.ts";
import type { Outcome } from "../../gateway/notices/request.ts";
import { SEED } from "../gateway/gateway-bench.ts";
import { Keeper, routeOf, subject } from "./outbox-rig.ts";
import { settled } from "./rig.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const ROUTES = [routeOf("a", { repeatMs: 60 * MINUTE }), routeOf("b", { waitMs: 5 * MINUTE })];

/** One gateway after the other on one disk, and a receiver that remembers everything. */
class Storm {
  readonly keeper = new Keeper(ROUTES);
  /** "route kind incident" by id, in the order of their first arrival. */
  readonly got = new Map<string, string>();
  copies = 0;
  /** What becomes of a request: told and answered, told with the answer lost, or not told. */
  fate: "ok" | "answer-lost" | "down" = "ok";
  #deliver!: Deliver;
  #timer: { at: number; call: () => void } | undefined;

  constructor() {
    for (let id = 1; id <= 3; id++) this.keeper.subjects.set(id, subject(id));
    this.start();
  }

  start(): void {
    const { keeper } = this;
    const deliver = new Deliver({
      receivers: new Map(
        ROUTES.map(({ name, waitMs }) => [
          name,
          { waitMs, send: (message) => this.#send(name, message) },
        ]),
      ),
      now: () => keeper.now,
      after: (ms, call) => {
        this.#timer = { at: keeper.now + ms, call };
        return () => {
          this.#timer = undefined;
        };
      },
      random: () => 0.5,
      messageOf: (each) => messageOf(each, { secret: "s", now: keeper.now, wallAt: (at) => at }),
      onDone: (n, ok) => keeper.delivered(n, ok),
      onResult: () => {},
    });
    this.#deliver = deliver;
    keeper.onDurable = (facts) => {
      deliver.coming(facts);
      deliver.durable(facts);
    };
    deliver.start(keeper.outbox.waiting);
  }

  /** The process dies where it stands: what is under way is never heard of. */
  crash(): void {
    this.#deliver.stop();
    this.#timer = undefined;
    this.keeper.crash();
    this.start();
  }

  async pass(ms: number): Promise<void> {
    const until = this.keeper.now + ms;
    for (;;) {
      await settled();
      const at = Math.min(this.#timer?.at ?? Infinity, this.keeper.outbox.wakeAt);
      if (at > until) break;
      const timer = this.#timer;
      if (timer !== undefined && timer.at <= at) {
        this.keeper.now = Math.max(this.keeper.now, timer.at);
        this.#timer = undefined;
        timer.call();
      } else this.keeper.tick(Math.max(this.keeper.now, at));
    }
    this.keeper.now = until;
  }

  #send(route: string, { id, kind, data }: Message): Promise<Outcome> {
    if (this.fate === "down") return Promise.resolve({ result: "failed" });
    if (this.got.has(id)) this.copies++;
    else this.got.set(id, `${route} ${kind} ${data.incident}`);
    return this.fate === "ok" ? Promise.resolve({ result: "delivered" }) : new Promise(() => {});
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open"), at: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("close"), at: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass"), at: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash"), at: fc.nat(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fate"), at: fc.nat(2) }) },
);

it(`each is received, in order, under one id, whatever crashes when (seed ${SEED})`, async () => {
  let copies = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const storm = new Storm();
      const { keeper } = storm;
      const open = () => [...keeper.incidents.values()].filter((each) => each.closedAt === null);
      for (const { do: what, at } of steps) {
        const some = open()[at % Math.max(1, open().length)];
        if (what === "open") keeper.open(`device:00000${at + 1}`, [at + 1]);
        else if (what === "close" && some !== undefined) keeper.close(some.n);
        else if (what === "pass") await storm.pass(at * MINUTE);
        else if (what === "crash") storm.crash();
        else if (what === "fate") storm.fate = (["ok", "answer-lost", "down"] as const)[at]!;
      }
      storm.fate = "ok";
      // Whoever waits for an answer that is lost waits until the next start.
      storm.crash();
      await storm.pass(DAY / 2);
      for (const { n } of open()) keeper.close(n);
      await storm.pass(DAY / 2);
      expect(keeper.outbox.waiting).toEqual([]);
      check(storm);
      copies += storm.copies;
    }),
    { seed: SEED, numRuns: 300 },
  );
  // The storm did try it.
  expect(copies).toBeGreaterThan(0);
});

function check({ got, keeper }: Storm): void {
  const received = [...got.values()].filter((each) => !each.includes("reminder"));
  expect(new Set(received).size).toBe(received.length);
  for (const { n, openedAt, closedAt } of keeper.incidents.values()) {
    for (const { name, waitMs } of ROUTES) {
      const opened = received.indexOf(`${name} opened ${n}`);
      const closed = received.indexOf(`${name} closed ${n}`);
      if (closedAt! - openedAt < waitMs) expect([opened, closed]).toEqual([-1, -1]);
      else {
        expect(opened, `${name} ${n}`).toBeGreaterThanOrEqual(0);
        expect(closed).toBeGreaterThan(opened);
      }
    }
  }
}
