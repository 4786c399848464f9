// One board: the real sender core, a flash that outlives power, and, where the scenario asks for
// it, a body (body.ts) with a clock, a radio and a battery.
//
// Power can go between any two steps of a send. The three places that matter are named, because
// rule 10 (no (epoch, seq) for two different beats) rests on their order: a frame is sealed, its
// numbers become durable, it leaves, the sender is told. What lost: a fault drawn inside the core,
// which would then need to know about faults.

import { handle, leave, listening, poll, sent } from "../device/sender.ts";
import { coldBoot, createSender, type Sender } from "../device/state.ts";
import { alert, measure } from "../device/vitals.ts";
import type { BoardKind, PowerCut, Shell } from "./board-kind.ts";
import type { Body } from "./body.ts";
import { memoryOf, obeyed, recalled } from "./orders.ts";
import { type Identity, Owner, POWER_ON } from "./owner.ts";
import { Path } from "./path.ts";
import { plainBody } from "./plain.ts";
import { stream } from "./random.ts";
import type { Roster } from "./roster.ts";
import { climbs, configOf } from "./rungs.ts";
import { awoken, pressed, rest, resumed, spreadMs } from "./sleeper.ts";

/** Frames that one wake may send; a sender that wants more would never sleep again. */
const FRAMES_PER_WAKE_MAX = 8;
/** Reset causes of extension 4. */
const BROWN_OUT = 4;
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
  boot(now: number, cause = this.cause): void {
    const { flash, roster } = this;
    if (this.kind.reach === 2) this.body ??= plainBody(this.kind, roster.seed, this.id);
    const { body } = this;
    const waitMs = cause === POWER_ON ? spreadMs(this.id, flash, this.kind.intervalMs) : 0;
    this.cause = POWER_ON;
    flash.boot();
    this.resolve();
    body?.boot(now, waitMs);
    const config = configOf(this, coldBoot(cause, "sim"));
    // Without a body nothing but its sender can wait.
    const from = this.time(now) + (body ? 0 : waitMs);
    const s = createSender(config, memoryOf(flash, ""), from);
    resumed(s, flash, config.extra!);
    roster.put(this.number, recalled(s, flash));
    this.on = true;
  }

  unplug(now?: number): void {
    this.on = false;
    if (now !== undefined) this.body?.off(now);
  }

  /** The flash is wiped, all of it: only the salt in the bundle and physics remain. */
  forget(): void {
    this.flash.wipe();
  }

  /**
   * Wakes and joins if it slept; else makes durable what changed, and sends what is due. A power
   * cut on the way ends it, and the sender with it.
   */
  wake(now: number, transmit: (frame: string) => void, shell?: Shell): void {
    if (!this.on) return;
    const { body } = this;
    if (body && !this.ready(body, now, shell)) return;
    if (!obeyed(this, this.roster.at(this.number), now, transmit)) return;
    const s = this.roster.at(this.number);
    const time = this.time(now);
    this.measure(s, now);
    for (let frames = 0; frames < FRAMES_PER_WAKE_MAX; frames++) {
      const frame = poll(s, time);
      if (frame !== "" && this.dies("before-store", now)) return;
      if (s.dirty) {
        this.roster.flashes.keep(this.number, s.epoch, s.limit, s.acked);
        s.dirty = 0;
      }
      if (!climbs(this, s, time, now, shell)) return;
      if (frame === "") {
        if (body) rest(this, body, s, now);
        return;
      }
      if (this.dies("after-store", now)) return;
      body?.power?.frame("up", frame.length);
      transmit(frame);
      if (this.dies("after-send", now)) return;
      // Whoever saw it leave may have asked for another board's sender.
      sent(this.roster.at(this.number), time);
    }
    throw new Error(`${this.name} sends without end at ${now} ms`);
  }

  /**
   * A frame from the gateway's address reached the radio. Returns what the sender says came of it,
   * 0 for nothing, or -1 where nobody listened.
   */
  hear(frame: string, now: number): number {
    const { body } = this;
    if (!this.on || (body && body.stage !== "up")) return -1;
    const s = this.roster.at(this.number);
    const time = this.time(now);
    if (!listening(s, time)) return -1;
    body?.power?.frame("down", frame.length);
    const { spread } = s;
    const result = handle(s, frame, time);
    if (s.spread !== spread) this.roster.flashes.spread(this.number, s.spread);
    return result;
  }

  /** Power goes when the next send comes to `step`, and is back `offMs` later. */
  cutPower(step: PowerCut, offMs: number): void {
    this.cutAt = step;
    this.offMs = offMs;
  }

  leave(now: number): void {
    const { body } = this;
    if (!this.on) return;
    if (body?.asleep) {
      body.leaves = true;
      body.press(now);
    } else leave(this.roster.at(this.number), this.time(now));
  }

  /** Its application has something to be seen to, or no longer. */
  alert(on: boolean, now: number): void {
    const { body } = this;
    if (body) body.alerts = on;
    if (!this.on) return;
    if (body?.asleep) body.press(now);
    else alert(this.roster.at(this.number), on, this.time(now));
  }

  /** The world's instant, ms, at which `wake` is due; Infinity without power. */
  get wakeAt(): number {
    if (!this.on) return Number.POSITIVE_INFINITY;
    const { body } = this;
    const time = this.roster.wakeAt(this.number);
    if (!body) return this.worldTime(time);
    if (body.stage !== "up") return body.due;
    return body.clock.world(Math.min(body.bornAt + time, body.sleepAt));
  }

  /** Wakes and joins if it slept. Whether it can send now. */
  private ready(body: Body, now: number, shell: Shell | undefined): boolean {
    if (body.asleep) {
      if (now < body.due) return false;
      this.flash.boot();
      body.rise(now);
      this.resolve();
      shell?.reopen(this);
    }
    if (!body.goOn(now, this.way?.ap?.on ?? true)) return false;
    const offMs = body.brownsOut(now);
    if (offMs > 0) {
      this.fall(offMs, BROWN_OUT, now);
      return false;
    }
    body.power?.enter("awake", now);
    if (body.newborn) this.roster.put(this.number, awoken(this, body));
    pressed(body, this.roster.at(this.number), this.time(now));
    return true;
  }

  /** Power goes by itself, and is back `offMs` later. */
  fall(offMs: number, cause: number, now: number): void {
    this.offMs = offMs;
    this.cause = cause;
    this.unplug(now);
  }

  /** Looks up where the gateway is. */
  resolve(): void {
    if (this.way) this.way.resolved = this.way.ap?.names ?? true;
  }

  /** What the board measures before it speaks: its battery, and its signal where it varies. */
  private measure(s: Sender, now: number): void {
    const { kind, body } = this;
    const power = body?.power;
    if (!power && !kind.signalVaries) return;
    const left = power ? (power.battery ? power.left(now) * 100 : -1) : Number.NaN;
    measure(s, left, kind.signalVaries ? -90 + 8 * Math.floor(this.luckyBars()) : 0);
  }

  private luckyBars(): number {
    const rare = this.have();
    rare.signal ??= stream(this.roster.seed, this.id, "signal");
    return rare.signal() * 7;
  }

  /** What its clock shows. */
  local(now: number): number {
    if (this.body) return this.body.clock.local(now);
    const { clockMs = 0, clockPpm = 0 } = this.kind;
    return clockMs + now * (1 + clockPpm / 1e6);
  }

  /** The same since its program began, where that begins with each wake. */
  time(now: number): number {
    const { body } = this;
    return body ? body.clock.local(now) - body.bornAt : this.local(now);
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
