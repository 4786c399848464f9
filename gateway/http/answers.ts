/**
 * What the gateway answers, field by field: the types that the routes are written in and the
 * schemas of `/openapi.json` are one thing, so neither can say what the other does not. Answers are
 * not checked at run time, where it would cost more than making them; tests check every one.
 *
 * Ids are six hex digits, instants ISO 8601 in UTC, durations whole ms, shares 0 to 1; `null` is
 * what nobody knows. Fields may be added.
 */

import { z } from "zod";
import { COMMAND_STATES, DEAFNESS } from "../affairs.ts";
import { CAUSES, STATUSES } from "../facts.ts";

/** What is made once and read by many. */
type Fixed<T> = T extends readonly (infer Item)[]
  ? readonly Fixed<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Fixed<T[Name]> }
    : T;

const instant = z.string().meta({ format: "date-time" });
const idHex = z
  .string()
  .regex(/^[0-9a-f]{6}$/)
  .describe("six hex digits");
const share = z.number().min(0).max(1);
const count = z.int().min(0);
const ms = z.number().min(0);
const status = z.enum(STATUSES);
const cause = z.enum(CAUSES);

const battery = z
  .union([z.number().min(0).max(100), z.literal("external")])
  .nullable()
  .describe("per cent");
const signal = z.number().nullable().describe("dBm");

export const Device = z.strictObject({
  id: idHex,
  name: z.string(),
  site: z.string(),
  labels: z.array(z.string()),
  suite: z.int().min(0).max(2).describe("0 crc16, 1 hmac-sha256-64, 2 chaskey12-64"),
  status,
  cause: cause.nullable().describe("of the last change"),
  tseq: count.describe("changes so far: 1, 2, 3 without a gap"),
  seenAt: instant.nullable().describe("arrival of the newest beat"),
  dueAt: instant.nullable().describe("end of its promise"),
  deadlineAt: instant.nullable().describe("when the status would change for the worse"),
  absentAt: instant.nullable().describe("when it would be called absent, had it died just now"),
  knownInMs: ms.nullable().describe("after how long it would be, had it died just now"),
  promiseMs: ms.nullable().describe("promise of the newest beat"),
  reach: z.int().min(0).max(2).nullable().describe("0 awake, 1 light sleep, 2 deep sleep"),
  transport: z.string().nullable().describe("udp or mqtt"),
  address: z.string().nullable().describe("with its port, as in a URL"),
  epoch: count,
  seq: count,
  battery,
  signal,
  alert: z.boolean().describe("the bit that the board's own program sets"),
  kept: share.nullable().describe("promises of the last hours that were kept"),
  lossUp: share.nullable().describe("beats that got lost on the way up"),
  lossDown: share.nullable().describe("acknowledgements that got lost on the way down"),
  recent: z.string().describe("its last beats, newest last: 1 heard, 0 not; at most 30"),
  payload: z.string().nullable().describe("what its program said last, as text, where it is some"),
  payloadHex: z.string().nullable(),
  payloadAt: instant.nullable(),
  waiting: count.describe("commands that wait"),
  clashes: count.describe("beats of another board with this identity"),
  clashAt: instant.nullable(),
  promiseLong: z.boolean().describe("the promise is longer than this gateway thinks wise"),
  open: z.boolean().describe("taken in by --open at its own word"),
});
export type DeviceJson = Fixed<z.infer<typeof Device>>;

const keyHex = z.string().describe("32 hex digits; empty under suite 0");
export const NewDevice = Device.extend({ key: keyHex });
export const Key = z.strictObject({ id: idHex, suite: z.int(), key: keyHex });

export const Change = z.strictObject({
  cursor: count.describe("1, 2, 3 over the gateway, without a gap"),
  id: idHex,
  tseq: count,
  at: instant,
  from: status,
  to: status,
  cause,
  incident: count.nullable().describe("the incident that it belongs to"),
});
export type ChangeJson = Fixed<z.infer<typeof Change>>;

export const Command = z.strictObject({
  n: count.describe("1, 2, 3 of the device, for ever"),
  cmd: count.nullable().describe("number on the wire; null: not sent yet"),
  payload: z.string().nullable().describe("as text, where it is some"),
  payloadHex: z.string(),
  supersede: z.string().nullable(),
  state: z.enum(COMMAND_STATES),
  queuedAt: instant,
  notAfter: instant,
  offeredAt: instant.nullable(),
  doneAt: instant.nullable(),
  code: z
    .int()
    .nullable()
    .describe("of the RESULT; null: none came, so what failed may have been done"),
  result: z.string().nullable(),
  resultHex: z.string().nullable(),
  forecastAt: instant.nullable().describe("when the device will probably have it"),
});
export type CommandJson = Fixed<z.infer<typeof Command>>;

const uptime = z.strictObject({
  share: share.nullable().describe("up by up and down; null: never either"),
  upMs: ms,
  downMs: ms,
  deafMs: ms,
  leftMs: ms,
  maintenanceMs: ms,
  unknownMs: ms,
});

export const History = z.strictObject({
  id: idHex,
  from: instant,
  to: instant,
  stepMs: count,
  items: z.array(
    z.strictObject({
      at: instant,
      heard: count.nullable().describe("beats; null: nobody knows"),
      missed: count.nullable(),
      deafMs: ms.describe("of the step, in which we could not hear"),
      status: status.describe("at its end"),
    }),
  ),
  uptime: z.strictObject({ window: uptime, day: uptime, week: uptime, quarter: uptime }),
  vitals: z
    .array(z.strictObject({ at: instant, battery, signal, roundTripMs: ms.nullable() }))
    .describe("what the board told of itself, once an hour"),
  changes: z.array(Change).describe("in the window, oldest first, the newest thousand"),
});
export type HistoryJson = Fixed<z.infer<typeof History>>;

export const Explanation = z.strictObject({
  id: idHex,
  name: z.string(),
  at: instant,
  status,
  since: instant.nullable(),
  cause: cause.nullable(),
  sentences: z.array(z.string()).describe("why, for people"),
  evidence: z
    .record(z.string(), z.union([z.number(), z.string()]))
    .describe("what it was judged by; names that end in At are instants"),
  ruledOut: z.array(z.string()),
  next: z.array(z.strictObject({ status, at: instant, cause: cause.nullable() })),
  knownInMs: ms.nullable(),
});
export type ExplainJson = Fixed<z.infer<typeof Explanation>>;

const hush = z.enum(["mute", "maintenance"]);
export const Incident = z.strictObject({
  n: count,
  cause,
  scope: z.string().describe("device:ID, site:NAME, address:ADDRESS, broker, fleet or gateway"),
  openedAt: instant,
  closedAt: instant.nullable(),
  ackedAt: instant.nullable(),
  remindedAt: instant.nullable(),
  members: z.array(idHex).describe("bounded: joined counts them all"),
  joined: count,
  away: count.describe("members who are not back"),
  told: z.array(z.string()).describe("routes that were told"),
  hushed: hush.nullable().describe("what kept it from being told when it opened"),
});
export type IncidentJson = Fixed<z.infer<typeof Incident>>;

export const Quiet = z.strictObject({
  target: z.string().describe("device:ID or site:NAME"),
  kind: hush,
  fromAt: instant,
  untilAt: instant.nullable(),
});
export type QuietJson = Fixed<z.infer<typeof Quiet>>;

export const Route = z.strictObject({
  name: z.string(),
  kind: z.enum(["webhook", "ntfy", "execute"]),
  waiting: count.describe("notices that wait"),
});
export const RouteTest = z.strictObject({ route: z.string(), result: z.literal("delivered") });

/** Of the gateway itself; more may stand beside these. */
export const About = z.looseObject({
  version: z.string(),
  now: instant,
  startedAt: instant,
  clockTrusted: z.boolean(),
  stoppedMs: ms.nullable().describe("how long it was stopped before; null: not known"),
  generation: z.int().min(0).max(15),
  cursor: count.describe("of the last change"),
  udp: z.looseObject({ port: count.nullable(), addresses: z.array(z.string()) }),
  http: z.looseObject({ port: count, host: z.string() }),
  boardsAt: z.array(z.string()).describe("HOST:PORT by which boards of the network find it"),
  mqtt: z
    .looseObject({ url: z.string(), connected: z.boolean(), why: z.string().nullable() })
    .nullable(),
  open: z.boolean(),
  deaf: z.array(
    z.strictObject({
      n: count,
      why: z.enum(DEAFNESS),
      transport: z.string().nullable().describe("null: all of them"),
      from: instant,
      to: instant.nullable().describe("null: it goes on"),
    }),
  ),
  devices: z.record(status, count),
  counters: z.record(z.string(), count).describe("frames by result, acks, changes"),
  hints: z
    .array(
      z.looseObject({ id: idHex, reason: z.string(), address: z.string(), at: instant, count }),
    )
    .describe("senders of frames that were refused"),
  quarantined: z.array(z.string()).describe("records of the store that were set aside"),
  streams: count,
});

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("what was given, where, what was expected"),
  })
  .describe("RFC 9457");

/** A page of a list; `next`: what to give as `after` for the one behind it, null at the end. */
export function pageOf(item: z.ZodType, next: z.ZodType) {
  return z.strictObject({ items: z.array(item), next: next.nullable() });
}
export const DevicePage = pageOf(Device, idHex);
export const ChangePage = pageOf(Change, count);
export const CommandPage = pageOf(Command, z.null());
export const IncidentPage = pageOf(Incident, count);
export const QuietPage = pageOf(Quiet, z.null());
export const RoutePage = pageOf(Route, z.null());
