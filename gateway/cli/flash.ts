/**
 * `flash`: the script of `device bundle`, onto a board, and then whether it beats. Nothing of it is
 * written to a file, nor handed to another program.
 *
 * What a board has read back it may still not run: a wrong password, a firewall. So the end of it
 * is a beat that the gateway took and acknowledged; without one, it says what to look at.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { type BundleOptions, wanted, withBundle } from "./bundle-options.ts";
import { Failed, type Streams, type WhereOptions, withDevices, withWhere } from "./common.ts";
import { summary } from "./device-bundle.ts";
import type { DeviceJson } from "./devices.ts";
import { checkBoard, findBoard, makeReady, start, verify, writeScript } from "./flash-board.ts";
import { whereIs } from "./port.ts";
import { boardScript } from "./script.ts";
import { duration } from "./words.ts";

interface Options extends WhereOptions, BundleOptions {
  readonly port: string;
  readonly baud: string;
  readonly wait: number;
  readonly beatWait: number;
}

const ASK_MS = 500;
const HOUR_MS = 3_600_000;

export function addFlash(program: Command, streams: Streams): void {
  const command = program
    .command("flash <id>")
    .description("put a device's script on a board, and wait for its first beat")
    .requiredOption("--port <port>", "serial port such as /dev/ttyUSB0, or tcp://HOST[:PORT]")
    .option("--baud <n>", "of the serial port", "115200")
    .addOption(waits("--wait <duration>", "how long to look for the board", 30))
    .addOption(waits("--beat-wait <duration>", "how long to wait for its first beat", 90));
  withWhere(withBundle(command)).action(async (id: string, options: Options) => {
    const say = (text: string) => (options.json ? streams.err(text) : streams.out(text));
    const where = whereIs(options.port, Number(options.baud));
    const found = await withDevices(options, false, (devices) => devices.key(id));
    // What is wrong with the options shows before a board is touched.
    if (options.board !== undefined) wanted(options, found);
    const board = await findBoard(where, options.wait, () =>
      say("nobody answers yet; press the board's reset button: one that sleeps listens for 10 s\n"),
    );
    try {
      const facts = checkBoard(board, options.board);
      say(`${options.port}: Espruino ${board.version} on ${board.id}\n`);
      const asked = wanted({ ...options, board: facts.name }, found);
      const script = boardScript(found, asked);
      say(summary(script, asked, found.suite));
      await makeReady(board, facts, script, found.suite);
      await writeScript(board, script.text, (bytes) =>
        tellProgress(say, bytes, script.text.length),
      );
      const hash = await verify(board, script.text);
      say(`read back: ${script.text.length} bytes, CRC-32 ${Number(hash).toString(16)}\n`);
      const before = await lookUp(options, found.id);
      await start(board, facts);
      const beat = before && (await firstBeat(options, found.id, before));
      const told = { id: found.id, port: options.port, board: facts.name, variant: script.client };
      if (options.json)
        streams.out(`${JSON.stringify({ ...told, bytes: script.text.length, ...beat })}\n`);
      else if (beat) say(`it beats: epoch ${beat.epoch}, beat ${beat.seq}, from ${beat.address}\n`);
      else say("started; no gateway was asked whether it beats\n");
    } catch (error) {
      if (error instanceof Failed) throw new Failed(`${options.port}: ${error.message}`);
      throw error;
    } finally {
      board.console.close();
    }
  });
}

function waits(flags: string, about: string, seconds: number): Option {
  const read = duration(0, HOUR_MS, "0s to 1h");
  return new Option(flags, about).argParser(read).default(seconds * 1_000, `${seconds}s`);
}

/** A line for each tenth. */
function tellProgress(say: (text: string) => void, bytes: number, all: number): void {
  const step = Math.ceil(all / 10);
  if (bytes === all || Math.floor(bytes / step) !== Math.floor((bytes - 128) / step))
    say(`  ${bytes} of ${all} bytes\n`);
}

/** How the gateway has seen it so far; undefined: none runs here, or none is to be asked. */
function lookUp(options: Options, id: string): Promise<DeviceJson | undefined> | undefined {
  if (options.data !== undefined || options.beatWait === 0) return undefined;
  return withDevices(options, false, (devices) => devices.show(id));
}

/** The first beat that the gateway acknowledges after `before`. */
function firstBeat(options: Options, id: string, before: DeviceJson): Promise<DeviceJson> {
  const end = performance.now() + options.beatWait;
  return withDevices(options, false, async (devices) => {
    for (;;) {
      const now = await devices.show(id);
      if (now.seenAt !== before.seenAt) return now;
      if (performance.now() > end) break;
      await sleep(ASK_MS);
    }
    const { gateway, mqtt, wifi } = options;
    const [first] = [gateway, mqtt].filter((place) => place !== undefined);
    const hints = [
      ...(wifi === undefined ? [] : ["the name of the Wi-Fi and its password"]),
      `whether ${first!.host}:${first!.port} is the gateway as the board sees it (firewall, NAT)`,
      "what the board says on its console",
      `nextbeat explain ${id}`,
    ];
    throw new Failed(
      `the script runs from flash, but no beat came within ${options.beatWait / 1_000} s; ` +
        `look at ${hints.join("; ")}`,
    );
  });
}
