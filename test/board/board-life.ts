// A deep sleeper and its gateway in virtual time: the very bundle that is flashed, a boot for each
// wake, the gateway's own retransmissions, power that goes at any step of a write or any instant,
// and a witness who has seen every frame.

import { decodeDown, decodeUp } from "../../device/decode.ts";
import { EXT_SPREAD, readExtensions } from "../../device/extensions.ts";
import { coldBoot } from "../../device/state.ts";
import { computeTag, tagBytes } from "../../device/tag.ts";
import { ACK, HEARTBEAT, HELLO, tagInput, UP, WELCOME } from "../../device/wire.ts";
import { stream } from "../../sim/random.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { PretendBroker } from "./board-broker.ts";
import { PretendFlash } from "./board-flash.ts";
import { type Air, chip, PretendWifi } from "./board-natives.ts";
import type { Line } from "./board-net.ts";
import { PretendBoard } from "./board-rig.ts";

export const HOUR = 3_600_000;
const BOOT_MS = 400;

/** It says what it did to the world, which no power cut takes back. */
export const APP = `
NEXTBEAT.onCommand = function (payload) { did(payload); return "did " + payload; };`;

/** What a sleeper is, where it is not the usual one. */
export interface Kind {
  readonly suite?: 0 | 1 | 2;
  readonly chip?: "ESP32" | "ESP8266";
  readonly config?: object;
  readonly app?: string;
  readonly seed?: number;
  /** Share of frames lost, each way. */
  readonly loss?: number;
  readonly air?: Air;
  /** False: nobody answers TCP. */
  readonly broker?: boolean;
  /** How long after a power cut it comes back. */
  readonly darkMs?: number;
}

export const FINE: Air = { joins: () => 1_500, resolves: () => "10.0.0.1" };

export class Sleeper {
  readonly bench = new Bench();
  readonly flash = new PretendFlash();
  readonly pen: Board;
  readonly did: string[] = [];
  /** How each life ended and how long it was, in order; what each printed and wrote. */
  readonly lives: { why: string; awake: number; ms: number; log: string[] }[] = [];
  /** What no board may do. */
  readonly wrong: string[] = [];
  readonly frames: { at: number; type: number; frame: string }[] = [];
  loss: number;
  /** Power goes at this instant of the bench, if that comes first. */
  darkAt = Infinity;
  board!: PretendBoard;
  /** The Wi-Fi module of this life. */
  wifi!: PretendWifi;
  readonly broker = new PretendBroker((frame) => this.up(frame));
  private readonly wifis: PretendWifi[] = [];
  private readonly script: string;
  /** Extension 13 as the gateway last said it. */
  spread = 0;
  private kind: Kind;
  private readonly luck: () => number;
  private base = 0;
  private readonly beats = new Map<string, string>();
  private readonly nonces = new Map<string, string>();
  private readonly epochs: number[] = [];

  constructor(script: string, kind: Kind = {}) {
    this.kind = kind;
    this.loss = kind.loss ?? 0;
    this.luck = stream(kind.seed ?? 1, 1, "luck");
    this.flash.luck = stream(kind.seed ?? 1, 2, "flash");
    this.pen = new Board(0xbeef, kind.suite ?? 2);
    this.script = script;
    this.bench.enrol(this.pen);
    this.bench.onSent = ({ frame }) => this.down(frame);
    this.boot(false);
  }

  /** Lives, sleeps and wakes for `ms`. */
  live(ms: number): void {
    const until = this.bench.now + ms;
    for (;;) {
      const { board, bench } = this;
      const at = Math.min(this.base + board.nextAt, bench.core.wakeAt, this.darkAt);
      if (at > until && !board.ended) break;
      bench.pass(Math.max(0, Math.min(at, until) - bench.now));
      if (at === this.darkAt && !board.ended) board.ended = { why: "power", ms: 0 };
      if (!board.ended) board.runTo(bench.now - this.base);
      if (board.ended && !this.next(until)) break;
    }
    this.bench.pass(until - this.bench.now);
  }

  /** From the next boot on the world is another. */
  change(kind: Kind): void {
    this.kind = { ...this.kind, ...kind };
    this.loss = this.kind.loss ?? 0;
  }

  /** Somebody pulls the plug and puts it back. */
  powerOn(): void {
    if (!this.board.ended) this.board.ended = { why: "power", ms: 0 };
    this.lives.push({ why: "power", awake: 0, ms: 0, log: this.board.log });
    this.boot(false);
  }

  /** The sleep or the darkness after a life, and the next one; not if it is beyond `until`. */
  private next(until: number): boolean {
    const { why, ms } = this.board.ended!;
    const { now, log } = this.board;
    if (this.lives.at(-1)?.log !== log) {
      this.lives.push({ why, awake: now, ms, log });
      if (why === "power") {
        this.flash.cutAt = this.darkAt = Infinity;
      }
      this.wakeAt = this.base + now + (why === "power" ? (this.kind.darkMs ?? 5_000) : ms);
    }
    if (this.wakeAt + BOOT_MS > until) return false;
    this.bench.pass(Math.max(0, this.wakeAt + BOOT_MS - this.bench.now));
    this.boot(why === "sleep");
    return true;
  }
  private wakeAt = 0;

  private boot(timer: boolean): void {
    const { bench, kind, pen, luck } = this;
    this.base = bench.now;
    const wifi = new PretendWifi(this.air);
    this.wifi = wifi;
    this.wifis.push(wifi);
    const name = kind.chip ?? "ESP32";
    const config = {
      ...{ id: pen.id, secret: pen.enrolment.key, own: 300_000, reach: 2, wakeMs: 5_000 },
      ...{ host: "gateway.example", port: 7227, salt: "saltsalt", extra: coldBoot(0, "test") },
      ...{ ssid: "home", pass: "secret", ...structuredClone(kind.config) },
    };
    const world = {
      dice: luck,
      sends: () => true,
      replies: (frame: string) => this.up(frame),
      accepts: (_: object, line: Line) =>
        kind.broker === false ? undefined : this.broker.accept(line),
    };
    this.broker.forget();
    const globals = {
      [name]: chip(name, timer, () => this.board),
      did: (payload: string) => this.did.push(payload),
    };
    const natives = { modules: { Wifi: wifi }, globals, startAt: bench.now };
    const start = (board: PretendBoard) => {
      this.board = board;
      wifi.board = board;
    };
    const script = `${this.script};\n${kind.app ?? APP}`;
    new PretendBoard(script, config, this.flash, world, natives, start);
  }

  /** The gateway sent a frame. */
  private down(frame: string): void {
    const read = decodeDown(frame, tagBytes(this.pen.suite));
    if (typeof read !== "string" && read.type === WELCOME) this.epochs.push(read.epoch);
    if (typeof read !== "string" && read.type === ACK)
      for (const { type, value } of readExtensions(read.ext, 1) ?? [])
        if (type === EXT_SPREAD) this.spread = value.charCodeAt(0);
    if (this.luck() < this.loss) return;
    const ms = 5 + this.luck() * 20;
    if (this.broker.connected) this.broker.publish("nextbeat/00beef/down", frame, ms);
    else this.board.deliver(frame, ms);
  }

  /** The board sent one. */
  private up(frame: string): [] {
    const { bench, pen } = this;
    const read = decodeUp(frame, tagBytes(pen.suite));
    if (typeof read === "string") this.wrong.push(`sent what is ${read}`);
    else {
      this.frames.push({ at: bench.now, type: read.type, frame });
      if (read.type === HEARTBEAT) this.witness(read.seq16, read.body, frame);
      if (read.type === HELLO) {
        const before = this.nonces.get(read.nonce) ?? `${this.lives.length} ${frame}`;
        this.nonces.set(read.nonce, before);
        if (before !== `${this.lives.length} ${frame}`) this.wrong.push("rule 12: a nonce twice");
      }
    }
    if (this.luck() >= this.loss) bench.receive(frame);
    return [];
  }

  /** Rule 10: no (epoch, seq) for two different beats. Seqs here stay below 65536. */
  private witness(seq: number, body: string, frame: string): void {
    const { key, suite } = this.pen;
    const tag = frame.slice(frame.length - tagBytes(suite));
    for (const epoch of this.epochs) {
      if (computeTag(key, tagInput(UP, HEARTBEAT, epoch, seq, body, "")) !== tag) continue;
      const name = `${epoch}/${seq}`;
      const before = this.beats.get(name) ?? frame;
      this.beats.set(name, before);
      if (before !== frame) this.wrong.push(`rule 10: two beats are ${name}`);
    }
  }

  send(payload: string): void {
    const order = { payload, notAfterMs: 100 * HOUR, supersede: "" };
    this.bench.obey(this.bench.core.requests.send(this.pen.id, order, this.bench.now));
  }

  get commands() {
    return this.bench.core.requests.commandsOf(this.pen.id, this.bench.now);
  }

  /** What was asked of Wi-Fi in all lives. */
  get asked(): string[] {
    return this.wifis.flatMap(({ asked }) => asked);
  }

  get air(): Air {
    return this.kind.air ?? FINE;
  }

  get view() {
    return this.bench.view(this.pen);
  }

  /** Beats sent for the first time, as instants. */
  get beatsAt(): number[] {
    const seen = new Set<string>();
    return this.frames.flatMap(({ at, type, frame }) => {
      if (type !== HEARTBEAT || seen.has(frame)) return [];
      seen.add(frame);
      return [at];
    });
  }
}
