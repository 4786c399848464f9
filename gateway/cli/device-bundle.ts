/**
 * `device bundle`: one script, ready for the board, and what it carries. It holds the device's key,
 * so only its owner may read the file.
 *
 * What the board cannot hold is refused, and nothing written: a script that is there gets flashed,
 * by whatever tool, and the board never beats. `--force` writes it all the same, for who knows a
 * board with more than the facts say (gateway/cli/boards.ts has the least that is found on one).
 */

import type { Command } from "commander";
import { REACHES, SUITES } from "./boards.ts";
import { type BundleOptions, type Wanted, wanted, withBundle } from "./bundle-options.ts";
import { type Streams, Usage, type WhereOptions, withDevices, withWhere } from "./common.ts";
import { writePrivate } from "./private.ts";
import { type BoardScript, boardScript } from "./script.ts";

interface Options extends WhereOptions, BundleOptions {
  readonly output: string;
  readonly force?: boolean;
}

export function addDeviceBundle(parent: Command, streams: Streams): void {
  const command = parent
    .command("bundle <id>")
    .description("write one script, ready for the board; ID is six hex digits or a name");
  withBundle(command)
    .requiredOption("-o, --output <file>", "where to write")
    .option("--force", "write it even where the board cannot hold it");
  withWhere(command).action(async (id: string, options: Options) => {
    const found = await withDevices(options, false, (devices) => devices.key(id));
    const asked = wanted(options, found);
    const script = boardScript(found, asked);
    const { board, client, parts, text, vars } = script;
    const lacks = lacking(script);
    if (lacks !== undefined && !options.force)
      throw new Usage(
        `${board.name} cannot hold it: ${lacks}; ask for less, shorten the script of --app, or ` +
          "have it written all the same with --force",
      );
    writePrivate(options.output, text, "latin1");
    if (options.json) {
      const [config, program, app] = parts.map((part) => part.length);
      const carries = carried(script, asked, found.suite);
      const shares = { bytes: text.length, config, client: program, app, jsVars: vars };
      const told = { file: options.output, id: found.id, board: board.name, variant: client };
      streams.out(`${JSON.stringify({ ...told, ...shares, carries, fits: !lacks })}\n`);
    } else streams.out(`${options.output}: ${summary(script, asked, found.suite, room(script))}`);
  });
}

/** What a script carries, in words. */
function carried({ parts }: BoardScript, { udp, mqtt, nat, reach, fields }: Wanted, suite: number) {
  const { ssid, makeUps } = fields;
  const reads = (name: string) => new RegExp(`\\.${name}\\b`).test(parts[1]);
  return [
    SUITES[suite]!,
    ...(udp ? ["UDP"] : []),
    ...(mqtt ? ["MQTT"] : []),
    ...(ssid === undefined ? [] : ["Wi-Fi"]),
    `${REACHES[reach]}${reach ? " sleep" : ""}`,
    ...(reads("onCommand") ? ["commands"] : []),
    ...(makeUps ? [makeUps === 1 ? "1 make-up" : `${makeUps} make-ups`] : []),
    ...(nat ? ["binding search"] : []),
  ];
}

/** What of a board is too small for the script, in words; undefined: it fits. */
function lacking({ board, text, vars }: BoardScript): string | undefined {
  const bytes = roomFor(board);
  if (text.length > bytes)
    return `the script has ${text.length} bytes, and its Storage takes one of ${bytes}`;
  if (vars > board.vars) return `it takes about ${vars} JsVars, and the board has ${board.vars}`;
  return undefined;
}

/** The client's own files and their copies, rewritten: device/board*.ts. */
const OWN_FILES = 2_048;

/** Bytes of Storage for a script: compaction wants a page of its own. */
function roomFor({ storage, page }: BoardScript["board"]): number {
  return storage - page - OWN_FILES;
}

/** What the script takes of its board, by the facts: a line. */
function room(script: BoardScript): string {
  const { board, text, vars } = script;
  const all = Number.isFinite(board.vars) ? ` of ${board.vars}` : "";
  return (
    `${lacking(script) ? "DOES NOT FIT" : "fits"} ${board.name}: ` +
    `${text.length} of ${roomFor(board)} bytes of Storage, about ${vars}${all} JsVars`
  );
}

/**
 * Size, contents, and what a person should know: lines. @param fit whether it fits, where no board
 * is there to be asked
 */
export function summary(script: BoardScript, asked: Wanted, suite: number, fit?: string): string {
  const { board, client, parts, text } = script;
  const [config, program, app] = parts.map((part) => part.length);
  const lines = [
    `${text.length} bytes (configuration ${config}, client ${program}, application ${app})`,
    `client ${client}: ${carried(script, asked, suite).join(", ")}`,
    ...(fit === undefined ? [] : [fit]),
  ];
  const { ssid, ip } = asked.fields;
  if (board.wifi && ssid === undefined)
    lines.push("joins no Wi-Fi: give --wifi, or let the script of --app join it");
  if (board.noFixed && ip !== undefined) lines.push(`--wifi-ip: ${board.noFixed}`);
  if (asked.reach === 2 && board.wiring) lines.push(`before it sleeps: ${board.wiring}`);
  return `${lines.join("\n  ")}\n`;
}
