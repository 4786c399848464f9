// One board: the real sender core, a flash that outlives power, and a clock of its own.
//
// Power can go between any two steps of a send. The three places that matter are named, because
// rule 10 (no (epoch, seq) for two different beats) rests on their order: a frame is sealed, its
// numbers become durable, it leaves, the sender is told. What lost: a fault drawn inside the core,
// which would then need to know about faults.

import { handle, leave, listening, poll, sent } from "../device/sender.ts";
import { coldBoot, createSender, type Sender, type SenderConfig } from "../device/state.ts";
import { makeTagKey, type TagKey } from "../device/tag.ts";
import type { Enrolment, Source } from "../gateway/facts.ts";
import { createLink, type Link } from "./link.ts";
import type { LinkPreset } from "./presets.ts";
import { draw, purposeOf, randomBytes, stream } from "./random.ts";

/** Frames that one wake may send; a sender that wants more would never sleep again. */
const FRAMES_PER_WAKE_MAX = 8;
const NOISE = purposeOf("noise");

/** Byte string to byte string of 32. Handed in: a core knows no platform. */
export type Sha256 = (message: string) => string;

export interface BoardOptions {
  readonly name: string;
  readonly id: number;
  readonly suite: number;
  readonly intervalMs: number;
  readonly link: LinkPreset;
  /** 16 bytes; drawn from the seed by default. */
  readonly key?: string;
  /** What the board's bundle was salted with; drawn from the seed by default. */
  readonly salt?: string;
  /** Reach class: 0 awake, 1 light sleep, 2 deep sleep. Default 0. */
  readonly reach?: number;
  /** The board's clock when the world's is 0, ms, and its error, parts per million (+ = fast). */
  readonly clockMs?: number;
  readonly clockPpm?: number;
  /** Every wake measures another signal, as in life: no two beats are alike by chance. */
  readonly signalVaries?: boolean;
  /** Anything else of the sender's configuration. */
  readonly config?: Partial<SenderConfig>;
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
  readonly suite: number;
  readonly key: TagKey;
  readonly enrolment: Enrolment;
  readonly up: Link;
  readonly down: Link;
  /** The address that the gateway sees. */
  source: Source;
  /** undefined: no power. */
  sender: Sender | undefined;
  flash: Flash = { epoch: 0, limit: 0, acked: 0, boots: 0 };
  /** Power goes when a send next comes to this point, and is back so much later. */
  cutAt: PowerCut | undefined;
  offMs = 0;
  private readonly options: BoardOptions;
  private readonly seed: number;
  private readonly sha256: Sha256;
  private readonly random: () => number;
  private readonly signal: () => number;
  private readonly rate: number;
  /** Boots that really happened: the physical noise of each is another one. */
  private booted = 0;

  constructor(options: BoardOptions, seed: number, sha256: Sha256) {
    const { id, name, suite } = options;
    this.options = options;
    this.seed = seed;
    this.sha256 = sha256;
    this.name = name;
    this.id = id;
    this.suite = suite;
    const key = suite === 0 ? "" : (options.key ?? randomBytes(seed, id, "key", 16));
    this.key = makeTagKey(suite, key, sha256);
    this.enrolment = { id, name, site: "", labels: [], suite, key };
    this.up = createLink(options.link.up, seed, id, "up");
    this.down = createLink(options.link.down, seed, id, "down");
    this.source = { transport: "sim", address: name, port: 1 };
    this.random = stream(seed, id, "sender");
    this.signal = stream(seed, id, "signal");
    this.rate = 1 + (options.clockPpm ?? 0) / 1e6;
  }

  /** The name of the preset that its path began with. */
  get linkName(): string {
    return this.options.link.name;
  }

  /** Another board with this one's identity and a copy of its flash; `other` says what differs. */
  clone(other: Partial<BoardOptions>): Board {
    const board = new Board({ ...this.options, ...other }, this.seed, this.sha256);
    board.flash = { ...this.flash };
    board.booted = 1000;
    return board;
  }

  /** Power comes on. `cause`: reset cause of extension 4. */
  boot(now: number, cause = 1): void {
    const { options, flash } = this;
    flash.boots++;
    this.booted++;
    const noise = Math.floor(draw(this.seed, this.id, NOISE, this.booted) * 2 ** 32);
    const config: SenderConfig = {
      id: this.id,
      key: this.key,
      own: options.intervalMs,
      reach: options.reach ?? 0,
      random: this.random,
      extra: coldBoot(cause, "sim"),
      ...options.config,
    };
    const { epoch, limit, acked, boots } = flash;
    const salt = options.salt ?? randomBytes(this.seed, this.id, "salt", 8);
    const origin = `${salt}${boots},${noise}`;
    this.sender = createSender(config, { epoch, limit, acked, origin }, this.local(now));
  }

  unplug(): void {
    this.sender = undefined;
  }

  /** The flash is wiped, all of it: only the salt in the bundle and physics remain. */
  forget(): void {
    this.flash = { epoch: 0, limit: 0, acked: 0, boots: 0 };
  }

  /**
   * Makes durable what changed, and sends what is due. A power cut on the way ends it, and the
   * sender with it.
   */
  wake(now: number, transmit: (frame: string) => void): void {
    const s = this.sender;
    if (!s) return;
    const local = this.local(now);
    if (this.options.signalVaries) s.vitals = 0xf0 | (1 + Math.floor(this.signal() * 7));
    for (let frames = 0; frames < FRAMES_PER_WAKE_MAX; frames++) {
      const frame = poll(s, local);
      if (frame !== "" && this.dies("before-store")) return;
      if (s.dirty) {
        this.flash = { ...this.flash, epoch: s.epoch, limit: s.limit, acked: s.acked };
        s.dirty = 0;
      }
      if (frame === "") return;
      if (this.dies("after-store")) return;
      transmit(frame);
      if (this.dies("after-send")) return;
      sent(s, local);
    }
    throw new Error(`${this.name} sends without end at ${now} ms`);
  }

  /**
   * A frame from the gateway's address reached the radio. Returns what the sender says came of it,
   * 0 for nothing, or -1 where nobody listened.
   */
  hear(frame: string, now: number): number {
    const s = this.sender;
    if (!s || !listening(s, this.local(now))) return -1;
    return handle(s, frame, this.local(now));
  }

  /** Another path from now on: what is under way on the old one holds nobody up. */
  setLink({ up, down }: LinkPreset, now: number): void {
    this.up.model = up;
    this.down.model = down;
    this.up.arrivedAt = this.down.arrivedAt = now;
  }

  /** Power goes when the next send comes to `step`, and is back `offMs` later. */
  cutPower(step: PowerCut, offMs: number): void {
    this.cutAt = step;
    this.offMs = offMs;
  }

  leave(now: number): void {
    if (this.sender) leave(this.sender, this.local(now));
  }

  /** The world's instant, whole ms, at which `wake` is due; Infinity without power. */
  get wakeAt(): number {
    return this.sender ? Math.ceil(this.worldTime(this.sender.wakeAt)) : Number.POSITIVE_INFINITY;
  }

  private local(now: number): number {
    return (this.options.clockMs ?? 0) + now * this.rate;
  }

  private worldTime(local: number): number {
    return (local - (this.options.clockMs ?? 0)) / this.rate;
  }

  private dies(step: PowerCut): boolean {
    if (this.cutAt !== step) return false;
    this.cutAt = undefined;
    this.unplug();
    return true;
  }
}
