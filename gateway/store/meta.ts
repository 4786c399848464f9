/**
 * What a store keeps about itself, and the line of time on which its facts stand.
 *
 * A fact that a decision hangs on (a beat, a command's end, a mute) must not move when the wall
 * clock steps, and the monotonic clock means nothing to the next process. So the store has a line
 * of its own, in ms: it begins at the wall clock's word when the store is made, goes with the
 * monotonic clock while a process runs, and at each start is put forward by the time that no
 * gateway ran. The stamp joins both at the last moment at which one did: what lies between a fact
 * and the stamp was measured, whatever the wall clock did meanwhile. Facts under unix time lost: a
 * board without a clock that learns the year at its fifth minute would find its last beat 50 years
 * old.
 */

import type { Clock } from "../clock.ts";
import type { Boot } from "../kernel.ts";
import type { Numbers } from "./affairs.ts";
import type { Quarantine } from "./quarantine.ts";
import { open, putText, type Sink } from "./seal.ts";

/** The words that the store keeps about itself. */
export interface Meta {
  /** Layout version, 0 = a new store. */
  layout: number;
  /** 0..15, -1 = never started. */
  generation: number;
  secret: string;
  /** The last moment at which a gateway was alive, unix ms; 0 = never. */
  stamp: number;
  /** The same moment on the store's line. */
  line: number;
  /** And since the start of the machine, where that was known. */
  boot?: Pick<Boot, "id" | "ms">;
  /** Undefined: unreadable. */
  numbers: Numbers | undefined;
  /** The records came from a backup, and no gateway has run since (rule 7). */
  restored: boolean;
}

/** The key by which `restored` is known; its value means nothing. */
export const RESTORED_KEY = "mrestored";

export function readMeta(records: Iterable<[string, Buffer]>, quarantine: Quarantine): Meta {
  const none = { incident: 0, notice: 0, deaf: 0 };
  const meta: Meta = {
    ...{ layout: 0, generation: -1, secret: "", stamp: 0, line: 0, restored: false },
    numbers: none,
  };
  for (const [key, value] of records) {
    // A damaged mark is a mark all the same.
    if (key === RESTORED_KEY) meta.restored = true;
    try {
      read(meta, key, open(key, value));
    } catch (error) {
      if (key === "mnumbers") meta.numbers = undefined;
      quarantine.setAside(key, value, `${key.slice(1)} of the store: ${(error as Error).message}`);
    }
  }
  return meta;
}

function read(meta: Meta, key: string, content: Buffer): void {
  if (key === "mlayout") meta.layout = content.readUInt32BE(0);
  else if (key === "mgeneration") meta.generation = content.readUInt8(0);
  else if (key === "msecret") meta.secret = content.toString("latin1");
  else if (key === "mstamp") {
    meta.stamp = content.readUIntBE(0, 6);
    // Layout 1 had unix time for a line.
    meta.line = content.length < 12 ? meta.stamp : content.readUIntBE(6, 6);
  } else if (key === "mboot") {
    meta.boot = { id: content.toString("hex", 0, 16), ms: content.readUIntBE(16, 6) };
  } else if (key === "mnumbers") {
    meta.numbers = {
      incident: content.readUIntBE(0, 6),
      notice: content.readUIntBE(6, 6),
      deaf: content.readUIntBE(12, 6),
    };
  }
}

export function writeMeta(out: Sink, meta: Pick<Meta, "layout" | "generation" | "secret">): void {
  const layout = Buffer.alloc(4);
  layout.writeUInt32BE(meta.layout, 0);
  putText(out, "mlayout", layout);
  putText(out, "mgeneration", Buffer.from([meta.generation]));
  putText(out, "msecret", Buffer.from(meta.secret, "latin1"));
}

export function writeStamp(out: Sink, wall: number, line: number, boot?: Boot): void {
  const stamp = Buffer.alloc(12);
  stamp.writeUIntBE(Math.max(0, wall), 0, 6);
  stamp.writeUIntBE(Math.max(0, Math.round(line)), 6, 6);
  putText(out, "mstamp", stamp);
  if (boot === undefined) return;
  const since = Buffer.alloc(22);
  since.write(boot.id, "hex");
  since.writeUIntBE(Math.round(boot.ms), 16, 6);
  putText(out, "mboot", since);
}

export function writeNumbers(out: Sink, { incident, notice, deaf }: Numbers): void {
  const numbers = Buffer.alloc(18);
  numbers.writeUIntBE(incident, 0, 6);
  numbers.writeUIntBE(notice, 6, 6);
  numbers.writeUIntBE(deaf, 12, 6);
  putText(out, "mnumbers", numbers);
}

/**
 * How long no gateway was alive, and what the store's line is ahead of this process's monotonic
 * clock. The clock that counts from the start of the machine says it without the wall clock, so a
 * step of a year meanwhile is nothing to it. Over a restart of the machine the wall clock says it,
 * if something kept it: a board without a real-time clock that was off for a day finds it a minute
 * on, and a stop that is taken for too short a one is what makes false alarms. Where nobody can
 * tell, the stop counts as no time for what is stored, which is then never newer than it was, and
 * as a long one for whoever must not be doubted.
 */
export function sinceStamp(
  clock: Clock,
  { stamp, line, boot }: Pick<Meta, "stamp" | "line" | "boot">,
): { stoppedMs: number | undefined; aheadMs: number } {
  const now = clock.now();
  const wall = clock.wallAt(now);
  const here = clock.boot?.();
  const byWall = stamp > 0 && clock.trusted() && wall >= stamp ? wall - stamp : undefined;
  let stoppedMs = here === undefined || here.clockKept ? byWall : undefined;
  if (here !== undefined && here.id === boot?.id) {
    stoppedMs = here.ms >= boot.ms ? here.ms - boot.ms : undefined;
  }
  const begin = stamp > 0 ? line + (stoppedMs ?? 0) : Math.max(0, wall);
  return { stoppedMs, aheadMs: begin - now };
}
