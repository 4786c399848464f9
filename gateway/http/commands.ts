/**
 * Commands over HTTP.
 *
 *   GET    /api/v1/devices/:id/commands         oldest first; those that ended are kept for a while
 *   POST   /api/v1/devices/:id/commands         {payload or payloadHex, ttl?, supersede?}
 *   GET    /api/v1/devices/:id/commands/:cmd
 *   DELETE /api/v1/devices/:id/commands/:cmd    takes back what was never sent
 *
 * `:cmd` is `n`, which counts the commands of a device for ever; the number on the wire, `cmd`,
 * starts again with each epoch. Payloads are bytes: text goes out as UTF-8, and comes back as text
 * where it is some; the hex is always there.
 */

import { type Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import type { CommandView } from "../commands/forecast.ts";
import { QueueFull } from "../commands/orders.ts";
import { idText } from "../enrolment.ts";
import type { Effects, Fact } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import { NOT_AFTER_DEFAULT_MS } from "../limits.ts";
import type { Registry } from "../registry.ts";
import type { CommandJson } from "./answers.ts";
import type { Feed } from "./feed.ts";
import { hexOf, textOf } from "./present.ts";
import { only, problem } from "./problem.ts";
import { BadInput, readCommandNumber, readNewCommand } from "./schema.ts";

export interface CommandOptions {
  readonly core: Gateway;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Lets effects happen; resolves when they are durable. */
  readonly apply: (effects: Effects) => Promise<void>;
}

export function commands({ core, registry, clock, apply }: CommandOptions): Hono {
  const { requests } = core;
  const routes = new Hono();
  const idOf = (c: Context) => registry.find(c.req.param("id") ?? "").id;
  const all = (id: number) => requests.commandsOf(id, clock.now());
  const nOf = (c: Context) => readCommandNumber(c.req.param("cmd"));
  const shown = (c: Context, id: number, n: number, status: 200 | 201 = 200) => {
    const found = all(id).find((command) => command.n === n);
    return found === undefined ? unknown(n) : c.json(commandJson(found, clock), status);
  };

  routes.get("/:id/commands", (c) => {
    const items = all(idOf(c)).map((command) => commandJson(command, clock));
    return c.json({ items, next: null });
  });

  routes.post("/:id/commands", async (c) => {
    const id = idOf(c);
    const { payload, payloadHex, ttl, supersede } = readNewCommand(await bodyOf(c));
    if ((payload === undefined) === (payloadHex === undefined)) {
      throw new BadInput("body: expected either payload (text) or payloadHex");
    }
    const bytes =
      payload === undefined ? Buffer.from(payloadHex!, "hex") : Buffer.from(payload, "utf8");
    const order = {
      payload: bytes.toString("latin1"),
      notAfterMs: ttl ?? NOT_AFTER_DEFAULT_MS,
      supersede: supersede ?? "",
    };
    try {
      const sent = requests.send(id, order, clock.now());
      await apply(sent);
      c.header("location", `/api/v1/devices/${c.req.param("id")}/commands/${sent.n}`);
      return shown(c, id, sent.n, 201);
    } catch (error) {
      if (error instanceof QueueFull) return problem(409, error.message);
      throw error instanceof RangeError ? new BadInput(error.message) : error;
    }
  });

  routes.get("/:id/commands/:cmd", (c) => shown(c, idOf(c), nOf(c)));

  routes.delete("/:id/commands/:cmd", async (c) => {
    const n = nOf(c);
    const effects = requests.withdraw(idOf(c), n, clock.now());
    await apply(effects);
    if (effects.came === "withdrawn") return c.body(null, 204);
    if (effects.came === "unknown") return unknown(n);
    const why = effects.came === "sent" ? "was sent already" : "has ended already";
    return problem(409, `command ${n} ${why}; expected one that was never sent`);
  });

  routes.all("/:id/commands", only("GET", "POST"));
  routes.all("/:id/commands/:cmd", only("GET", "DELETE"));
  return routes;
}

export function commandJson(command: CommandView, clock: Clock): CommandJson {
  const iso = (at: number | null) =>
    at === null ? null : new Date(clock.wallAt(at)).toISOString();
  const { n, cmd, payload, supersede, state, code, result } = command;
  const answered = code >= 0;
  return {
    n,
    cmd: cmd === 0 ? null : cmd,
    payload: textOf(payload),
    payloadHex: hexOf(payload),
    supersede: supersede || null,
    state,
    queuedAt: iso(command.queuedAt)!,
    notAfter: iso(command.notAfterAt)!,
    offeredAt: iso(command.offeredAt),
    doneAt: iso(command.doneAt),
    code: answered ? code : null,
    result: answered ? textOf(result) : null,
    resultHex: answered ? hexOf(result) : null,
    forecastAt: iso(command.forecastAt),
  };
}

/** Who hears of commands that changed. */
export interface Listeners extends Pick<CommandOptions, "core" | "clock"> {
  readonly feed: Pick<Feed, "say" | "streams">;
  readonly metrics: { answeredBy(facts: readonly Fact[]): void };
}

/**
 * Commands that changed, to whoever listens to the stream, as `event: command`. Like beats they
 * have no cursor: a slow reader may miss one, and asks for the list.
 */
export function sayCommands(
  facts: readonly Fact[],
  { core, clock, feed, metrics }: Listeners,
): void {
  metrics.answeredBy(facts);
  if (feed.streams === 0) return;
  for (const fact of facts) {
    if (fact.kind !== "command" || core.enrolment(fact.id) === undefined) continue;
    const now = core.requests.commandsOf(fact.id, clock.now());
    const command = now.find(({ n }) => n === fact.n);
    if (command) feed.say("command", { id: idText(fact.id), ...commandJson(command, clock) });
  }
}

function unknown(n: number): Response {
  return problem(404, `there is no command ${n} of this device, or it is forgotten`);
}

async function bodyOf(c: Context): Promise<unknown> {
  try {
    return JSON.parse(await c.req.text());
  } catch {
    throw new BadInput("body: given something else, expected a JSON object");
  }
}
