/** A driver of notices on a clock of its own, and a message to send. */

import { expect } from "vitest";
import type { Notice } from "../../gateway/affairs.ts";
import type { Fact } from "../../gateway/facts.ts";
import { Deliver } from "../../gateway/notices/deliver.ts";
import { type Message, messageOf } from "../../gateway/notices/message.ts";
import type { Outcome } from "../../gateway/notices/request.ts";

export const MESSAGE: Message = {
  ...{ id: "nb_0123456789abcdef", type: "incident.opened", kind: "opened" },
  ...{ timestamp: "2027-01-01T14:00:00.000Z", title: "shed-07 is absent", ageMs: 0 },
  text: 'Ünïcode “text”\nof $(two) `lines`; rm "-rf"',
  data: { incident: 7, cause: "battery", scope: "device:000007", text: "x", devices: [] },
};

export const OK: Outcome = { result: "delivered" };
export const BAD: Outcome = { result: "failed", why: "answered 500" };

export function notice(n: number, words: Partial<Notice> = {}): Notice {
  const body = JSON.stringify({ notice: n, title: `t${n}`, at: null });
  return {
    ...{ n, incident: n, kind: "opened", route: "a", madeAt: 0, text: `text ${n}`, body },
    ...words,
  };
}

export const fact = (given: Notice): Fact => ({ kind: "notice", n: given.n, notice: given });
export const gone = (n: number): Fact => ({ kind: "notice", n, notice: null });

/** A driver whose receivers answer what the test says, when it says so. */
export class Bench {
  now = 0;
  random = 0.5;
  /** What each route answers at once; a route that is not here keeps its sender waiting. */
  readonly answers = new Map<string, Outcome | ((n: number) => Outcome)>();
  /** "n at ms" of each attempt, and what came of it. */
  readonly attempts: string[] = [];
  readonly ids: string[] = [];
  readonly results: string[] = [];
  readonly done: string[] = [];
  readonly open: ((outcome: Outcome) => void)[] = [];
  readonly deliver: Deliver;
  #timer: { at: number; call: () => void } | undefined;

  constructor(waits: Record<string, number> = { a: 0 }) {
    const receivers = new Map(
      Object.entries(waits).map(([name, waitMs]) => [
        name,
        { waitMs, send: (message: { id: string; title: string }) => this.#send(name, message) },
      ]),
    );
    this.deliver = new Deliver({
      receivers,
      now: () => this.now,
      after: (ms, call) => {
        expect(this.#timer).toBeUndefined();
        this.#timer = { at: this.now + ms, call };
        return () => {
          this.#timer = undefined;
        };
      },
      random: () => this.random,
      messageOf: (each) => messageOf(each, { secret: "s", now: this.now, wallAt: (at) => at }),
      onDone: (n, ok) => this.done.push(`${n} ${ok}`),
      onResult: (route, result, { n }) => this.results.push(`${route} ${n} ${result}`),
    });
  }

  async facts(...facts: Fact[]): Promise<void> {
    this.deliver.coming(facts);
    this.deliver.durable(facts);
    await settled();
  }

  /** Lets time pass, timer by timer. */
  async pass(until: number): Promise<void> {
    while (this.#timer !== undefined && this.#timer.at <= until) {
      const { at, call } = this.#timer;
      this.#timer = undefined;
      this.now = Math.max(this.now, at);
      call();
      await settled();
    }
    this.now = until;
  }

  #send(route: string, { id, title }: { id: string; title: string }): Promise<Outcome> {
    this.attempts.push(`${title.slice(1)} at ${Math.round(this.now)}`);
    this.ids.push(id);
    const answer = this.answers.get(route);
    if (answer === undefined) return new Promise((resolve) => this.open.push(resolve));
    const n = Number(title.slice(1));
    return Promise.resolve(typeof answer === "function" ? answer(n) : answer);
  }
}

export const settled = () => new Promise((round) => setImmediate(round));
