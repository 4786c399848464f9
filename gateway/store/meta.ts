/**
 * What a store keeps about itself, and what it makes of the time that passed since it was last
 * alive.
 */

import type { Clock } from "../clock.ts";
import type { Loading } from "./loading.ts";
import { putText, type Sink } from "./records.ts";
import { open } from "./seal.ts";

/** The words that the store keeps about itself. */
export interface Meta {
  /** Layout version, 0 = a new store. */
  layout: number;
  /** 0..15, -1 = never started. */
  generation: number;
  secret: string;
  /** The last moment at which a gateway was alive, unix ms; 0 = never. */
  stamp: number;
}

export function readMeta(records: Iterable<[string, Buffer]>, loading: Loading): Meta {
  const meta: Meta = { layout: 0, generation: -1, secret: "", stamp: 0 };
  for (const [key, value] of records) {
    try {
      const content = open(key, value);
      if (key === "mlayout") meta.layout = content.readUInt32BE(0);
      else if (key === "mgeneration") meta.generation = content.readUInt8(0);
      else if (key === "msecret") meta.secret = content.toString("latin1");
      else if (key === "mstamp") meta.stamp = content.readUIntBE(0, 6);
    } catch (error) {
      loading.setAside(key, value, `${key.slice(1)} of the store: ${(error as Error).message}`);
    }
  }
  return meta;
}

export function writeMeta(out: Sink, meta: Meta): void {
  const layout = Buffer.alloc(4);
  layout.writeUInt32BE(meta.layout, 0);
  putText(out, "mlayout", layout);
  putText(out, "mgeneration", Buffer.from([meta.generation]));
  putText(out, "msecret", Buffer.from(meta.secret, "latin1"));
}

export function writeStamp(out: Sink, wall: number): void {
  const stamp = Buffer.alloc(6);
  stamp.writeUIntBE(wall, 0, 6);
  putText(out, "mstamp", stamp);
}

/**
 * How long no gateway was alive, and where the stored instants lie on this process's clock. Without
 * trust in the wall clock the stop counts as no time for the instants: they are then never newer
 * than they were.
 */
export function sinceStamp(
  clock: Clock,
  stamp: number,
): { stoppedMs: number | undefined; wallToMono: (wall: number) => number } {
  const now = clock.now();
  const wall = clock.wallAt(now);
  const stoppedMs = stamp > 0 && clock.trusted() && wall >= stamp ? wall - stamp : undefined;
  const stampAt = now - (stoppedMs ?? 0);
  return { stoppedMs, wallToMono: (at) => stampAt - Math.max(0, stamp - at) };
}
