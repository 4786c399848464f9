// How the commands of `nextbeat sim` read what is given to them; each refuses with what it
// expected.

import { InvalidArgumentError } from "commander";
import { UDP_PORT } from "../gateway/cli/words.ts";
import { LINK_PRESETS, type LinkPreset, linkPreset } from "./presets.ts";

export const SEED_MAX = 2 ** 32 - 1;
export const SECONDS_MAX = 30 * 86_400;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Resolves at the first Ctrl-C, or when asked to end; the second one ends us at once. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => resolve());
    }
  });
}

export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`Expected a whole number, ${least} to ${most}.`);
    }
    return number;
  };
}

export function preset(name: string): LinkPreset {
  const found = linkPreset(name);
  if (!found) {
    const names = LINK_PRESETS.map((each) => each.name).join(", ");
    throw new InvalidArgumentError(`Expected one of ${names}.`);
  }
  return found;
}

/** A broker's URL, without the password, which is nobody's to read in a list of processes. */
export function broker(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^mqtts?:$/.test(url.protocol) || url.hostname === "" || url.pathname.length > 1) {
    throw new InvalidArgumentError("Expected mqtt://[USER@]HOST[:PORT], or mqtts://.");
  }
  if (url.password !== "") {
    throw new InvalidArgumentError("Expected no password here; see --mqtt-password-file.");
  }
  return text;
}

export function hostPort(text: string): HostPort {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? UDP_PORT : Number(digits);
  if (!host || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("Expected HOST[:PORT], an IPv6 address in brackets.");
  }
  return { host, port };
}
