/** What the pieces of the core have in common: the table, and who must hear of a frame. */

import type { Commands } from "./commands.ts";
import type { Ledger } from "./effects.ts";
import type { Source } from "./facts.ts";
import type { Flush } from "./flush.ts";
import type { Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Around, Presence } from "./presence.ts";
import type { Quiets } from "./quiets.ts";
import type { Hints } from "./receiver/hints.ts";
import type { Probes } from "./receiver/probes.ts";

/** What the gateway says of itself in its answers. */
export interface Speech {
  /** Unix seconds at the instant `now`, 0 = not trusted. */
  readonly unixSeconds: (now: number) => number;
  /** The pace asked of every device, an interval code; 0 = its own. */
  readonly pace: number;
  /** 0..15, the upper half of `state`; the lower counts commands waiting. */
  readonly generation: number;
}

export interface Parts extends Around {
  readonly quiets: Quiets;
  readonly outbox: Outbox;
  readonly presence: Presence;
  readonly commands: Commands;
  readonly probes: Probes;
  readonly ledger: Ledger;
  readonly flush: Flush;
  readonly limits: Limits;
  readonly speech: Speech;
  readonly open: boolean;
  /** The field `mapped` for a source. */
  readonly mappedOf: (source: Source) => number;
  readonly hints: Hints;
}
