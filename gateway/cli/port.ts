/**
 * A board's console as a stream of bytes: a serial port, or TCP, where telnet negotiates nothing.
 *
 * The serial driver is the one that the `espruino` tools bring along: it is built for each system,
 * and a person who flashes boards has them. They are looked for when they are needed, so that a
 * gateway in a container goes without.
 */

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { Failed, reason, Usage } from "./errors.ts";

/** Where a board's console is. */
export type Where =
  | { readonly kind: "tcp"; readonly name: string; readonly host: string; readonly port: number }
  | { readonly kind: "serial"; readonly name: string; readonly baud: number };

/** What port 23 is to telnet; the interpreter on Linux has 2323. */
const TELNET_PORT = 23;
const CONNECT_MS = 5_000;
/** The tools whose serial driver is used: as in package.json. */
export const TOOLS = "espruino@0.1.67";

export function whereIs(port: string, baud: number): Where {
  if (!(baud > 0)) throw new Usage("--baud: expected a number such as 115200");
  if (!/^\w+:\/\//.test(port)) return { kind: "serial", name: port, baud };
  const url = URL.canParse(port) ? new URL(port) : undefined;
  if (url?.protocol !== "tcp:" || !url.hostname || !/^\/?$/.test(url.pathname))
    throw new Usage(`--port ${port}: expected tcp://HOST[:PORT], or a serial port`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { kind: "tcp", name: port, host, port: Number(url.port || TELNET_PORT) };
}

/** Opens it. Rejects with Failed: what was tried, why it failed, and what helps. */
export function openPort(where: Where): Promise<Duplex> {
  return where.kind === "tcp" ? openTcp(where) : openSerial(where);
}

function openTcp({ name, host, port }: Where & { kind: "tcp" }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: CONNECT_MS });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Failed(`--port ${name}: ${why}`));
    };
    socket.once("timeout", () => fail("nobody answers: is the board on, and on this network?"));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const words: Record<string, string> = {
        ECONNREFUSED:
          "nobody listens there: a board's telnet console, if it has one, is port 23, " +
          "that of espruino --telnet 2323",
        ENOTFOUND: `there is no host ${host}`,
        EAI_AGAIN: `the name ${host} cannot be resolved now`,
        EHOSTUNREACH: "no way leads there",
        ENETUNREACH: "no way leads there",
      };
      fail(words[error.code ?? ""] ?? error.message);
    });
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** What we use of the package `serialport`. */
interface SerialPort extends Duplex {
  open(done: (error: Error | null) => void): void;
}

function openSerial({ name, baud }: Where & { kind: "serial" }): Promise<Duplex> {
  const options = { path: name, baudRate: baud, autoOpen: false, hupcl: false };
  const port = new (serialDriver())(options);
  return new Promise((resolve, reject) => {
    port.open((error) => {
      if (error) reject(new Failed(`--port ${name}: ${serialReason(error.message)}`));
      else resolve(port);
    });
  });
}

function serialDriver(): new (options: object) => SerialPort {
  const here = createRequire(import.meta.url);
  try {
    const { SerialPort } = createRequire(here.resolve("espruino"))("serialport");
    return SerialPort;
  } catch (error) {
    throw new Failed(
      `a serial port wants the espruino tools (${reason(error).split("\n")[0]}); ` +
        `this installs them: ${toolsCommand(fileURLToPath(import.meta.url))}`,
    );
  }
}

/** What puts the tools where this program, which lies in `file`, finds them. */
export function toolsCommand(file: string): string {
  const place = file.lastIndexOf(join("/node_modules/nextbeat/"));
  if (place < 0) return "npm ci";
  const folder = file.slice(0, place);
  // Beside those that are installed for everybody there is no package.json.
  const where = existsSync(join(folder, "package.json")) ? `--prefix "${folder}"` : "--global";
  return `npm install ${where} ${TOOLS}`;
}

function serialReason(message: string): string {
  if (/No such file|ENOENT|cannot open.*file not found/i.test(message))
    return `there is no such port; ${serialPorts()}`;
  if (/Permission denied|EACCES/i.test(message))
    return "permission denied: `sudo usermod -aG dialout $USER`, then log in anew";
  if (/lock|busy|EAGAIN|temporarily unavailable|Access denied/i.test(message))
    return "another program has it open";
  if (/ioctl|not a (tty|typewriter)|ENOTTY/i.test(message)) return "it is no serial port";
  return message;
}

function serialPorts(): string {
  try {
    const found = readdirSync("/dev").filter((name) =>
      /^(tty(USB|ACM)|cu\.(usb|wch|SLAB))/.test(name),
    );
    if (found.length > 0) return `there is ${found.map((name) => `/dev/${name}`).join(", ")}`;
  } catch {
    return "the system's device manager lists them";
  }
  return "none is there: is the cable one for data, and plugged in?";
}
