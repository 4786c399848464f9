/**
 * The broker as it is configured: where, with which login, and whom to trust. The password is read
 * from a file, never from the command line, where every user of the machine could read it.
 */

import { readFileSync } from "node:fs";
import type { IClientOptions } from "mqtt";
import { reason, Usage } from "../cli/errors.ts";

export interface MqttSettings {
  /** `mqtt:` or `mqtts:`, without a login. */
  readonly url: URL;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM; whoever signed the broker's certificate, instead of those that the system trusts. */
  readonly ca?: string | undefined;
  /** Default: 5, and 3.1.1 where the broker does not speak that. */
  readonly version?: 4 | 5 | undefined;
  /** Commands are taken from the broker: whoever may publish there may then send them. */
  readonly commands: boolean;
  /** Where Home Assistant looks for devices; undefined: it is not told of any. */
  readonly discovery: string | undefined;
}

/** The embedded broker. */
export interface BrokerSettings {
  readonly host: string;
  readonly port: number;
  /** What everybody must give who connects; undefined: nobody is asked. */
  readonly login?: Login | undefined;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** As flags, environment and file have it. */
export interface MqttOptions {
  readonly mqtt?: string | undefined;
  readonly mqttUser?: string | undefined;
  readonly mqttPasswordFile?: string | undefined;
  readonly mqttCa?: string | undefined;
  readonly mqttVersion?: "3.1.1" | "5" | undefined;
  readonly mqttCommands?: boolean | undefined;
  readonly mqttDiscovery?: string | undefined;
  readonly broker?: boolean | undefined;
  readonly brokerHost?: string | undefined;
  readonly brokerPort?: number | undefined;
}

export interface MqttGiven {
  readonly mqtt: MqttSettings | undefined;
  readonly broker: BrokerSettings | undefined;
}

/** Kept: `online` while this gateway runs, and is connected. */
export const STATUS_TOPIC = "nextbeat/gateway/status";
/** No board is called so (protocol, section 7). Whoever else takes the name takes our place. */
export const CLIENT_ID = "nextbeat-gateway";

export const BROKER_HOST = "127.0.0.1";
export const BROKER_PORT = 1883;
const DISCOVERY = "homeassistant";
/** Home Assistant's prefix: it takes these characters alone. */
export const PREFIX = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;
/** Said instead of a prefix. */
export const DISCOVERY_OFF = "off";
/** What the gateway's own connection to its own broker has; port and login are filled in there. */
const EMBEDDED = new URL("mqtt://127.0.0.1");

const CONNECT_MAX_MS = 10_000;
/** For the broker, which publishes our will after one and a half of it, s. */
const KEEP_ALIVE_S = 30;

/** Throws Usage. */
export function readMqtt(options: MqttOptions): MqttGiven {
  const { mqtt, mqttUser, mqttPasswordFile, mqttCa, mqttVersion, broker = false } = options;
  if (mqtt !== undefined && broker) {
    throw new Usage("--mqtt and --broker: expected one of them, a broker elsewhere or our own");
  }
  if (mqttCa !== undefined && mqtt === undefined) {
    throw new Usage("--mqtt-ca: given without --mqtt URL, which it belongs to");
  }
  for (const [flag, given] of Object.entries({
    "--mqtt-user": mqttUser,
    "--mqtt-password-file": mqttPasswordFile,
  })) {
    if (given !== undefined && mqtt === undefined && !broker) {
      throw new Usage(`${flag}: given without --mqtt URL or --broker, to which it belongs`);
    }
  }
  for (const [flag, given] of Object.entries({
    "--broker-host": options.brokerHost,
    "--broker-port": options.brokerPort,
  })) {
    if (given !== undefined && !broker) {
      throw new Usage(`${flag}: given without --broker, which it belongs to`);
    }
  }
  const { mqttDiscovery = DISCOVERY, mqttCommands = false } = options;
  if (!PREFIX.test(mqttDiscovery)) {
    const words = `given ${JSON.stringify(mqttDiscovery)}, expected a topic such as ${DISCOVERY}`;
    throw new Usage(`--mqtt-discovery: ${words}, or ${DISCOVERY_OFF}`);
  }
  const discovery = mqttDiscovery === DISCOVERY_OFF ? undefined : mqttDiscovery;
  const common = { commands: mqttCommands, discovery };
  if (broker) {
    const { brokerHost = BROKER_HOST, brokerPort = BROKER_PORT } = options;
    return {
      mqtt: { ...common, url: EMBEDDED, version: 4 },
      broker: { host: brokerHost, port: brokerPort, login: loginOf(options) },
    };
  }
  if (mqtt === undefined) {
    if (mqttCommands) throw new Usage("--mqtt-commands: expected --mqtt URL or --broker with it");
    return { mqtt: undefined, broker: undefined };
  }
  const { url, user } = brokerUrl(mqtt);
  return {
    mqtt: {
      ...common,
      url,
      user: mqttUser ?? user,
      password: passwordIn(mqttPasswordFile),
      ca: fileText("--mqtt-ca", mqttCa),
      version: mqttVersion === undefined ? undefined : mqttVersion === "5" ? 5 : 4,
    },
    broker: undefined,
  };
}

/** What our own broker asks of everybody. */
function loginOf({ mqttUser: user, mqttPasswordFile }: MqttOptions): Login | undefined {
  const password = passwordIn(mqttPasswordFile);
  if (user === undefined && password === undefined) return undefined;
  if (!user || !password) {
    throw new Usage(
      "--broker: expected --mqtt-user NAME and --mqtt-password-file F, which is not empty, or neither",
    );
  }
  return { user, password };
}

/** `mqtt://[USER@]HOST[:PORT]`. What is wrong is said without the address: a password is in it. */
function brokerUrl(text: string): { url: URL; user: string | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^mqtts?:$/.test(url.protocol) || url.hostname === "") {
    throw new Usage("--mqtt: expected an address such as mqtt://192.168.1.2 or mqtts://USER@HOST");
  }
  if (url.password !== "") {
    throw new Usage("--mqtt: given a password; expected it in a file: --mqtt-password-file F");
  }
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new Usage("--mqtt: expected nothing behind the host and the port");
  }
  const user = url.username === "" ? undefined : decoded(url.username);
  url.username = "";
  return { url, user };
}

function decoded(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    throw new Usage(
      "--mqtt: given a user with a stray %; expected %25 for it, or --mqtt-user NAME",
    );
  }
}

function passwordIn(file: string | undefined): string | undefined {
  return fileText("--mqtt-password-file", file)?.replace(/\r?\n$/, "");
}

function fileText(flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Usage(`${flag} ${file}: ${reason(error)}`);
  }
}

/** For one attempt: the library shall not try again by itself, nor keep what cannot be sent. */
export function connectOptions(
  settings: MqttSettings,
  version: 4 | 5,
  packetMax: number,
): IClientOptions {
  const { url, user, password, ca } = settings;
  const secure = url.protocol === "mqtts:";
  return {
    protocol: secure ? "mqtts" : "mqtt",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (secure ? 8883 : 1883),
    clientId: CLIENT_ID,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    clean: true,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: CONNECT_MAX_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    protocolVersion: version,
    // Else whoever has the broker keep a longer one for us has us hang up after each connect.
    ...(version === 5 && { properties: { maximumPacketSize: packetMax } }),
    will: { topic: STATUS_TOPIC, payload: Buffer.from("offline"), qos: 0, retain: true },
  };
}
