/**
 * What is rare as JSON: commands, incidents, notices, deaf intervals, quiet targets, evidence. A
 * few a day of each need no layout of their own, and JSON says in a dump what it is. Beats and
 * changes, which are many, have theirs (beats.ts).
 *
 * The core's instants are on the monotonic clock; here they are mapped on their way in and out.
 */

import {
  type Affairs,
  COMMAND_STATES,
  type Command,
  DEAFNESS,
  type Deaf,
  type Evidence,
  type Incident,
  mapInstants,
  type Notice,
  type Quiet,
} from "../affairs.ts";
import { CAUSES } from "../facts.ts";
import { numberKey, numberOf } from "./keys.ts";
import type { Quarantine } from "./quarantine.ts";
import { open, putText, type Sink } from "./seal.ts";
import { INCIDENTS_MAX } from "./store.ts";

type Mapping = (at: number) => number;
type Thing = Command | Deaf | Evidence | Incident | Notice | Quiet;

/** `put` under a key, with its instants mapped. JSON has no Infinity: "never" is very late. */
export function putThing(out: Sink, key: string, thing: Thing, map: Mapping): void {
  const finite = (at: number) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, map(at)));
  putText(out, key, JSON.stringify(mapInstants(thing, finite)));
}

/** Throws where the record is damaged, or no JSON. */
function readThing(key: string, value: Buffer): Record<string, unknown> {
  const thing: unknown = JSON.parse(open(key, value).toString("utf8"));
  if (typeof thing !== "object" || thing === null) throw new Error("not a thing of this version");
  return thing as Record<string, unknown>;
}

export function readEvidence(key: string, value: Buffer): Evidence {
  return readThing(key, value) as Evidence;
}

/** Field by field: its type, or the list that it must be in; `?` may be null. */
type Form = Readonly<Record<string, string | readonly unknown[]>>;

const FORMS = {
  w: {
    ...{ n: "number", cmd: "number", epoch: "number", payload: "string", supersede: "string" },
    ...{ state: COMMAND_STATES, queuedAt: "number", notAfterAt: "number", offeredAt: "number?" },
    ...{ doneAt: "number?", code: "number", result: "string" },
  },
  i: {
    ...{ n: "number", cause: CAUSES, scope: "string", openedAt: "number", closedAt: "number?" },
    ...{ ackedAt: "number?", remindedAt: "number?", joined: "number", away: "number" },
  },
  n: {
    ...{ n: "number", incident: "number", kind: ["opened", "closed", "reminder"] },
    ...{ route: "string", madeAt: "number", text: "string", body: "string" },
  },
  o: { n: "number", why: DEAFNESS, transport: "string?", fromAt: "number", toAt: "number?" },
  u: { target: "string", kind: ["mute", "maintenance"], fromAt: "number", untilAt: "number?" },
} as const satisfies Record<string, Form>;

/** Throws unless the record has the form of its kind. */
function checked(key: string, value: Buffer): unknown {
  const thing = readThing(key, value);
  for (const [field, form] of Object.entries(FORMS[key[0] as keyof typeof FORMS] as Form)) {
    const given = thing[field];
    const sound =
      typeof form === "string"
        ? typeof given === form.replace("?", "") || (form.endsWith("?") && given === null)
        : form.includes(given);
    if (!sound) throw new Error(`${field} is ${JSON.stringify(given)}`);
  }
  if (key[0] === "i" && !Array.isArray(thing.members)) throw new Error("members is no list");
  return thing;
}

/** Throws where the record is unreadable. */
export function readCommand(key: string, value: Buffer, map: Mapping): Command {
  return mapInstants(checked(key, value) as Command, map);
}

/**
 * What stands for a command whose record is unreadable. Nobody knows what became of it, and that is
 * what is told; its number is not given again.
 */
export function lostCommand(n: number, at: number): Command {
  const words = { cmd: 0, epoch: 0, payload: "", supersede: "", result: "" };
  const instants = { queuedAt: at, notAfterAt: at, offeredAt: null, doneAt: at };
  return { n, ...words, state: "failed", code: -1, ...instants };
}

const NAMES = { i: "incident", n: "notice", o: "deaf interval", u: "quiet target" } as const;
/** Kinds of affairs, and the first of their keys. */
export type AffairKind = keyof typeof NAMES;
export const AFFAIR_KINDS = ["i", "n", "o", "u"] as const satisfies readonly AffairKind[];

/** The highest number ever given to an incident, a notice and a deaf interval. */
export interface Numbers {
  incident: number;
  notice: number;
  deaf: number;
}

/** Numbers that were lost may have been any; what is skipped costs nothing. */
const SKIP = 1_000_000;

export class AffairsLoading {
  readonly #map: Mapping;
  readonly #repairs: Sink;
  readonly #quarantine: Quarantine;
  readonly #found = {
    i: [] as Incident[],
    n: [] as Notice[],
    o: [] as Deaf[],
    u: [] as Quiet[],
  };
  readonly #last = { i: 0, n: 0, o: 0 };

  constructor(map: Mapping, repairs: Sink, quarantine: Quarantine) {
    this.#map = map;
    this.#repairs = repairs;
    this.#quarantine = quarantine;
  }

  /** Every record of an affair, in the order of the keys. */
  take(key: string, value: Buffer): void {
    const kind = key[0] as AffairKind;
    if (kind !== "u") this.#last[kind] = Math.max(this.#last[kind], numberOf(key));
    try {
      const thing = mapInstants(checked(key, value) as Incident & Notice & Deaf & Quiet, this.#map);
      this.#found[kind].push(thing);
    } catch (error) {
      const place = kind === "u" ? key.slice(1) : `${numberOf(key)}`;
      const why = `${NAMES[kind]} ${place}: ${(error as Error).message}`;
      this.#quarantine.setAside(key, value, why);
    }
  }

  /** @param numbers as stored; undefined: unreadable */
  finish(numbers: Numbers | undefined): Affairs {
    const { i, n, o } = this.#last;
    const last = (stored: number | undefined, seen: number) =>
      stored === undefined ? seen + SKIP : Math.max(stored, seen);
    return {
      incidents: this.#incidents(),
      notices: this.#found.n,
      deaf: this.#found.o,
      quiets: this.#found.u,
      lastIncident: last(numbers?.incident, i),
      lastNotice: last(numbers?.notice, n),
      lastDeaf: last(numbers?.deaf, o),
    };
  }

  /** All that are open, and the newest of those that are closed. */
  #incidents(): Incident[] {
    let excess = this.#found.i.filter(({ closedAt }) => closedAt !== null).length - INCIDENTS_MAX;
    return this.#found.i.filter(({ n, closedAt }) => {
      if (closedAt === null || excess-- <= 0) return true;
      this.#repairs.del(numberKey("i", n));
      return false;
    });
  }
}
