/**
 * What a notice says: whole sentences with numbers, for somebody who holds a phone at night and
 * asks three things: what is gone, since when, and what is it likely.
 *
 * Where the clock can be trusted, an instant stands in the text as `<t:UNIX>`; the shell writes it
 * in the reader's time when it delivers (notices/message.ts). What lost: UTC in the text, which at
 * night is an hour of arithmetic, and a time zone in the core, which has no place for one.
 */

import type { Evidence, Incident } from "../affairs.ts";
import { CAUSE_WORDS, describeValue, type EvidenceName } from "../causes/evidence.ts";
import { ago, span } from "../durations.ts";
import type { Cause } from "../facts.ts";
import type { Subject } from "../subject.ts";

/** Names that a sentence lists; of the others it says how many they are. */
const NAMES_MAX = 8;

export interface Setting {
  readonly now: number;
  /** Unix seconds at an instant; 0: the clock is not trusted. */
  readonly unixSeconds: (at: number) => number;
  /** Devices enrolled at a site. */
  readonly devicesAt: (site: string) => number;
  /** Of the change that made the incident, as far as it is known. */
  readonly evidence: Evidence;
}

export interface Words {
  /** A line. */
  readonly title: string;
  readonly text: string;
}

/** What of the evidence is worth a reader's time at night, by cause. */
const TOLD: Partial<Record<Cause, readonly EvidenceName[]>> = {
  battery: ["battery", "batteryBefore"],
  "weak-signal": ["signal", "signalBefore"],
  "reset-loop": ["resets", "resetsMs", "resetCause"],
  site: ["siteSilent", "siteDevices"],
  broker: ["brokerSilent", "brokerDevices"],
  clock: ["overSleptMs"],
  nat: ["movedFrom"],
  refused: ["badTags", "badTagAt"],
  clash: ["clashes", "clashAt"],
};

/** That an incident opened, or, with its age, that it is open still. */
export function openedWords(
  incident: Incident,
  subjects: readonly Subject[],
  setting: Setting,
): Words {
  if (incident.scope.startsWith("device:") && subjects.length > 0) {
    return oneOpened(incident, subjects[0]!, setting);
  }
  if (incident.scope === "gateway" || incident.joined === 0) {
    const since = `since ${instant(incident.openedAt, setting)}`;
    const text = `The gateway cannot hear ${since}; no device is called absent for it.`;
    return { title: "The gateway is deaf", text };
  }
  return manyOpened(incident, subjects, setting);
}

function oneOpened({ cause, openedAt }: Incident, it: Subject, setting: Setting): Words {
  const { now } = setting;
  const rest = `${seen(it, setting)}. Likely cause: ${likely(cause, setting)}.`;
  if (cause === "clash" || it.dueAt === null || it.dueAt > now) {
    const wrong = `is heard, and something is wrong since ${instant(openedAt, setting)}`;
    return { title: `${it.name}: ${cause}`, text: `${who(it)} ${wrong}${rest}` };
  }
  const due = setting.unixSeconds(it.dueAt);
  const promise =
    due > 0 ? `it promised to be heard by <t:${due}> and was not, for` : "its promise is broken by";
  const text = `${who(it)} is absent: ${promise} ${span(now - it.dueAt)}${rest}`;
  return { title: `${it.name} is absent`, text };
}

function manyOpened(incident: Incident, subjects: readonly Subject[], setting: Setting): Words {
  const { scope, joined, cause } = incident;
  const place = placeOf(scope);
  const all = sizeOf(scope, setting);
  const of = all >= joined ? `${joined} of ${all}` : `${joined}`;
  const { withinMs } = setting.evidence;
  const within = typeof withinMs === "number" ? ` within ${span(withinMs + 999)}` : "";
  const why = cause === "site" ? "its power or access point" : CAUSE_WORDS[cause];
  const dues = subjects.flatMap(({ dueAt }) => dueAt ?? []);
  const first = Math.min(...dues, incident.openedAt);
  const text = [
    `${of} devices${place} fell silent${within}: likely ${why}.`,
    `They are ${names(subjects, joined)}; the first was due at ${instant(first, setting)}.`,
  ];
  return { title: `${of} devices${place} are silent`, text: text.join(" ") };
}

/** That it is over. */
export function closedWords(
  incident: Incident,
  subjects: readonly Subject[],
  setting: Setting,
): Words {
  const { scope, openedAt, joined, away, cause } = incident;
  const took = `after ${span((incident.closedAt ?? setting.now) - openedAt)}`;
  const it = subjects[0];
  if (scope.startsWith("device:")) {
    if (it === undefined) {
      return { title: "A device was removed", text: `A device was removed ${took} of absence.` };
    }
    const end =
      it.dueAt === null ? "has left" : cause === "clash" ? "is one device again" : "is back";
    const rest = `${seen(it, setting)}. The likely cause was: ${CAUSE_WORDS[cause]}.`;
    return { title: `${it.name} ${end}`, text: `${who(it)} ${end} ${took}${rest}` };
  }
  if (scope === "gateway" || joined === 0) {
    return { title: "The gateway hears again", text: `The gateway hears again ${took}.` };
  }
  const place = placeOf(scope);
  const count = away > 0 ? `${joined - away} of ${joined}` : `All ${joined}`;
  const back = `${count} devices${place} are back`;
  const rest = away > 0 ? ` The other ${away} are told of one by one.` : "";
  return { title: back, text: `${back} ${took}: ${names(subjects, joined)}.${rest}` };
}

/** The cause in words, with what was seen of it. */
function likely(cause: Cause, setting: Setting): string {
  const seen = (TOLD[cause] ?? []).flatMap((name) => {
    const value = setting.evidence[name];
    if (value === undefined) return [];
    return describeValue(name, value, (at) => instant(at, setting));
  });
  return seen.length === 0 ? CAUSE_WORDS[cause] : `${CAUSE_WORDS[cause]} (${seen.join(", ")})`;
}

/** What the devices of a scope have in common, after "12 devices". */
function placeOf(scope: string): string {
  const [, kind, name] = /^(site|address):(.*)$/s.exec(scope) ?? [];
  if (kind !== undefined) return kind === "site" ? ` of site ${name}` : ` behind ${name}`;
  return scope === "broker" ? " over MQTT" : "";
}

/** How many devices a scope has; 0: not known. */
function sizeOf(scope: string, { devicesAt, evidence }: Setting): number {
  if (scope.startsWith("site:")) return devicesAt(scope.slice("site:".length));
  const { addressDevices, brokerDevices, fleetDevices } = evidence;
  const size = scope.startsWith("address:")
    ? addressDevices
    : scope === "broker"
      ? brokerDevices
      : fleetDevices;
  return Number(size ?? 0);
}

/** "shed-07 (farm)". */
function who({ name, site }: Subject): string {
  return site === "" ? name : `${name} (${site})`;
}

function names(subjects: readonly Subject[], joined: number): string {
  const shown = subjects.slice(0, NAMES_MAX).map(({ name }) => name);
  const more = joined - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

function seen({ seenAt, signal, battery }: Subject, setting: Setting): string {
  if (seenAt === null) return "; it was never heard";
  const level = typeof battery === "number" ? `${battery} %` : battery;
  return [
    `; last seen ${instant(seenAt, setting)}`,
    ...(signal === null ? [] : [` at ${signal} dBm`]),
    ...(level === null ? [] : [`, battery ${level}`]),
  ].join("");
}

/** As the reader's clock shows it, or how long ago. */
function instant(at: number, { now, unixSeconds }: Setting): string {
  const unix = unixSeconds(at);
  return unix > 0 ? `<t:${unix}>` : ago(Math.max(0, now - at));
}
