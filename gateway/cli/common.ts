/** What the commands have in common: where they print, and how they find the registry. */

import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { readTokens } from "../http/tokens.ts";
import { request } from "./ask.ts";
import { type Devices, inFolder, overHttp } from "./devices.ts";
import { Failed, reason, Usage } from "./errors.ts";
import { gatewayUrl } from "./words.ts";

/** Where a command prints. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

/** The options of every command that asks a running gateway. */
export interface GatewayOptions {
  readonly url: URL;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** The options of every `device` command. */
export interface WhereOptions extends GatewayOptions {
  readonly data?: string;
}

export const URL_DEFAULT = "http://127.0.0.1:8227";

/** Adds the options that say where the gateway is, and `--json`. */
export function withGateway(command: Command): Command {
  return command
    .option("--url <url>", "the gateway's address", gatewayUrl, new URL(URL_DEFAULT))
    .option("--token-file <file>", "a file with the token to show, where the gateway wants one")
    .option("--json", "print JSON");
}

/** The same, and where the registry is. */
export function withWhere(command: Command): Command {
  return withGateway(command).addOption(
    new Option("--data <dir>", "work on the store of a gateway that is not running").conflicts([
      "url",
      "tokenFile",
    ]),
  );
}

/** @param path after `/api/v1/`. Rejects with Failed or Usage. */
export function askGateway(
  { url, tokenFile }: GatewayOptions,
  method: string,
  path: string,
  body?: unknown,
  answerMs?: number,
): Promise<unknown> {
  return request(url, clientToken(tokenFile), method, path, body, answerMs);
}

/** Runs `use` on the registry, and lets go of it. @param make as in `inFolder` */
export async function withDevices<T>(
  { url, tokenFile, data }: WhereOptions,
  make: boolean,
  use: (devices: Devices) => Promise<T>,
): Promise<T> {
  const devices =
    data === undefined ? overHttp(url, clientToken(tokenFile)) : await inFolder(data, make);
  try {
    return await use(devices);
  } finally {
    await devices.close();
  }
}

/** A file given by an option, as text. Throws Usage. */
export function readGiven(option: string, file: string, encoding: BufferEncoding = "utf8"): string {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    throw new Usage(`${option} ${file}: ${reason(error)}`);
  }
}

/** The gateway's own token file will do, and so will a file with nothing but a token. */
export function clientToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const text = readGiven("--token-file", file);
  if (/^\s*[\x21-\x7e]+\s*$/.test(text)) return text.trim();
  try {
    const entries = readTokens(text);
    return (entries.find((entry) => entry.scope === "write") ?? entries[0]!).token;
  } catch (error) {
    throw new Usage(`--token-file ${file}: ${(error as Error).message}, or a token alone`);
  }
}

/** Rows as columns, each as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]!.length))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** "1 device", "12 devices". */
export function counted(devices: number): string {
  return devices === 1 ? "1 device" : `${devices} devices`;
}

export { Failed, Usage };
