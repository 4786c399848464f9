/**
 * What may come in from people and programs, checked at the edge: bodies of requests, queries, and
 * what the command line says of a device. One line tells what was wrong: where, what was given,
 * what was expected.
 *
 * Only the form is checked here, and ids, keys and suites get the core's; what a device may be
 * called, the core decides.
 */

import { z } from "zod";
import { ID_MAX } from "../../device/wire.ts";
import { parseDuration } from "../../device/words.ts";
import { STATUSES } from "../facts.ts";
import { BY_HOUR_HOURS } from "../history/code.ts";
import {
  COMMAND_PAYLOAD_MAX,
  KEY_BYTES,
  LABEL_MAX,
  LABELS_MAX,
  NAME_MAX,
  NOT_AFTER_MAX_MS,
  NOT_AFTER_MIN_MS,
  SITE_MAX,
  SUPERSEDE_MAX,
} from "../limits.ts";
import { QUIET_MAX_MS } from "../quiets.ts";

/** Names the place and the expectation; the message is for people. */
export class BadInput extends Error {}

/** By number, and by the names of the protocol. */
const SUITES: Readonly<Record<string, number>> = {
  "0": 0,
  crc16: 0,
  "1": 1,
  "hmac-sha256-64": 1,
  hmac: 1,
  "2": 2,
  "chaskey12-64": 2,
  chaskey: 2,
};
const SUITE_WORDS = "0 (crc16), 1 (hmac-sha256-64) or 2 (chaskey12-64)";
const ID_WORDS = `1 to 6 hex digits, 1 to ${ID_MAX.toString(16)}`;
const KEY_WORDS = `${2 * KEY_BYTES} hex digits`;

export const PAGE_MAX = 1_000;
const PAGE_DEFAULT = 100;

/** Control characters and lone surrogates have no place in what people read. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

function text(min: number, max: number) {
  const words = `text of ${min} to ${max} printable characters`;
  return z
    .string({ error: words })
    .refine((s) => s.length >= min && s.length <= max && !UNPRINTABLE.test(s), { error: words });
}

const name = text(1, NAME_MAX);
const site = text(0, SITE_MAX);
const labels = z
  .array(text(1, LABEL_MAX), { error: `a list of at most ${LABELS_MAX} labels` })
  .max(LABELS_MAX, { error: `at most ${LABELS_MAX} labels` });
const id = z
  .string({ error: ID_WORDS })
  .regex(/^[0-9a-f]{1,6}$/i, { error: ID_WORDS })
  .transform((hex) => Number.parseInt(hex, 16))
  .refine((n) => n >= 1, { error: ID_WORDS });
const key = z
  .string({ error: KEY_WORDS })
  .regex(new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`, "i"), { error: KEY_WORDS })
  .transform((hex) => Buffer.from(hex, "hex").toString("latin1"));
const suite = z
  .union([z.number(), z.string()], { error: SUITE_WORDS })
  .refine((given) => Object.hasOwn(SUITES, String(given)), { error: SUITE_WORDS })
  .transform((given) => SUITES[String(given)]!);

export const newDevice = z.strictObject({
  name,
  id: id.optional(),
  key: key.optional(),
  suite: suite.optional(),
  site: site.optional(),
  labels: labels.optional(),
});
export const newWords = z.strictObject({
  name: name.optional(),
  site: site.optional(),
  labels: labels.optional(),
});

export const newKey = z.strictObject({ key: key.optional(), suite: suite.optional() });

function whole(min: number, max: number, words: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: words })
    .transform(Number)
    .refine((n) => n >= min && n <= max, { error: words });
}

const limit = whole(1, PAGE_MAX, `a number from 1 to ${PAGE_MAX}`).default(PAGE_DEFAULT);
const cursor = whole(0, Number.MAX_SAFE_INTEGER, "a cursor: a whole number");

export const deviceQuery = z.strictObject({
  status: z.enum(STATUSES, { error: `one of ${STATUSES.join(", ")}` }).optional(),
  site: z.string().optional(),
  label: z.string().optional(),
  q: z.string().optional(),
  limit,
  after: id.default(0),
});
export const changeQuery = z.strictObject({ after: cursor.default(0), limit });
const HOURS_WORDS = `a number of hours from 1 to ${BY_HOUR_HOURS}`;
export const historyQuery = z.strictObject({
  hours: whole(1, BY_HOUR_HOURS, HOURS_WORDS).default(24),
});
const AT_WORDS = "an instant such as 2026-11-22T14:05:00Z, or -2h for two hours ago";
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
/** A hundred years, ms: before all that anybody could ask for, and with a date of four digits. */
const AGO_MAX_MS = 3_155_760_000_000;
/** Unix ms, or how long ago. */
const moment = z.string().transform((given, context): number | { agoMs: number } => {
  const agoMs = given.startsWith("-") ? parseDuration(given.slice(1)) : undefined;
  if (agoMs !== undefined && agoMs <= AGO_MAX_MS) return { agoMs };
  const at = INSTANT.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isFinite(at)) return at;
  context.addIssue({ code: "custom", message: AT_WORDS });
  return z.NEVER;
});
export const explainQuery = z.strictObject({
  at: moment.optional(),
  zone: z.string().refine(isZone, { error: "a time zone such as Europe/Berlin" }).optional(),
});
export const eventQuery = z.strictObject({ after: cursor.optional() });

const incidentNumber = whole(1, Number.MAX_SAFE_INTEGER, "the number of an incident");
export const incidentQuery = z.strictObject({
  open: z
    .enum(["true", "false"], { error: "true or false" })
    .transform((word) => word === "true")
    .optional(),
  site: z.string().optional(),
  after: cursor.default(0),
  limit,
});
const QUIET_WORDS = "a duration such as 90s, 5m or 1h30m, up to 366 days";
export const quiet = z.strictObject({
  kind: z.enum(["mute", "maintenance"], { error: "mute or maintenance" }),
  for: z
    .string({ error: QUIET_WORDS })
    .transform((given) => parseDuration(given) ?? 0)
    .refine((ms) => ms >= 1 && ms <= QUIET_MAX_MS, { error: QUIET_WORDS })
    .optional(),
});

const TTL_WORDS = "a duration such as 90s, 5m or 1h30m, from 1s to 30d";
const HEX_WORDS = `hex digits, two for each of at most ${COMMAND_PAYLOAD_MAX} bytes`;
export const newCommand = z.strictObject({
  payload: z.string({ error: "text" }).optional(),
  payloadHex: z
    .string({ error: HEX_WORDS })
    .regex(new RegExp(`^([0-9a-f]{2}){0,${COMMAND_PAYLOAD_MAX}}$`, "i"), { error: HEX_WORDS })
    .optional(),
  ttl: z
    .string({ error: TTL_WORDS })
    .transform((given) => parseDuration(given) ?? 0)
    .refine((ms) => ms >= NOT_AFTER_MIN_MS && ms <= NOT_AFTER_MAX_MS, { error: TTL_WORDS })
    .optional(),
  supersede: text(1, SUPERSEDE_MAX).optional(),
});
const commandNumber = whole(1, Number.MAX_SAFE_INTEGER, "the number of a command: 1, 2, 3");

export const readNewCommand = reader("body", newCommand);
export const readCommandNumber = reader("command", commandNumber);
export const readIncidentNumber = reader("incident", incidentNumber);
export const readIncidentQuery = reader("query", incidentQuery);
export const readQuiet = reader("body", quiet);
export const readNewDevice = reader("body", newDevice);
export const readNewKey = reader("body", newKey);
export const readNewWords = reader("body", newWords);
export const readDeviceQuery = reader("query", deviceQuery);
export const readHistoryQuery = reader("query", historyQuery);
export const readExplainQuery = reader("query", explainQuery);
export const readChangeQuery = reader("query", changeQuery);
export const readEventQuery = reader("query", eventQuery);
export const readCursor = reader("Last-Event-ID", cursor);

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** Turns a schema into a function that answers with the value or throws BadInput. */
function reader<T extends z.ZodType>(where: string, schema: T): (given: unknown) => z.output<T> {
  return (given) => {
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    const issue = result.error.issues[0]!;
    if (issue.code === "unrecognized_keys") {
      throw new BadInput(`${where}: ${quote(issue.keys[0])} is not known here`);
    }
    const path = issue.path.join(".");
    const value = issue.path.reduce<unknown>((at, step) => (at as never)?.[step], given);
    const place = path === "" ? where : path;
    // Nearly a key is as good as a key.
    const shown = path === "key" ? "something else" : quote(value);
    const found = value === undefined ? "missing" : `given ${shown}`;
    const expected = path === "" && issue.code === "invalid_type" ? "a JSON object" : issue.message;
    throw new BadInput(`${place}: ${found}, expected ${expected}`);
  };
}

function quote(value: unknown): string {
  try {
    const json = JSON.stringify(value) ?? String(value);
    return json.length > 80 ? `${json.slice(0, 77)}...` : json;
  } catch {
    return "a value too deep to show";
  }
}
