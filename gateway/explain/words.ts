/**
 * What all explanations have in common: how causes, evidence and instants are put into
 * sentences. The words for causes and evidence themselves are those of causes/evidence.ts.
 */

import type { Evidence } from "../affairs.ts";
import { CAUSE_WORDS, describeEvidence } from "../causes/evidence.ts";
import type { Cause } from "../facts.ts";

/** How an instant is written, with its preposition: "at 14:05:00". */
export type Tell = (at: number) => string;

/** A cause and how sure it is. */
export function causeSentence(cause: Cause, evidence: Evidence): string {
  const { confidence } = evidence;
  const sure =
    typeof confidence === "number" && confidence > 0
      ? ` (confidence ${Math.round(confidence * 100)} %)`
      : "";
  const words = CAUSE_WORDS[cause];
  return cause === "promise-broken"
    ? `Cause: its promise was broken; ${words}.`
    : `Likely cause: ${words}${sure}.`;
}

/** All evidence in one sentence; none where there is none. */
export function saw(lead: string, evidence: Evidence, tell: Tell): string[] {
  const { confidence: _, ...rest } = evidence;
  const phrases = describeEvidence(rest, tell);
  return phrases.length === 0 ? [] : [`${lead}: ${phrases.join("; ")}.`];
}

/** "14:05:00" of "at 14:05:00". */
export function bare(told: string): string {
  return told.replace(/^at /, "");
}
