// One board: the real sender core, a flash that outlives power, a clock of its own, and, where the
// scenario asks for it, a radio that must join and a battery that empties.
//
// Power can go between any two steps of a send. The three places that matter are named, because
// rule 10 (no (epoch, seq) for two different beats) rests on their order: a frame is sealed, its
// numbers become durable, it leaves, the sender is told. What lost: a fault drawn inside the core,
// which would then need to know about faults.
//
// A board of reach class deep sleeps as soon as its sender no longer listens, and keeps the sender
// as a board keeps it in the memory of its clock; when a beat falls due it wakes and joins first,
// and the beat is sealed once it has joined, which the promise must have counted (`wakeMs`).

import { handle, leave, listening, poll, sent } from "../device/sender.ts";
import { coldBoot, createSender, type Sender, type SenderConfig } from "../device/state.ts";
import { makeTagKey, type TagKey } from "../device/tag.ts";
import type { Enrolment } from "../gateway/facts.ts";
import type { BoardClock } from "./clock.ts";
import { type Quantile, quantile } from "./exact.ts";
import type { Path } from "./network.ts";
import type { Power } from "./power.ts";
import type { LinkPreset } from "./presets.ts";
import { draw, purposeOf, randomBytes, stream } from "./random.ts";
import { Roster } from "./roster.ts";

/** Frames that one wake may send; a sender that wants more would never sleep again. */
const FRAMES_PER_WAKE_MAX = 8;
const NOISE = purposeOf("noise");
const JOIN = purposeOf("join");
/** Reset causes of extension 4. */
const POWER_ON = 1;
export const BROWN_OUT = 4;
/** A board whose voltage broke down tries again after so long, doubling up to the second. */
const RECOVER_MS = 10_000;
const RECOVER_MAX_MS = 3_600_000;

/** Byte string to byte string of 32. Handed in: a core knows no platform. */
export type Sha256 = (message: string) => string;

/** What boards of one make have in common; a fleet shares one of these. */
export interface BoardKind {
  readonly suite: number;
  readonly intervalMs: number;
  readonly link: LinkPreset;
  /** Reach class: 0 awake, 1 light sleep, 2 deep sleep. Default 0. */
  readonly reach?: number;
  /** The board's clock when the world's is 0, ms, and its error, parts per million (+ = fast). */
  readonly clockMs?: number;
  readonly clockPpm?: number;
  /** Every wake measures another signal, as in life: no two beats are alike by chance. */
  readonly signalVaries?: boolean;
  /** Anything else of the sender's configuration. */
  readonly config?: Partial<SenderConfig>;
  /** Its site, told to the gateway at enrolment. Default none. */
  readonly site?: string;
}

export interface BoardOptions extends BoardKind {
  readonly name: string;
  readonly id: number;
  /** 16 bytes; drawn from the seed by default. */
  readonly key?: string;
  /** What the board's bundle was salted with; drawn from the seed by default. */
  readonly salt?: string;
}

/** Where power can go: nothing durable; durable and not sent; sent and not noted. */
export const POWER_CUTS = ["before-store", "after-store", "after-send"] as const;
export type PowerCut = (typeof POWER_CUTS)[number];

/** What a board's flash holds. */
export interface Flash {
  epoch: number;
  limit: number;
  acked: number;
  boots: number;
}

export class Board {
  readonly name: string;
  readonly id: number;
  readonly kind: BoardKind;
  flash: Flash = { epoch: 0, limit: 0, acked: 0, boots: 0 };
  /** Power goes when a send next comes to this point, and is back so much later. */
  cutAt: PowerCut | undefined;
  offMs = 0;
  /** A clock and a battery of their own; without them the clock of `kind`, and mains. */
  clock: BoardClock | undefined;
  power: Power | undefined;
  /** Of its surroundings, degrees C. */
  degrees = 20;
  asleep = false;
  /** Its power went because its voltage broke down. */
  brownedOut = false;
  /** Reasons why it has no power now, whatever it would like: see `World.hold`. */
  held = 0;
  /** Its place among the boards of its world. */
  number = 0;
  /** Set by the network that the board joins. */
  path!: Path;
  /** The radio has joined from this instant on. */
  radioAt = 0;
  /** What a board that lost its gateway's name cannot do is send. */
  resolved = true;
  private readonly given: string | undefined;
  private readonly salt: string | undefined;
  private readonly seed: number;
  private readonly roster: Roster;
  private readonly slot: number;
  private readonly sha256: Sha256;
  private powered = false;
  /** Boots that really happened: the physical noise of each is another one. */
  private booted = 0;
  private joins = 0;
  /** The window of a board that sleeps ends by itself then, on its own clock. */
  private sleepAt = Number.POSITIVE_INFINITY;
  private brownOuts = 0;
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
    this.slot = roster.place(id);
    this.salt = salt;
    this.given = key;
  }

  /** Its 16 bytes, "" under suite 0. */
  get secret(): string {
    if (this.kind.suite === 0) return "";
    return this.given ?? randomBytes(this.seed, this.id, "key", 16);
  }

  /** Made anew each time: who needs it often keeps it. */
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

  /** undefined: no power. Valid until another board's sender is asked for. */
  get sender(): Sender | undefined {
    return this.powered ? this.roster.at(this.slot) : undefined;
  }

  /** Whether it has power: cheaper than asking for its sender. */
  get on(): boolean {
    return this.powered;
  }

  /** Another board with this one's identity and a copy of its flash; `other` says what differs. */
  clone({ name, ...other }: Partial<BoardKind> & { readonly name: string }): Board {
    const { id, secret: key, seed, sha256, roster, salt } = this;
    const identity = { name, id, key, ...(salt === undefined ? {} : { salt }) };
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
    this.brownedOut = false;
    const noise = Math.floor(draw(this.seed, this.id, NOISE, this.booted) * 2 ** 32);
    const config: SenderConfig = {
      id: this.id,
      key: this.key,
      own: kind.intervalMs,
      reach: kind.reach ?? 0,
      random: roster.random,
      extra: coldBoot(cause, "sim"),
      ...kind.config,
    };
    const { epoch, limit, acked, boots } = flash;
    const salt = this.salt ?? randomBytes(this.seed, this.id, "salt", 8);
    const origin = `${salt}${boots},${noise}`;
    this.asleep = false;
    this.resolved = this.path?.ap?.names ?? true;
    this.clock?.asleep(false, now);
    if (this.power) this.join(now, this.power.board.attachMs, this.power.board.bootMs);
    roster.put(this.slot, createSender(config, { epoch, limit, acked, origin }, this.local(now)));
    this.powered = true;
  }

  unplug(now?: number): void {
    this.powered = false;
    if (now !== undefined) this.power?.enter("off", now);
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
    if (!this.powered) return;
    if (this.asleep) this.rise(now);
    if (now < this.radioAt || this.brownsOut(now)) return;
    this.power?.enter("awake", now);
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
        this.rest(s, local, now);
        return;
      }
      if (this.dies("after-store", now)) return;
      this.power?.frame("up", frame.length);
      transmit(frame);
      if (this.dies("after-send", now)) return;
      sent(s, local);
    }
    throw new Error(`${this.name} sends without end at ${now} ms`);
  }

  /**
   * A frame from the gateway's address reached the radio. Returns what the sender says came of it,
   * 0 for nothing, or -1 where nobody listened.
   */
  hear(frame: string, now: number): number {
    if (!this.powered || this.asleep || now < this.radioAt) return -1;
    const s = this.roster.at(this.slot);
    const local = this.local(now);
    if (!listening(s, local)) return -1;
    this.power?.frame("down", frame.length);
    return handle(s, frame, local);
  }

  /** Power goes when the next send comes to `step`, and is back `offMs` later. */
  cutPower(step: PowerCut, offMs: number): void {
    this.cutAt = step;
    this.offMs = offMs;
  }

  /** The radio had lost its access point, which is back: it joins again. */
  rejoin(now: number): void {
    const { power } = this;
    if (power && this.powered && !this.asleep) this.join(now, power.board.joinAgainMs, 0);
  }

  leave(now: number): void {
    if (this.powered) leave(this.roster.at(this.slot), this.local(now));
  }

  /** The world's instant, ms, at which `wake` is due; Infinity without power. */
  get wakeAt(): number {
    if (!this.powered) return Number.POSITIVE_INFINITY;
    const local = Math.min(this.roster.wakeAt(this.slot), this.sleepAt);
    return Math.max(this.worldTime(local), this.radioAt);
  }

  private join(now: number, durations: readonly Quantile[], bootMs: number): void {
    const luck = draw(this.seed, this.id, JOIN, this.joins++);
    this.radioAt = now + bootMs + quantile(durations, luck);
    this.power?.enter("join", now);
  }

  private rise(now: number): void {
    const { power } = this;
    this.asleep = false;
    this.clock?.asleep(false, now);
    if (power) this.join(now, power.board.joinMs, power.board.bootMs);
  }

  /** Nothing is due any more: a board that sleeps does so now, unless it still listens. */
  private rest(s: Sender, local: number, now: number): void {
    this.sleepAt = Number.POSITIVE_INFINITY;
    if (s.reach === 0) return;
    if (listening(s, local)) {
      if (s.frame === "") this.sleepAt = Math.min(s.windowAt, s.windowEnd);
      return;
    }
    if (s.reach === 2 && this.power) {
      this.asleep = true;
      this.clock?.asleep(true, now);
    }
    this.power?.enter(s.reach === 2 ? "deep" : "light", now);
  }

  /** What the board measures before it speaks: its battery, and its signal where it varies. */
  private measure(s: Sender, now: number): void {
    const { power, kind } = this;
    if (power) s.vitals = (s.vitals & 15) | (power.vitals(now) << 4);
    if (!kind.signalVaries) return;
    this.signal ??= stream(this.seed, this.id, "signal");
    s.vitals = (s.vitals & 0xf8) | (1 + Math.floor(this.signal() * 7));
  }

  private brownsOut(now: number): boolean {
    if (!this.power?.brownsOut(now, this.degrees)) {
      this.brownOuts = 0;
      return false;
    }
    this.brownedOut = true;
    this.offMs = Math.min(RECOVER_MS * 2 ** this.brownOuts++, RECOVER_MAX_MS);
    this.unplug(now);
    return true;
  }

  local(now: number): number {
    if (this.clock) return this.clock.local(now);
    const { clockMs = 0, clockPpm = 0 } = this.kind;
    return clockMs + now * (1 + clockPpm / 1e6);
  }

  private worldTime(local: number): number {
    if (this.clock) return this.clock.world(local);
    const { clockMs = 0, clockPpm = 0 } = this.kind;
    return (local - clockMs) / (1 + clockPpm / 1e6);
  }

  private dies(step: PowerCut, now: number): boolean {
    if (this.cutAt !== step) return false;
    this.cutAt = undefined;
    this.unplug(now);
    return true;
  }
}

const NO_LABELS: readonly string[] = [];
