/**
 * What a verdict rests on, by name: a closed list, each with its unit and with what it says to a
 * person.
 *
 * Evidence is written once, by the rule that decided, and read years later by an explanation, a
 * notice or a program; so its names are part of the interface and stand in one place. It is what
 * the rule saw, in its own units; sentences are made when somebody reads them. What lost: sentences
 * in the store, which cannot be counted, translated or put right.
 */

import type { Evidence } from "../affairs.ts";
import { exact } from "../durations.ts";
import type { Cause } from "../facts.ts";

/**
 * How a value is to be read: `at` an instant in ms, `ms` a duration, `share` 0..1, `percent`
 * 0..100, `text` words.
 */
export type EvidenceUnit = "at" | "ms" | "count" | "share" | "percent" | "dBm" | "text";

interface Kind {
  readonly unit: EvidenceUnit;
  /** A phrase; `_` stands for the value. */
  readonly says: string;
}

function kind(unit: EvidenceUnit, says: string): Kind {
  return { unit, says };
}

/** In the order in which they are told. */
export const EVIDENCE = {
  // When, and by which rule (detector.ts).
  seenAt: kind("at", "last heard _"),
  seenBeforeAt: kind("at", "before that last heard _"),
  dueAt: kind("at", "its next beat was due _"),
  deadlineAt: kind("at", "the deadline was _"),
  promiseMs: kind("ms", "it had promised to be heard within _"),
  graceMs: kind("ms", "_ of grace were added"),
  k: kind("count", "it takes _ broken promises in a row"),
  alpha: kind("count", "at most _ false alarms a year"),
  ratio: kind("share", "its beats come after _ of what it promises"),
  spread: kind("share", "its rhythm varies by _"),
  beats: kind("count", "learned from _ beats"),
  lossUp: kind("share", "_ of its beats are lost on their way to us"),
  lossDown: kind("share", "_ of our answers are lost on their way to it"),
  burst: kind("count", "a loss is _ beats long on average"),
  nudges: kind("count", "nudges sent: _"),
  nudgedAt: kind("at", "it was nudged _"),
  heldMs: kind("ms", "the verdict waited _ for the others"),
  // What it showed before (signs.ts).
  battery: kind("percent", "its battery read _ %"),
  batteryBefore: kind("percent", "its battery had read _ %"),
  signal: kind("dBm", "its signal was _ dBm"),
  signalBefore: kind("dBm", "its signal is usually _ dBm"),
  resets: kind("count", "it booted _ times in a row"),
  resetsMs: kind("ms", "those boots were within _"),
  resetCause: kind("text", "the last boot was by _"),
  // The others (incidents/crowd.ts).
  siteDevices: kind("count", "devices at its site: _"),
  siteSilent: kind("count", "of its site silent: _"),
  address: kind("text", "behind the address _"),
  addressDevices: kind("count", "devices behind that address: _"),
  addressSilent: kind("count", "behind that address silent: _"),
  brokerDevices: kind("count", "devices over MQTT: _"),
  brokerSilent: kind("count", "over MQTT silent: _"),
  fleetDevices: kind("count", "devices in all: _"),
  fleetSilent: kind("count", "of all devices silent: _"),
  quietMs: kind("ms", "none of them was heard for _"),
  withinMs: kind("ms", "they fell silent within _"),
  // Us (hearing.ts).
  deaf: kind("text", "we could not hear: _"),
  deafMs: kind("ms", "we could not hear for _"),
  deafAt: kind("at", "we could hear again _"),
  // Frames that were refused, and identities.
  badTags: kind("count", "frames in its name with a wrong tag: _"),
  badTagAt: kind("at", "the last of them came _"),
  clashes: kind("count", "beats under the number of another: _"),
  clashAt: kind("at", "the last of them came _"),
  // How it came back.
  awayMs: kind("ms", "it was silent for _"),
  overSleptMs: kind("ms", "it came _ after its promise"),
  missed: kind("count", "beats of it that never arrived: _"),
  unacked: kind("count", "of its last 16 beats not acknowledged: _"),
  movedFrom: kind("text", "it used to send from _"),
  recovery: kind("text", "it came back by itself: _"),
  // How sure the cause is.
  confidence: kind("share", "confidence _"),
} as const satisfies Record<string, Kind>;

export type EvidenceName = keyof typeof EVIDENCE;

/** Evidence under construction. */
export type Inputs = Partial<Record<EvidenceName, number | string>>;

/** What each cause is called: a clause that follows "likely". */
export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  returned: "it was away and is back",
  "first-beat": "it spoke for the first time",
  left: "it said goodbye",
  "promise-broken": "nothing is known that explains the silence",
  battery: "its battery is at its end",
  "weak-signal": "its signal is too weak",
  "reset-loop": "it restarts again and again",
  site: "the power or the access point of its place",
  "gateway-deaf": "the gateway itself could not hear",
  broker: "the MQTT broker",
  clock: "its own clock runs slow, and it slept longer than it promised",
  nat: "a router on its way forgot it (NAT)",
  refused: "it is alive and has a wrong key",
  clash: "two boards speak under its name",
  removed: "it was removed",
};

/**
 * One piece of evidence in words; "" for a name that nobody knows, as a later version may have
 * stored it.
 * @param tellAt how an instant is written, with its preposition: "at 14:05"
 */
export function describeValue(
  name: string,
  value: number | string,
  tellAt: (at: number) => string,
): string {
  if (!Object.hasOwn(EVIDENCE, name)) return "";
  const { unit, says } = EVIDENCE[name as EvidenceName];
  const told = written(value, unit, tellAt);
  // "1 beat", and not "1 beats".
  const one = told === "1" ? says.replace(/_ ((?:\w+ )?\w+)s\b/, "_ $1") : says;
  return one.replace("_", () => told);
}

/** Evidence in words, one phrase each, in the order of the list. `tellAt`: see `describeValue`. */
export function describeEvidence(evidence: Evidence, tellAt: (at: number) => string): string[] {
  return Object.keys(EVIDENCE).flatMap((name) => {
    const value = Object.hasOwn(evidence, name) ? evidence[name] : undefined;
    return value === undefined ? [] : describeValue(name, value, tellAt);
  });
}

function written(
  value: number | string,
  unit: EvidenceUnit,
  tellAt: (at: number) => string,
): string {
  if (typeof value === "string") return value;
  switch (unit) {
    case "at":
      return tellAt(value);
    case "ms":
      return exact(Math.max(0, value));
    case "share":
      return `${Math.round(value * 1000) / 10} %`;
    default:
      return String(Math.round(value * 100) / 100);
  }
}
