/** Stores to test: two backends, what survives their crashes, and facts to keep. */

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import type { Clock } from "../../gateway/clock.ts";
import type { BeatFact, Change, Fact } from "../../gateway/facts.ts";
import { levelStore } from "../../gateway/store/level.ts";
import { type MemoryDisk, memoryStore } from "../../gateway/store/memory.ts";
import type { Store, StoreOptions } from "../../gateway/store/store.ts";

/** A clock by hand: `mono` and `wall` move as the test says. */
export class HandClock implements Clock {
  mono = 5_000;
  wall = Date.UTC(2027, 0, 1);
  trust = true;
  now = () => this.mono;
  wallAt = (mono: number) => Math.round(this.wall + mono - this.mono);
  trusted = () => this.trust;
  pass(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }
}

/** One backend and what survives its crashes. */
export interface Place {
  store(options?: Partial<StoreOptions>): Store;
  /**
   * The process dies: what a store did since its last durable write is gone, nothing was closed.
   */
  crash(): void;
  records(): Promise<Map<string, Buffer>>;
  write(key: string, value: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
}

const folders: string[] = [];
const opened: Store[] = [];
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nextbeat-store-"));
  folders.push(made);
  return made;
}

export function memoryPlace(clock: Clock): Place {
  const disk: MemoryDisk = new Map();
  return {
    store: (options) => memoryStore({ clock, ...options }, disk),
    crash() {},
    records: () => Promise.resolve(new Map(disk)),
    write: (key, value) => Promise.resolve(void disk.set(key, value)),
    remove: (key) => Promise.resolve(void disk.delete(key)),
  };
}

/** The store in this folder, not open yet; `clearStores` closes it. */
export function levelAt(data: string, clock: Clock, options?: Partial<StoreOptions>): Store {
  const store = levelStore(data, { clock, ...options });
  opened.push(store);
  return store;
}

export function levelPlace(clock: Clock): Place {
  let data = folder();
  async function bare<T>(use: (level: ClassicLevel<string, Buffer>) => Promise<T>): Promise<T> {
    const level = new ClassicLevel<string, Buffer>(join(data, "store"), {
      valueEncoding: "buffer",
    });
    try {
      return await use(level);
    } finally {
      await level.close();
    }
  }
  return {
    store: (options) => levelAt(data, clock, options),
    crash() {
      const next = folder();
      cpSync(data, next, { recursive: true });
      data = next;
    },
    records: () => bare(async (level) => new Map(await level.iterator().all())),
    write: (key, value) => bare((level) => level.put(key, value, { sync: true })),
    remove: (key) => bare((level) => level.del(key, { sync: true })),
  };
}

/** For afterEach: closes what was opened, and removes what was made. */
export async function clearStores(): Promise<void> {
  await Promise.allSettled(opened.splice(0).map((store) => store.close()));
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
}

export const KEY = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\xfe\xff";

export function enrol(id: number, key = KEY.slice(0, 15) + String.fromCharCode(id & 255)): Fact {
  const enrolment = {
    id,
    name: `shed-${id}`,
    site: "söuth",
    labels: ["a", "ü"],
    suite: 1,
    key,
    ...(id === 1 && { open: true }),
  };
  return { kind: "enrol", id, enrolment };
}

export function beat(id: number, seq: number, at: number, more: Partial<BeatFact> = {}): BeatFact {
  return {
    kind: "beat",
    id,
    epoch: 7,
    seq,
    tag: "\x00tag\xff\x80\x7f!",
    promise: 93,
    vitals: 0xa3,
    reach: 2,
    ext: "",
    at,
    transport: "udp",
    address: "192.168.1.77",
    port: 40_000,
    ...more,
  };
}

export function change(cursor: number, id: number, tseq: number, at: number): Fact {
  const to = tseq % 2 ? "present" : "absent";
  const from = tseq === 1 ? "unknown" : tseq % 2 ? "absent" : "present";
  const cause = tseq === 1 ? "first-beat" : tseq % 2 ? "returned" : "promise-broken";
  const made: Change = { cursor, id, tseq, at, from, to, cause, incident: tseq === 2 ? 5 : null };
  return { kind: "change", change: made };
}

/** Both backends, for describe.each. */
export const BACKENDS = [
  ["memory", memoryPlace],
  ["level", levelPlace],
] as const;
