/**
 * What the gateway tells of itself: in `/api/v1/gateway`, at `/readyz`, and in the log lines of its
 * start.
 */

import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Deaf } from "./affairs.ts";
import { idText } from "./enrolment.ts";
import type { Gateway } from "./gateway.ts";
import { isLoopback } from "./http/access.ts";
import type { Feed } from "./http/feed.ts";
import type { MqttSide } from "./mqtt/side.ts";
import type { GatewaySettings } from "./server.ts";
import type { Loaded } from "./store/store.ts";
import type { UdpTransport } from "./udp.ts";

/** Deaf intervals shown, the newest; those that go on have no end yet. */
const DEAF_SHOWN = 50;

/** A deaf interval as `/api/v1/gateway` and the event stream have it. */
export function deafJson({ n, why, transport, fromAt, toAt }: Deaf, iso: (at: number) => string) {
  return { n, why, transport, from: iso(fromAt), to: toAt === null ? null : iso(toAt) };
}

/** HOST:PORT by which boards of the same network find the gateway. */
function boardsAt(udp: UdpTransport | undefined): string[] {
  if (udp === undefined || udp.addresses.every(isLoopback)) return [];
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => `${address}:${udp.port}`);
}

/** The version in package.json. */
export const VERSION = readVersion();

/** Found from the sources and from the compiled files. */
function readVersion(): string {
  for (const place of ["../package.json", "../../package.json"]) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      if (name === "nextbeat") return version;
    } catch {}
  }
  return "unknown";
}

export class About {
  /** Why the gateway is not ready; undefined = it is. */
  unready: string | undefined = "the gateway starts";
  /** Deaf intervals that may be told of, oldest first. */
  deaf: () => readonly Deaf[] = () => [];
  readonly #settings: GatewaySettings;
  /** Not the devices: they would be kept in memory twice. */
  readonly #loaded: Omit<Loaded, "devices">;
  readonly #devices: number;
  readonly #core: Gateway;
  readonly #feed: Feed;
  readonly #startedAt: number;
  #udp: UdpTransport | undefined;
  #httpPort = 0;
  #mqtt: MqttSide | undefined;

  constructor(settings: GatewaySettings, loaded: Loaded, core: Gateway, feed: Feed) {
    this.#settings = settings;
    const { devices, ...rest } = loaded;
    this.#loaded = rest;
    this.#devices = devices.length;
    this.#core = core;
    this.#feed = feed;
    this.#startedAt = settings.clock.now();
  }

  /** All sockets are open: says so, and what was found on the way. */
  listening(udp: UdpTransport, httpPort: number, mqtt: MqttSide | undefined): void {
    this.#udp = udp;
    this.#httpPort = httpPort;
    this.#mqtt = mqtt;
    this.unready = undefined;
    const { log, httpHost } = this.#settings;
    for (const why of this.#loaded.quarantined) log.warn("record set aside", { why });
    if (udp.withoutIpv6) log.warn("no IPv6 on this machine, IPv4 only", { why: udp.withoutIpv6 });
    log.info("listening", {
      udp: udp.port,
      http: httpPort,
      ...(mqtt?.port !== undefined && { broker: mqtt.port }),
      addresses: udp.addresses,
      host: httpHost,
      devices: this.#devices,
      version: VERSION,
    });
  }

  facts(): object {
    const { clock, httpHost, open = false } = this.#settings;
    const { stoppedMs = null, generation, quarantined } = this.#loaded;
    const iso = (at: number) => new Date(clock.wallAt(at)).toISOString();
    const core = this.#core;
    const now = clock.now();
    return {
      version: VERSION,
      now: iso(now),
      startedAt: iso(this.#startedAt),
      clockTrusted: clock.trusted(),
      stoppedMs,
      generation,
      cursor: this.#feed.cursor,
      udp: {
        port: this.#udp?.port ?? null,
        addresses: this.#udp?.addresses ?? [],
        receiveBuffer: this.#udp?.receiveBuffer ?? null,
      },
      http: { port: this.#httpPort, host: httpHost },
      boardsAt: boardsAt(this.#udp),
      mqtt: this.#mqtt?.facts() ?? null,
      open,
      deaf: this.deaf()
        .slice(-DEAF_SHOWN)
        .map((deaf) => deafJson(deaf, iso)),
      devices: core.counts(now),
      counters: core.counters,
      hints: [...core.hints.values()].map((hint) => ({
        ...hint,
        id: idText(hint.id),
        at: iso(hint.at),
      })),
      quarantined,
      streams: this.#feed.streams,
    };
  }
}
