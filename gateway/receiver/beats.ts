/**
 * Beats in, ACKs and facts out: rules 2 to 6, 8 and 9.
 *
 * The one thing to get right is what must be on disk before the answer (rule 8). A beat whose loss
 * would cost more than a second of knowledge goes to disk first: an epoch taking force, a longer
 * promise, a farewell, an alert, a payload. Its device's answers wait for that, also those to
 * duplicates and to later beats, since each of them says "I have it". Nothing else makes an answer
 * wait: no ACK tells of a lazy flush or of a change of status. What lost: writing each beat before
 * its ACK, a disk write in the path of every frame.
 *
 * 255 promises nothing, so any promise after it is longer: a device that came back from `left`, and
 * then died, must not be found `left` after a crash of ours. Under suite 0, where anybody can forge
 * one, 255 is ignored: the beat counts, and the promise before it is given once more.
 */

import type { UpFrame } from "../../device/decode.ts";
import { wellFormedExtensions } from "../../device/extensions.ts";
import {
  equalTags,
  SUITE_CRC,
  sealAck,
  sealTag,
  type TagKey,
  verifyTag,
} from "../../device/tag.ts";
import {
  EXTENDED,
  FRAME_MAX,
  HEARTBEAT,
  LEAVING,
  rebuildSeq,
  UP,
  VERSION,
} from "../../device/wire.ts";
import { waitingNibble } from "../commands/offers.ts";
import type { Draft } from "../effects.ts";
import type { Source } from "../facts.ts";
import { creditedMs, NUMBER_MAX } from "../limits.ts";
import { booted, NO_NEWS, newsOf } from "../news.ts";
import type { Parts } from "../parts.ts";
import * as row from "../rows.ts";
import type { Result } from "./hints.ts";
import { keepPayload, payloadIn } from "./payloads.ts";
import { sameSource } from "./source.ts";
import { sealBootAck } from "./spread.ts";

/** Bit of `vitals` that a board's own program sets. */
export const ALERT = 8;

/** Version and type of a beat, and the length of its fixed part. */
const FIRST = (VERSION << 3) | HEARTBEAT;
const FIXED = 8;

/** What its tag input begins with: way and type. */
const BEAT_UP = (UP << 7) | HEARTBEAT;

/**
 * Whether a frame is a well-formed beat: all that `decodeUp` asks of one. That makes an object and
 * three strings for its answer, a tenth of what a beat costs. @param end where the tag begins
 */
export function isBeat(frame: string, end: number): boolean {
  const b0 = frame.charCodeAt(0);
  if (b0 >> 3 !== FIRST || (b0 & 3) === 3 || frame.charCodeAt(6) === 0) return false;
  if ((b0 & EXTENDED) === 0) return end === FIXED;
  return frame.length <= FRAME_MAX && wellFormedExtensions(frame, FIXED, end);
}

/** Whether the tag of a frame from a device verifies. `seq` is the whole number. */
export function verifies(key: TagKey, up: UpFrame, epoch: number, seq: number): boolean {
  return equalTags(up.tag, sealTag(key, (UP << 7) | up.type, epoch, seq, up.body, ""));
}

export class Beats {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Rule 6: the epoch in force, then the pending one. Rule 4: stale only if it verifies.
   * @param frame a well-formed beat of the device in `slot`
   * @param end where its tag begins
   * @returns the result to count; the answer, if any, is in the draft
   */
  receive(
    slot: number,
    frame: string,
    end: number,
    from: Source,
    now: number,
    draft: Draft,
  ): Result {
    const { records } = this.#parts;
    const { words, bytes } = records.rows;
    const w = slot * row.WORDS;
    const b = slot * row.BYTES;
    // Read now, used later: it comes from afar, and meanwhile the tag is computed.
    const known = records.source[slot];
    const key = records.tagKey(slot);
    const seq16 = (frame.charCodeAt(4) << 8) | frame.charCodeAt(5);
    const epoch = words[w + row.EPOCH]!;
    const last = words[w + row.SEQ]!;
    if (epoch !== 0) {
      const seq = rebuildSeq(last, seq16);
      if (seq <= NUMBER_MAX && verifyTag(key, BEAT_UP, epoch, seq, frame, end, "")) {
        if (seq < last) return "stale";
        if (seq === last) return this.#again(slot, frame, end, from, now, draft);
        this.#fresh(slot, frame, end, seq, false, known, from, now, draft);
        return "fresh";
      }
    }
    const pending = records.pending(slot);
    if (pending === 0) return "bad-tag";
    const seq = rebuildSeq(0, seq16);
    if (!verifyTag(key, BEAT_UP, pending, seq, frame, end, "")) return "bad-tag";
    words[w + row.EPOCH] = pending;
    bytes[b + row.FLAGS]! &= ~row.PENDING;
    draft.store({ kind: "epoch", id: words[w + row.ID]!, issued: pending, epoch: pending });
    this.#parts.probes.removed(slot);
    if (bytes[b + row.FLAGS]! & row.COMMANDS) this.#parts.commands.renewed(slot, now, draft);
    this.#fresh(slot, frame, end, seq, true, known, from, now, draft);
    return "fresh";
  }

  /** Rules 2, 5, 8 and 9. The epoch of the beat is in force. `end`: where its tag begins. */
  #fresh(
    slot: number,
    frame: string,
    end: number,
    seq: number,
    newEpoch: boolean,
    known: Source | undefined,
    from: Source,
    now: number,
    draft: Draft,
  ): void {
    const { records, presence, flush, commands } = this.#parts;
    const { words, bytes, floats } = records.rows;
    const b = slot * row.BYTES;
    const promise = promiseOf(frame, bytes[b + row.SUITE]!, bytes[b + row.PROMISE]!);
    const vitals = frame.charCodeAt(7);
    const payload = payloadIn(frame, FIXED, end);
    const durable = newEpoch || this.#weighty(b, promise, vitals) || payload !== undefined;
    const news = end > FIXED ? newsOf(frame.substring(FIXED, end)) : NO_NEWS;
    const step = newEpoch ? 0 : seq - words[slot * row.WORDS + row.SEQ]!;
    presence.hears(slot, step, news, now);
    this.#move(slot, known, from);
    words[slot * row.WORDS + row.SEQ] = seq;
    records.setTag(slot, frame, end);
    bytes[b + row.PROMISE] = promise;
    bytes[b + row.VITALS] = vitals;
    bytes[b + row.REACH] = frame.charCodeAt(0) & 3;
    floats[slot * row.FLOATS + row.AT] = now;
    records.setExt(slot, frame, FIXED, end);
    presence.heard(slot, now, draft);
    if (payload !== undefined) keepPayload(records, slot, payload, now, draft);
    if (bytes[b + row.FLAGS]! & row.COMMANDS) commands.heard(slot, now, draft);
    // A change goes to disk in any case; its beat then goes with it.
    if (durable || draft.ticket !== 0) draft.store(records.beatFact(slot));
    else flush.mark(slot, now);
    if (durable) floats[slot * row.FLOATS + row.HELD] = draft.ticket;
    this.#acknowledge(slot, frame, end, seq, bytes[b + row.MAPPED]!, booted(news), from, draft);
  }

  /** Rule 3: the number of the last accepted beat once more. Changes nothing. */
  #again(
    slot: number,
    frame: string,
    end: number,
    from: Source,
    now: number,
    draft: Draft,
  ): Result {
    const { records, mappedOf } = this.#parts;
    if (!records.tagIs(slot, frame, end)) {
      records.clash(slot, now);
      return "clash";
    }
    if (!records.mayRepeat(slot, now)) return "limited";
    const { words, bytes } = records.rows;
    const mapped = sameSource(records.source[slot]!, from)
      ? bytes[slot * row.BYTES + row.MAPPED]!
      : mappedOf(from);
    const seq = words[slot * row.WORDS + row.SEQ]!;
    this.#acknowledge(slot, frame, end, seq, mapped, false, from, draft);
    return "duplicate";
  }

  /**
   * Rule 8: whether this beat must be on disk before its ACK, also without a payload. Asked before
   * the record changes.
   */
  #weighty(b: number, promise: number, vitals: number): boolean {
    const { bytes } = this.#parts.records.rows;
    if (promise === LEAVING) return true;
    const stored = bytes[b + row.PROMISE_STORED]!;
    const suite = bytes[b + row.SUITE]!;
    if (promise !== stored && creditedMs(promise, suite) > creditedMs(stored, suite)) return true;
    return ((vitals ^ bytes[b + row.VITALS]!) & ALERT) !== 0;
  }

  /** Rule 2: a fresh beat moves the address. `mapped` is worth a hash only when it did. */
  #move(slot: number, known: Source | undefined, from: Source): void {
    const { records, mappedOf } = this.#parts;
    if (known !== undefined && sameSource(known, from)) return;
    records.source[slot] = from;
    records.rows.bytes[slot * row.BYTES + row.MAPPED] = mappedOf(from);
  }

  /** Rule 5: to the source, at once or with the commit that the device's answers wait for. */
  #acknowledge(
    slot: number,
    frame: string,
    end: number,
    seq: number,
    mapped: number,
    boot: boolean,
    to: Source,
    draft: Draft,
  ): void {
    const { records, speech, hints, commands } = this.#parts;
    const { words, bytes, floats } = records.rows;
    let state = speech.generation << 4;
    let more = false;
    if (bytes[slot * row.BYTES + row.FLAGS]! & row.COMMANDS) {
      state |= waitingNibble(commands.count(slot));
      more = commands.offering(slot);
    }
    const key = records.tagKey(slot);
    const epoch = words[slot * row.WORDS + row.EPOCH]!;
    const { pace } = speech;
    const ack = boot
      ? sealBootAck(key, epoch, seq, pace, mapped, state, more, records.roster.size, frame, end)
      : sealAck(key, epoch, seq, pace, mapped, state, more, frame, end);
    draft.replyAfter(floats[slot * row.FLOATS + row.HELD]!, to, ack);
    hints.counters.acks++;
  }
}

/** The promise of a beat, or 0 where none was ever made. */
function promiseOf(frame: string, suite: number, before: number): number {
  const promise = frame.charCodeAt(6);
  return promise === LEAVING && suite === SUITE_CRC ? before : promise;
}
