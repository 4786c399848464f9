/**
 * `send`: queues a command for a device, or one for each device of a site. With --wait it ends when
 * all of them have, 0 if each was done.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { CommandJson, DeviceJson } from "../http/answers.ts";
import { NOT_AFTER_MAX_MS, NOT_AFTER_MIN_MS } from "../limits.ts";
import { ahead, outcome } from "./commands.ts";
import {
  askGateway,
  Failed,
  type GatewayOptions,
  type Streams,
  Usage,
  withGateway,
} from "./common.ts";
import { duration } from "./words.ts";

interface Options extends GatewayOptions {
  readonly site?: string;
  readonly ttl?: number;
  readonly supersede?: string;
  readonly hex?: boolean;
  readonly wait?: boolean;
}

/** A command and whose it is; `error`: it was refused. */
interface Sent {
  readonly id: string;
  command?: CommandJson;
  readonly error?: string;
}

const WAIT_MS = 250;
const PAGE = 1_000;
const length = duration(NOT_AFTER_MIN_MS, NOT_AFTER_MAX_MS, "1s to 30d");

export function addSend(program: Command, streams: Streams): void {
  const command = program
    .command("send <words...>")
    .usage("[options] ID PAYLOAD, or --site S PAYLOAD")
    .description("queue a command for a device, or for each device of a site")
    .option("--site <site>", "every device of this site")
    .option("--ttl <duration>", "not to be sent after so long (default: 1d)", length)
    .option("--supersede <key>", "takes the place of those with this key that were never sent")
    .option("--hex", "PAYLOAD is hex")
    .option("--wait", "until it has ended; exit code 0 if it was done");
  withGateway(command).action(async (words: string[], options: Options) => {
    const [id, payload] = options.site === undefined ? words : [undefined, words[0]];
    const wanted = options.site === undefined ? 2 : 1;
    if (words.length !== wanted || payload === undefined) {
      throw new Usage(`send: given ${words.length} words, expected ID PAYLOAD or --site S PAYLOAD`);
    }
    const ids = id === undefined ? await devicesOf(options) : [id];
    const sent: Sent[] = [];
    for (const each of ids) sent.push(await queue(options, each, payload, id === undefined));
    if (options.wait) await ended(options, sent);
    if (options.json)
      streams.out(`${JSON.stringify(id === undefined ? sent : sent[0]!.command)}\n`);
    else for (const one of sent) streams.out(`${sentence(one, Date.now())}\n`);
    judge(sent, options.wait === true);
  });
}

async function devicesOf(options: Options): Promise<string[]> {
  const ids: string[] = [];
  const query = new URLSearchParams({ site: options.site!, limit: `${PAGE}` });
  for (;;) {
    const page = await askGateway(options, "GET", `devices?${query}`);
    const { items, next } = page as { items: DeviceJson[]; next: string | null };
    ids.push(...items.map((device) => device.id));
    if (next === null) break;
    query.set("after", next);
  }
  if (ids.length > 0) return ids;
  throw new Failed(`no device has the site ${JSON.stringify(options.site)}`);
}

/** @param one of many: what is refused does not keep the others from theirs */
async function queue(options: Options, id: string, payload: string, one: boolean): Promise<Sent> {
  const { ttl, supersede, hex } = options;
  const body = {
    ...(hex ? { payloadHex: payload } : { payload }),
    ...(ttl !== undefined && { ttl: `${ttl}ms` }),
    ...(supersede !== undefined && { supersede }),
  };
  try {
    const command = await askGateway(options, "POST", pathOf(id), body);
    return { id, command: command as CommandJson };
  } catch (error) {
    if (!one || !(error instanceof Usage || error instanceof Failed)) throw error;
    return { id, error: error.message };
  }
}

/** Asks again and again until none waits any more. */
async function ended(options: Options, sent: readonly Sent[]): Promise<void> {
  for (const one of sent) {
    while (one.command && /^(queued|offered)$/.test(one.command.state)) {
      await sleep(WAIT_MS);
      const path = `${pathOf(one.id)}/${one.command.n}`;
      one.command = (await askGateway(options, "GET", path)) as CommandJson;
    }
  }
}

function pathOf(id: string): string {
  return `devices/${encodeURIComponent(id)}/commands`;
}

function sentence({ id, command, error }: Sent, now: number): string {
  if (command === undefined) return `${id}: ${error}`;
  const { n, state, forecastAt, notAfter } = command;
  const what = `${id}: command ${n} ${state}`;
  if (state !== "queued" && state !== "offered") return `${what}, ${outcome(command)}`;
  if (forecastAt === null)
    return `${what}; no delivery is foreseen, it expires ${ahead(notAfter, now)}`;
  return `${what}; its delivery is expected ${ahead(forecastAt, now)}`;
}

function judge(sent: readonly Sent[], waited: boolean): void {
  const bad = sent.filter(({ command }) => !command || (waited && command.state !== "done"));
  if (bad.length > 0) throw new Failed(`${bad.length} of ${sent.length} commands: not done`);
}
