// One board: the real sender core, a flash that outlives power, and, where the scenario asks for
// it, a body (body.ts) with a clock, a radio and a battery.
//
// Power can go between any two steps of a send. The three places that matter are named, because
// rule 10 (no (epoch, seq) for two different beats) rests on their order: a frame is sealed, its
// numbers become durable, it leaves, the sender is told. What lost: a fault drawn inside the core,
// which would then need to know about faults.

import { handle, leave, listening, poll, sent } from "../device/sender.ts";
import { coldBoot, createSender, type Sender, type SenderConfig } from "../device/state.ts";
import type { BoardKind, PowerCut } from "./board-kind.ts";
import type { Body } from "./body.ts";
import { memoryOf, obeyed, recalled } from "./orders.ts";
import { type Identity, Owner } from "./owner.ts";
import { Path } from "./path.ts";
import { stream } from "./random.ts";
import type { Roster } from "./roster.ts";

/** Frames that one wake may send; a sender that wants more would never sleep again. */
const FRAMES_PER_WAKE_MAX = 8;
/** Reset causes of extension 4. */
const POWER_ON = 1;
export const BROWN_OUT = 4;
/** Boots of a clone start here: physics gives no two boards the same noise. */
const CLONE_BOOTED = 1000;

export class Board extends Owner {
  constructor(identity: Identity, kind: BoardKind, roster: Roster) {
    super(identity, kind, roster, roster.place(identity.id));
    roster.boards.push(this);
  }

  /** Its way to the gateway, for whoever looks at it. */
  get path(): Path {
    return this.way ?? new Path(this, undefined, -1, this);
  }

  /** undefined: no power. Valid until another board's sender is asked for. */
  get sender(): Sender | undefined {
    return this.on ? this.roster.at(this.number) : undefined;
  }

  /** Another board with this one's identity and a copy of its flash; `other` says what differs. */
  clone({ name, ...other }: Partial<BoardKind> & { readonly name: string }): Board {
    const { id, key, rare, roster } = this;
    const salt = rare?.salt;
    const identity = { name, id, key, ...(salt !== undefined && { salt }) };
    const board = new Board(identity, { ...this.kind, ...other }, roster);
    board.flash.copy(this.flash);
    board.flash.booted = CLONE_BOOTED;
    return board;
  }

  /** Power comes on. `cause`: reset cause of extension 4. */
  boot(now: number, cause = POWER_ON): void {
    const { kind, flash, roster, body } = this;
    flash.boot();
    const config: SenderConfig = {
      id: this.id,
      key: this.tagKey,
      own: kind.intervalMs,
      reach: kind.reach ?? 0,
      random: roster.random,
      extra: coldBoot(cause, "sim"),
      ...kind.config,
    };
    const memory = memoryOf(flash, "");
    if (this.way) this.way.resolved = this.way.ap?.names ?? true;
    body?.boot(now);
    roster.put(this.number, recalled(createSender(config, memory, this.local(now)), flash));
    this.on = true;
  }

  unplug(now?: number): void {
    this.on = false;
    if (now !== undefined) this.body?.power?.enter("off", now);
  }

  /** The flash is wiped, all of it: only the salt in the bundle and physics remain. */
  forget(): void {
    this.flash.wipe();
  }

  /**
   * Wakes and joins if it slept; else makes durable what changed, and sends what is due. A power
   * cut on the way ends it, and the sender with it.
   */
  wake(now: number, transmit: (frame: string) => void): void {
    if (!this.on) return;
    if (this.body && !this.ready(this.body, now)) return;
    if (!obeyed(this, this.roster.at(this.number), now, transmit)) return;
    const s = this.roster.at(this.number);
    const local = this.local(now);
    this.measure(s, now);
    for (let frames = 0; frames < FRAMES_PER_WAKE_MAX; frames++) {
      const frame = poll(s, local);
      if (frame !== "" && this.dies("before-store", now)) return;
      if (s.dirty) {
        this.roster.flashes.keep(this.number, s.epoch, s.limit, s.acked);
        s.dirty = 0;
      }
      if (frame === "") {
        this.body?.rest(s, local, now);
        return;
      }
      if (this.dies("after-store", now)) return;
      this.body?.power?.frame("up", frame.length);
      transmit(frame);
      if (this.dies("after-send", now)) return;
      // Whoever saw it leave may have asked for another board's sender.
      sent(this.roster.at(this.number), local);
    }
    throw new Error(`${this.name} sends without end at ${now} ms`);
  }

  /**
   * A frame from the gateway's address reached the radio. Returns what the sender says came of it,
   * 0 for nothing, or -1 where nobody listened.
   */
  hear(frame: string, now: number): number {
    const { body } = this;
    if (!this.on || (body && (body.asleep || now < body.radioAt))) return -1;
    const s = this.roster.at(this.number);
    const local = this.local(now);
    if (!listening(s, local)) return -1;
    body?.power?.frame("down", frame.length);
    return handle(s, frame, local);
  }

  /** Power goes when the next send comes to `step`, and is back `offMs` later. */
  cutPower(step: PowerCut, offMs: number): void {
    this.cutAt = step;
    this.offMs = offMs;
  }

  leave(now: number): void {
    if (this.on) leave(this.roster.at(this.number), this.local(now));
  }

  /** The world's instant, ms, at which `wake` is due; Infinity without power. */
  get wakeAt(): number {
    if (!this.on) return Number.POSITIVE_INFINITY;
    const { body } = this;
    const local = this.roster.wakeAt(this.number);
    if (!body) return this.worldTime(local);
    return Math.max(body.clock.world(Math.min(local, body.sleepAt)), body.radioAt);
  }

  /** Wakes and joins if it slept. Whether it can send now. */
  private ready(body: Body, now: number): boolean {
    if (body.asleep) body.rise(now);
    if (now < body.radioAt) return false;
    const offMs = body.brownsOut(now);
    if (offMs > 0) {
      this.offMs = offMs;
      this.unplug(now);
      return false;
    }
    body.power?.enter("awake", now);
    return true;
  }

  /** What the board measures before it speaks: its battery, and its signal where it varies. */
  private measure(s: Sender, now: number): void {
    const { kind, body } = this;
    const power = body?.power;
    if (power) s.vitals = (s.vitals & 15) | (power.vitals(now) << 4);
    if (!kind.signalVaries) return;
    const rare = this.have();
    rare.signal ??= stream(this.roster.seed, this.id, "signal");
    s.vitals = (s.vitals & 0xf8) | (1 + Math.floor(rare.signal() * 7));
  }

  local(now: number): number {
    if (this.body) return this.body.clock.local(now);
    const { clockMs = 0, clockPpm = 0 } = this.kind;
    return clockMs + now * (1 + clockPpm / 1e6);
  }

  private worldTime(local: number): number {
    const { clockMs = 0, clockPpm = 0 } = this.kind;
    return (local - clockMs) / (1 + clockPpm / 1e6);
  }

  dies(step: PowerCut, now: number): boolean {
    if (this.cutAt !== step) return false;
    this.cutAt = undefined;
    this.unplug(now);
    return true;
  }
}
