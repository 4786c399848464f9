/**
 * From records back to devices, forgiving: what cannot be read is set aside under `q` and named,
 * and the rest starts. Refusing to start lost: one bad sector of an SD card would silence a
 * thousand boards that are well.
 *
 * Only one thing is not forgiven silently. Where the record of a beat or of the epochs is gone,
 * nobody knows any more which beats were accepted, and where that of a command is gone, which of
 * its numbers were used; such a device is marked `restored`, and no epoch is in force until its
 * next HELLO (rule 7).
 */

import type { Command, Payload } from "../affairs.ts";
import type { BeatFact, Cause, Enrolment, Status, StoredDevice } from "../facts.ts";
import { lostCommand, putThing, readCommand } from "./affairs.ts";
import { decodeBeat } from "./beats.ts";
import { type Flushes, FlushRecord } from "./flushes.ts";
import { commandKey, idHex, idOf, numberOf } from "./keys.ts";
import type { Quarantine } from "./quarantine.ts";
import {
  decodeEnrolment,
  decodeEpochs,
  decodePayload,
  decodeStatus,
  writeEpochs,
  writeStatus,
} from "./records.ts";
import { open, type Sink } from "./seal.ts";
import type { WallChange } from "./store.ts";

interface Parts {
  enrolment?: Enrolment;
  epochs?: { issued: number; epoch: number; restored: boolean };
  beat?: BeatFact;
  /** The flush up to which all entries of the device are void, or which has its last beat. */
  flush?: number;
  status?: { tseq: number; status: Status; cause: Cause };
  learned?: string;
  payload?: Payload;
  commands?: Command[];
  /** A record of the beat, the epochs or a command was unreadable. */
  doubtful?: boolean;
}

const KINDS = {
  ...{ b: "beat", d: "enrolment", e: "epochs", l: "what was learned", p: "payload", s: "status" },
  w: "command",
} as const;
type Kind = keyof typeof KINDS;

/** Ranges of keys that `take` wants. */
export const DEVICE_RANGES = [
  ["b", "c"],
  ["d", "f"],
  ["l", "m"],
  ["p", "q"],
  ["s", "t"],
  ["w", "x"],
] as const;

export class Loading {
  readonly flushes: Flushes;
  readonly #repairs: Sink;
  readonly #quarantine: Quarantine;
  readonly #now: number;
  readonly #aheadMs: number;
  readonly #parts = new Map<number, Parts>();
  readonly #flushesKept: [n: number, entries: number][] = [];
  /** Devices whose status was unreadable: the last change of each will do. */
  readonly #statusLost = new Set<number>();

  /**
   * @param flushes learns where the last beats lie
   * @param repairs takes what must be written because of what was found
   * @param now on this process's clock
   * @param aheadMs what the store's line is ahead of it
   */
  constructor(
    flushes: Flushes,
    repairs: Sink,
    quarantine: Quarantine,
    now: number,
    aheadMs: number,
  ) {
    this.flushes = flushes;
    this.#repairs = repairs;
    this.#quarantine = quarantine;
    this.#now = now;
    this.#aheadMs = aheadMs;
  }

  /** Every record of a device but its history and its changes, in the order of the keys. */
  take(key: string, value: Buffer): void {
    const kind = key[0] as Kind;
    const id = idOf(key);
    const parts = this.#parts.get(id) ?? {};
    this.#parts.set(id, parts);
    try {
      if (kind === "w") this.#takeCommand(parts, key, value);
      else this.#takePart(kind, id, parts, open(key, value));
    } catch (error) {
      if (kind === "b" || kind === "e" || kind === "w") parts.doubtful = true;
      if (kind === "s") this.#statusLost.add(id);
      const place = kind === "w" ? `${numberOf(key.slice(6))} of ${idHex(id)}` : `of ${idHex(id)}`;
      this.#quarantine.setAside(key, value, `${KINDS[kind]} ${place}: ${(error as Error).message}`);
      if (kind === "w") this.#loseCommand(parts, id, numberOf(key.slice(6)));
    }
  }

  #takePart(kind: Exclude<Kind, "w">, id: number, parts: Parts, content: Buffer): void {
    if (kind === "b") {
      const { beat, after } = decodeBeat(id, content);
      parts.beat = beat;
      parts.flush = after;
      this.flushes.seen(after);
      this.flushes.own(beat);
    } else if (kind === "d") parts.enrolment = decodeEnrolment(id, content);
    else if (kind === "e") parts.epochs = decodeEpochs(content);
    else if (kind === "l") parts.learned = content.toString("latin1");
    else if (kind === "p") parts.payload = decodePayload(content);
    else parts.status = decodeStatus(content);
  }

  #takeCommand(parts: Parts, key: string, value: Buffer): void {
    const command = readCommand(key, value, (line) => line - this.#aheadMs);
    parts.commands = [...(parts.commands ?? []), command];
  }

  /** Nobody knows what it was: it is told as failed, and its number is not given again. */
  #loseCommand(parts: Parts, id: number, n: number): void {
    const lost = lostCommand(n, this.#now);
    parts.commands = [...(parts.commands ?? []), lost];
    putThing(this.#repairs, commandKey(id, n), lost, (at) => at + this.#aheadMs);
  }

  /** Flushes, newest first, when all devices are known: who has an entry needs no older one. */
  takeFlush(key: string, value: Buffer): void {
    const n = numberOf(key);
    this.flushes.seen(n);
    try {
      const flush = new FlushRecord(key, value);
      for (let at = 0; at < flush.entries; at++) {
        const id = flush.idAt(at);
        const parts = this.#parts.get(id);
        if (parts?.beat === undefined || parts.flush! >= n) continue;
        parts.beat = flush.beatAt(at, parts.beat);
        parts.flush = n;
        this.flushes.newest(id, n);
      }
      this.#flushesKept.push([n, flush.entries]);
    } catch (error) {
      this.#quarantine.setAside(key, value, `beats of flush ${n}: ${(error as Error).message}`);
      // Whoever has nothing newer may have had its last beat there.
      for (const parts of this.#parts.values()) {
        if (parts.flush !== undefined && parts.flush < n) parts.doubtful = true;
      }
    }
  }

  /** After a repair any status may be gone, or be an older one than the last. */
  doubtStatuses(): void {
    for (const id of this.#parts.keys()) this.#statusLost.add(id);
  }

  /** Whether `takeChange` could find what is missing. */
  get wantsChanges(): boolean {
    return this.#statusLost.size > 0;
  }

  /** Changes, newest first: gives a lost status back, so that `tseq` does not start again. */
  takeChange(change: WallChange): void {
    if (!this.#statusLost.delete(change.id) || change.cause === "removed") return;
    const parts = this.#parts.get(change.id);
    if (parts === undefined || change.tseq <= (parts.status?.tseq ?? 0)) return;
    parts.status = { tseq: change.tseq, status: change.to, cause: change.cause };
    writeStatus(this.#repairs, change);
  }

  /** Ids of which something is left, and no enrolment. */
  get orphans(): number[] {
    return [...this.#parts].filter(([, parts]) => !parts.enrolment).map(([id]) => id);
  }

  /**
   * All devices with an enrolment.
   * @param all every device counts as restored: from a backup, or the whole store was repaired
   */
  finish(all: boolean): StoredDevice[] {
    for (const kept of this.#flushesKept.reverse()) this.flushes.keep(...kept);
    const devices: StoredDevice[] = [];
    for (const [id, parts] of this.#parts) {
      if (parts.enrolment) devices.push(this.#device(id, parts.enrolment, parts, all));
    }
    return devices;
  }

  #device(
    id: number,
    enrolment: Enrolment,
    { epochs, beat, status, learned = "", payload, commands = [], doubtful = false }: Parts,
    all: boolean,
  ): StoredDevice {
    const issued = Math.max(epochs?.issued ?? 0, beat?.epoch ?? 0);
    const epoch = epochs?.epoch ?? 0;
    const restored = all || doubtful || epochs?.restored === true;
    if (restored && epochs?.restored !== true) {
      writeEpochs(this.#repairs, { id, issued, epoch }, true);
    }
    return {
      enrolment,
      issued,
      epoch,
      beat: beat === undefined ? null : { ...beat, at: this.#past(beat.at) },
      status: status?.status ?? "unknown",
      cause: status?.cause ?? null,
      tseq: status?.tseq ?? 0,
      learned,
      payload: payload && { ...payload, at: this.#past(payload.at) },
      commands,
      restored,
    };
  }

  /** A beat is never newer than now, whatever a damaged stamp says. */
  #past(line: number): number {
    return Math.min(this.#now, line - this.#aheadMs);
  }
}
