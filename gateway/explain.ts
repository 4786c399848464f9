/**
 * Why a device has the status it has: the rule, its numbers, what was ruled out, and what comes
 * next, in sentences. Pure: facts go in, words come out.
 *
 * An explanation says nothing that the gateway did not decide by: the evidence is what was stored
 * with the change, the deadlines are those that the core holds, and words for both stand in
 * causes/evidence.ts. So a person who doubts a verdict can check it by hand. What lost: a text
 * written with each change, which could not be asked about the moment in between.
 */

import type { Deaf, Evidence, Incident, Quiet } from "./affairs.ts";
import { exact, span } from "./durations.ts";
import { type Check, checksOf } from "./explain/checks.ts";
import { bare, causeSentence, saw, type Tell } from "./explain/words.ts";
import type { Cause, Change, Status } from "./facts.ts";
import type { Hint } from "./receiver/hints.ts";
import type { DeviceView } from "./view.ts";

/** What is told of a moment. Instants are unix ms. */
export interface Explanation {
  readonly at: number;
  readonly status: Status;
  /** Since when it had this status, and why; null: not known. */
  readonly since: number | null;
  readonly cause: Cause | null;
  readonly sentences: readonly string[];
  /** What the rule went by, by the names of causes/evidence.ts. */
  readonly evidence: Evidence;
  readonly ruledOut: readonly string[];
  /** What becomes of it if nothing is heard; of the past, what did become of it. */
  readonly next: readonly Step[];
  /** If it died now, after how long it would be called absent. */
  readonly knownInMs: number | null;
}

export interface Step {
  readonly status: Status;
  readonly at: number;
  readonly cause: Cause | null;
}

/** All that concerns the status of a device now. Instants are unix ms. */
export interface Present {
  readonly now: number;
  readonly view: DeviceView;
  /** The last change, if it is kept, with its evidence. */
  readonly change: Change | undefined;
  readonly evidence: Evidence;
  readonly doubts: {
    readonly lateAt: number | null;
    readonly absentAt: number | null;
    readonly evidence: Evidence;
  };
  readonly incident: Incident | undefined;
  /** Deafness that touches the time since its last beat. */
  readonly deaf: readonly Deaf[];
  readonly neighbours: { readonly devices: number; readonly here: number };
  /** Frames in its name that were refused. */
  readonly hints: readonly Hint[];
  readonly quiet: Quiet | undefined;
}

export function explainNow(it: Present, tell: Tell): Explanation {
  const { view, now, change, doubts } = it;
  const checks = checksOf(it, tell);
  const away = view.status === "late" || view.status === "absent";
  const evidence = away ? it.evidence : doubts.evidence;
  const sentences = [
    standing(it, tell),
    ...promised(it, tell),
    ...likely(it),
    ...coming(it, tell),
    ...(away
      ? saw("What the rule saw", without(evidence, TOLD), tell)
      : saw("What the rule goes by", without(evidence, [...TOLD, "graceMs"]), tell)),
    ...checks.filter(({ out }) => !out).map(({ text }) => text),
    ...belonging(it, tell),
  ];
  const { lateAt, absentAt } = doubts;
  const next: Step[] = [];
  if (lateAt !== null) next.push({ status: "late", at: lateAt, cause: null });
  if (absentAt !== null) next.push({ status: "absent", at: absentAt, cause: null });
  return {
    at: now,
    status: view.status,
    since: change?.at ?? null,
    cause: view.cause,
    sentences,
    evidence,
    ruledOut: checks.filter(isOut).map(({ text }) => text),
    next,
    knownInMs: absentAt === null ? null : Math.max(0, Math.round(absentAt - now)),
  };
}

/** What sentences of their own tell. */
const TOLD = ["seenAt", "dueAt", "promiseMs", "seenBeforeAt"];

function without(evidence: Evidence, names: readonly string[]): Evidence {
  return Object.fromEntries(Object.entries(evidence).filter(([name]) => !names.includes(name)));
}

function isOut({ out }: Check): boolean {
  return out;
}

/** What it is, and since when. */
function standing({ view, change, now, evidence }: Present, tell: Tell): string {
  const { name, status } = view;
  const since = change === undefined ? "" : ` since ${bare(tell(change.at))}`;
  const lasted = change === undefined ? "" : ` (${span(now - change.at)})`;
  if (status === "unknown") {
    return `${name} was never heard: nothing is promised, so nothing can be broken.`;
  }
  if (status === "left") return `${name} has left${since}${lasted}: it said goodbye.`;
  if (status !== "present") return `${name} is ${status}${since}${lasted}.`;
  const before = evidence.seenBeforeAt;
  if (view.cause === "first-beat") return `${name} is present${since}${lasted}, its first beat.`;
  const silent =
    typeof before === "number" && change !== undefined
      ? `, when it came back after ${span(change.at - before)} of silence`
      : "";
  const { recovery } = evidence;
  const helped = typeof recovery === "string" ? ` It came back by itself: ${recovery}.` : "";
  return `${name} is present${since}${lasted}${silent}.${helped}`;
}

/** Its last beat, and what that promised. */
function promised({ view, now }: Present, tell: Tell): string[] {
  const { seenAt, dueAt, promiseMs, status } = view;
  if (seenAt === null) return [];
  const seen = `It was last heard ${tell(seenAt)}, ${span(now - seenAt)} ago`;
  if (status === "left" || dueAt === null || promiseMs === null) {
    return [`${seen}, and nothing is promised.`];
  }
  const promise = `${seen}, and promised to be heard again within ${span(promiseMs)}`;
  if (dueAt >= now) return [`${promise}: it is due ${tell(dueAt)}.`];
  return [`${promise}: that ended ${tell(dueAt)}, ${span(now - dueAt)} ago, and no beat came.`];
}

function likely({ view, evidence }: Present): string[] {
  const { cause, status } = view;
  if (cause === null || (status !== "late" && status !== "absent")) return [];
  return [causeSentence(cause, evidence)];
}

/** What happens if nothing is heard. */
function coming({ view, doubts, now }: Present, tell: Tell): string[] {
  const { status } = view;
  const { lateAt, absentAt } = doubts;
  if (status === "absent") return ["Its next beat makes it present again."];
  if (status === "left") return ["A beat brings it back; its silence alarms nobody."];
  if (absentAt === null) return [];
  const grace = doubts.evidence.graceMs;
  const chance = chanceWords(doubts.evidence.k);
  const left = span(Math.max(0, absentAt - now));
  if (lateAt === null) {
    const soon = `If it is dead you will know in ${left}.`;
    return [`It will be absent ${tell(absentAt)} unless a beat comes${chance}.`, soon];
  }
  const added = typeof grace === "number" ? `With ${exact(grace)} of grace it` : "It";
  const late = `${added} will be late ${tell(lateAt)} unless a beat comes`;
  const known = `If it died now you would know in ${left}.`;
  return [`${late}, and absent ${tell(absentAt)}${chance}.`, known];
}

function chanceWords(k: unknown): string {
  if (typeof k !== "number") return "";
  if (k <= 1) return ", behind the first promise that breaks";
  return `, behind ${k} promises broken in a row`;
}

function belonging({ incident, quiet, view }: Present, tell: Tell): string[] {
  const told: string[] = [];
  if (incident !== undefined && incident.closedAt === null) {
    const others = incident.joined > 1 ? ` with ${incident.joined} devices` : "";
    told.push(
      `It belongs to incident ${incident.n}${others}, open since ${bare(tell(incident.openedAt))}.`,
    );
  }
  if (quiet !== undefined) {
    const what = quiet.kind === "mute" ? "muted" : "under maintenance";
    const whose = quiet.target.startsWith("site:") ? `Site ${view.site}` : "It";
    const end = quiet.untilAt === null ? "" : ` until ${bare(tell(quiet.untilAt))}`;
    told.push(`${whose} is ${what}${end}: nobody is told.`);
  }
  return told;
}
