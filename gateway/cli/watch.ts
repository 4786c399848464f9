/**
 * `watch`: who is here, live in the terminal. On no terminal, one line a change, for a log or a
 * pipe; with `--json` each of them as JSON.
 *
 * The fleet is read once, the stream brings what changes, and a lost contact is said so and mended
 * by itself. What lost: asking for all devices each second, which 10 000 of them would feel.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { ChangeJson, DeviceJson } from "../http/answers.ts";
import { request } from "./ask.ts";
import { clientToken, counted, type GatewayOptions, type Streams, withGateway } from "./common.ts";
import { follow, type Happening } from "./stream.ts";
import { ownTerminal, type Terminal } from "./terminal.ts";
import { chosen, ORDERS, roomOf, screen, type Watched } from "./watch-table.ts";

const PAGE = 1_000;
const PAINT_MS = 200;
const RETRY_MS = 2_000;
const [ENTER, LEAVE, HOME, CLEAR] = [
  "\u001b[?1049h\u001b[?25l",
  "\u001b[?25h\u001b[?1049l",
  "\u001b[H",
  "\u001b[K",
];

export function addWatch(program: Command, streams: Streams): void {
  const command = program
    .command("watch")
    .description("a live table of all devices; on no terminal, a line for each change");
  withGateway(command).action(async (options: GatewayOptions) => {
    const terminal = options.json ? undefined : ownTerminal();
    const stopped = new AbortController();
    const stop = () => stopped.abort();
    process.once("SIGINT", stop).once("SIGTERM", stop);
    await new Watch(options, streams, terminal, stopped).run();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  });
}

export class Watch {
  readonly #options: GatewayOptions;
  readonly #token: string | undefined;
  readonly #streams: Streams;
  readonly #terminal: Terminal | undefined;
  readonly #stopped: AbortController;
  readonly #devices = new Map<string, DeviceJson>();
  readonly #deaf = new Set<string>();
  #order: Watched["order"] = "attention";
  #filter = "";
  /** Keys go into the filter. */
  #typing = false;
  #top = 0;
  #cursor: string | undefined;
  /** The gateway's clock minus ours, ms. */
  #offset = 0;
  #lostAt: number | undefined;

  constructor(
    options: GatewayOptions,
    streams: Streams,
    terminal: Terminal | undefined,
    stopped: AbortController,
  ) {
    this.#options = options;
    this.#token = clientToken(options.tokenFile);
    this.#streams = streams;
    this.#terminal = terminal;
    this.#stopped = stopped;
  }

  /** Resolves when it was stopped; rejects where there was no gateway to begin with. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    await this.#read();
    const terminal = this.#terminal;
    // A pipe may stay silent for days; who started it wants to know that it looks.
    if (!terminal && !this.#options.json)
      this.#streams.err(
        `watching ${counted(this.#devices.size)} of ${this.#options.url.host}: a line a change\n`,
      );
    const paint = () => this.#paint();
    const deafen = terminal?.listen((key) => this.#press(key), paint);
    const timer = terminal && setInterval(paint, PAINT_MS);
    terminal?.write(ENTER);
    try {
      for (let first = true; !signal.aborted; first = false) await this.#attempt(first);
    } finally {
      clearInterval(timer);
      deafen?.();
      terminal?.write(LEAVE);
    }
  }

  /** One contact with the gateway, and the pause behind it. */
  async #attempt(first: boolean): Promise<void> {
    const { signal } = this.#stopped;
    const { url } = this.#options;
    try {
      if (!first) await this.#read();
      this.#lostAt = undefined;
      const on = (happening: Happening) => this.#learn(happening);
      await follow(url, this.#token, this.#cursor, signal, on);
    } catch {}
    if (signal.aborted) return;
    this.#lostAt ??= this.#now();
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }

  async #read(): Promise<void> {
    const ask = (path: string) => request(this.#options.url, this.#token, "GET", path);
    const facts = (await ask("gateway")) as {
      now: string;
      cursor: number;
      deaf: { why: string; to: string | null }[];
    };
    this.#offset = Date.parse(facts.now) - Date.now();
    this.#cursor ??= `${facts.cursor}`;
    this.#deaf.clear();
    for (const { why, to } of facts.deaf) if (to === null) this.#deaf.add(why);
    const found = new Map<string, DeviceJson>();
    for (let after = ""; ; ) {
      const page = (await ask(`devices?limit=${PAGE}${after}`)) as {
        items: DeviceJson[];
        next: string | null;
      };
      for (const device of page.items) found.set(device.id, device);
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    this.#devices.clear();
    for (const [id, device] of found) this.#devices.set(id, device);
  }

  async #learn({ event, data, id }: Happening): Promise<void> {
    if (event === "beats") {
      for (const device of (data as { items: DeviceJson[] }).items)
        this.#devices.set(device.id, device);
    } else if (event === "deaf") {
      const { why, to } = data as { why: string; to: string | null };
      if (to === null) this.#deaf.add(why);
      else this.#deaf.delete(why);
    } else if (event === "change") {
      await this.#meet(data as ChangeJson);
      this.#change(data as ChangeJson);
    }
    this.#cursor = id ?? this.#cursor;
  }

  /** A device that was enrolled since the fleet was read: its first change has only its id. */
  async #meet({ id }: ChangeJson): Promise<void> {
    if (this.#devices.has(id)) return;
    const device = request(this.#options.url, this.#token, "GET", `devices/${id}`);
    await device.then((found) => this.#devices.set(id, found as DeviceJson)).catch(() => {});
  }

  #change(change: ChangeJson): void {
    const { id, at, from, to: status, cause, tseq } = change;
    const device = this.#devices.get(id);
    if (device && device.tseq < tseq) this.#devices.set(id, { ...device, status, cause, tseq });
    if (this.#terminal) return;
    const name = device?.name ?? id;
    const line = `${at} ${name} ${from} -> ${status}: ${cause.replaceAll("-", " ")}`;
    this.#streams.out(`${this.#options.json ? JSON.stringify({ name, ...change }) : line}\n`);
  }

  #press(key: string): void {
    const { rows } = this.#terminal!;
    const page = roomOf(rows);
    if (key === "\u0003" || (key === "q" && !this.#typing)) this.#stopped.abort();
    else if (this.#typing) this.#type(key);
    else if (key === "/") [this.#typing, this.#filter] = [true, ""];
    else if (key === "s") this.#order = ORDERS[(ORDERS.indexOf(this.#order) + 1) % ORDERS.length]!;
    else
      this.#top +=
        {
          ...{ "\u001b[A": -1, "\u001b[B": 1, "\u001b[5~": -page, "\u001b[6~": page },
          ...{ "\u001b[H": -Infinity, "\u001b[F": Infinity },
        }[key] ?? 0;
    this.#paint();
  }

  #type(key: string): void {
    if (key === "\r" || key === "\u001b") this.#typing = false;
    if (key === "\u001b") this.#filter = "";
    if (key === "\u007f") this.#filter = this.#filter.slice(0, -1);
    else if (/^[^\p{Cc}]$/u.test(key)) this.#filter += key;
  }

  #now(): number {
    return Date.now() + this.#offset;
  }

  #paint(): void {
    const terminal = this.#terminal!;
    const { columns, rows, colours } = terminal;
    const view = {
      ...{ devices: [...this.#devices.values()], now: this.#now(), columns, rows, colours },
      ...{ order: this.#order, filter: this.#filter, lostAt: this.#lostAt, top: 0 },
      gateway: this.#options.url.host,
      deaf: [...this.#deaf].join(", "),
    };
    const last = Math.max(0, chosen(view).length - roomOf(rows));
    this.#top = Math.min(last, Math.max(0, this.#top));
    const lines = screen({ ...view, top: this.#top });
    terminal.write(HOME + lines.map((line) => line + CLEAR).join("\r\n"));
  }
}
