/**
 * The gateway's configuration: a file in YAML or JSON, over it the environment (`NEXTBEAT_...`),
 * over both the flags. Unknown words are refused with their line, since a limit that was misspelt
 * is a limit that is not there.
 *
 * Each place is checked alone, so that an error names the place that holds it; then they are laid
 * over each other. What lost: one merged map that is checked at the end, and an error in it that
 * names a file in which nothing is wrong.
 */

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { reason, Usage } from "./cli/errors.ts";
import { type Config, ConfigSchema, type RouteConfig, type SecretPlace } from "./config-schema.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { nearest } from "./near.ts";
import { readTopic } from "./notices/ntfy.ts";
import type { NoticeSettings, RouteSettings } from "./notices/receivers.ts";
import { readSecret } from "./notices/webhook.ts";
import { type Path, type Problem, problemsOf, problemText } from "./problems.ts";
import { readYaml, type Yaml } from "./yaml.ts";

/** What of the configuration is no matter of notices. */
export type Options = Omit<Config, "notices" | "limits"> & { readonly limits: Partial<Limits> };

export interface Configured {
  readonly options: Options;
  readonly notices: NoticeSettings;
  /** Names in the environment that look like ours and are not known. */
  readonly unknown: readonly string[];
}

const WHOLE = "configuration";
const PREFIX = "NEXTBEAT_";
/** Names the file. */
export const CONFIG_NAME = `${PREFIX}CONFIG`;
/** What a command of a route gets from us, and may hand on. */
const NOTICE_PREFIX = `${PREFIX}NOTICE_`;
/** Text also where it looks like a number. */
const TEXTS = new Set([
  ...["data", "httpHost", "tokenFile", "dashboard", "timeZone"],
  ...["mqtt", "mqttUser", "mqttPasswordFile", "mqttCa", "mqttVersion", "mqttDiscovery"],
]);
/** Paths, which in a file begin at the file. */
const PATHS = ["data", "tokenFile", "mqttPasswordFile", "mqttCa"] as const;

/**
 * @param file undefined: what the environment names, if it does
 * @throws Usage with one line an error
 */
export function readConfig(file: string | undefined, env: NodeJS.ProcessEnv): Configured {
  const from = file ?? env[CONFIG_NAME];
  const filed = from === undefined ? undefined : readFile(from, env);
  const { given, unknown } = readEnvironment(env);
  const { limits: ofFile, notices, ...below } = filed?.config ?? {};
  const beside = (path: string | undefined) => path && resolve(dirname(from!), path);
  for (const path of PATHS) {
    if (below[path] !== undefined) below[path] = beside(below[path]);
  }
  const { limits: ofEnv, notices: above, ...over } = given;
  return {
    options: { ...below, ...over, limits: { ...ofFile, ...ofEnv } as Partial<Limits> },
    notices: {
      dashboard: above?.dashboard ?? notices?.dashboard,
      timeZone: above?.timeZone ?? notices?.timeZone,
      routes: filed?.routes ?? [],
    },
    unknown,
  };
}

interface Filed {
  readonly config: Config;
  readonly routes: readonly RouteSettings[];
}

function readFile(file: string, env: NodeJS.ProcessEnv): Filed {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Usage(`--config ${file}: ${reason(error)}`);
  }
  return parseConfig(text, file, env);
}

/** @param file its name, for errors; secrets in files are looked for beside it */
export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv): Filed {
  const yaml = readYaml(text, file, WHOLE);
  // A file with nothing but comments says nothing.
  const read = ConfigSchema.safeParse(yaml.raw ?? {});
  if (!read.success) throw yaml.refusal(problemsOf(read.error.issues, yaml.raw));
  const { dashboard, routes = [] } = read.data.notices ?? {};
  const folder = dirname(file);
  return { config: read.data, routes: settle(routes, yaml, { folder, env, dashboard }) };
}

interface Around {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dashboard: URL | undefined;
}

/** Routes with their secrets looked up. */
function settle(routes: readonly RouteConfig[], yaml: Yaml, around: Around): RouteSettings[] {
  const problems: Problem[] = [];
  const settled = routes.map((route, i): RouteSettings | undefined => {
    const { name, sites, labels, causes, recovery, repeat = Infinity, wait } = route;
    const rules = { name, sites, labels, causes, recovery, repeatMs: repeat, waitMs: wait };
    const found = channelOf(route, around);
    if (typeof found !== "string") return { ...rules, channel: found };
    // The place is the map, not the secret in it: what stands at the place is shown.
    const kind = route.webhook === undefined ? "ntfy" : "webhook";
    problems.push({ path: ["notices", "routes", i, kind], message: found });
    return undefined;
  });
  if (problems.length > 0) throw yaml.refusal(problems);
  return settled.flatMap((each) => each ?? []);
}

/** Or what is wrong with its secret. */
function channelOf(
  { webhook, ntfy, execute, allowPrivate, timeout: timeoutMs }: RouteConfig,
  around: Around,
): RouteSettings["channel"] | string {
  const target = { allowPrivate, timeoutMs };
  if (webhook !== undefined) {
    const { found, wrong } = secretAt(webhook.secret, around);
    const secret = found === undefined ? undefined : readSecret(found);
    if (secret !== undefined) return { kind: "webhook", url: webhook.url, secret, ...target };
    return `its secret: ${wrong ?? "expected whsec_ and 24 to 64 bytes in base64"}`;
  }
  if (ntfy !== undefined) {
    const { found: token, wrong } = ntfy.token ? secretAt(ntfy.token, around) : {};
    if (wrong !== undefined) return `its token: ${wrong}`;
    const { priority } = ntfy;
    const click = around.dashboard?.href;
    return { kind: "ntfy", ...readTopic(ntfy.url)!, token, priority, click, ...target };
  }
  return { kind: "execute", ...execute!, timeoutMs };
}

function secretAt(place: SecretPlace, { folder, env }: Around): { found?: string; wrong?: string } {
  if ("text" in place) return { found: place.text };
  if ("env" in place) {
    const found = env[place.env];
    return found ? { found } : { wrong: `${place.env} is not set in the environment` };
  }
  const file = resolve(folder, place.file);
  try {
    const found = readFileSync(file, "utf8").trim();
    return found === "" ? { wrong: `${file} is empty` } : { found };
  } catch (error) {
    return { wrong: `${file}: ${reason(error)}` };
  }
}

/** Every name in the environment that is an option's, and the path of the option. */
function namesOfEnvironment(): Map<string, Path> {
  const { notices, limits: _, ...plain } = ConfigSchema.shape;
  const paths: Path[] = Object.keys(plain).map((key) => [key]);
  for (const [key, value] of Object.entries(LIMITS)) {
    if (typeof value === "number") paths.push(["limits", key]);
  }
  for (const key of Object.keys(notices.unwrap().shape)) {
    if (key !== "routes") paths.push(["notices", key]);
  }
  const named = (path: Path) =>
    PREFIX + path.map((step) => String(step).replace(/[A-Z]/g, "_$&").toUpperCase()).join("_");
  return new Map(paths.map((path) => [named(path), path]));
}

function readEnvironment(env: NodeJS.ProcessEnv): { given: Config; unknown: string[] } {
  const names = namesOfEnvironment();
  const raw: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [name, text = ""] of Object.entries(env)) {
    const path = names.get(name);
    if (path !== undefined && text !== "") put(raw, path, text);
    const foreign = !name.startsWith(PREFIX) || name.startsWith(NOTICE_PREFIX);
    if (path !== undefined || foreign || name === CONFIG_NAME) continue;
    const known = [...names.keys()].map((each) => each.slice(PREFIX.length));
    const near = nearest(name.slice(PREFIX.length), known);
    if (near !== undefined) {
      throw new Usage(`environment: ${name} is not known; did you mean ${PREFIX}${near}?`);
    }
    unknown.push(name);
  }
  const read = ConfigSchema.safeParse(raw);
  if (read.success) return { given: read.data, unknown };
  const problem = problemsOf(read.error.issues, raw)[0]!;
  const name = [...names].find(([, path]) => path.every((step, i) => step === problem.path[i]))![0];
  const said = problemText({ ...problem, path: problem.path }, raw, WHOLE);
  throw new Usage(`environment: ${name}: ${said.slice(said.indexOf(": ") + 2)}`);
}

function put(raw: Record<string, unknown>, path: Path, text: string): void {
  const last = String(path.at(-1));
  let value: unknown = text;
  if (!TEXTS.has(last)) {
    if (/^(true|false)$/.test(text)) value = text === "true";
    else if (/^\d+(\.\d+)?$/.test(text)) value = Number(text);
    else if (last === "udpHost") value = text.split(",").map((each) => each.trim());
  }
  if (path.length === 1) raw[last] = value;
  else {
    const group = String(path[0]);
    raw[group] = { ...(raw[group] as object | undefined), [last]: value };
  }
}
