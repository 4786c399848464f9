/** Incidents over HTTP: pages, filters, and what is refused. */

import { expect, it } from "vitest";
import type { IncidentJson } from "../../gateway/http/answers.ts";
import { MINUTE_MS, Town } from "../incidents/rig.ts";
import { ask, bench } from "./rig.ts";

/** Five boards of five sites died one after the other; the first two are back. */
function town(): Town {
  const found = new Town();
  const boards = found.add(5, (n) => ({ site: `site-${n}` }));
  found.run(10 * MINUTE_MS);
  for (const board of boards) {
    found.unplug([board]);
    found.run(30 * MINUTE_MS);
  }
  found.plug(boards.slice(0, 2));
  found.run(30 * MINUTE_MS);
  return found;
}

const { core } = town().bench;

async function items(query: string): Promise<{ items: IncidentJson[]; next: number | null }> {
  const { app } = await bench({ core });
  const { status, body } = await ask(app, "GET", `/api/v1/incidents?${query}`);
  expect(status).toBe(200);
  return body as { items: IncidentJson[]; next: number | null };
}

it.each([
  ["", [1, 2, 3, 4, 5], null],
  ["open=true", [3, 4, 5], null],
  ["open=false", [1, 2], null],
  ["site=site-3", [4], null],
  ["site=site-3&open=false", [], null],
  ["limit=2", [1, 2], 2],
  ["limit=2&after=2", [3, 4], 4],
  ["limit=2&after=4", [5], null],
  ["after=9", [], null],
])("incidents?%s", async (query, numbers, next) => {
  const page = await items(query);
  expect([page.items.map(({ n }) => n), page.next]).toEqual([numbers, next]);
});

it("an incident says what it is, whom it took, and who was told", async () => {
  const { app } = await bench({ core });
  const { body } = await ask(app, "GET", "/api/v1/incidents/3");
  expect(body).toEqual({
    ...{ n: 3, cause: expect.any(String), scope: "device:000003", joined: 1, away: 1 },
    ...{ members: ["000003"], told: ["phone"], hushed: null },
    ...{ closedAt: null, ackedAt: null, remindedAt: null },
    openedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

it.each([
  ["GET", "incidents?open=maybe", 400, 'open: given "maybe", expected true or false'],
  ["GET", "incidents?colour=red", 400, 'query: "colour" is not known here'],
  ["GET", "incidents?limit=0", 400, "limit: given"],
  ["GET", "incidents/0", 400, 'incident: given "0", expected the number of an incident'],
  ["GET", "incidents/x", 400, "expected the number of an incident"],
  ["GET", "incidents/99", 404, "there is no incident 99"],
  ["POST", "incidents/1/ack", 409, "incident 1 is closed; expected an open one"],
  ["DELETE", "incidents/1", 405, "GET is"],
  ["GET", "incidents/1/ack", 405, "POST is"],
  ["POST", "quiet", 405, "GET is"],
  ["GET", "quiet/devices/000001", 405, "PUT, DELETE is"],
  ["PUT", "quiet/sites/nowhere", 400, "kind: missing, expected mute or maintenance"],
  ["GET", "routes/phone/test", 405, "POST is"],
  ["POST", "routes/phone/test", 404, 'there is no route "phone"'],
])("%s %s is refused with %d", async (method, path, status, words) => {
  const { app } = await bench({ core });
  const answer = await ask(app, method, `/api/v1/${path}`);
  expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(words) } });
});

it.each([
  [{ kind: "silence" }, 'kind: given "silence", expected mute or maintenance'],
  [{ kind: "mute", for: "long" }, 'for: given "long", expected a duration such as 90s'],
  [{ kind: "mute", for: "400d" }, "up to 366 days"],
  [{ kind: "mute", until: "x" }, 'body: "until" is not known here'],
  ["[", "body: given something else, expected a JSON object"],
])("a quiet of %j is refused", async (given, words) => {
  const { app } = await bench({ core });
  const answer = await ask(app, "PUT", "/api/v1/quiet/devices/000001", given);
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(words) } });
});
