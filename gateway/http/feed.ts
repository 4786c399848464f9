/**
 * The stream of what happens, for browsers and programs: changes with their cursor as event id, and
 * between them the devices heard lately.
 *
 * Each stream is a cursor that moves towards the last change: it asks for what is next, from a ring
 * of the newest changes in memory, or from the store where it is further behind. So a stream that
 * starts, one that resumes after a day and one that cannot keep up are one case, and none has a
 * gap. Pushing each change into each stream lost: it needs a buffer for a slow reader, and a second
 * way for one that comes back.
 *
 * What is new since the last look goes out as one piece of text, made once for all streams. Devices
 * heard are merged while they wait, `BEATS_MAX` each `BEATS_MS`: a screen cannot show more, and a
 * fleet of 100 000 would send 50 MB/s.
 */

import type { WallChange } from "../store/store.ts";
import type { DeviceJson } from "./answers.ts";
import { changeJson } from "./present.ts";

export const RING_MAX = 4_096;
/** Changes in one piece of text. */
export const PIECE_MAX = 512;
export const STREAMS_MAX = 100;
export const BEATS_MS = 250;
export const BEATS_MAX = 250;
/** Pieces about beats that wait for a slow reader; the oldest go. */
const BEATS_WAIT_MAX = 8;
/**
 * A comment so often keeps proxies from closing a quiet stream, and finds a reader that is gone.
 */
const QUIET_MS = 15_000;

export interface FeedOptions {
  /** Cursor of the last change so far. */
  readonly cursor: number;
  readonly stored: (after: number, limit: number) => Promise<WallChange[]>;
  /** A device as it is now; undefined = gone. */
  readonly device: (id: number) => DeviceJson | undefined;
}

interface Reader {
  cursor: number;
  readonly beats: string[];
  wake: () => void;
}

export class Feed {
  /** Resolves when no beat waits: reading back what is long told comes after it. */
  quiet: () => Promise<void> = () => Promise.resolve();
  readonly #options: FeedOptions;
  readonly #readers = new Set<Reader>();
  readonly #heard = new Set<number>();
  #ring: string[] = [];
  #cursor: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  /** Cursor of the last change told. */
  get cursor(): number {
    return this.#cursor;
  }

  get streams(): number {
    return this.#readers.size;
  }

  /** Durable changes, in order, without gaps. */
  publish(changes: readonly WallChange[]): void {
    for (const change of changes) {
      this.#ring.push(changeText(change));
      this.#cursor = change.cursor;
    }
    if (this.#ring.length > 2 * RING_MAX) this.#ring = this.#ring.slice(-RING_MAX);
    for (const reader of this.#readers) reader.wake();
  }

  /** A beat of this device was taken. */
  heard(id: number): void {
    if (this.#readers.size === 0) return;
    this.#heard.add(id);
    this.#timer ??= setTimeout(() => this.#tellBeats(), BEATS_MS);
  }

  /** Something that happens now, and is not told again to who was away. */
  say(event: string, data: object): void {
    this.#toAll(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /**
   * The body of one event stream: all changes after `after`, or from now on.
   * Undefined where `STREAMS_MAX` are open, or the feed is closed.
   */
  stream(after: number | undefined): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#readers.size >= STREAMS_MAX) return undefined;
    const cursor = Math.min(after ?? this.#cursor, this.#cursor);
    const reader: Reader = { cursor, beats: [], wake: () => {} };
    this.#readers.add(reader);
    const bytes = new TextEncoder();
    return new ReadableStream<Uint8Array>(
      {
        // The id tells a browser where to resume before the first change came.
        start: (controller) => controller.enqueue(bytes.encode(`retry: 2000\nid: ${cursor}\n\n`)),
        pull: async (controller) => {
          const text = await this.#next(reader);
          if (text !== undefined) controller.enqueue(bytes.encode(text));
          else controller.close();
        },
        cancel: () => this.#drop(reader),
      },
      { highWaterMark: 1 },
    );
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const reader of this.#readers) reader.wake();
  }

  #drop(reader: Reader): void {
    this.#readers.delete(reader);
    reader.wake();
  }

  /** What this reader gets next; waits for it. Undefined = the end. */
  async #next(reader: Reader): Promise<string | undefined> {
    while (!this.#closed && this.#readers.has(reader)) {
      const changes = reader.cursor < this.#cursor ? await this.#changes(reader) : "";
      const text = changes + reader.beats.splice(0).join("");
      if (text !== "") return text;
      if (!(await this.#waitFor(reader))) return ":\n\n";
    }
    this.#readers.delete(reader);
    return undefined;
  }

  async #changes(reader: Reader): Promise<string> {
    const first = this.#cursor - this.#ring.length + 1;
    if (reader.cursor + 1 >= first) {
      const at = reader.cursor + 1 - first;
      const piece = this.#ring.slice(at, at + PIECE_MAX);
      reader.cursor += piece.length;
      return piece.join("");
    }
    await this.quiet();
    const stored = await this.#options.stored(reader.cursor, PIECE_MAX);
    // What the store has dropped, or cannot read, is told by the cursors.
    reader.cursor = stored.at(-1)?.cursor ?? first - 1;
    return stored.map(changeText).join("");
  }

  /** Resolves to false when nothing came for a while. */
  #waitFor(reader: Reader): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), QUIET_MS);
      reader.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #tellBeats(): void {
    this.#timer = undefined;
    const items: DeviceJson[] = [];
    for (const id of this.#heard) {
      if (items.length === BEATS_MAX) break;
      this.#heard.delete(id);
      const device = this.#options.device(id);
      if (device !== undefined) items.push(device);
    }
    if (this.#heard.size > 0) this.#timer = setTimeout(() => this.#tellBeats(), BEATS_MS);
    this.say("beats", { items });
  }

  #toAll(text: string): void {
    for (const reader of this.#readers) {
      reader.beats.push(text);
      if (reader.beats.length > BEATS_WAIT_MAX) reader.beats.shift();
      reader.wake();
    }
  }
}

function changeText(change: WallChange): string {
  return `id: ${change.cursor}\nevent: change\ndata: ${JSON.stringify(changeJson(change))}\n\n`;
}
