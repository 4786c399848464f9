/**
 * From records back to devices, forgiving: what cannot be read is set aside under `q` and named,
 * and the rest starts. Refusing to start lost: one bad sector of an SD card would silence a
 * thousand boards that are well.
 *
 * Only one thing is not forgiven silently. Where the record of a beat or of the epochs is gone,
 * nobody knows any more which beats were accepted; such a device is marked `restored`, and no epoch
 * is in force until its next HELLO (rule 7).
 */

import type { BeatFact, Cause, Enrolment, Status, StoredDevice } from "../facts.ts";
import { decodeBeat } from "./beats.ts";
import {
  decodeEnrolment,
  decodeEpochs,
  decodeStatus,
  idKey,
  type Sink,
  writeEpochs,
  writeStatus,
} from "./records.ts";
import { open } from "./seal.ts";
import type { WallChange } from "./store.ts";

interface Parts {
  enrolment?: Enrolment;
  epochs?: { issued: number; epoch: number; restored: boolean };
  beat?: BeatFact;
  status?: { tseq: number; status: Status; cause: Cause };
  /** A record of the beat or the epochs was unreadable. */
  doubtful?: boolean;
}

const KINDS = { b: "beat", d: "enrolment", e: "epochs", s: "status" } as const;
type Kind = keyof typeof KINDS;

export class Loading {
  readonly quarantined: string[] = [];
  readonly #repairs: Sink;
  readonly #parts = new Map<number, Parts>();
  /** Devices whose status was unreadable: the last change of each will do. */
  readonly #statusLost = new Set<number>();

  /** `repairs` takes what must be written because of what was found. */
  constructor(repairs: Sink) {
    this.#repairs = repairs;
  }

  /** Every record whose key starts with b, d, e or s, in any order. */
  take(key: string, value: Buffer): void {
    const kind = key[0] as Kind;
    const id = Number.parseInt(key.slice(1), 16);
    const parts = this.#parts.get(id) ?? {};
    this.#parts.set(id, parts);
    try {
      const content = open(key, value);
      if (kind === "b") parts.beat = decodeBeat(id, content);
      else if (kind === "d") parts.enrolment = decodeEnrolment(id, content);
      else if (kind === "e") parts.epochs = decodeEpochs(content);
      else parts.status = decodeStatus(content);
    } catch (error) {
      if (kind === "b" || kind === "e") parts.doubtful = true;
      if (kind === "s") this.#statusLost.add(id);
      this.setAside(key, value, `${KINDS[kind]} of ${key.slice(1)}: ${(error as Error).message}`);
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

  /** Moves a record out of the way, as it is. */
  setAside(key: string, value: Buffer, why: string): void {
    this.quarantined.push(why);
    this.#repairs.del(key);
    this.#repairs.put(`q${key}`, value);
  }

  /**
   * All devices with an enrolment. What is left of others goes.
   * @param all every device counts as restored: the whole store was repaired
   * @param wallToMono maps the stored instants to this process's clock
   */
  finish(all: boolean, wallToMono: (wall: number) => number): StoredDevice[] {
    const devices: StoredDevice[] = [];
    for (const [id, parts] of this.#parts) {
      if (parts.enrolment === undefined) {
        for (const kind of ["b", "e", "s"] as const) this.#repairs.del(idKey(kind, id));
      } else {
        devices.push(this.#device(id, parts.enrolment, parts, all, wallToMono));
      }
    }
    return devices;
  }

  #device(
    id: number,
    enrolment: Enrolment,
    { epochs, beat, status, doubtful = false }: Parts,
    all: boolean,
    wallToMono: (wall: number) => number,
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
      beat: beat === undefined ? null : { ...beat, at: wallToMono(beat.at) },
      status: status?.status ?? "unknown",
      cause: status?.cause ?? null,
      tseq: status?.tseq ?? 0,
      restored,
    };
  }
}
