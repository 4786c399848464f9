/**
 * The browser on this machine, if there is one, driven over its DevTools protocol.
 *
 * Through a pair of pipes instead of a WebSocket: nothing to install, no port to find or to leave
 * open, and the browser ends with us. A driver package lost: it brings 13 MB for four commands.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** It loads pages of ours alone, from loopback; and its sandbox does not work for root. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--remote-debugging-pipe",
];

/** The path of the browser, or undefined; then a peer test says that it is skipped. */
export function chromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(canRun);
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// What the protocol answers has too many shapes to be typed here; each use names what it expects.
type Answer = Record<string, unknown>;
type Told = { method: string; params: Answer; sessionId?: string };

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #input: Writable;
  readonly #waiting = new Map<number, { done: (a: Answer) => void; fail: (e: Error) => void }>();
  readonly #listeners = new Set<(told: Told) => void>();
  #asked = 0;
  #unread = "";

  constructor(binary: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "nextbeat-chromium-"));
    this.#process = spawn(binary, [...FLAGS, `--user-data-dir=${this.#profile}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    this.#input = this.#process.stdio[3] as Writable;
    const output = this.#process.stdio[4] as Readable;
    output.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#process.once("exit", () => {
      for (const { fail } of this.#waiting.values()) fail(new Error("the browser ended"));
    });
  }

  /** One command; rejects with the browser's complaint. */
  send(method: string, params: Answer = {}, sessionId?: string): Promise<Answer> {
    const id = ++this.#asked;
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, fail) => this.#waiting.set(id, { done, fail }));
  }

  /** A page of its own that shows nothing yet. */
  async page(): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const attached = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, attached["sessionId"] as string);
    this.#listeners.add((told) => page.hear(told));
    for (const domain of ["Runtime", "Log", "Page"]) await page.send(`${domain}.enable`);
    return page;
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.#process.once("exit", done));
    await this.send("Browser.close");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #read(text: string): void {
    const pieces = (this.#unread + text).split("\0");
    this.#unread = pieces.pop() ?? "";
    for (const piece of pieces) {
      const told = JSON.parse(piece);
      const waiting = this.#waiting.get(told.id);
      this.#waiting.delete(told.id);
      if (told.error) waiting?.fail(new Error(told.error.message));
      else waiting?.done(told.result);
      if (told.method) for (const listener of this.#listeners) listener(told);
    }
  }
}

export class Page {
  /** Errors of scripts, and what the browser complains of: policy, network. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #session: string;

  constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  send(method: string, params: Answer = {}): Promise<Answer> {
    return this.#browser.send(method, params, this.#session);
  }

  hear({ method, params, sessionId }: Told): void {
    if (sessionId !== this.#session) return;
    const { entry, exceptionDetails } = params as Record<string, { text?: string } | undefined>;
    if (method === "Log.entryAdded") this.complaints.push(entry?.text ?? "");
    if (method === "Runtime.exceptionThrown")
      this.complaints.push(JSON.stringify(exceptionDetails));
  }

  async open(url: string, width = 1280, height = 900): Promise<void> {
    const screen = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send("Emulation.setDeviceMetricsOverride", screen);
    await this.send("Page.bringToFront");
    await this.send("Page.navigate", { url });
  }

  /** The value of an expression in the page, awaited there. */
  async value<T>(expression: string): Promise<T> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const answer = await this.send("Runtime.evaluate", asked);
    if (answer["exceptionDetails"]) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return (answer["result"] as { value: T }).value;
  }

  /** Waits until an expression in the page is true; looks again at each frame. */
  async until(expression: string): Promise<void> {
    await this.value(
      `new Promise((done) => {
        const look = () => (${expression}) ? done() : requestAnimationFrame(look);
        look();
      })`,
    );
  }

  /** A key as a person presses it, to whatever has the focus. */
  async press(key: string): Promise<void> {
    const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
    const code = { Backspace: 8, Enter: 13, Escape: 27, ArrowDown: 40 }[key];
    const windowsVirtualKeyCode = code ?? key.toUpperCase().charCodeAt(0);
    const params = { key, windowsVirtualKeyCode, ...(text !== undefined && { text }) };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...params });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key });
  }
}
