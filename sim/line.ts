// One line of a transcript, taken apart: words, options written as `key=value`, and what they may
// say. Whatever is wrong is an error that quotes the line.

import { promiseMs, RTO_FIRST, RTO_MAX } from "../device/schedule.ts";
import type { SenderConfig } from "../device/state.ts";
import { parseDuration } from "../device/words.ts";
import { sayDuration } from "./duration.ts";
import { plainLink } from "./link.ts";
import { type LinkPreset, linkPreset } from "./presets.ts";

export interface Line {
  readonly text: string;
  /** The first word. */
  readonly command: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export function parseLine(text: string): Line {
  const [command = "", ...rest] = text.trim().split(/\s+/);
  const options = rest.filter((word) => word.includes("="));
  return {
    text,
    command,
    words: rest.filter((word) => !word.includes("=")),
    options: new Map(options.map((word) => word.split("=", 2) as [string, string])),
  };
}

export function mistake({ text }: Line, what: string): Error {
  return new Error(`"${text}": ${what}`);
}

/** A duration in ms. @throws Error if `word` is none */
export function duration(line: Line, word: string | undefined): number {
  const ms = parseDuration(word ?? "");
  if (ms === undefined) throw mistake(line, `a duration like 90s, not ${word}`);
  return ms;
}

/** The interval, as `interval=60s` or as what a `promise=` leaves room for. */
export function intervalOption(line: Line): number {
  const promise = line.options.get("promise");
  if (!promise) return duration(line, line.options.get("interval"));
  // The longest whole second that can be kept within the promise.
  const most = duration(line, promise);
  const bounds = { rto: RTO_FIRST, rtoMax: RTO_MAX, clockError: 0.01, wakeMs: 0 };
  const timing = { ...bounds, unacked: 0, makeUps: 0 };
  let interval = Math.floor(most / 1_000) * 1_000;
  while (interval > 1_000 && promiseMs(timing, interval) > most) interval -= 1_000;
  return interval;
}

export function configOptions(line: Line): Partial<SenderConfig> {
  const config: Partial<SenderConfig> = {};
  const set = (option: string, field: "rto" | "rtoMax" | "wakeMs" | "ownMin" | "ownMax") => {
    const text = line.options.get(option);
    if (text) config[field] = duration(line, text);
  };
  set("rto", "rto");
  set("rto-max", "rtoMax");
  set("wake", "wakeMs");
  set("min", "ownMin");
  set("max", "ownMax");
  const makeUps = line.options.get("make-ups");
  if (makeUps) config.makeUps = Number(makeUps);
  const second = line.options.get("second");
  if (second !== undefined) {
    const other = line.options.get("transport") === "mqtt" ? "udp" : "mqtt";
    if (second !== other) throw mistake(line, `second=${other}, the other transport`);
    // All rungs.
    config.ladder = 0xff;
  }
  return config;
}

export function linkOption(line: Line): LinkPreset {
  const name = line.options.get("link");
  if (!name) return plainPreset(duration(line, line.options.get("delay") ?? "20ms"));
  const preset = linkPreset(name);
  if (!preset) throw mistake(line, `no preset ${name}`);
  return preset;
}

/** A path that only takes its time. */
export function plainPreset(delayMs: number): LinkPreset {
  const model = plainLink(delayMs);
  return { name: "plain", about: `${sayDuration(delayMs)}, nothing lost`, up: model, down: model };
}

export function choice(
  line: Line,
  option: string,
  choices: Record<string, number>,
  otherwise: number,
): number {
  const text = line.options.get(option);
  if (!text) return otherwise;
  const chosen = choices[text];
  if (chosen === undefined) throw mistake(line, `${option} is one of ${Object.keys(choices)}`);
  return chosen;
}
