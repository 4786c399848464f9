// An account of what a board may do, kept from what was seen of it (rules 10 to 13 and 19). It
// knows the rules and nothing of the code: it keeps lists where the sender keeps bits and counters.

import { expect } from "vitest";
import { readExtensions } from "../../device/extensions.ts";
import { isBeat, type Rig, type Sent } from "./sender-rig.ts";

interface Memory {
  heard: boolean[];
  unheard: number;
  beat: { frame: string; sends: number } | undefined;
}

/** What a board may do, kept from what was seen of it. */
export class Account {
  /** Bytes of each (epoch, seq), over all boots. */
  private readonly used = new Map<string, string>();
  private readonly nonces = new Set<string>();
  /** Epochs of which a beat was acknowledged, ever; and those given since the boot. */
  private readonly acknowledged = new Set<number>([7]);
  private welcomed = new Set<number>();
  /** The last 16 beats since the boot: were they heard? Newest last. */
  private heard: boolean[] = new Array(16).fill(true);
  private unheard = 0;
  /** Beats in a row without an ACK in one epoch, over boots; blocks used and heard last. */
  private silent = { epoch: 0, beats: 0 };
  private block = "";
  private blockHeard = "";
  private beat: { frame: string; sends: number } | undefined;
  private hello: { frame: string; sends: number; endAt: number; lateMs: number } | undefined;

  private reserved = false;
  private readonly reserve: number;
  private readonly sendsMax: number;
  /** What a sender that kept something over its sleep knew then, by what it kept. */
  private readonly memories = new Map<string, Memory>();

  /** @param reserve numbers that one reservation covers */
  constructor(reserve = 32, makeUps = 0) {
    this.reserve = reserve;
    this.sendsMax = 3 * (1 + makeUps);
  }

  /** It falls asleep, and keeps this; `inFlight`: the frame that waits for a make-up. */
  dozed(kept: string, inFlight: string): void {
    // Rule 12: not of an epoch that is not used in a later wake.
    const usable = this.acknowledged.has(this.silent.epoch) && this.beat?.frame === inFlight;
    const beat = usable && this.beat ? { ...this.beat } : undefined;
    this.memories.set(kept, { heard: this.heard, unheard: this.unheard, beat });
  }

  /** It woke or booted with that. */
  roused(kept: string): void {
    const { heard, unheard, beat } = this.memories.get(kept)!;
    Object.assign(this, { heard, unheard, beat: beat && { ...beat } });
  }

  /**
   * Power came back, or deep sleep ended: only the flash remembers.
   * @param reserved numbers that it reserved, and knows of no ACK for: they may have been sent
   */
  booted(reserved = false): void {
    // The fourth unheard beat began another reservation, and may have been stored and not sent.
    this.reserved ||= reserved || this.unheard > 2;
    this.welcomed = new Set();
    this.heard = new Array(16).fill(true);
    this.unheard = 0;
    this.beat = this.hello = undefined;
  }

  /** Nobody polled for `ms`: an exchange may seem to last that much longer. */
  late(ms: number): void {
    if (this.hello) this.hello.lateMs += ms;
  }

  left(rig: Rig, f: Sent): void {
    if (isBeat(f)) this.beatLeft(rig, f);
    else this.helloLeft(rig, f);
  }

  private beatLeft(rig: Rig, f: Sent): void {
    expect(rig.readBeat(f).seq16).toBe(f.seq % 65_536);
    if (this.beat?.frame === f.frame) {
      expect(++this.beat.sends, "rule 13: sends").toBeLessThanOrEqual(this.sendsMax);
      return;
    }
    const name = `${f.epoch}/${f.seq}`;
    expect(this.used.has(name), `rule 10: ${name} again`).toBe(false);
    this.used.set(name, f.frame);
    const usable = this.acknowledged.has(f.epoch) || this.welcomed.has(f.epoch);
    expect(usable, `rule 12: epoch ${f.epoch} in a later wake`).toBe(true);
    expect(++this.unheard, "rule 12: 16 without an ACK").toBeLessThanOrEqual(16);
    if (this.silent.epoch !== f.epoch) this.silent = { epoch: f.epoch, beats: 0 };
    expect(++this.silent.beats, "rule 12: over boots").toBeLessThanOrEqual(16);
    this.block = `${f.epoch}/${Math.floor((f.seq - 1) / this.reserve)}`;
    const ext = readExtensions(rig.readBeat(f).ext, 0)!.find((e) => e.type === 9);
    const list = this.heard.reduce((sum, heard) => sum * 2 + Number(heard), 0);
    const told = ext ? ext.value.charCodeAt(0) * 256 + ext.value.charCodeAt(1) : 0xffff;
    expect(told, "rule 19").toBe(list);
    this.heard = [...this.heard.slice(1), false];
    this.beat = { frame: f.frame, sends: 1 };
  }

  private helloLeft(rig: Rig, f: Sent): void {
    if (this.hello?.frame === f.frame) {
      expect(++this.hello.sends, "rule 12: three tries").toBeLessThanOrEqual(3);
      expect(f.at, "rule 12: 5 s").toBeLessThan(this.hello.endAt + this.hello.lateMs);
      return;
    }
    const { nonce, epoch } = rig.readHello(f);
    expect(epoch).toBe(f.epoch);
    expect(this.nonces.has(nonce), "rule 12: a nonce again").toBe(false);
    this.nonces.add(nonce);
    const doubted =
      this.reserved ||
      this.unheard >= 4 ||
      this.block !== this.blockHeard ||
      !this.acknowledged.has(epoch);
    expect(doubted || epoch === 0, "rule 12: no reason for HELLO").toBe(true);
    this.hello = { frame: f.frame, sends: 1, endAt: f.at + 5000, lateMs: 0 };
  }

  /** An ACK of `f` comes: 1 if it is of the beat in flight, else not. */
  acked(rig: Rig, f: Sent, result: number): void {
    const inFlight = this.beat?.frame === f.frame && !this.heard[15];
    expect(result === 1, "rule 11: ACK").toBe(inFlight);
    if (!inFlight) return;
    this.reserved = false;
    this.heard[15] = true;
    this.unheard = this.silent.beats = 0;
    this.blockHeard = this.block;
    this.hello = undefined;
    this.acknowledged.add(rig.s.epoch);
  }

  /** A WELCOME for the HELLO `f` comes; the board's epoch was `own`. */
  welcomedBy(rig: Rig, f: Sent, epoch: number, own: number, result: number): void {
    const ours = this.hello?.frame === f.frame && epoch > own;
    if (!ours || rig.now >= this.hello!.endAt + this.hello!.lateMs) expect(result).toBe(0);
    else if (rig.now < this.hello!.endAt) expect(result, "rule 11: WELCOME").toBe(3);
    if (result !== 3) return;
    this.welcomed.add(epoch);
    this.unheard = 0;
    this.beat = this.hello = undefined;
  }
}
