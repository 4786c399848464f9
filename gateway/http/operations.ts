/** Every operation of the HTTP interface, a line each: what openapi.ts describes. */

import type { z } from "zod";
import * as answers from "./answers.ts";
import * as given from "./schema.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";

/** One line of the table. */
export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly does: string;
  readonly scope: "read" | "write" | "none";
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Status and schema of success; null: nothing; text: of that media type. */
  readonly answers: readonly [status: number, what: z.ZodType | string | null];
  /** Problems beside those of every operation. */
  readonly problems?: readonly number[];
}

const DEVICE = "/api/v1/devices/{id}";
const METRICS = "text/plain; version=0.0.4";

const operation = (
  line: string,
  does: string,
  scope: Operation["scope"],
  of: Operation["answers"],
  more: Pick<Operation, "query" | "body" | "problems"> = {},
): Operation => {
  const [method, path] = line.split(" ") as [Method, string];
  return { method, path, does, scope, answers: of, ...more };
};

export const OPERATIONS: readonly Operation[] = [
  operation("get /api/v1/devices", "Devices, by id", "read", [200, answers.DevicePage], {
    query: given.deviceQuery,
  }),
  operation("post /api/v1/devices", "Enrol a device", "write", [201, answers.NewDevice], {
    body: given.newDevice,
    problems: [409],
  }),
  operation(`get ${DEVICE}`, "One device", "read", [200, answers.Device]),
  operation(`patch ${DEVICE}`, "Rename it, move it, label it", "write", [200, answers.Device], {
    body: given.newWords,
    problems: [409],
  }),
  operation(`delete ${DEVICE}`, "Remove it; its id and key are never used again", "write", [
    204,
    null,
  ]),
  operation(`get ${DEVICE}/key`, "Its key", "write", [200, answers.Key]),
  operation(
    `post ${DEVICE}/rekey`,
    "Another key; its record begins anew",
    "write",
    [200, answers.NewDevice],
    {
      body: given.newKey,
      problems: [409],
    },
  ),
  operation(`get ${DEVICE}/history`, "Beats and uptime", "read", [200, answers.History], {
    query: given.historyQuery,
  }),
  operation(`get ${DEVICE}/explain`, "Why it has its status", "read", [200, answers.Explanation], {
    query: given.explainQuery,
  }),
  operation(`get ${DEVICE}/commands`, "Its commands", "read", [200, answers.CommandPage]),
  operation(`post ${DEVICE}/commands`, "Queue one", "write", [201, answers.Command], {
    body: given.newCommand,
    problems: [409],
  }),
  operation(`get ${DEVICE}/commands/{cmd}`, "One command", "read", [200, answers.Command]),
  operation(
    `delete ${DEVICE}/commands/{cmd}`,
    "Take back what was never sent",
    "write",
    [204, null],
    {
      problems: [409],
    },
  ),
  operation("get /api/v1/changes", "Changes, oldest first", "read", [200, answers.ChangePage], {
    query: given.changeQuery,
  }),
  operation(
    "get /api/v1/events",
    "Changes as they happen (`change`, resumed by Last-Event-ID), beats, commands, payloads, deafness",
    "read",
    [200, "text/event-stream"],
    { query: given.eventQuery, problems: [503] },
  ),
  operation("get /api/v1/incidents", "Incidents", "read", [200, answers.IncidentPage], {
    query: given.incidentQuery,
  }),
  operation("get /api/v1/incidents/{n}", "One incident", "read", [200, answers.Incident]),
  operation(
    "post /api/v1/incidents/{n}/ack",
    "Somebody looks after it",
    "write",
    [200, answers.Incident],
    {
      problems: [409],
    },
  ),
  operation("get /api/v1/quiet", "Mutes and maintenance", "read", [200, answers.QuietPage]),
  ...["devices/{id}", "sites/{site}"].flatMap((target) => [
    operation(`put /api/v1/quiet/${target}`, "Tell nobody of it", "write", [200, answers.Quiet], {
      body: given.quiet,
    }),
    operation(`delete /api/v1/quiet/${target}`, "Tell people again", "write", [204, null]),
  ]),
  operation("get /api/v1/routes", "Routes of notices", "read", [200, answers.RoutePage]),
  operation("post /api/v1/routes/{name}/test", "Send a test", "write", [200, answers.RouteTest], {
    problems: [502],
  }),
  operation("get /api/v1/gateway", "The gateway itself", "read", [200, answers.About]),
  operation("get /api/v1/backup", "The whole store", "write", [200, "application/octet-stream"]),
  operation("get /metrics", "For Prometheus", "read", [200, METRICS]),
  operation("get /livez", "Whether it runs", "none", [200, "text/plain"]),
  operation("get /readyz", "Whether it can do its work", "none", [200, "text/plain"], {
    problems: [503],
  }),
  operation("get /openapi.json", "This document", "read", [200, "application/json"]),
];
