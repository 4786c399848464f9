/**
 * What `device bundle` and `flash` are asked for: options as the command line has them, checked
 * against each other and against the board, and then in the words of the board's configuration
 * (NEXTBEAT in device/espruino.d.ts). Secrets come from files, never from arguments, which every
 * user of a machine can read.
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import { intervalCode } from "../../device/interval.ts";
import { type BoardFacts, boardNamed, REACHES, type Reach, refusal } from "./boards.ts";
import { readGiven, Usage } from "./common.ts";
import type { KeyJson } from "./devices.ts";
import { boardsBroker, boardsGateway, duration, type Place } from "./words.ts";

export interface BundleOptions {
  readonly gateway?: Place;
  readonly mqtt?: Place;
  readonly mqttUser?: string;
  readonly mqttPassFile?: string;
  readonly also?: readonly Place[];
  readonly interval: number;
  readonly intervalMin?: number;
  readonly intervalMax?: number;
  readonly reach: (typeof REACHES)[number];
  readonly makeUps: number;
  readonly board?: string;
  readonly wifi?: string;
  readonly wifiPassFile?: string;
  readonly wifiIp?: FixedAddress;
  readonly nat?: boolean;
  readonly app?: string;
  readonly commands?: boolean;
}

export interface FixedAddress {
  readonly ip: string;
  readonly gw: string;
  readonly mask: string;
}

/** All of it, checked: what the board is told, and what its program must be able to do. */
export interface Wanted {
  readonly board: BoardFacts;
  readonly reach: Reach;
  readonly udp: boolean;
  readonly mqtt: boolean;
  readonly nat: boolean;
  /** Names of configuration that the program must read, since something was asked with them. */
  readonly needs: readonly string[];
  /** Values for all names, of which a script gets those that its program reads. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly app: string;
}

export type Field = string | number | readonly (readonly [string, number, number])[];

const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 7 * 86_400_000;
/** A wake alone takes up to 10 s; more often than that, staying awake costs less. */
const DEEP_MIN_MS = 10_000;
const SSID_MAX = 32;
const PASS_MAX = 63;
const LOGIN_MAX = 100;
const PACE_MIN_MS = 1_000;
const PACE_MAX_MS = 3_600_000;
const ALSO_MAX = 4;
const UDP = 0;
const MQTT = 1;

/** What an application may touch of NEXTBEAT: device/app.md. Under another name it may be all. */
const APP_NAMES = /\bNEXTBEAT\s*\.\s*(onCommand|battery|signal|temperature|alert|leave|send)\b/g;
const APP_ALIAS = /\bonCommand\b|\bNEXTBEAT\b(?!\s*\.)/;

export function withBundle(command: Command): Command {
  const interval = duration(INTERVAL_MIN_MS, INTERVAL_MAX_MS, "100ms to 7d");
  return command
    .option("--gateway <host[:port]>", "where the board finds the gateway, over UDP", boardsGateway)
    .option("--mqtt <host[:port]>", "its broker: alone, or the second way beside UDP", boardsBroker)
    .option("--mqtt-user <name>", "the broker's user")
    .option("--mqtt-pass-file <file>", "a file with that user's password")
    .option("--also <host[:port]>", "a further gateway; may be given again", moreGateways)
    .addOption(
      new Option("--interval <duration>", "between beats")
        .argParser(interval)
        .default(60_000, "60s"),
    )
    .option("--interval-min <duration>", "between beats while the alert is on", interval)
    .option("--interval-max <duration>", "between beats at 20 % of battery or less", interval)
    .addOption(
      new Option("--reach <class>", "how it sleeps between beats")
        .choices(REACHES)
        .default("awake"),
    )
    .option("--make-ups <n>", "0 to 2 more tries of an unanswered beat, minutes later", makeUps, 0)
    .option("--board <board>", "esp32 (default), esp8266, esp8266-512k, espruino-wifi, linux")
    .option("--wifi <ssid>", "Wi-Fi to join")
    .option("--wifi-pass-file <file>", "a file with its password")
    .option("--wifi-ip <ip/mask,router>", "a fixed address, such as 10.0.0.7/24,10.0.0.1", fixed)
    .option("--nat", "find how long the NAT on the way keeps a binding")
    .option("--app <file>", "the application's own script, appended (device/app.md)")
    .option("--commands", "take commands (default: where the script of --app has an onCommand)");
}

function moreGateways(text: string, before: readonly Place[] = []): Place[] {
  if (before.length >= ALSO_MAX) throw new InvalidArgumentError(`At most ${ALSO_MAX} of them.`);
  return [...before, boardsGateway(text)];
}

function makeUps(text: string): number {
  if (!/^[012]$/.test(text)) throw new InvalidArgumentError("Expected 0, 1 or 2.");
  return Number(text);
}

function fixed(text: string): FixedAddress {
  const [, ip = "", bits, gw = ""] = /^([\d.]+)\/(\d{1,2}),([\d.]+)$/.exec(text) ?? [];
  const known = (address: string) => /^[\d.]+$/.test(address) && boardsGateway(address);
  if (!ip || Number(bits) < 8 || Number(bits) > 30)
    throw new InvalidArgumentError("Expected ADDRESS/BITS,ROUTER, such as 10.0.0.7/24,10.0.0.1.");
  known(ip);
  known(gw);
  const ones = 2 ** 32 - 2 ** (32 - Number(bits));
  const mask = [24, 16, 8, 0].map((shift) => Math.floor(ones / 2 ** shift) % 256).join(".");
  return { ip, gw, mask };
}

/** A secret's file: one line. */
function readSecret(option: string, file: string, max: number): string {
  const text = readGiven(option, file, "latin1").replace(/\r?\n$/, "");
  if (text.length > max || /[\r\n]/.test(text)) {
    throw new Usage(`${option} ${file}: expected one line of at most ${max} bytes`);
  }
  return text;
}

/** @param board what `flash` was told by the board itself. Throws Usage, naming the option. */
export function wanted(options: BundleOptions, { suite }: KeyJson, board = "esp32"): Wanted {
  const { gateway, mqtt, interval, nat = false } = options;
  const facts = boardNamed(options.board ?? board);
  if (typeof facts === "string") throw new Usage(`--board: ${facts}`);
  const reach = REACHES.indexOf(options.reach) as Reach;
  const first = gateway ?? mqtt;
  if (!first) throw new Usage("expected --gateway HOST, --mqtt HOST, or both");
  const wifi = options.wifi !== undefined;
  const why = refusal(facts, { suite, udp: gateway !== undefined, reach, wifi });
  if (why !== undefined) throw new Usage(why);
  const app = options.app === undefined ? "" : readGiven("--app", options.app, "latin1");
  const names = [...app.matchAll(APP_NAMES)].map((match) => match[1]!);
  if (APP_ALIAS.test(app)) names.push("onCommand");
  checkTogether(options, suite, names);
  const more: [string, number, number][] = [
    ...(options.also ?? []).map(({ host, port }): [string, number, number] => [host, port, UDP]),
    ...(gateway && mqtt ? [[mqtt.host, mqtt.port, MQTT] satisfies [string, number, number]] : []),
  ];
  const { intervalMin: least = interval, intervalMax: most = interval } = options;
  const needs = [
    ...names,
    ...(options.commands ? ["onCommand"] : []),
    ...(more.length > 0 ? ["more"] : []),
    ...(least !== interval ? ["ownMin"] : []),
    ...(most !== interval ? ["ownMax"] : []),
    ...(options.makeUps > 0 ? ["makeUps"] : []),
    ...(reach > 0 ? ["reach"] : []),
  ];
  const wake = options.wifiIp ? facts.wakeFixedMs : facts.wakeMs;
  // What is as the client takes it to be costs no variable of the board.
  const fields: Record<string, Field> = {
    host: first.host,
    port: first.port,
    own: interval,
    ...(reach > 0 && { reach }),
    ...(reach === 2 && { wakeMs: wake, clockError: facts.sleepError }),
    ...(least !== interval && { ownMin: least }),
    ...(most !== interval && { ownMax: most }),
    ...(options.makeUps > 0 && { makeUps: options.makeUps }),
    ...(least < PACE_MIN_MS && { paceMin: intervalCode(least) }),
    ...(most > PACE_MAX_MS && { paceMax: intervalCode(most) }),
    ...(!gateway && { way: MQTT }),
    ...(more.length > 0 && { more }),
    ...login(options),
    ...(wifi && network(options)),
  };
  return { board: facts, reach, udp: !!gateway, mqtt: !!mqtt, nat, needs, fields, app };
}

/** What no board could do, whichever it is. */
function checkTogether(options: BundleOptions, suite: number, names: readonly string[]): void {
  const { gateway, mqtt, interval, intervalMin: least, intervalMax: most } = options;
  const need = (given: unknown, wants: boolean, words: string): void => {
    if (given !== undefined && given !== false && !wants) throw new Usage(words);
  };
  need(options.also, gateway !== undefined, "--also: expected --gateway HOST with it");
  need(options.mqttUser, mqtt !== undefined, "--mqtt-user: expected --mqtt HOST with it");
  need(options.mqttPassFile, !!options.mqttUser, "--mqtt-pass-file: expected --mqtt-user with it");
  need(options.wifiPassFile, !!options.wifi, "--wifi-pass-file: expected --wifi SSID with it");
  need(options.wifiIp, !!options.wifi, "--wifi-ip: expected --wifi SSID with it");
  need(options.nat, gateway !== undefined, "--nat: only UDP has a binding to look for");
  need(options.nat, options.reach !== "deep", "--nat: a board in deep sleep needs no binding");
  need(least, least === undefined || least <= interval, "--interval-min: is above --interval");
  need(most, most === undefined || most >= interval, "--interval-max: is below --interval");
  if (options.reach === "deep" && (least ?? interval) < DEEP_MIN_MS)
    throw new Usage("--reach deep: expected an interval of 10s or more: a wake takes that long");
  if (suite !== 0) return;
  need(options.commands, false, "--commands: suite 0 (crc16) has none");
  need(options.mqtt, false, "--mqtt: suite 0 (crc16) is for a bench, over UDP");
  const [name] = names;
  need(name, false, `--app: NEXTBEAT.${name} does not exist under suite 0 (crc16)`);
}

function login({ mqttUser, mqttPassFile }: BundleOptions): Record<string, string> {
  if (mqttUser === undefined) return {};
  const user = Buffer.from(mqttUser).toString("latin1");
  if (user.length < 1 || user.length > LOGIN_MAX)
    throw new Usage(`--mqtt-user: given ${user.length} bytes, expected 1 to ${LOGIN_MAX}`);
  const file = mqttPassFile;
  return { user, password: file ? readSecret("--mqtt-pass-file", file, LOGIN_MAX) : "" };
}

function network(options: BundleOptions): Record<string, string> {
  const { wifi = "", wifiPassFile: file, wifiIp } = options;
  const ssid = Buffer.from(wifi).toString("latin1");
  if (ssid.length < 1 || ssid.length > SSID_MAX) {
    throw new Usage(`--wifi: given ${ssid.length} bytes, expected 1 to ${SSID_MAX}`);
  }
  return { ssid, pass: file ? readSecret("--wifi-pass-file", file, PASS_MAX) : "", ...wifiIp };
}
