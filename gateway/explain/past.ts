/**
 * The same of a moment that is over: what a device was then, since when and why, what was heard of
 * it around that time, and what followed. From what is stored: changes with their evidence,
 * history, and deaf intervals. What is not kept any more is said to be so.
 */

import type { Deaf, Evidence } from "../affairs.ts";
import { CAUSE_WORDS } from "../causes/evidence.ts";
import { span } from "../durations.ts";
import type { Explanation } from "../explain.ts";
import type { Change, Status } from "../facts.ts";
import type { Step } from "../history/read.ts";
import { bare, causeSentence, saw, type Tell } from "./words.ts";

/** All that concerns a moment. Instants are unix ms. */
export interface Past {
  readonly name: string;
  readonly at: number;
  readonly now: number;
  /** Status of now: it holds for a moment of which no change is kept. */
  readonly status: Status;
  /** The last change up to the moment, the one after it, and their evidence. */
  readonly before: Change | undefined;
  readonly after: Change | undefined;
  readonly evidence: Evidence;
  readonly evidenceAfter: Evidence;
  /** The minutes of the hour that ends with that of the moment. */
  readonly minutes: readonly Step[];
  /** Deafness that touches the moment. */
  readonly deaf: readonly Deaf[];
}

export function explainThen(it: Past, tell: Tell): Explanation {
  const { at, before, after, deaf } = it;
  const status = before?.to ?? after?.from ?? it.status;
  const hearing =
    deaf.length === 0 ? ["Our own deafness: we could hear then, as far as is known."] : [];
  return {
    at,
    status,
    since: before?.at ?? null,
    cause: before?.cause ?? null,
    sentences: [
      ...standing(it, status, tell),
      ...saw("What the rule saw", it.evidence, tell),
      ...heard(it, tell),
      ...deaf.map((each) => deafSentence(each, tell)),
      ...followed(it, tell),
    ],
    evidence: it.evidence,
    ruledOut: hearing,
    next: after === undefined ? [] : [{ status: after.to, at: after.at, cause: after.cause }],
    knownInMs: null,
  };
}

function standing(
  { name, at, before, after, evidence }: Past,
  status: Status,
  tell: Tell,
): string[] {
  const then = tell(at).replace(/^a/, "A");
  if (before === undefined) {
    const kept =
      after === undefined
        ? "No change of it is kept"
        : `Its first change that is kept came ${tell(after.at)}`;
    const known = after === undefined || after.tseq > 1 ? "was likely" : "was";
    return [`${then} ${name} ${known} ${status}. ${kept}.`];
  }
  const lasted = span(at - before.at);
  const since = `${then} ${name} was ${status}, since ${bare(tell(before.at))} (${lasted}).`;
  const silent = before.to === "late" || before.to === "absent";
  if (silent) return [since, causeSentence(before.cause, evidence)];
  const seen = evidence.seenBeforeAt;
  if (typeof seen !== "number") return [`${since} ${sentence(CAUSE_WORDS[before.cause])}`];
  return [`${since} It had come back after ${span(before.at - seen)} of silence.`];
}

/** What was heard in the hour before. */
function heard({ minutes, at }: Past, tell: Tell): string[] {
  const known = minutes.filter((minute) => minute.heard !== null);
  if (known.length === 0) return ["Of the hour before, its beats are not kept by the minute."];
  const sum = (name: "heard" | "missed") => known.reduce((n, minute) => n + minute[name]!, 0);
  const beats = sum("heard");
  const were = beats === 1 ? "beat was" : "beats were";
  const counted = `In the hour before, ${beats} ${were} heard and ${sum("missed")} missed`;
  const last = known.findLast((minute) => minute.heard! > 0 && minute.at <= at);
  const minute = last === undefined ? "" : `; the last minute with one began ${tell(last.at)}`;
  const unknown = minutes.length - known.length;
  const not =
    unknown === 0
      ? ""
      : ` Of ${unknown} ${unknown === 1 ? "minute" : "minutes"} of it nothing is known.`;
  return [`${counted}${minute}.${not}`];
}

function followed({ before, after, now, evidenceAfter }: Past, tell: Tell): string[] {
  if (after === undefined) {
    return before === undefined
      ? []
      : [`It still is: nothing changed for ${span(now - before.at)}.`];
  }
  const why = after.to === "late" || after.to === "absent" ? after.cause : undefined;
  const step = `What followed: ${after.to} ${tell(after.at)}`;
  if (why !== undefined) {
    const { promiseMs } = evidenceAfter;
    const broken = typeof promiseMs === "number" ? `, a promise of ${span(promiseMs)} broken` : "";
    return [`${step}${broken}. ${causeSentence(why, evidenceAfter)}`];
  }
  return [`${step}: ${CAUSE_WORDS[after.cause]}.`];
}

function deafSentence({ why, fromAt, toAt }: Deaf, tell: Tell): string {
  const until = toAt === null ? "and still cannot" : `until ${bare(tell(toAt))}`;
  return `We could not hear then (${why}), from ${bare(tell(fromAt))} ${until}.`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
