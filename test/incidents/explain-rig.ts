// The gateway of a test's own time behind its HTTP interface: a core, a store in memory, and a
// clock that only the test moves. It is noon, 22 November 2026, UTC.

import type { Hono } from "hono";
import type { Clock } from "../../gateway/clock.ts";
import type { Effects } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { createApp } from "../../gateway/http/app.ts";
import { Feed } from "../../gateway/http/feed.ts";
import { Registry } from "../../gateway/registry.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { type MemoryDisk, memoryStore } from "../../gateway/store/memory.ts";
import type { Store } from "../../gateway/store/store.ts";
import { HOME } from "../gateway/gateway-bench.ts";
import { type BeatWords, Board, nonceOf } from "../gateway/gateway-rig.ts";
import { ask } from "../http/rig.ts";

export const NOON = Date.UTC(2026, 10, 22, 12);

class TestClock implements Clock {
  at = 0;
  now(): number {
    return this.at;
  }
  wallAt(mono: number): number {
    return Math.round(NOON + mono);
  }
  trusted(): boolean {
    return true;
  }
}

export class Desk {
  readonly clock = new TestClock();
  core!: Gateway;
  app!: Hono;
  store!: Store;
  readonly #disk: MemoryDisk = new Map();

  static async open(): Promise<Desk> {
    const desk = new Desk();
    await desk.start();
    return desk;
  }

  /** Another process, after the one before if there was one. */
  async start(): Promise<void> {
    const { clock } = this;
    const store = memoryStore({ clock }, this.#disk);
    this.store = store;
    const loaded = await store.open();
    const core = new Gateway(
      { ...loaded, sha256, unixSeconds: (at) => Math.floor(clock.wallAt(at) / 1_000) },
      loaded.devices,
      clock.now(),
    );
    this.core = core;
    const apply = (effects: Effects) => this.obey(effects);
    const registry = new Registry({ core, store, clock, apply });
    const stored = (after: number, limit: number) => store.changes(after, limit);
    this.app = createApp({
      ...{ core, registry, store, clock, apply },
      notices: { routes: [], test: () => undefined },
      feed: new Feed({ cursor: 0, stored, device: () => undefined }),
      quiet: () => Promise.resolve(),
      facts: () => ({}),
      metrics: () => Promise.resolve(""),
      unready: () => undefined,
      onMistake: (error) => {
        throw error;
      },
    });
  }

  async stop(ms: number): Promise<void> {
    await this.obey(this.core.flush(this.clock.at));
    await this.store.close();
    this.clock.at += ms;
    await this.start();
  }

  async obey({ commit, ticket }: Effects): Promise<void> {
    if (ticket === 0) return;
    await this.store.commit(commit);
    this.core.committed(ticket, this.clock.at);
  }

  async enrol(...boards: Board[]): Promise<void> {
    for (const board of boards) await this.obey(this.core.enrol(board.enrolment, this.clock.at));
  }

  /** @returns the frame that went out for it */
  async receive(frame: string, from = HOME): Promise<string | undefined> {
    const effects = this.core.handle(frame, from, this.clock.at);
    await this.obey(effects);
    return (effects.send[0] ?? effects.afterCommit.send[0])?.frame;
  }

  async meet(board: Board, words: BeatWords = {}): Promise<void> {
    const nonce = nonceOf(this.clock.at + board.id);
    const welcome = board.welcomeOf(await this.receive(board.hello(nonce)), nonce);
    if (welcome === undefined) throw new Error(`no WELCOME for ${board.id}`);
    board.epoch = welcome.epoch;
    board.seq = 0;
    await this.receive(board.beat(words));
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.at + ms;
    while (this.core.wakeAt <= until) {
      this.clock.at = Math.max(this.clock.at, this.core.wakeAt);
      await this.obey(this.core.expire(this.clock.at));
    }
    this.clock.at = until;
  }

  /** The board beats each minute. */
  async live(board: Board, minutes: number, words: BeatWords = {}): Promise<void> {
    for (let i = 0; i < minutes; i++) {
      await this.pass(60_000);
      await this.receive(board.beat(words));
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes
  async get(path: string): Promise<any> {
    const { status, body } = await ask(this.app, "GET", `/api/v1/devices/${path}`);
    return status === 200 ? body : { status, ...(body as object) };
  }
}

/** A board that was met at noon. */
export async function shed(vitals = 0xe0): Promise<{ desk: Desk; board: Board }> {
  const desk = await Desk.open();
  const board = new Board(0x2bd, 2, { name: "shed-07" });
  await desk.enrol(board);
  await desk.meet(board, { vitals });
  return { desk, board };
}

/** What is said of shed-07, without what the rule saw: numbers that others test. */
export async function told(desk: Desk, query = ""): Promise<string[]> {
  const { sentences } = await desk.get(`shed-07/explain${query}`);
  return sentences.filter((sentence: string) => !sentence.startsWith("What the rule"));
}
