/**
 * A disk that fails on purpose, under the real store: power that goes before, while and after a
 * batch is written, a sync that fails, and any slowness, since a write ends when the test says so.
 *
 * Batches are bytes on their way, as in a log: a cut leaves the first so many of them, and what
 * does not read whole is not there. That is all that the store asks of a shelf; that LevelDB gives
 * it is the affair of level.test.ts. What lost: a store that loses single records of a batch,
 * which no log does.
 */

import { crc32 } from "node:zlib";
import { MemoryShelf } from "../../gateway/store/memory.ts";
import type { Batch } from "../../gateway/store/shelf.ts";

/** What survives the process. */
export class FaultyDisk {
  readonly records = new Map<string, Buffer>();
  /** Batches that became durable. */
  writes = 0;

  /** The first `length` bytes of a batch got there. @returns whether that was all of it */
  append(bytes: Buffer, length: number): boolean {
    const steps = readBatch(bytes.subarray(0, length));
    if (steps === undefined) return false;
    this.writes++;
    for (const [key, value] of steps) {
      if (value === undefined) this.records.delete(key);
      else this.records.set(key, value);
    }
    return true;
  }
}

/** What a failed sync fails with. */
export class IoError extends Error {}

interface UnderWay {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FaultyShelf extends MemoryShelf {
  readonly #disk: FaultyDisk;
  /** Called when a batch is asked for: it is under way until one of the calls below. */
  readonly #onAsked: () => void;
  #underWay: UnderWay | undefined;
  /** The process is dead: nothing is told to it any more. */
  #dead = false;

  constructor(disk: FaultyDisk, onAsked: () => void) {
    super(disk.records);
    this.#disk = disk;
    this.#onAsked = onAsked;
  }

  /** The batch is durable; and whoever waits hears of it, unless power goes in between. */
  finish(dies: () => boolean): void {
    const { bytes, resolve } = this.#taken();
    this.#disk.append(bytes, bytes.length);
    if (!dies()) resolve();
  }

  /** The sync fails. `made`: the batch got there all the same. */
  fail(made: boolean): void {
    const { bytes, reject } = this.#taken();
    if (made) this.#disk.append(bytes, bytes.length);
    reject(new IoError("input/output error"));
  }

  /** Power goes: of a batch under way, a part from 0 to 1 gets there. */
  die(part: number): void {
    this.#dead = true;
    if (this.#underWay === undefined) return;
    const { bytes } = this.#taken();
    this.#disk.append(bytes, Math.round(bytes.length * part));
  }

  get underWay(): boolean {
    return this.#underWay !== undefined;
  }

  override batch(): Batch {
    const steps: [string, Buffer | undefined][] = [];
    return {
      put: (key, value) => void steps.push([key, value]),
      del: (key) => void steps.push([key, undefined]),
      write: () =>
        new Promise((resolve, reject) => {
          // Of a dead process nothing gets to the disk.
          if (this.#dead) return;
          if (this.#underWay) throw new Error("two batches at once");
          this.#underWay = { bytes: writeBatch(steps), resolve, reject };
          this.#onAsked();
        }),
    };
  }

  #taken(): UnderWay {
    const taken = this.#underWay;
    if (taken === undefined) throw new Error("no batch is under way");
    this.#underWay = undefined;
    return taken;
  }
}

/** Length 32, CRC-32, then for each step: key's length 16, value's length 32 (all ones: none). */
function writeBatch(steps: readonly [string, Buffer | undefined][]): Buffer {
  const pieces: Buffer[] = [Buffer.alloc(8)];
  for (const [key, value] of steps) {
    const name = Buffer.from(key);
    const lengths = Buffer.alloc(6);
    lengths.writeUInt16BE(name.length, 0);
    lengths.writeUInt32BE(value?.length ?? 0xffffffff, 2);
    pieces.push(lengths, name, ...(value ? [value] : []));
  }
  const bytes = Buffer.concat(pieces);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** Undefined: not a whole one. */
function readBatch(bytes: Buffer): [string, Buffer | undefined][] | undefined {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== bytes.length) return undefined;
  if (crc32(bytes.subarray(8)) !== bytes.readUInt32BE(4)) return undefined;
  const steps: [string, Buffer | undefined][] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 2);
    const keyEnd = at + 6 + bytes.readUInt16BE(at);
    const end = length === 0xffffffff ? keyEnd : keyEnd + length;
    const value = length === 0xffffffff ? undefined : Buffer.from(bytes.subarray(keyEnd, end));
    steps.push([bytes.toString("utf8", at + 6, keyEnd), value]);
    at = end;
  }
  return steps;
}
