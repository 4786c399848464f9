// What a sender knows: its configuration, what its flash gave back, and the state between calls.
//
// One flat object of numbers and byte strings. On the interpreter each field costs one or two
// JsVars of 12 to 14 bytes and a nested object costs more; flat, the whole state can also be
// copied, printed and compared in one go. Optional configuration is laid over the defaults by one
// `Object.assign`, which took fewer bytes and variables than naming each field twice.

import { EXT_CAUSE, EXT_FIRMWARE, encodeExtension } from "./extensions.ts";
import { intervalCode } from "./interval.ts";
import { PACE_MAX, PACE_MIN, RESERVE, RTO_FIRST, RTO_MAX } from "./schedule.ts";
import type { TagKey } from "./tag.ts";

/** What a board is told about itself. Durations in ms; what is optional has a default. */
export interface SenderConfig {
  /** 1..16777215. */
  id: number;
  key: TagKey;
  /** Its own interval between first tries, at least a round trip; the promise says more. */
  own: number;
  /** Reach class: 0 awake (the default), 1 light sleep, 2 deep sleep. */
  reach?: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Extensions of the beats until one is acknowledged: see `coldBoot`. */
  extra?: string;
  /** Vitals byte (protocol section 2); unknown battery and signal by default. */
  vitals?: number;
  /** Retransmission time-out before any sample (250), and its upper bound (3000; cellular 8000). */
  rto?: number;
  rtoMax?: number;
  /** Relative error of the board's clock over one interval (0.01). */
  clockError?: number;
  /** Waking and joining before a beat can leave (0: awake). */
  wakeMs?: number;
  /** Interval codes between which the gateway may pace this board (34 and 152: 1 s and 1 h). */
  paceMin?: number;
  paceMax?: number;
  /** Interval in ms while the application's alert is on, and while its battery is low (`own`). */
  ownMin?: number;
  ownMax?: number;
  /** Sequence numbers that one reservation on flash covers (32); 1 where each wake is a boot. */
  reserve?: number;
  /** Make-ups of a beat, 0 (the default) to 2 (rule 13). */
  makeUps?: number;
  /** Rungs of the ladder that this board has (ladder.ts), as bits; all of them by default. */
  ladder?: number;
}

/** What the board's flash gives back at boot (rules 10 and 12). */
export interface Memory {
  /** The stored epoch, 0 = none. */
  epoch: number;
  /** The highest seq of that epoch that may have been used. */
  limit: number;
  /**
   * 1 if a beat was acknowledged since the last reservation, else 0: only then is the epoch used in
   * a later wake. So an epoch of which no beat ever was is not, and a board that boots again and
   * again without a word from the gateway does not spend more than 16 beats in one (rule 12).
   */
  acked: number;
  /**
   * What no earlier boot of this key had: the bundle's salt, the boot counter, and what this boot
   * could measure. Nonces are made of it.
   */
  origin: string;
}

/** One board's state; instants and durations are ms of the clock handed in. */
export interface Sender extends Required<SenderConfig>, Memory {
  /** 1: (epoch, limit, acked) must be durable before the frame just polled is sent. */
  dirty: number;
  /** 1 while (epoch, seq) may be used for beats; else HELLO only. */
  ready: number;
  /** 32-bit seq of the newest beat. */
  seq: number;
  /** Tag of the beat in flight, "" = none: it is until its ACK, the next beat, or sleep. */
  tag: string;
  /** Nonce of the HELLO exchange now open, "" = none. */
  nonce: string;
  /** What is being tried, beat or HELLO, "" = nothing; its sends; first send; next step. */
  frame: string;
  tries: number;
  sentAt: number;
  retryAt: number;
  /** When the next beat falls due; when a HELLO exchange may begin, and their spacing. */
  beatAt: number;
  helloAt: number;
  helloGap: number;
  /** The interval in force under `pace`, its code, and the code of `own`. */
  interval: number;
  code: number;
  ownCode: number;
  /** The gap behind the newest beat, jitter apart; and the one before: no try waits longer. */
  gap: number;
  waitMax: number;
  /** Beats in a row without an ACK; which of the last 16 had one, newest in bit 0. */
  unacked: number;
  heard: number;
  /** seq and tag of the last acknowledged beat, to which later frames are bound; "" = none. */
  ackSeq: number;
  ackTag: string;
  /** The window after an ACK with MORE: open until; at the latest until (rule 15). */
  windowAt: number;
  windowEnd: number;
  /** A NUDGE is not obeyed before. */
  nudgeAt: number;
  /** RFC 6298: smoothed round trip, its variation; srtt 0 = no sample yet. */
  srtt: number;
  rttvar: number;
  /** 1 once `leave` was asked for. */
  leaving: number;
  /**
   * Rule 16 (commands.ts): the last command begun in this epoch, 0 = none; its result, code and
   * payload; what there is to do, BEGIN or AGAIN, and with which payload. After a boot the shell
   * puts `cmd` and `result` back.
   */
  cmd: number;
  result: string;
  todo: number;
  payload: string;
  /** The longest interval in ms that keeps a NAT binding (binding.ts); Infinity: no matter. */
  life: number;
  /** `mapped` of the last ACK; code of extension 13 as last told, 0 = none was. */
  mapped: number;
  spread: number;
  /** Make-ups of the beat in flight that have begun, or are waited for. */
  madeUp: number;
  /** Sets of tries, of beats, make-ups and HELLOs, in a row that ended unanswered. */
  failed: number;
  /** Rungs climbed that no acknowledged beat has told of yet, as bits: extension 14. */
  rungs: number;
  /** What the beat in flight tells: of `rungs`, and `LOADED` if it carries `load`. */
  told: number;
  /** Ladder.ts: the row that comes next; `failed` and the instant of the last one. */
  step: number;
  climbed: number;
  climbAt: number;
  /** The application's payload as extension 11, until a beat that carried it is acknowledged. */
  load: string;
  /** Extensions of every beat: what the board measures beside its vitals. */
  each: string;
  /** Time-out, in ms, of the estimate that flash has (sleep.ts); 0 = none. */
  rested: number;
  /** Call `poll` then: earlier is harmless, later may break a promise. */
  wakeAt: number;
}

/** Extensions 4 and 7, which a cold-boot beat carries: reset cause, firmware of 1..8 bytes. */
export function coldBoot(cause: number, firmware: string): string {
  return (
    encodeExtension(EXT_CAUSE, String.fromCharCode(cause)) + encodeExtension(EXT_FIRMWARE, firmware)
  );
}

/** In `told`: the application's payload. */
export const LOADED = 256;

/** A sender at boot; its first `poll` is due at once. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one field a line, and nothing else
export function createSender(c: SenderConfig, m: Memory, now: number): Sender {
  return Object.assign(
    {
      extra: "",
      vitals: 0xf0,
      reach: 0,
      rto: RTO_FIRST,
      rtoMax: RTO_MAX,
      clockError: 0.01,
      wakeMs: 0,
      paceMin: PACE_MIN,
      paceMax: PACE_MAX,
      ownMin: c.own,
      ownMax: c.own,
      reserve: RESERVE,
      makeUps: 0,
      ladder: 255,
      dirty: 0,
      ready: m.epoch && m.acked,
      seq: m.limit,
      tag: "",
      nonce: "",
      frame: "",
      tries: 0,
      sentAt: 0,
      retryAt: 0,
      beatAt: now,
      helloAt: now,
      helloGap: c.own,
      interval: c.own,
      code: intervalCode(c.own),
      ownCode: intervalCode(c.own),
      gap: c.own,
      waitMax: c.own,
      unacked: 0,
      heard: 0xffff,
      ackSeq: 0,
      ackTag: "",
      windowAt: 0,
      windowEnd: 0,
      nudgeAt: 0,
      srtt: 0,
      rttvar: 0,
      leaving: 0,
      cmd: 0,
      result: "",
      todo: 0,
      payload: "",
      life: Infinity,
      mapped: 0,
      spread: 0,
      madeUp: 0,
      failed: 0,
      rungs: 0,
      told: 0,
      step: 0,
      climbed: 0,
      climbAt: now,
      load: "",
      each: "",
      rested: 0,
      wakeAt: now,
    },
    c,
    m,
  );
}
