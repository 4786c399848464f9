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

import type { Hello } from "../../device/decode.ts";
import { SUITE_CRC, sealTag } from "../../device/tag.ts";
import { DOWN, encodeWelcome, WELCOME } from "../../device/wire.ts";
import { waitingNibble } from "../commands/offers.ts";
import type { Draft } from "../effects.ts";
import type { Source } from "../facts.ts";
import { EPOCH_ZERO, NUMBER_MAX, WELCOME_AGAIN_MS } from "../limits.ts";
import type { Parts } from "../parts.ts";
import * as row from "../rows.ts";
import { verifies } from "./beats.ts";

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
    const { records, speech, commands } = this.#parts;
    const key = records.tagKey(slot);
    if (!verifies(key, hello, 0, 0)) return "bad-tag";

    const { words, bytes, floats } = records.rows;
    const w = slot * row.WORDS;
    const f = slot * row.FLOATS;
    const unix = Math.max(0, Math.floor(speech.unixSeconds(now)));
    const known = bytes[slot * row.BYTES + row.SUITE] === SUITE_CRC ? 0 : hello.epoch;
    if (records.pending(slot) <= known || !this.#young(slot, now)) {
      const highest = Math.max(words[w + row.ISSUED]!, known, unix - EPOCH_ZERO);
      if (highest >= NUMBER_MAX) return "exhausted";
      const issued = highest + 1;
      words[w + row.ISSUED] = issued;
      bytes[slot * row.BYTES + row.FLAGS]! |= row.PENDING;
      commands.issued(slot, now, draft);
      const epoch = words[w + row.EPOCH]!;
      const ticket = draft.store({ kind: "epoch", id: hello.id, issued, epoch });
      floats[f + row.ISSUED_BY] = ticket;
      this.#waiting.push({ ticket, slot });
    }
    floats[f + row.WELCOMED_AT] = now;

    const state = (speech.generation << 4) | waitingNibble(commands.count(slot));
    const body = encodeWelcome(words[w + row.ISSUED]!, unix, speech.pace, state);
    const tag = sealTag(key, (DOWN << 7) | WELCOME, 0, 0, body, hello.nonce);
    draft.replyAfter(floats[f + row.ISSUED_BY]!, from, body + tag);
    return "welcome";
  }

  /** `ticket` is on disk: the WELCOMEs that waited for it are of this instant. */
  committed(ticket: number, now: number): void {
    const { floats } = this.#parts.records.rows;
    let done = 0;
    for (const { ticket: mine, slot } of this.#waiting) {
      if (mine > ticket) break;
      floats[slot * row.FLOATS + row.WELCOMED_AT] = now;
      done++;
    }
    if (done > 0) this.#waiting.splice(0, done);
  }

  /** Whether the last WELCOME of the pending epoch is young enough to be given again. */
  #young(slot: number, now: number): boolean {
    const { records, ledger } = this.#parts;
    const { floats } = records.rows;
    const f = slot * row.FLOATS;
    if (now - floats[f + row.WELCOMED_AT]! < WELCOME_AGAIN_MS) return true;
    return floats[f + row.ISSUED_BY]! > ledger.durable;
  }
}
