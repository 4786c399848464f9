/**
 * Rule 7: a HELLO that verifies is answered by a WELCOME with an epoch never given before.
 *
 *   HELLO ----> issued := E, pending := E ----> disk ----> WELCOME(E)
 *   (the old epoch stays in force)
 *   beat that verifies under E ----> epoch := E, last seq := 0 ----> disk ----> ACK
 *
 * Two numbers are stored, `issued` and the epoch in force; the pending one is `issued` where that
 * is above. An exchange under trouble must come to an end, so for 10 s after a WELCOME the same
 * epoch is given again, for the asking, with nothing written: slow paths then find that the epoch
 * of their first WELCOME still counts, and a replayed HELLO makes no work for the disk. What lost:
 * a new epoch for each HELLO, by which a path slower than the device's patience never gets through.
 *
 * While the commit of an epoch is under way its WELCOME has not gone out, so it cannot be 10 s old:
 * a disk that hangs is not given one more write for each HELLO that arrives meanwhile.
 */

import type { Hello } from "../device/decode.ts";
import { computeTag, SUITE_CRC } from "../device/tag.ts";
import { DOWN, encodeWelcome, tagInput, WELCOME } from "../device/wire.ts";
import { verifies } from "./beats.ts";
import type { Draft } from "./effects.ts";
import type { Source } from "./facts.ts";
import { EPOCH_ZERO, NUMBER_MAX, WELCOME_AGAIN_MS } from "./limits.ts";
import type { Parts } from "./parts.ts";

export class Epochs {
  readonly #parts: Parts;
  /** WELCOMEs that wait for the disk, oldest first: they have not gone out yet. */
  readonly #waiting: { readonly ticket: number; readonly slot: number }[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Answers a HELLO of the device in `slot`. @returns the result to count; the answer, if any, is
   * in the draft
   */
  receive(
    slot: number,
    hello: Hello,
    from: Source,
    now: number,
    draft: Draft,
  ): "welcome" | "bad-tag" | "exhausted" {
    const { records, speech } = this.#parts;
    const key = records.tagKey(slot);
    if (!verifies(key, hello, 0, 0)) return "bad-tag";

    const c = records.columns;
    const unix = Math.max(0, Math.floor(speech.unixSeconds(now)));
    const known = c.suite[slot] === SUITE_CRC ? 0 : hello.epoch;
    if (c.pending[slot]! <= known || !this.#young(slot, now)) {
      const highest = Math.max(c.issued[slot]!, known, unix - EPOCH_ZERO);
      if (highest >= NUMBER_MAX) return "exhausted";
      const issued = highest + 1;
      c.issued[slot] = issued;
      c.pending[slot] = issued;
      const epoch = c.epoch[slot]!;
      c.issuedBy[slot] = draft.store({ kind: "epoch", id: hello.id, issued, epoch });
      this.#waiting.push({ ticket: c.issuedBy[slot]!, slot });
    }
    c.welcomedAt[slot] = now;

    const body = encodeWelcome(c.pending[slot]!, unix, speech.pace, speech.generation << 4);
    const tag = computeTag(key, tagInput(DOWN, WELCOME, 0, 0, body, hello.nonce));
    draft.replyAfter(c.issuedBy[slot]!, from, body + tag);
    return "welcome";
  }

  /** `ticket` is on disk: the WELCOMEs that waited for it are of this instant. */
  committed(ticket: number, now: number): void {
    let done = 0;
    for (const w of this.#waiting) {
      if (w.ticket > ticket) break;
      this.#parts.records.columns.welcomedAt[w.slot] = now;
      done++;
    }
    if (done > 0) this.#waiting.splice(0, done);
  }

  /** Whether the last WELCOME of the pending epoch is young enough to be given again. */
  #young(slot: number, now: number): boolean {
    const { records, ledger } = this.#parts;
    const { welcomedAt, issuedBy } = records.columns;
    return now - welcomedAt[slot]! < WELCOME_AGAIN_MS || issuedBy[slot]! > ledger.durable;
  }
}
