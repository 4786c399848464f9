/**
 * What may stand in the gateway's configuration, and what becomes of it. One schema is read by the
 * gateway and printed for editors (`nextbeat gateway --config-schema`), so they agree. Nothing has
 * a default here: what is not given is asked of the next place (config.ts).
 *
 * A message says what was expected and nothing else; problems.ts puts place and value in front.
 */

import { isIP } from "node:net";
import { z } from "zod";
import { parseDuration } from "../device/words.ts";
import { CAUSES } from "./facts.ts";
import { LABEL_MAX, LIMITS, SITE_MAX } from "./limits.ts";
import { PREFIX } from "./mqtt/settings.ts";
import { oneOf } from "./near.ts";
import { isPrivateHost } from "./notices/address.ts";
import { PRIORITY_DEFAULT, readTopic } from "./notices/ntfy.ts";
import { REPEAT_MIN_MS } from "./routes.ts";

const ROUTES_MAX = 50;
const WORDS_MAX = 1_000;
const TEXT_MAX = 4_096;
const COUNT_MAX = 1_000_000_000;
const YEAR_MS = 366 * 86_400_000;
/** Boards of one house fall silent over some seconds, and shall be told of at once. */
const WAIT_MS = 10_000;
const WAIT_MAX_MS = 3_600_000;
const TIMEOUT_MS = 15_000;
const TIMEOUT_MAX_MS = 120_000;

/** A map with these keys and no other; for problems.ts its message is the list of them. */
function map<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? keys : "expected a map"),
  });
}

function list<T extends z.ZodType>(each: T, most: number, what: string) {
  const error = `expected a list of at most ${most} ${what}`;
  return z.array(each, { error }).max(most, { error });
}

function text(most = TEXT_MAX) {
  const error = `expected text of 1 to ${most} characters`;
  return z.string({ error }).min(1, { error }).max(most, { error });
}

function whole(least: number, most: number, what = "a whole number") {
  const error = `expected ${what}, ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

function read<T>(expected: string, of: (given: string) => T | undefined) {
  return z
    .string({ error: expected })
    .transform((given, context): T => {
      const value = of(given);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: expected });
      return z.NEVER;
    })
    .meta({ description: expected.replace(/^expected /, "") });
}

/** ms. */
function duration(least: number, most: number, words: string) {
  return read(`expected a duration with its unit, such as 90s or 1h30m (${words})`, (given) => {
    const ms = parseDuration(given);
    return ms !== undefined && ms >= least && ms <= most ? ms : undefined;
  });
}

function url() {
  return read("expected an address such as https://example.org/path", (given) => {
    const found = URL.canParse(given) ? new URL(given) : undefined;
    return found !== undefined && /^https?:$/.test(found.protocol) ? found : undefined;
  });
}

function flag() {
  return z.boolean({ error: "expected true or false" });
}

const port = () => whole(0, 65_535, "a port");

/** Where a secret stands, so that it need not stand here. */
const Secret = z
  .union(
    [
      text().transform((given) => ({ text: given })),
      map({ file: text() }),
      map({ env: text(256) }),
    ],
    {
      error: "expected text, {file: PATH} or {env: NAME}",
    },
  )
  .describe("the secret itself, or {file: PATH}, or {env: NAME}");
export type SecretPlace = z.output<typeof Secret>;

const Address = read("expected an IPv4 or IPv6 address", (given) =>
  isIP(given) === 0 ? undefined : given,
);

/** Durations by their names; the others are counts. */
function limit(name: string, value: number) {
  if (name.endsWith("Ms") || name === "promiseMax") {
    return duration(1, YEAR_MS, "1ms to 366d").optional().describe(`default: ${value}ms`);
  }
  const error = "expected a number from 0 on";
  const count = Number.isInteger(value)
    ? whole(0, COUNT_MAX)
    : z.number({ error }).min(0, { error });
  return count.optional().describe(`default: ${value}`);
}

const Alarms = z
  .number({ error: "expected a number above 0" })
  .positive({ error: "expected a number above 0" });
const Limits = map({
  ...Object.fromEntries(
    Object.entries(LIMITS)
      .filter(([, value]) => typeof value === "number")
      .map(([name, value]) => [name, limit(name, value)]),
  ),
  falseAlarmsAt: z
    .record(text(SITE_MAX), Alarms, { error: "expected a map of sites" })
    .optional()
    .describe("false alarms that a device may cause in a year, by its site"),
});

const Webhook = map({
  url: url(),
  secret: Secret.describe("whsec_BASE64, as the receiver gave it"),
});
const Ntfy = map({
  url: url().describe("with the topic: https://ntfy.sh/my-topic"),
  token: Secret.optional(),
  priority: whole(1, 5).default(PRIORITY_DEFAULT).describe("of what is bad; what is good has 3"),
});
const Execute = map({
  command: text().describe("a program; no shell reads this"),
  arguments: list(z.string({ error: "expected text" }).max(TEXT_MAX), 100, "arguments").default([]),
});
const KINDS = ["webhook", "ntfy", "execute"] as const;

const RouteSchema = map({
  name: z.string({ error: "expected a name" }).regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/, {
    error: "expected a name: letters, digits, - and _, a letter first, at most 40",
  }),
  sites: list(text(SITE_MAX), WORDS_MAX, "sites").default([]).describe("default: all"),
  labels: list(text(LABEL_MAX), WORDS_MAX, "labels").default([]).describe("default: all"),
  causes: list(
    z.enum(CAUSES, { error: ({ input }) => oneOf(input, CAUSES) }),
    CAUSES.length,
    "causes",
  )
    .default([])
    .describe("default: all"),
  recovery: flag().default(true).describe("whether it hears that an incident closed"),
  repeat: duration(REPEAT_MIN_MS, YEAR_MS, "1m to 366d")
    .optional()
    .describe("told again so often while an incident is open; default: not"),
  wait: duration(0, WAIT_MAX_MS, "0s to 1h")
    .default(WAIT_MS)
    .describe("openings wait for so long; what closes meanwhile is not told; default: 10s"),
  allowPrivate: flag().default(false).describe("also addresses outside of the public internet"),
  timeout: duration(100, TIMEOUT_MAX_MS, "100ms to 2m").default(TIMEOUT_MS),
  webhook: Webhook.optional(),
  ntfy: Ntfy.optional(),
  execute: Execute.optional(),
}).superRefine((route, context) => {
  const wrong = (message: string, ...path: string[]) =>
    context.addIssue({ code: "custom", message, path });
  if (KINDS.filter((kind) => route[kind] !== undefined).length !== 1) {
    wrong("expected one of webhook, ntfy, execute, and not two");
  }
  for (const kind of ["webhook", "ntfy"] as const) {
    const place = route[kind]?.url;
    if (place !== undefined && !route.allowPrivate && isPrivateHost(place.hostname)) {
      wrong("expected a public address, or allowPrivate: true beside it", kind, "url");
    }
  }
  if (route.ntfy !== undefined && readTopic(route.ntfy.url) === undefined) {
    wrong("expected an address that ends with a topic: https://ntfy.sh/my-topic", "ntfy", "url");
  }
});
export type RouteConfig = z.output<typeof RouteSchema>;

const Routes = list(RouteSchema, ROUTES_MAX, "routes").superRefine((routes, context) => {
  for (const [i, { name }] of routes.entries()) {
    if (routes.findIndex((other) => other.name === name) === i) continue;
    context.addIssue({ code: "custom", message: "expected another name", path: [i, "name"] });
  }
});

const TimeZone = read("expected a time zone such as Europe/Berlin or UTC", (given) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: given }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
});

const PREFIX_WORDS = "expected a topic such as homeassistant, or off";

export const ConfigSchema = map({
  data: text().optional().describe("the gateway's folder"),
  udpPort: port().optional(),
  udpHost: z
    .union([Address.transform((one) => [one]), list(Address, 2, "addresses")], {
      error: "expected an address, or two",
    })
    .optional(),
  httpPort: port().optional(),
  httpHost: text(253).optional(),
  tokenFile: text().optional(),
  mqtt: text().optional().describe("the broker: mqtt://[USER@]HOST[:PORT], or mqtts://"),
  mqttUser: text().optional().describe("the broker's login; of our own: asked of everybody"),
  mqttPasswordFile: text().optional(),
  mqttCa: text().optional().describe("PEM; who signed the broker's certificate"),
  mqttVersion: z
    .enum(["3.1.1", "5"], { error: 'expected "3.1.1" or "5"' })
    .optional()
    .describe("default: 5, and 3.1.1 where the broker does not speak that"),
  mqttCommands: flag().optional().describe("whoever publishes on the broker may send commands"),
  mqttDiscovery: z
    .string({ error: PREFIX_WORDS })
    .regex(PREFIX, { error: PREFIX_WORDS })
    .optional()
    .describe("Home Assistant's prefix, or off; default: homeassistant"),
  broker: flag().optional().describe("run a broker of our own"),
  brokerHost: Address.optional(),
  brokerPort: port().optional(),
  open: flag().optional().describe("accept unknown ids under suite 0: no security"),
  limits: Limits.optional(),
  notices: map({
    dashboard: url().optional().describe("opened by a tap on a notice"),
    timeZone: TimeZone.optional().describe("of the readers; default: this machine's"),
    routes: Routes.optional(),
  }).optional(),
});
export type Config = z.output<typeof ConfigSchema>;

/** JSON Schema, draft 2020-12. */
export function configJsonSchema(): object {
  return z.toJSONSchema(ConfigSchema, { io: "input" });
}
