/**
 * How durations, ports, hosts and the like are written on the command line; each refuses with what
 * it expected.
 */

import { isIP, isIPv4 } from "node:net";
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../device/words.ts";
import { Usage } from "./errors.ts";

/** `90s`, `5m`, `1h30m` in ms. @param min @param max bounds in ms, written as in `words` */
export function duration(min: number, max: number, words: string): (text: string) => number {
  return (text) => {
    // Whole numbers only: `1.5h` is `1h30m`.
    const ms = text.includes(".") ? undefined : parseDuration(text);
    if (ms === undefined || ms < min || ms > max) {
      throw new InvalidArgumentError(`Expected a duration such as 90s, 5m or 1h30m, ${words}.`);
    }
    return ms;
  };
}

export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError("Expected a port, 1 to 65535, or 0 for a free one.");
  }
  return Number(text);
}

/** Gathers an option that may be given again and again. */
export function gather(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Addresses to listen on, one of each family at most. */
export function listenOn(text: string, before: readonly string[] = []): string[] {
  if (isIP(text) === 0 || before.some((other) => isIPv4(other) === isIPv4(text))) {
    throw new InvalidArgumentError("Expected an IPv4 or IPv6 address, at most one of each.");
  }
  return [...before, text];
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export const UDP_PORT = 7227;
const MQTT_PORT = 1883;
const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i;

/** `HOST[:PORT]` as a board can reach it: an IPv4 address or a name. */
export function boardsGateway(text: string): Place {
  return boardsPlace(text, UDP_PORT);
}

/** The same of a broker, where the port that is not said is MQTT's. */
export function boardsBroker(text: string): Place {
  return boardsPlace(text, MQTT_PORT);
}

function boardsPlace(text: string, port: number): Place {
  const [, host = "", number] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const found = number === undefined ? port : Number(number);
  const named = NAME.test(host) && !/^[\d.]+$/.test(host);
  if (!(isIPv4(host) || named) || found < 1 || found > 65_535) {
    throw new InvalidArgumentError(
      "Expected HOST[:PORT], HOST an IPv4 address or a name (boards do not speak IPv6).",
    );
  }
  return { host, port: found };
}

export function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError("Expected an address such as http://127.0.0.1:8227.");
  }
  // Said without the address: a password is in it, and commander would show the argument.
  if (url.username !== "" || url.password !== "") {
    throw new Usage("--url: given a login; expected none, and a token in a file: --token-file F");
  }
  return url;
}
