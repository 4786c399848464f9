/**
 * A dialogue with the interpreter on a board's console: one line is sent, one answer awaited.
 *
 * It is our own, not the `espruino` tools' command: that never ends on TCP, sends faster than a
 * Linux console takes (FIFO_FULL: characters are lost), reports success without reading back, and
 * is a child process, with the script in a file and the port's noise in its output. Here a line is
 * short, the next goes out when the last was answered, and what passes is never printed.
 *
 * A line begins with DLE, which silences its echo; the answer stands between marks that the echo of
 * a console that does echo could not show, since the line spells them in two halves.
 */

import type { Duplex } from "node:stream";
import { Failed } from "./errors.ts";

const CTRL_C = "\x03";
const DLE = "\x10";
/** What a console has said and nobody asked for is kept so far. */
const KEPT = 8_192;
const ANSWER_MS = 5_000;

/** The board threw this. */
export class BoardError extends Error {}

export class BoardConsole {
  readonly #stream: Duplex;
  #heard = "";
  #count = 0;
  #closed = false;
  #wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (bytes: Buffer) => {
      this.#heard = (this.#heard + bytes.toString("latin1")).slice(-KEPT);
      this.#wake();
    });
    const ended = (): void => {
      this.#closed = true;
      this.#wake();
    };
    stream.on("error", ended).on("close", ended).on("end", ended);
  }

  /** Whether anything at all was heard, and its beginning as text. */
  get noise(): string {
    return this.#heard
      .replace(/[^ -~]+/g, " ")
      .trim()
      .slice(0, 40);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Stops what runs on the board, or clears a line half entered; a second one ends it on Linux. */
  interrupt(): void {
    this.#stream.write(CTRL_C, "latin1");
  }

  /** Sends statements; nothing is awaited. */
  tell(statements: string): void {
    this.#stream.write(`${DLE}${statements}\n`, "latin1");
  }

  /**
   * The value of an expression, as the board prints it; undefined if it said nothing in time.
   * Rejects with BoardError what the board threw.
   */
  async ask(expression: string, ms = ANSWER_MS): Promise<string | undefined> {
    const mark = `nb${++this.#count}`;
    this.tell(`try{print("<"+"${mark}=",${expression},">")}catch(e){print("<"+"${mark}!",e,">")}`);
    const pattern = new RegExp(`<${mark}([=!])([^]*?)>\\r?\\n`);
    const found = await this.#until(() => pattern.exec(this.#heard), ms);
    if (!found) return undefined;
    this.#heard = this.#heard.slice(found.index + found[0].length);
    const text = found[2]!.trim();
    if (found[1] === "!") throw new BoardError(text);
    return text;
  }

  /** As `ask`, of a board that has answered before. */
  async know(expression: string, ms = ANSWER_MS): Promise<string> {
    const found = await this.ask(expression, ms);
    if (found !== undefined) return found;
    if (/out of memory|LOW_MEMORY/i.test(this.#heard))
      throw new Failed("the board ran out of memory");
    if (/FIFO_FULL/.test(this.#heard))
      throw new Failed("the board's console lost characters; again");
    throw new Failed(this.#closed ? "the connection broke" : "the board stopped answering");
  }

  /** Waits until the board has gone, or `ms`. */
  async gone(ms: number): Promise<void> {
    await this.#until(() => (this.#closed ? true : null), ms);
  }

  close(): void {
    this.#stream.destroy();
  }

  async #until<T>(look: () => T | null, ms: number): Promise<T | undefined> {
    const end = performance.now() + ms;
    for (;;) {
      const found = look();
      const left = end - performance.now();
      if (found !== null) return found;
      if (this.#closed || left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
