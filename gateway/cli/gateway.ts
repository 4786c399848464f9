/**
 * `gateway`: runs until SIGTERM or SIGINT, then makes everything durable and ends with 0. Log lines
 * go to stdout as JSON; what keeps it from starting is one line on stderr.
 */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { systemClock } from "../clock.ts";
import { CONFIG_NAME, readConfig } from "../config.ts";
import { configJsonSchema } from "../config-schema.ts";
import { isLoopback } from "../http/access.ts";
import { readTokens, type TokenEntry } from "../http/tokens.ts";
import { createLog } from "../log.ts";
import { BROKER_HOST, BROKER_PORT, type MqttOptions, readMqtt } from "../mqtt/settings.ts";
import { type RunningGateway, startGateway } from "../server.ts";
import { makeFolder } from "../store/folder.ts";
import { levelStore } from "../store/level.ts";
import { StoreBusy, StoreTooNew } from "../store/store.ts";
import { Watchdog } from "../watchdog.ts";
import { Failed, readGiven, type Streams, Usage } from "./common.ts";
import { reason } from "./errors.ts";
import { isPublic } from "./private.ts";
import { listenOn, port, UDP_PORT } from "./words.ts";

const CONFIG_ABOUT = "YAML or JSON (default: config.yaml in the data folder, if there is one)";

/** What the flags say; what they do not say is asked of the configuration. */
interface Flags extends MqttOptions {
  readonly config?: string;
  readonly configSchema?: boolean;
  readonly data?: string;
  readonly udpPort?: number;
  readonly udpHost?: string[];
  readonly httpPort?: number;
  readonly httpHost?: string;
  readonly open?: boolean;
  readonly tokenFile?: string;
}

const HTTP_PORT = 8227;
const HTTP_HOST = "127.0.0.1";
/** A stop that takes longer is cut off: a supervisor would do it less gently. */
const STOP_MAX_MS = 1_900;

export function addGateway(program: Command, streams: Streams): void {
  const command = program
    .command("gateway")
    .description("run the gateway")
    .option("--data <dir>", "its folder (default: $STATE_DIRECTORY, else the user's state folder)")
    .option("--config <file>", `${CONFIG_ABOUT}; NEXTBEAT_... goes over it, flags over both`)
    .option("--config-schema", "print the JSON Schema of the configuration, and end")
    .option("--udp-port <port>", `for beats; 0 takes a free one (default: ${UDP_PORT})`, port)
    .option(
      "--udp-host <address>",
      "listen here; one of each family (default: everywhere)",
      listenOn,
    )
    .option(
      "--http-port <port>",
      `for API and dashboard; 0 takes a free one (default: ${HTTP_PORT})`,
      port,
    )
    .option(
      "--http-host <address>",
      `any but a loopback one needs --token-file (default: ${HTTP_HOST})`,
    )
    .option("--open", "accept unknown ids under suite 0: no security")
    .addOption(new Option("--token-file <file>", 'lines "read TOKEN" and "write TOKEN"'));
  addMqtt(command).action((flags: Flags) => {
    if (!flags.configSchema) return run(flags, streams);
    streams.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return undefined;
  });
}

function addMqtt(command: Command): Command {
  return command
    .option("--mqtt <url>", "the broker: mqtt://[USER@]HOST[:PORT], or mqtts://")
    .option(
      "--mqtt-user <name>",
      "its login, where it is not in the URL; of --broker: asked of all",
    )
    .option("--mqtt-password-file <file>", "the password of that login")
    .option("--mqtt-ca <file>", "PEM: who signed the broker's certificate")
    .addOption(
      new Option("--mqtt-version <version>", "default: 5, or 3.1.1 where that is not spoken") //
        .choices(["3.1.1", "5"]),
    )
    .option("--mqtt-commands", "whoever may publish on the broker may send commands")
    .option("--mqtt-discovery <prefix>", "Home Assistant's, or off (default: homeassistant)")
    .option("--broker", "run a broker of our own")
    .option("--broker-host <address>", `it listens here (default: ${BROKER_HOST})`)
    .option("--broker-port <port>", `and here; 0 takes a free one (default: ${BROKER_PORT})`, port);
}

async function run(flags: Flags, streams: Streams): Promise<void> {
  const {
    options: configured,
    notices,
    unknown,
  } = readConfig(flags.config ?? configBeside(flags.data), process.env);
  const options = { ...configured, ...flags };
  const { data = dataFolder(), httpHost = HTTP_HOST } = options;
  const tokens = tokensOf(options.tokenFile, httpHost);
  const given = readMqtt(options);
  const log = createLog(streams.out);
  if (unknown.length > 0) log.warn("names in the environment that are not known", { unknown });
  const secrets = [options.tokenFile, options.mqttPasswordFile].filter(
    (file) => file !== undefined,
  );
  for (const file of secrets.filter(isPublic))
    log.warn("every user can read this secret", { file });
  let broken = (_error: Error): void => {};
  const fatal = new Promise<never>((_, reject) => {
    broken = reject;
  });
  fatal.catch(() => {});
  // From here on a signal waits until there is something to stop.
  const asked = signalled();
  makeData(data);
  const gateway = await startGateway({
    clock: systemClock(),
    store: (given) => levelStore(data, given),
    udpPort: options.udpPort ?? UDP_PORT,
    udpHosts: options.udpHost,
    httpPort: options.httpPort ?? HTTP_PORT,
    httpHost,
    open: options.open,
    limits: options.limits,
    ...{ notices, tokens, log, ...given },
    onFatal: (error) => broken(error),
  }).catch((error) => {
    throw new Failed(startFailure(error, data));
  });
  const { passedAt } = gateway;
  const watchdog = Watchdog.open({ env: process.env, passedAt, log });
  watchdog?.ready(`UDP ${gateway.udpPort}, HTTP ${gateway.httpPort}`);
  try {
    await Promise.race([asked, fatal]);
  } catch (error) {
    log.error("the store is broken", { why: (error as Error).message });
    process.exit(1);
  }
  watchdog?.stopping();
  await stop(gateway);
}

async function stop(gateway: RunningGateway): Promise<void> {
  setTimeout(() => process.exit(1), STOP_MAX_MS).unref();
  await gateway.stop();
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

function tokensOf(tokenFile: string | undefined, httpHost: string): TokenEntry[] | undefined {
  if (tokenFile !== undefined) {
    try {
      return readTokens(readGiven("--token-file", tokenFile));
    } catch (error) {
      if (error instanceof Usage) throw error;
      throw new Usage(`--token-file ${tokenFile}: ${(error as Error).message}`);
    }
  }
  if (isLoopback(httpHost)) return undefined;
  throw new Usage(
    `--http-host: given ${httpHost}, expected a loopback address, or --token-file F with it`,
  );
}

/** `$STATE_DIRECTORY` is systemd's; it may name several, the first is ours. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = env;
  if (STATE_DIRECTORY) return STATE_DIRECTORY.split(":")[0]!;
  return join(XDG_STATE_HOME || join(homedir(), ".local", "state"), "nextbeat");
}

/** The file that is read where none is named. */
function configBeside(data: string | undefined, env = process.env): string | undefined {
  if (env[CONFIG_NAME] !== undefined) return undefined;
  const file = join(data ?? env.NEXTBEAT_DATA ?? dataFolder(env), "config.yaml");
  return existsSync(file) ? file : undefined;
}

function makeData(data: string): void {
  try {
    makeFolder(data);
  } catch (error) {
    throw new Failed(`--data ${data}: ${reason(error)}`);
  }
}

function startFailure(error: unknown, data: string): string {
  if (error instanceof StoreBusy) return `--data ${data}: a gateway runs on this store already`;
  if (error instanceof StoreTooNew)
    return `--data ${data}: ${error.message}; go on with that one, or "nextbeat restore" a backup`;
  const {
    code,
    syscall,
    address,
    port: given,
    option,
  } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    /** The flags of what could not listen, where that says so itself. */
    option?: string;
  };
  // Names are looked up for HTTP alone: beats come in at addresses.
  const http = syscall === "listen" || syscall === "getaddrinfo";
  const flag = option ?? (http ? "--http" : "--udp");
  if (code === "EADDRINUSE") return `${flag}-port: ${given} at ${address} is in use`;
  if (code === "EACCES" && given) return `${flag}-port: ${given} is not ours to open (below 1024?)`;
  if (code === "EADDRNOTAVAIL") return `${flag}-host: ${address} is no address of this machine`;
  if (syscall === "getaddrinfo") return `${flag}-host: no such name`;
  return `--data ${data}: ${reason(error)}`;
}
