/**
 * What came of each frame: counters, and the one bounded table of hints about frames that were
 * refused (rule 1).
 *
 * A refused frame must leave no trace in a record, and yet the person who holds a new board wants
 * to know why the gateway is silent. So: a counter for each reason, and the newest refusals by
 * address and claimed id. Nothing here is verified; it is for eyes only. What lost: a log line for
 * each, which a flood turns into a full disk.
 */

import { REFUSALS } from "../../device/decode.ts";
import type { Source } from "../facts.ts";
import { HINT_ADDRESS_MAX } from "../limits.ts";

/**
 * Every result that a frame can have. `welcome`: a HELLO answered. `result`: a RESULT that counts.
 * `probe`: a PROBE that will be answered. `ignored`: verified, and of no use.
 */
export const RESULTS = [
  "fresh",
  "duplicate",
  "stale",
  "clash",
  "welcome",
  "result",
  "probe",
  "ignored",
  "limited",
  "exhausted",
  "unknown",
  "bad-tag",
  "open-full",
  ...REFUSALS,
] as const;
export type Result = (typeof RESULTS)[number];

/**
 * What is remembered of frames that changed nothing and were not answered. `id` as claimed; 0: it
 * had none.
 */
export interface Hint {
  readonly id: number;
  readonly reason: Result;
  readonly address: string;
  /** The newest one, and how many there were. */
  readonly at: number;
  readonly count: number;
}

type Zeros<Name extends string> = Record<Name, number>;

function zeros<Name extends string>(names: readonly Name[]): Zeros<Name> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Zeros<Name>;
}

export class Hints {
  /** Frames by result; ACKs put into effects, and changes. */
  readonly counters = zeros([...RESULTS, "acks", "changes"]);
  /** Frames by transport and result. */
  readonly frames = { udp: zeros(RESULTS), mqtt: zeros(RESULTS), sim: zeros(RESULTS) };
  readonly table = new Map<string, Hint>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  count(from: Source, result: Result): void {
    this.counters[result]++;
    this.frames[from.transport][result]++;
  }

  /** The usual one, by names that the compiler knows: a tenth of what it costs to look them up. */
  fresh({ transport }: Source): void {
    this.counters.fresh++;
    const { udp, mqtt, sim } = this.frames;
    (transport === "udp" ? udp : transport === "sim" ? sim : mqtt).fresh++;
  }

  /** The newest refusal of frames that claimed `id` and came from `address`, if remembered. */
  of(address: string, id: number): Hint | undefined {
    return this.table.get(`${address.slice(0, HINT_ADDRESS_MAX)} ${id}`);
  }

  /** A frame that was refused: counted and remembered, the oldest hint making room. */
  refused(from: Source, result: Result, id: number, now: number): void {
    this.count(from, result);
    const address = from.address.slice(0, HINT_ADDRESS_MAX);
    const key = `${address} ${id}`;
    const count = (this.table.get(key)?.count ?? 0) + 1;
    this.table.delete(key);
    this.table.set(key, { id, reason: result, address, at: now, count });
    if (this.table.size <= this.#max) return;
    for (const oldest of this.table.keys()) {
      this.table.delete(oldest);
      break;
    }
  }
}
