// The smallest parts of the schema of a scenario: one value each, with what is said where it is
// wrong. A message says what was expected and nothing else; errors.ts puts the place and the value
// in front. What lost: the validator's own messages, which say "Invalid input".

import { z } from "zod";
import { oneOf } from "../../gateway/near.ts";
import * as units from "./units.ts";

const { readDuration, readRate, readShare, readSize, readSpan, readWhole, writeDuration } = units;

/** Durations, instants and runs end here: a year. */
const DURATION_MAX = 366 * 86_400_000;
const SEED_MAX = 0xffffffff;
const LOST = -1;
const SEEDS_MAX = 10_000;

/** A value that people write as text or number, read by `read`; undefined is an error. */
function leaf<T>(expected: string, read: (word: string | number) => T | undefined) {
  return z
    .union([z.string(), z.number()], { error: expected })
    .transform((word, context): T => {
      const value = read(word);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: expected });
      return z.NEVER;
    })
    .meta({ description: expected.replace(/^expected /, "") });
}

/** ms, `least..most`. */
export function duration(least = 0, most = DURATION_MAX) {
  const bounds = most < DURATION_MAX ? ` (${writeDuration(least)} to ${writeDuration(most)})` : "";
  const expected = `expected a duration with its unit, such as 250ms, 90s or 1h30m${bounds}`;
  return leaf(expected, (word) => {
    const ms = readDuration(word);
    return ms !== undefined && ms >= least && ms <= most ? ms : undefined;
  });
}

/** ms > 0: a millisecond and more. */
export function someDuration() {
  return leaf("expected a duration above 0, such as 250ms, 90s or 1h30m", (word) => {
    const ms = readDuration(word);
    return ms !== undefined && ms >= 1 && ms <= DURATION_MAX ? ms : undefined;
  });
}

/** ms > 0, or Infinity for `end`. */
export function durationOrEnd() {
  return leaf(`expected a duration such as 90s, or ${units.END}`, (word) => {
    if (word === units.END) return Number.POSITIVE_INFINITY;
    const ms = readDuration(word);
    return ms !== undefined && ms > 0 && ms <= DURATION_MAX ? ms : undefined;
  });
}

/** ms, with a sign where time jumps back. */
export function step() {
  return leaf("expected a duration such as 90s or -1h", (word) => {
    const back = typeof word === "string" && word.startsWith("-");
    const ms = readDuration(back ? word.slice(1) : word);
    return ms === undefined || ms === 0 || ms > DURATION_MAX ? undefined : back ? -ms : ms;
  });
}

/** What a step of a pattern does to a frame: added delay, or -1 for lost. */
export function stepOrLost() {
  return leaf("expected a duration, or lost", (word) =>
    word === "lost" ? LOST : readDuration(word),
  );
}

export function share() {
  return leaf("expected a share such as 5% or 0.05", readShare);
}

export function size() {
  return leaf("expected a size in bytes, such as 512, 64kB or 1MiB", readSize);
}

export function rate() {
  return leaf("expected a rate such as 9600bit/s, 256kbit/s or 1Mbit/s; 0: no limit", readRate);
}

/** Two durations, `20ms..80ms`, or one for both. */
export function durations() {
  return leaf("expected a duration or two, such as 20ms or 20ms..80ms", (word) =>
    readSpan(word, readDuration),
  );
}

/** The same, of whole ms. */
export function wholeDurations() {
  return leaf("expected whole milliseconds, such as 5ms or 5ms..20ms", (word) => {
    const span = readSpan(word, readDuration);
    return span?.every(Number.isSafeInteger) ? span : undefined;
  });
}

/** Two whole numbers, `1024..65535`. */
export function ports() {
  return leaf("expected ports, such as 1024..65535", (word) => {
    const span = readSpan(word, readWhole);
    return span && span[0] >= 1 && span[1] <= 65_535 ? span : undefined;
  });
}

export function whole(least: number, most: number) {
  const error = `expected a whole number, ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function number(least: number, most: number) {
  const error = `expected a number, ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
}

export function flag() {
  return z.boolean({ error: "expected true or false" });
}

export function text(most: number) {
  const error = `expected text of 1 to ${most} characters`;
  return z.string({ error }).min(1, { error }).max(most, { error });
}

/**
 * A map with these keys and no other. Its message for an unknown key is the list of those that are
 * known: errors.ts finds the nearest.
 */
export function map<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? keys : "expected a map"),
  });
}

/** A list of so many; `what` they are, for people. */
export function list<T extends z.ZodType>(each: T, least: number, most: number, what: string) {
  const error = `expected a list of ${least} to ${most} ${what}`;
  return z.array(each, { error }).min(least, { error }).max(most, { error });
}

/** One of these words. */
export function word<const T extends string>(words: readonly T[]) {
  return z.enum(words, { error: (issue) => oneOf(issue.input, words) });
}

/** One of these names, of which some look like numbers: `18650`. */
export function label(words: readonly string[]) {
  return z
    .union([z.string(), z.number()], { error: ({ input }) => oneOf(input, words) })
    .transform((given, context) => {
      const word = String(given);
      if (words.includes(word)) return word;
      context.addIssue({ code: "custom", message: oneOf(word, words) });
      return z.NEVER;
    })
    .meta({ enum: [...words] });
}

/** A name of a group, an access point, a scenario. */
export function name() {
  const error = "expected a name: letters, digits, - and _, a letter first, at most 40";
  return z.string({ error }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/, { error });
}

/** Seeds: `7`, `1..20`, `[1, 2, 10..20]`. */
export function seeds() {
  const some = leaf("expected seeds, 0 to 4294967295, such as 7 or 1..20", (word) => {
    const span = readSpan(word, readWhole);
    return span && span[1] <= SEED_MAX && span[1] - span[0] < SEEDS_MAX ? span : undefined;
  });
  const all = (spans: readonly [number, number][]) =>
    spans.flatMap(([least, most]) => Array.from({ length: most - least + 1 }, (_, i) => least + i));
  const error = `expected at most ${SEEDS_MAX} seeds, each once`;
  return z
    .union([
      some.transform((span) => all([span])),
      list(some, 1, SEEDS_MAX, "seeds").transform(all),
    ])
    .refine((list) => list.length <= SEEDS_MAX && new Set(list).size === list.length, { error });
}

/** A map without what is not given. */
export function stripped<T extends object>(map: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(map).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}
