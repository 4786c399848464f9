/**
 * A board's script, put together from text: its configuration, what joins its Wi-Fi, the smallest
 * prebuilt client that does what was asked, and the application's own script. The clients are built
 * once (`build`), so that a script can be made where no compiler is.
 *
 * Which client it is, the clients themselves say: they keep the names of NEXTBEAT, so one that
 * reads `makeUps` makes them up, and the configuration holds what is read and nothing else, for
 * each value takes variables of the board. The alternative, a second list of what each variant
 * reads, would be wrong after the next change of a variant.
 */

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { EXT_CAUSE, EXT_FIRMWARE, encodeExtension } from "../../device/extensions.ts";
import type { BoardFacts } from "./boards.ts";
import type { Field, Wanted } from "./bundle-options.ts";
import { Failed, readGiven, Usage } from "./common.ts";
import type { KeyJson } from "./devices.ts";
import { SIZES } from "./sizes.ts";

const SALT_BYTES = 8;
/** Bytes of a script that a JsVar holds, where it lies in RAM and in pieces. */
const TEXT_VAR = 10;
const SUITE_NAMES = ["crc", "hmac", "chaskey"];
/** Read on the board, and written nowhere else. */
const MADE_ON_BOARD = ["wake"];

export interface BoardScript {
  readonly board: BoardFacts;
  /** The client's name, without the piece for Wi-Fi. */
  readonly client: string;
  /** Configuration, client, application: byte strings in ASCII, but for the application. */
  readonly parts: readonly [string, string, string];
  readonly text: string;
  /** JsVars that it takes, at most. */
  readonly vars: number;
}

/** Throws Usage where no client does all that is wanted. */
export function boardScript(found: KeyJson, wanted: Wanted): BoardScript {
  const { board, app, fields } = wanted;
  const { ssid } = fields;
  parseApp(app);
  const client = smallest(found.suite, wanted);
  const join = ssid !== undefined ? prebuilt(board.wifi!) : "";
  const program = `${join}${client.text}`;
  const firmware = createHash("sha256").update(program + app, "latin1");
  const all: Record<string, Field> = {
    id: Number.parseInt(found.id, 16),
    secret: Buffer.from(found.key, "hex").toString("latin1"),
    // Rule 12: no two bundles of a key share their nonces, even when the flash forgot everything.
    // Letters, since a byte of any other kind is four of the script.
    salt: randomBytes(SALT_BYTES).toString("base64url"),
    extra:
      encodeExtension(EXT_CAUSE, "\0") +
      encodeExtension(EXT_FIRMWARE, firmware.digest("base64url").slice(0, 4)),
    ...fields,
  };
  const config = Object.entries(all)
    .filter(([name]) => reads(program, name) && !MADE_ON_BOARD.includes(name))
    .map(([name, value]) => `${name}:${written(value)}`);
  const head = `var NEXTBEAT={${config.join(",")}};\n`;
  const beside = head.length + join.length + app.length;
  const vars = (SIZES[client.name]?.[1] ?? 0) + Math.ceil(beside / TEXT_VAR);
  const parts = [head, program, app] as const;
  return { board, client: client.name, parts, text: parts.join(""), vars };
}

/** Whether a program reads a name of NEXTBEAT. */
function reads(program: string, name: string): boolean {
  return new RegExp(`\\.${name}\\b`).test(program);
}

interface Client {
  readonly name: string;
  readonly text: string;
}

function smallest(suite: number, { udp, mqtt, nat, needs, reach }: Wanted): Client {
  const transport = udp && mqtt ? "both" : udp ? "udp" : "mqtt";
  const named = new RegExp(`^${transport}-${SUITE_NAMES[suite]}(-[a-z]+)?$`);
  const able = names()
    .filter((name) => named.test(name) && (!nat || name.endsWith("-nat")))
    .filter((name) => reach < 2 || name.endsWith("-sleep"))
    .map((name) => ({ name, text: prebuilt(name) }))
    .filter(({ text }) => needs.every((need) => reads(text, need)))
    .sort((a, b) => a.text.length - b.text.length);
  if (able[0]) return able[0];
  const asked = [...(nat ? ["--nat"] : []), ...new Set(needs.map((name) => OPTIONS[name] ?? name))];
  const way = { udp: "UDP", mqtt: "MQTT", both: "UDP and MQTT" }[transport];
  throw new Usage(`no client over ${way} under suite ${suite} carries all of ${asked.join(", ")}`);
}

/** Options by the name of what they need. */
const OPTIONS: Readonly<Record<string, string>> = {
  onCommand: "--commands",
  more: "a second gateway",
  ownMin: "--interval-min",
  ownMax: "--interval-max",
  makeUps: "--make-ups",
  reach: "--reach",
};

/** Beside the compiled program, or in `dist` beside the sources. */
function folder(): string {
  const places = ["../../device/", "../../dist/device/"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(`${place}nextbeat-udp-hmac.js`));
  if (found) return found;
  throw new Failed('the prebuilt bundles are not there; "npm run build" makes them');
}

function names(): string[] {
  return readdirSync(folder()).flatMap((file) => /^nextbeat-(.*)\.js$/.exec(file)?.[1] ?? []);
}

function prebuilt(name: string): string {
  return `${readGiven("bundle", `${folder()}nextbeat-${name}.js`, "latin1")};\n`;
}

/** An application that does not parse would keep the board from beating at all. */
function parseApp(app: string): void {
  try {
    new Script(app, { filename: "the script" });
  } catch (error) {
    const where = /^the script:(\d+)/.exec((error as Error).stack ?? "")?.[1];
    throw new Usage(`--app: line ${where ?? "?"}: ${(error as Error).message}`);
  }
}

function written(value: Field): string {
  return typeof value === "string" ? quote(value) : JSON.stringify(value);
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
