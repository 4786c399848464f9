/**
 * A board in the crash storm: the real sender with commands, a flash that outlives power, and power
 * that goes between any two steps of a send or of a command (rules 10 and 16).
 */

import {
  answer,
  BEGIN,
  DONE,
  FAILED,
  INTERRUPTED,
  REFUSED,
  resultOf,
} from "../../device/commands.ts";
import { handle, listening, poll, sent } from "../../device/sender.ts";
import { coldBoot, createSender, type Memory, type Sender } from "../../device/state.ts";
import { makeTagKey, type TagKey } from "../../device/tag.ts";
import type { Enrolment } from "../../gateway/facts.ts";
import { sha256 } from "../../gateway/sha256.ts";

export interface StormWorld {
  readonly now: number;
  readonly random: () => number;
  /** A frame leaves the board. */
  transmit(board: StormBoard, frame: string): void;
  /** The board's program acts on a command. */
  acted(board: StormBoard, payload: string): void;
}

/** Chance that power goes at one of the steps. */
const CUT = 0.004;
const SENDS_MAX = 8;
const OFF_MAX_MS = 5_000;
const POWER_ON = 1;

export class StormBoard {
  readonly enrolment: Enrolment;
  /** No cuts while the storm calms down. */
  calm = false;
  sender: Sender | undefined;
  /** When power comes back; Infinity while it is on. */
  bootAt = 0;
  readonly #world: StormWorld;
  readonly #key: TagKey;
  readonly #ownMs: number;
  #flash: Memory = { epoch: 0, limit: 0, acked: 0, origin: "" };
  #begun: { epoch: number; cmd: number; result: string } | undefined;
  #boots = 0;

  constructor(world: StormWorld, id: number, site: string, ownMs: number) {
    const key = sha256(`storm ${id}`).slice(0, 16);
    this.enrolment = { id, name: `storm-${id}`, site, labels: [], suite: 2, key };
    this.#world = world;
    this.#key = makeTagKey(2, key, sha256);
    this.#ownMs = ownMs;
  }

  get id(): number {
    return this.enrolment.id;
  }

  get wakeAt(): number {
    return this.sender?.wakeAt ?? this.bootAt;
  }

  /** Power goes for so long. */
  off(ms: number): void {
    this.sender = undefined;
    this.bootAt = this.#world.now + ms;
  }

  wake(): void {
    const { now } = this.#world;
    const s = this.sender ?? this.#boot();
    if (s.todo !== 0 && !this.#obeyed(s)) return;
    for (let sends = 0; sends < SENDS_MAX; sends++) {
      const frame = poll(s, now);
      if (frame !== "" && this.#cut()) return;
      if (s.dirty) {
        this.#flash = { ...this.#flash, epoch: s.epoch, limit: s.limit, acked: s.acked };
        s.dirty = 0;
      }
      if (frame === "") return;
      if (this.#cut()) return;
      this.#world.transmit(this, frame);
      if (this.#cut()) return;
      sent(s, now);
    }
    throw new Error(`board ${this.id} sends without end at ${now}`);
  }

  hear(frame: string): void {
    const s = this.sender;
    if (s === undefined || !listening(s, this.#world.now)) return;
    handle(s, frame, this.#world.now);
    this.wake();
  }

  #boot(): Sender {
    const { now, random } = this.#world;
    const origin = `storm ${this.id} ${this.#boots++}`;
    const extra = coldBoot(POWER_ON, "storm");
    const config = { id: this.id, key: this.#key, own: this.#ownMs, random, extra };
    const s = createSender(config, { ...this.#flash, origin }, now);
    if (this.#begun !== undefined && this.#begun.epoch === s.epoch) {
      s.cmd = this.#begun.cmd;
      s.result = this.#begun.result || String.fromCharCode(INTERRUPTED);
    }
    this.sender = s;
    this.bootAt = Infinity;
    return s;
  }

  /** Rule 16, step by step. @returns whether the board still has power */
  #obeyed(s: Sender): boolean {
    if (s.todo === BEGIN) {
      if (this.#cut()) return false;
      this.#begun = { epoch: s.epoch, cmd: s.cmd, result: "" };
      if (this.#cut()) return false;
      this.#world.acted(this, s.payload);
      const luck = this.#world.random();
      const code = luck < 0.1 ? REFUSED : luck < 0.15 ? FAILED : DONE;
      s.result = resultOf(code);
      if (this.#cut()) return false;
      this.#begun = { ...this.#begun, result: s.result };
    }
    this.#world.transmit(this, answer(s));
    return !this.#cut();
  }

  #cut(): boolean {
    if (this.calm || this.#world.random() >= CUT) return false;
    this.off(this.#world.random() * OFF_MAX_MS);
    return true;
  }
}
