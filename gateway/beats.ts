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

import type { Heartbeat, UpFrame } from "../device/decode.ts";
import { EXT_PAYLOAD, readExtensions } from "../device/extensions.ts";
import { computeTag, equalTags, SUITE_CRC, type TagKey } from "../device/tag.ts";
import { ACK, DOWN, encodeAck, LEAVING, rebuildSeq, tagInput, UP } from "../device/wire.ts";
import type { Draft } from "./effects.ts";
import type { Source } from "./facts.ts";
import type { Result } from "./hints.ts";
import { creditedMs, NUMBER_MAX } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { sameSource } from "./source.ts";

/** Bit of `vitals` that a board's own program sets. */
export const ALERT = 8;

/** Whether the tag of a frame from a device verifies. `seq` is the whole number. */
export function verifies(key: TagKey, up: UpFrame, epoch: number, seq: number): boolean {
  return equalTags(up.tag, computeTag(key, tagInput(UP, up.type, epoch, seq, up.body, "")));
}

export class Beats {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Rule 6: the epoch in force, then the pending one. Rule 4: stale only if it verifies.
   * @returns the result to count; the answer, if any, is in the draft
   */
  receive(slot: number, beat: Heartbeat, from: Source, now: number, draft: Draft): Result {
    const { records } = this.#parts;
    const c = records.columns;
    const key = records.tagKey(slot);
    const epoch = c.epoch[slot]!;
    const last = c.seq[slot]!;
    if (epoch !== 0) {
      const seq = rebuildSeq(last, beat.seq16);
      if (seq <= NUMBER_MAX && verifies(key, beat, epoch, seq)) {
        if (seq < last) return "stale";
        if (seq === last) return this.#again(slot, beat, from, now, draft);
        this.#fresh(slot, beat, seq, false, from, now, draft);
        return "fresh";
      }
    }
    const pending = c.pending[slot]!;
    if (pending === 0) return "bad-tag";
    const seq = rebuildSeq(0, beat.seq16);
    if (!verifies(key, beat, pending, seq)) return "bad-tag";
    c.epoch[slot] = pending;
    c.pending[slot] = 0;
    draft.store({ kind: "epoch", id: beat.id, issued: c.issued[slot]!, epoch: pending });
    this.#fresh(slot, beat, seq, true, from, now, draft);
    return "fresh";
  }

  /** Rules 2, 5, 8 and 9. The epoch of the beat is in force. */
  #fresh(
    slot: number,
    beat: Heartbeat,
    seq: number,
    newEpoch: boolean,
    from: Source,
    now: number,
    draft: Draft,
  ): void {
    const { records, presence, flush } = this.#parts;
    const c = records.columns;
    const promise = promiseOf(beat, c.suite[slot]!, c.promise[slot]!);
    const durable = newEpoch || this.#weighty(slot, beat, promise);
    this.#move(slot, from);
    c.seq[slot] = seq;
    records.setTag(slot, beat.tag);
    c.promise[slot] = promise;
    c.vitals[slot] = beat.vitals;
    c.reach[slot] = beat.reach;
    c.at[slot] = now;
    records.ext[slot] = beat.ext;
    presence.heard(slot, now, draft);
    // A change goes to disk in any case; its beat then goes with it.
    if (durable || draft.ticket !== 0) draft.store(records.beatFact(slot));
    else flush.mark(slot, now);
    if (durable) c.held[slot] = draft.ticket;
    this.#acknowledge(slot, beat, seq, c.mapped[slot]!, from, draft);
  }

  /** Rule 3: the number of the last accepted beat once more. Changes nothing. */
  #again(slot: number, beat: Heartbeat, from: Source, now: number, draft: Draft): Result {
    const { records, mappedOf } = this.#parts;
    const c = records.columns;
    if (!records.tagIs(slot, beat.tag)) {
      c.clashes[slot]!++;
      c.clashAt[slot] = now;
      return "clash";
    }
    if (!records.mayRepeat(slot, now)) return "limited";
    const mapped = sameSource(records.source[slot]!, from) ? c.mapped[slot]! : mappedOf(from);
    this.#acknowledge(slot, beat, c.seq[slot]!, mapped, from, draft);
    return "duplicate";
  }

  /** Rule 8: whether this beat must be on disk before its ACK. Asked before the record changes. */
  #weighty(slot: number, beat: Heartbeat, promise: number): boolean {
    const c = this.#parts.records.columns;
    const suite = c.suite[slot]!;
    if (promise === LEAVING) return true;
    if (creditedMs(promise, suite) > creditedMs(c.promiseStored[slot]!, suite)) return true;
    if ((beat.vitals ^ c.vitals[slot]!) & ALERT) return true;
    if (beat.ext === "") return false;
    return readExtensions(beat.ext, UP)?.some(({ type }) => type === EXT_PAYLOAD) ?? false;
  }

  /** Rule 2: a fresh beat moves the address. `mapped` is worth a hash only when it did. */
  #move(slot: number, from: Source): void {
    const { records, mappedOf } = this.#parts;
    const known = records.source[slot];
    if (known !== undefined && sameSource(known, from)) return;
    records.source[slot] = from;
    records.columns.mapped[slot] = mappedOf(from);
  }

  /** Rule 5: to the source, at once or with the commit that the device's answers wait for. */
  #acknowledge(
    slot: number,
    beat: Heartbeat,
    seq: number,
    mapped: number,
    to: Source,
    draft: Draft,
  ): void {
    const { records, speech, hints } = this.#parts;
    const c = records.columns;
    // The place of commands: waiting ones in `state`, and MORE when one follows in this window.
    const body = encodeAck(seq, speech.pace, mapped, speech.generation << 4, false, "");
    const input = tagInput(DOWN, ACK, c.epoch[slot]!, seq, body, beat.tag);
    draft.replyAfter(c.held[slot]!, to, body + computeTag(records.tagKey(slot), input));
    hints.counters.acks++;
  }
}

/** The promise of a beat, or 0 where none was ever made. */
function promiseOf(beat: Heartbeat, suite: number, before: number): number {
  return beat.promise === LEAVING && suite === SUITE_CRC ? before : beat.promise;
}
