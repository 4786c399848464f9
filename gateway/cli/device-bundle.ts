/**
 * `device bundle`: one script, ready for the board: its configuration, the prebuilt bundle of its
 * suite, and the application's own script. The bundles are built once (`build`); here text is only
 * put together, so a bundle can be made where no compiler is.
 *
 * A client that takes commands is some 840 bytes longer, so it is taken where it was asked for, or
 * where the application's script has a handler for them; one that nobody handles is only refused.
 *
 * It holds the device's key, so only its owner may read the file.
 */

import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { EXT_CAUSE, EXT_FIRMWARE, encodeExtension } from "../../device/extensions.ts";
import {
  Failed,
  readGiven,
  type Streams,
  Usage,
  type WhereOptions,
  withDevices,
  withWhere,
} from "./common.ts";
import type { KeyJson } from "./devices.ts";
import { reason } from "./errors.ts";
import { boardsGateway, duration, type Place, reach } from "./words.ts";

interface Options extends WhereOptions {
  readonly gateway: Place;
  readonly interval: number;
  readonly reach: number;
  readonly wifi?: string;
  readonly wifiPassFile?: string;
  readonly app?: string;
  readonly commands?: boolean;
  readonly output: string;
}

const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 7 * 86_400_000;
const SALT_BYTES = 8;
const SSID_MAX = 32;
const PASS_MAX = 63;
const SUITE_NAMES = ["crc", "hmac", "chaskey"];

export function addDeviceBundle(parent: Command, streams: Streams): void {
  const command = parent
    .command("bundle <id>")
    .description("write one script, ready for the board; ID is six hex digits or a name")
    .requiredOption("--gateway <host[:port]>", "where the board finds the gateway", boardsGateway)
    .option(
      "--interval <duration>",
      "between beats",
      duration(INTERVAL_MIN_MS, INTERVAL_MAX_MS, "100ms to 7d"),
      60_000,
    )
    .option("--reach <class>", "awake: the board does not sleep", reach, 0)
    .option("--wifi <ssid>", "Wi-Fi to join")
    .option("--wifi-pass-file <file>", "a file with its password")
    .option("--app <file>", "the application's own script, appended")
    .option("--commands", "take commands (default: if the script of --app has an onCommand)")
    .requiredOption("-o, --output <file>", "where to write");
  withWhere(command).action(async (id: string, options: Options) => {
    const wifi = readWifi(options);
    const app = options.app === undefined ? "" : readGiven("--app", options.app, "latin1");
    const found = await withDevices(options, false, (devices) => devices.key(id));
    const parts = assemble(found, options, wifi, app);
    writePrivate(options.output, parts.join(""));
    const [config, client, script] = parts.map((part) => part.length);
    const bytes = config! + client! + script!;
    const told = { file: options.output, id: found.id, bytes, config, client, app: script };
    if (options.json) streams.out(`${JSON.stringify(told)}\n`);
    else {
      const shares = `configuration ${config}, client ${client}, application ${script}`;
      streams.out(`${options.output}: ${bytes} bytes (${shares})\n`);
    }
  });
}

interface Wifi {
  readonly ssid: string;
  readonly pass: string;
}

/** Configuration, client, application: byte strings. */
function assemble(
  { id, suite, key }: KeyJson,
  { gateway, interval, commands }: Options,
  wifi: Wifi | undefined,
  app: string,
): [string, string, string] {
  if (commands && suite === 0) throw new Usage("--commands: suite 0 (crc16) has none");
  const obeys = suite !== 0 && (commands || /\bonCommand\b/.test(app));
  const client =
    (wifi ? `${readPrebuilt("nextbeat-wifi.js")};\n` : "") +
    `${readPrebuilt(`nextbeat-udp-${SUITE_NAMES[suite]}${obeys ? "-commands" : ""}.js`)};\n`;
  const firmware = createHash("sha256").update(client + app, "latin1");
  const extra =
    encodeExtension(EXT_CAUSE, "\0") +
    encodeExtension(EXT_FIRMWARE, firmware.digest("base64url").slice(0, 4));
  // The names are those of NEXTBEAT in device/espruino.d.ts.
  const fields: Record<string, string | number> = {
    id: Number.parseInt(id, 16),
    secret: Buffer.from(key, "hex").toString("latin1"),
    host: gateway.host,
    port: gateway.port,
    own: interval,
    // Rule 12: no two bundles of a key share their nonces, even when the flash forgot everything.
    // Letters, since a byte of any other kind is four of the script.
    salt: randomBytes(SALT_BYTES).toString("base64url"),
    extra,
    ...wifi,
  };
  const config = Object.entries(fields).map(
    ([name, value]) => `${name}:${typeof value === "string" ? quote(value) : value}`,
  );
  return [`var NEXTBEAT={${config.join(",")}};\n`, client, app];
}

/**
 * A byte string as JavaScript in ASCII. `\xNN`, since the board reads `\0` before a digit as octal.
 */
export function quote(bytes: string): string {
  const inner = bytes.replace(/[^ !#-[\]-~]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${inner}"`;
}

function readWifi({ wifi, wifiPassFile }: Options): Wifi | undefined {
  if (wifi === undefined) {
    if (wifiPassFile !== undefined)
      throw new Usage("--wifi-pass-file: expected --wifi SSID with it");
    return undefined;
  }
  const ssid = Buffer.from(wifi).toString("latin1");
  if (ssid.length < 1 || ssid.length > SSID_MAX) {
    throw new Usage(`--wifi: given ${ssid.length} bytes, expected 1 to ${SSID_MAX}`);
  }
  const text = wifiPassFile ? readGiven("--wifi-pass-file", wifiPassFile, "latin1") : "";
  const pass = text.replace(/\r?\n$/, "");
  if (pass.length > PASS_MAX || /[\r\n]/.test(pass)) {
    throw new Usage(
      `--wifi-pass-file ${wifiPassFile}: expected one line of at most ${PASS_MAX} bytes`,
    );
  }
  return { ssid, pass };
}

/** Beside the compiled program, or in `dist` beside the sources. */
function readPrebuilt(name: string): string {
  for (const place of ["../../device/", "../../dist/device/"]) {
    const file = fileURLToPath(new URL(place + name, import.meta.url));
    if (existsSync(file)) return readGiven("bundle", file, "latin1");
  }
  throw new Failed(`the prebuilt bundle ${name} is not there; "npm run build" makes it`);
}

function writePrivate(file: string, bytes: string): void {
  const part = `${file}.part`;
  try {
    writeFileSync(part, bytes, { encoding: "latin1", mode: 0o600 });
    chmodSync(part, 0o600);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw new Failed(`-o ${file}: ${reason(error)}`);
  }
}
