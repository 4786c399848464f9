/**
 * Frames in: whose it is, what it is, and who answers it (rule 1).
 *
 * A frame is looked up before it is decoded, because the device's suite says how long its tag is;
 * and it is verified before anything else is believed of it. What does not verify leaves a count
 * and a hint, and no trace in a record. What lost: the suite in the frame, a byte in each beat and
 * a thing to lie about.
 */

import { decodeUp, frameId, type Hello, type UpFrame } from "../device/decode.ts";
import { SUITE_CRC, tagBytes } from "../device/tag.ts";
import { HELLO, PROBE, RESULT, rebuildSeq } from "../device/wire.ts";
import { Draft, NOTHING } from "./effects.ts";
import { idText } from "./enrolment.ts";
import type { Effects, Source } from "./facts.ts";
import { NUMBER_MAX } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { Beats, isBeat, verifies } from "./receiver/beats.ts";
import { Epochs } from "./receiver/epochs.ts";
import type { Result } from "./receiver/hints.ts";
import * as row from "./rows.ts";

/** Results of frames that verified, or that count against a rate: they leave no hint. */
const KNOWN = new Set<Result>([
  "duplicate",
  "stale",
  "clash",
  "welcome",
  "result",
  "probe",
  "ignored",
  "limited",
]);

export class Receiver {
  readonly #parts: Parts;
  readonly #beats: Beats;
  readonly #epochs: Epochs;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#beats = new Beats(parts);
    this.#epochs = new Epochs(parts);
  }

  /** What waited for `ticket` goes out now. */
  committed(ticket: number, now: number): void {
    this.#epochs.committed(ticket, now);
  }

  handle(frame: string, from: Source, now: number): Effects {
    const { records, ledger, hints } = this.#parts;
    const id = frameId(frame);
    const slot = records.roster.slotOf(id);
    if (slot < 0) return this.#stranger(frame, from, now);
    const tag = tagBytes(records.rows.bytes[slot * row.BYTES + row.SUITE]!);
    const end = frame.length - tag;
    if (isBeat(frame, end)) {
      const draft = new Draft(ledger);
      const result = this.#beats.receive(slot, frame, end, from, now, draft);
      if (result !== "fresh") return this.#done(result, id, from, now, draft);
      hints.fresh(from);
      return draft;
    }
    const up = decodeUp(frame, tag);
    if (typeof up === "string") return this.#done(up, 0, from, now, NOTHING);
    const draft = new Draft(ledger);
    if (up.type !== HELLO) {
      return this.#done(this.#answer(slot, up, from, now, draft), id, from, now, draft);
    }
    return this.#done(this.#epochs.receive(slot, up, from, now, draft), id, from, now, draft);
  }

  /** RESULT and PROBE, under the last accepted beat. */
  #answer(
    slot: number,
    up: Exclude<UpFrame, Hello>,
    from: Source,
    now: number,
    draft: Draft,
  ): Result {
    const { records, commands, probes } = this.#parts;
    const { words, bytes } = records.rows;
    // Types 4 to 7 do not exist under suite 0.
    if (bytes[slot * row.BYTES + row.SUITE] === SUITE_CRC) return "type";
    const epoch = words[slot * row.WORDS + row.EPOCH]!;
    const last = words[slot * row.WORDS + row.SEQ]!;
    const seq = rebuildSeq(last, up.seq16);
    if (epoch === 0 || seq > NUMBER_MAX) return "bad-tag";
    if (!verifies(records.tagKey(slot), up, epoch, seq)) return "bad-tag";
    // Of another beat it came late: no sign of a wrong key, and of no use.
    if (seq !== last) return "ignored";
    if (up.type === PROBE) return probes.asked(slot, up.delay, from, now);
    if (up.type !== RESULT) return "ignored";
    const counts = commands.answered(slot, up.cmd, up.code, up.payload, now, draft);
    return counts ? "result" : "ignored";
  }

  /** A frame of an id that nobody enrolled, or of none: under which suite, nobody knows. */
  #stranger(frame: string, from: Source, now: number): Effects {
    const long = decodeUp(frame, 8);
    if (typeof long !== "string") return this.#done("unknown", long.id, from, now, NOTHING);
    const short = decodeUp(frame, tagBytes(SUITE_CRC));
    if (typeof short === "string") return this.#done(long, 0, from, now, NOTHING);
    if (!this.#parts.open || short.type !== HELLO) {
      return this.#done("unknown", short.id, from, now, NOTHING);
    }
    return this.#takeIn(short, from, now);
  }

  /** `open`: a device that nobody enrolled says HELLO under suite 0. */
  #takeIn(hello: Hello, from: Source, now: number): Effects {
    const { records, presence, ledger, limits } = this.#parts;
    const { roster } = records;
    const { id } = hello;
    if (!verifies(records.crcKey, hello, 0, 0)) {
      return this.#done("bad-tag", id, from, now, NOTHING);
    }
    if (roster.opened >= limits.openMax || roster.size >= limits.devicesMax) {
      return this.#done("open-full", id, from, now, NOTHING);
    }
    const enrolment = {
      id,
      name: idText(id),
      site: "",
      labels: [],
      suite: SUITE_CRC,
      key: "",
      open: true,
    };
    const draft = new Draft(ledger);
    const slot = records.add(enrolment);
    presence.joined(slot, now, undefined);
    draft.store({ kind: "enrol", id, enrolment });
    return this.#done(this.#epochs.receive(slot, hello, from, now, draft), id, from, now, draft);
  }

  #done(result: Result, id: number, from: Source, now: number, effects: Effects): Effects {
    const { hints } = this.#parts;
    if (KNOWN.has(result)) hints.count(from, result);
    else hints.refused(from, result, id, now);
    return effects;
  }
}
