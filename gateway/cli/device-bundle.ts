/**
 * `device bundle`: one script, ready for the board, and what it carries. It holds the device's key,
 * so only its owner may read the file.
 */

import type { Command } from "commander";
import { REACHES, SUITES } from "./boards.ts";
import { type BundleOptions, type Wanted, wanted, withBundle } from "./bundle-options.ts";
import { type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import { writePrivate } from "./private.ts";
import { type BoardScript, boardScript } from "./script.ts";

interface Options extends WhereOptions, BundleOptions {
  readonly output: string;
}

export function addDeviceBundle(parent: Command, streams: Streams): void {
  const command = parent
    .command("bundle <id>")
    .description("write one script, ready for the board; ID is six hex digits or a name");
  withBundle(command).requiredOption("-o, --output <file>", "where to write");
  withWhere(command).action(async (id: string, options: Options) => {
    const found = await withDevices(options, false, (devices) => devices.key(id));
    const asked = wanted(options, found);
    const script = boardScript(found, asked);
    const { board, client, parts, text, vars } = script;
    writePrivate(options.output, text, "latin1");
    if (options.json) {
      const [config, program, app] = parts.map((part) => part.length);
      const carries = carried(script, asked, found.suite);
      const shares = { bytes: text.length, config, client: program, app, jsVars: vars };
      const told = { file: options.output, id: found.id, board: board.name, variant: client };
      streams.out(`${JSON.stringify({ ...told, ...shares, carries, fits: fits(script) })}\n`);
    } else streams.out(`${options.output}: ${summary(script, asked, found.suite)}`);
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

/** Whether the board's Storage and variables hold it, beside what the client writes there. */
export function fits({ board, text, vars }: BoardScript): boolean {
  return text.length <= room(board) && vars <= board.vars;
}

/** The client's own files and their copies, rewritten: device/board*.ts. */
const OWN_FILES = 2_048;

/** Bytes of Storage for a script: compaction wants a page of its own. */
function room({ storage, page }: BoardScript["board"]): number {
  return storage - page - OWN_FILES;
}

/** Size, contents, and whether it fits: lines for people. */
export function summary(script: BoardScript, asked: Wanted, suite: number): string {
  const { board, client, parts, text, vars } = script;
  const [config, program, app] = parts.map((part) => part.length);
  const lines = [
    `${text.length} bytes (configuration ${config}, client ${program}, application ${app})`,
    `client ${client}: ${carried(script, asked, suite).join(", ")}`,
    `${fits(script) ? "fits" : "DOES NOT FIT"} ${board.name}: ` +
      `${text.length} of ${room(board)} bytes of Storage, about ${vars} of ${board.vars} JsVars`,
  ];
  const { ssid, ip } = asked.fields;
  if (board.wifi && ssid === undefined)
    lines.push("joins no Wi-Fi: give --wifi, or let the script of --app join it");
  if (board.noFixed && ip !== undefined) lines.push(`--wifi-ip: ${board.noFixed}`);
  if (asked.reach === 2 && board.wiring) lines.push(`before it sleeps: ${board.wiring}`);
  return `${lines.join("\n  ")}\n`;
}
