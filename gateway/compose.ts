/**
 * The pieces of the core, put together over one table of records: who knows whom stands here and
 * nowhere else.
 */

import type { Affairs } from "./affairs.ts";
import { Commands } from "./commands.ts";
import { Deadlines } from "./deadlines.ts";
import { Detector } from "./detector.ts";
import { Ledger } from "./effects.ts";
import { Flush } from "./flush.ts";
import { Hearing } from "./hearing.ts";
import { History } from "./history.ts";
import { Incidents } from "./incidents.ts";
import { LIMITS, type Limits, SECRET_MIN } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import type { Parts } from "./parts.ts";
import { Presence } from "./presence.ts";
import { Quiets } from "./quiets.ts";
import { Hints } from "./receiver/hints.ts";
import { Probes } from "./receiver/probes.ts";
import { makeMapped } from "./receiver/source.ts";
import { Records } from "./records.ts";
import type { Route } from "./routes.ts";
import { devicesAt, subjectOf } from "./subject.ts";
import { Told } from "./told.ts";

export interface GatewayOptions {
  /** 0..15, another one at each start of the gateway. */
  readonly generation: number;
  /** At least 16 bytes, kept over restarts; keys `mapped`. */
  readonly secret: string;
  /** Byte string to byte string of 32. */
  readonly sha256: (message: string) => string;
  /** Unix seconds at the monotonic instant `now`; 0 = the clock is not trusted. */
  readonly unixSeconds: (now: number) => number;
  /** Unix ms at a monotonic instant, trusted or not: it only dates history. */
  readonly wallAt?: ((now: number) => number) | undefined;
  /** How long no gateway ran before this start; undefined = unknown, which counts as long. */
  readonly stoppedMs?: number | undefined;
  /** The cursor of the last change that the store knows. */
  readonly cursor?: number;
  /** What the store knows beside the devices; none: a new store. */
  readonly affairs?: Affairs;
  /** Take in unknown ids under suite 0. */
  readonly open?: boolean;
  /** The pace asked of every device, an interval code; 0 = its own. */
  readonly pace?: number;
  readonly limits?: Partial<Limits>;
  /** Who is told of incidents; none: nobody. */
  readonly routes?: readonly Route[];
}

/** Throws RangeError on options out of range. */
export function compose(options: GatewayOptions, now: number): Parts {
  const { generation, secret, sha256, unixSeconds, pace = 0, affairs } = options;
  if (!Number.isInteger(generation) || generation < 0 || generation > 15) {
    throw new RangeError(`generation ${generation}; expected 0 to 15`);
  }
  if (secret.length < SECRET_MIN) {
    throw new RangeError(`secret of ${secret.length} bytes; expected ${SECRET_MIN} or more`);
  }
  const limits = { ...LIMITS, ...options.limits };
  const records = new Records(sha256);
  const deadlines = new Deadlines(now, records.rows);
  const told = new Told(records);
  const hearing = new Hearing(affairs?.deaf ?? [], affairs?.lastDeaf ?? 0);
  const detector = new Detector(records, hearing, limits);
  const quiets = new Quiets(affairs?.quiets ?? []);
  const outbox = outboxOf(options, limits, records, quiets);
  const hints = new Hints(limits.hintsMax);
  const incidents = new Incidents({ records, hints, hearing, notices: outbox }, affairs, now);
  const wallAt = options.wallAt ?? ((at) => unixSeconds(at) * 1_000 || at);
  const kept = { records, hearing, generation, wallAt, quiets: quiets.list };
  const history = new History(kept, now);
  const around = { records, deadlines, told, detector, hearing, incidents, history };
  const ledger = new Ledger();
  const speech = { unixSeconds, pace, generation };
  return {
    ...around,
    quiets,
    outbox,
    presence: new Presence(around, options.cursor ?? 0),
    commands: new Commands({ records, ledger, limits, hints, speech }, now),
    probes: new Probes({ records, limits }, now),
    ledger,
    flush: new Flush(records, limits.flushMs),
    hints,
    limits,
    speech,
    open: options.open ?? false,
    mappedOf: makeMapped(secret, sha256),
  };
}

function outboxOf(
  { affairs, routes = [], unixSeconds }: GatewayOptions,
  { noticesMax }: Limits,
  records: Records,
  quiets: Quiets,
): Outbox {
  return new Outbox(
    {
      ...{ routes, noticesMax, quiets, unixSeconds },
      about: (id) => subjectOf(records, id),
      devicesAt: (site) => devicesAt(records, site),
    },
    affairs ?? { incidents: [], notices: [], lastNotice: 0 },
  );
}
