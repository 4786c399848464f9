/**
 * What an enrolment must be before it is believed. Bad input gets one line: what was given, and
 * what was expected.
 *
 * A name stands where an id may stand, in every command, so a name that reads like an id is
 * refused: `facade` is six hex digits. What lost: guessing which one was meant.
 */

import { ID_MAX } from "../device/wire.ts";
import type { Enrolment } from "./facts.ts";
import { KEY_BYTES, LABEL_MAX, LABELS_MAX, type Limits, NAME_MAX, SITE_MAX } from "./limits.ts";
import type { Roster } from "./roster.ts";

/** Nothing that moves the cursor or cannot be seen; no space at either end. */
const PRINTABLE = /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u;
const BYTES = /^[\0-\xff]*$/;

/** An id off the wire: six lower-case hex digits. */
export function idText(id: number): string {
  return id.toString(16).padStart(6, "0");
}

/** Throws a RangeError that says what is wrong with an enrolment for this table, if anything is. */
export function checkEnrolment(e: Enrolment, roster: Roster, limits: Limits): void {
  if (roster.size >= limits.devicesMax) {
    fail(`devices: ${roster.size} enrolled`, `at most ${limits.devicesMax} (devicesMax)`);
  }
  if (!Number.isInteger(e.id) || e.id < 1 || e.id > ID_MAX) {
    fail(`id ${e.id}`, `a whole number from 1 to ${ID_MAX}`);
  }
  if (roster.slotOf(e.id) >= 0) fail(`id ${idText(e.id)} is taken`, "an id of its own");
  checkRekeying(e, roster);
}

/** The same of a device that is enrolled, and gets another key, or suite, or both. */
export function checkRekeying(e: Enrolment, roster: Roster): void {
  checkWords(e, roster);
  if (e.suite !== 0 && e.suite !== 1 && e.suite !== 2) fail(`suite ${e.suite}`, "0, 1 or 2");
  checkKey(e, roster);
}

/**
 * Throws a RangeError if `e` says other than new words of the enrolment `before`: a new key is a
 * new enrolment.
 */
export function checkAmendment(e: Enrolment, before: Enrolment, roster: Roster): void {
  if (e.key !== before.key || e.suite !== before.suite || e.open !== before.open) {
    fail(`another key or suite for ${idText(e.id)}`, "new words only");
  }
  checkWords(e, roster);
}

function checkWords(e: Enrolment, roster: Roster): void {
  checkText("name", e.name, 1, NAME_MAX);
  if (/^[0-9a-f]{6}$/.test(e.name) && e.name !== idText(e.id)) {
    fail(`name ${quoted(e.name)} reads like an id`, "anything but six hex digits");
  }
  const holder = roster.byName(e.name);
  if (holder !== undefined && holder !== e.id) {
    fail(`name ${quoted(e.name)} is taken by ${idText(holder)}`, "a name of its own");
  }
  checkText("site", e.site, 0, SITE_MAX);
  if (e.labels.length > LABELS_MAX) fail(`${e.labels.length} labels`, `at most ${LABELS_MAX}`);
  for (const label of e.labels) checkText("label", label, 1, LABEL_MAX);
}

/** A key is never in a message. */
function checkKey(e: Enrolment, roster: Roster): void {
  const { key, suite } = e;
  if (suite === 0 && key === "") return;
  if (key.length !== KEY_BYTES || !BYTES.test(key)) {
    fail(`key of ${key.length} characters`, `a byte string of ${KEY_BYTES}`);
  }
  if (key === "\0".repeat(KEY_BYTES)) fail("key of zeros", "one from a good generator");
  const holder = roster.byKey(key);
  if (holder !== undefined) fail(`key is known, of ${idText(holder)}`, "a new key");
}

function checkText(what: string, text: string, least: number, most: number): void {
  if (text.length < least || text.length > most) {
    fail(`${what} of ${text.length} characters`, `${least} to ${most}`);
  }
  if (text !== "" && !PRINTABLE.test(text)) {
    fail(`${what} ${quoted(text)}`, "printable characters, none but these at its ends");
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, NAME_MAX));
}

function fail(given: string, expected: string): never {
  throw new RangeError(`${given}; expected ${expected}`);
}
