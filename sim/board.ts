// One board: the real sender core, a flash that outlives power, and, where the scenario asks for
// it, a body (body.ts) with a clock, a radio and a battery.
//
// Power can go between any two steps of a send. The three places that matter are named, because
// rule 10 rests on their order: a frame is sealed, its numbers become durable, it leaves, the sender
// is told. What lost: a fault drawn inside the core, which would then need to know about faults.

import { handle, leave, listening, poll, sent } from "../device/sender.ts";
import { coldBoot, createSender, type Sender, type SenderConfig } from "../device/state.ts";
import { makeTagKey, type TagKey } from "../device/tag.ts";
import type { Enrolment } from "../gateway/facts.ts";
import type { BoardKind, BoardOptions, Flash, PowerCut, Sha256 } from "./board-kind.ts";
import { NO_LABELS } from "./board-kind.ts";
import type { Body } from "./body.ts";
import { memoryOf, obeyed, recalled } from "./orders.ts";
import type { Path } from "./path.ts";
import { draw, purposeOf, randomBytes, stream } from "./random.ts";
import { Roster } from "./roster.ts";

/** Frames that one wake may send; a sender that wants more would never sleep again. */
const FRAMES_PER_WAKE_MAX = 8;
const NOISE = purposeOf("noise");
const POWER_ON = 1;
export const BROWN_OUT = 4;
export class Board {
  readonly name: string;
  readonly id: number;
  readonly kind: BoardKind;
  flash: Flash = { epoch: 0, limit: 0, acked: 0, boots: 0 };
  /** Power goes when a send next comes to this point, and is back so much later. */
  cutAt: PowerCut | undefined;
  offMs = 0;
  body: Body | undefined; // None: on mains, and the clock of its kind.
  /** Reasons why it has no power now, whatever it would like: see `World.hold`. */
  held = 0;
  /** Its place among the boards of its world, and its way, set by the network that it joins. */
  number = 0;
  path!: Path;
  /** What a board that lost its gateway's name cannot do is send. */
  resolved = true;
  private readonly given: string | undefined;
  private readonly salt: string | undefined;
  private readonly seed: number;
  private readonly roster: Roster;
  private readonly slot: number;
  private readonly sha256: Sha256;
  /** Whether it has power: cheaper than asking for its sender. */
  on = false;
  private booted = 0; // Boots that really happened: the physical noise of each is another one.
  private signal: (() => number) | undefined;

  constructor(
    { name, id, key, salt }: Pick<BoardOptions, "name" | "id" | "key" | "salt">,
    kind: BoardKind,
    seed: number,
    sha256: Sha256,
    roster = new Roster(seed),
  ) {
    this.name = name;
    this.id = id;
    this.kind = kind;
    this.seed = seed;
    this.sha256 = sha256;
    this.roster = roster;
    this.slot = roster.place(id, this);
    this.salt = salt;
    this.given = key;
  }

  /** Its 16 bytes, "" under suite 0. */
  get secret(): string {
    if (this.kind.suite === 0) return "";
    return this.given ?? randomBytes(this.seed, this.id, "key", 16);
  }

  get key(): TagKey {
    return makeTagKey(this.kind.suite, this.secret, this.sha256);
  }

  get suite(): number {
    return this.kind.suite;
  }

  get enrolment(): Enrolment {
    const { id, name, secret: key, kind } = this;
    return { id, name, site: kind.site ?? "", labels: NO_LABELS, suite: kind.suite, key };
  }

  /** What no earlier boot of this key had: salt, boot counter, physical noise. */
  get origin(): string {
    const salt = this.salt ?? randomBytes(this.seed, this.id, "salt", 8);
    const noise = Math.floor(draw(this.seed, this.id, NOISE, this.booted) * 2 ** 32);
    return `${salt}${this.flash.boots},${noise}`;
  }

  /** undefined: no power. Valid until another board's sender is asked for. */
  get sender(): Sender | undefined {
    return this.on ? this.roster.at(this.slot) : undefined;
  }

  /** Another board with this one's identity and a copy of its flash; `other` says what differs. */
  clone({ name, ...other }: Partial<BoardKind> & { readonly name: string }): Board {
    const { id, secret: key, seed, sha256, roster, salt } = this;
    const identity = { name, id, key, ...(salt !== undefined && { salt }) };
    const board = new Board(identity, { ...this.kind, ...other }, seed, sha256, roster);
    board.flash = { ...this.flash };
    board.booted = 1000;
    return board;
  }

  /** Power comes on. `cause`: reset cause of extension 4. */
  boot(now: number, cause = POWER_ON): void {
    const { kind, flash, roster } = this;
    flash.boots++;
    this.booted++;
    const config: SenderConfig = {
      id: this.id,
      key: this.key,
      own: kind.intervalMs,
      reach: kind.reach ?? 0,
      random: roster.random,
      extra: coldBoot(cause, "sim"),
      ...kind.config,
    };
    const memory = memoryOf(flash, this.origin);
    this.resolved = this.path?.ap?.names ?? true;
    this.body?.boot(now);
    roster.put(this.slot, recalled(createSender(config, memory, this.local(now)), flash));
    this.on = true;
  }

  unplug(now?: number): void {
    this.on = false;
    if (now !== undefined) this.body?.power?.enter("off", now);
  }

  /** The flash is wiped, all of it: only the salt in the bundle and physics remain. */
  forget(): void {
    this.flash = { epoch: 0, limit: 0, acked: 0, boots: 0 };
  }

  /**
   * Wakes and joins if it slept; else makes durable what changed, and sends what is due. A power
   * cut on the way ends it, and the sender with it.
   */
  wake(now: number, transmit: (frame: string) => void): void {
    if (!this.on) return;
    if (this.body && !this.ready(this.body, now)) return;
    if (!obeyed(this, this.roster.at(this.slot), now, transmit)) return;
    const s = this.roster.at(this.slot);
    const local = this.local(now);
    this.measure(s, now);
    for (let frames = 0; frames < FRAMES_PER_WAKE_MAX; frames++) {
      const frame = poll(s, local);
      if (frame !== "" && this.dies("before-store", now)) return;
      if (s.dirty) {
        this.flash.epoch = s.epoch;
        this.flash.limit = s.limit;
        this.flash.acked = s.acked;
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
      sent(this.roster.at(this.slot), local);
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
    const s = this.roster.at(this.slot);
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
    if (this.on) leave(this.roster.at(this.slot), this.local(now));
  }

  /** The world's instant, ms, at which `wake` is due; Infinity without power. */
  get wakeAt(): number {
    if (!this.on) return Number.POSITIVE_INFINITY;
    const { body } = this;
    const local = this.roster.wakeAt(this.slot);
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
    this.signal ??= stream(this.seed, this.id, "signal");
    s.vitals = (s.vitals & 0xf8) | (1 + Math.floor(this.signal() * 7));
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
