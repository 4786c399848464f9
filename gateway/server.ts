/**
 * The running gateway: store, core, turns, sockets and HTTP put together, and taken apart again in
 * the order that loses nothing. No decision about a device is made here; each part has its file and
 * its reasons there.
 *
 * The sockets open last and close first: a beat that comes in is then always one that can be kept.
 */

import type { Server } from "node:http";
import { About, deafJson, VERSION } from "./about.ts";
import { announce, feedOf } from "./announce.ts";
import type { Clock } from "./clock.ts";
import { Ears } from "./ears.ts";
import type { System } from "./ears-machine.ts";
import type { Effects } from "./facts.ts";
import { Gateway } from "./gateway.ts";
import { createApp } from "./http/app.ts";
import { sayCommands } from "./http/commands.ts";
import type { Feed } from "./http/feed.ts";
import { portOf, serveHttp } from "./http/serve.ts";
import { type TokenEntry, Tokens } from "./http/tokens.ts";
import type { Limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { Desk } from "./notices/desk.ts";
import type { NoticeSettings } from "./notices/receivers.ts";
import { Registry } from "./registry.ts";
import { sha256 } from "./sha256.ts";
import type { Loaded, Store, StoreOptions } from "./store/store.ts";
import { Turns } from "./turns.ts";
import { openUdp, type UdpTransport } from "./udp.ts";

export interface GatewaySettings {
  readonly clock: Clock;
  /** Makes the store; what it is given is to be handed on. */
  readonly store: (options: Pick<StoreOptions, "clock" | "onWrite" | "onQuarantined">) => Store;
  readonly udpPort: number;
  readonly udpHosts?: readonly string[] | undefined;
  readonly httpPort: number;
  readonly httpHost: string;
  readonly tokens?: readonly TokenEntry[] | undefined;
  /** Take in unknown ids under suite 0. */
  readonly open?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Who is told of incidents; none: nobody. */
  readonly notices?: NoticeSettings | undefined;
  readonly log: Log;
  /** What is asked of the machine; tests hand in their own. */
  readonly system?: System | undefined;
  /** The store broke: end the process, and start again. */
  readonly onFatal: (error: Error) => void;
}

export interface RunningGateway {
  readonly udpPort: number;
  readonly httpPort: number;
  readonly core: Gateway;
  readonly registry: Registry;
  /** Resolves when everything is durable and closed. Can be called again. */
  stop(): Promise<void>;
}

/** Connections that a request keeps open are cut this long after the stop. */
const LINGER_MS = 300;

/**
 * Resolves when it listens. Rejects with what the store, the sockets or the settings did not allow.
 */
export async function startGateway(settings: GatewaySettings): Promise<RunningGateway> {
  const { clock } = settings;
  let metrics: Metrics | undefined;
  const store = settings.store({
    clock,
    onWrite: (ms) => metrics?.committed(ms),
    onQuarantined: (record) => settings.log.few("quarantined", { record }),
  });
  const loaded = await store.open();
  try {
    const core = coreOf(settings, loaded);
    metrics = new Metrics({ core, clock, version: VERSION });
    return await listen(settings, store, loaded, core, metrics);
  } catch (error) {
    metrics?.close();
    await store.close();
    throw error;
  }
}

function coreOf({ clock, open, limits, notices }: GatewaySettings, loaded: Loaded): Gateway {
  const unixSeconds = (now: number) => (clock.trusted() ? Math.floor(clock.wallAt(now) / 1000) : 0);
  const { generation, secret, stoppedMs, cursor, affairs } = loaded;
  return new Gateway(
    {
      generation,
      secret,
      sha256,
      unixSeconds,
      wallAt: (now) => clock.wallAt(now),
      stoppedMs,
      cursor,
      affairs,
      open: open ?? false,
      routes: notices?.routes ?? [],
      ...(limits !== undefined && { limits }),
    },
    loaded.devices,
    clock.now(),
  );
}

async function listen(
  settings: GatewaySettings,
  store: Store,
  loaded: Loaded,
  core: Gateway,
  metrics: Metrics,
): Promise<RunningGateway> {
  const { clock, log } = settings;
  const feed = feedOf(core, store, loaded, clock);
  const desk = new Desk({
    ...{ settings: settings.notices, clock, secret: loaded.secret, log },
    onDone: (n, ok) => apply(core.requests.delivered(n, ok)),
  });
  metrics.extend((registers) => desk.meter(registers));
  const turns = new Turns({
    ...{ core, store, clock },
    onFacts(facts) {
      registry.learn(facts);
      desk.coming(facts);
    },
    onDurable(facts) {
      desk.durable(facts);
      sayCommands(facts, { core, clock, feed, metrics });
    },
    onChanges: (changes) => announce(changes, { core, clock, feed, metrics, log }),
    onBeat: (id) => feed.heard(id),
    onAnswered: (receivedAt) => metrics.answered(clock.now() - receivedAt),
    onFatal: settings.onFatal,
  });
  const apply = (effects: Effects) => turns.apply(effects);
  const registry = new Registry({ core, store, clock, apply });
  const about = new About(settings, loaded, core, feed);
  const app = createApp({
    ...{ core, registry, store, clock, feed, apply, notices: desk },
    tokens: settings.tokens && new Tokens(settings.tokens, loaded.secret),
    metrics: () => metrics.text(),
    facts: () => about.facts(),
    unready: () => about.unready ?? turns.ears?.unwell,
    quiet: () => turns.quiet(),
    onMistake: (error) => log.few("http", { error: String((error as Error)?.stack ?? error) }),
  });
  const http = await serveHttp(app, settings.httpPort, settings.httpHost);
  const udp = await receive(settings, turns).catch((error) => {
    http.close();
    throw error;
  });
  feed.quiet = () => turns.quiet();
  turns.add(udp);
  const ears = await openEars(settings, store, core, turns, udp, feed);
  about.deaf = () => ears.told;
  turns.start();
  desk.start(loaded.affairs.notices);
  about.listening(udp, portOf(http));
  let stopped: Promise<void> | undefined;
  return {
    udpPort: udp.port,
    httpPort: portOf(http),
    core,
    registry,
    stop() {
      about.unready = "the gateway stops";
      stopped ??= stopAll({ ears, udp, turns, desk, feed, http, store, metrics, log });
      return stopped;
    },
  };
}

function receive(settings: GatewaySettings, turns: Turns): Promise<UdpTransport> {
  return openUdp({
    port: settings.udpPort,
    ...(settings.udpHosts && { hosts: settings.udpHosts }),
    onFrame: (frame, from) => turns.receive(frame, from),
    onRefused: () => turns.refused(),
    onFailure: (error) => {
      settings.log.few("udp", { error: error.message });
      turns.ears?.look(true);
    },
  });
}

async function openEars(
  { clock, log, system }: GatewaySettings,
  store: Store,
  core: Gateway,
  turns: Turns,
  udp: UdpTransport,
  feed: Feed,
): Promise<Ears> {
  const iso = (at: number) => new Date(clock.wallAt(at)).toISOString();
  const ears = await Ears.open({
    ...{ core: core.requests, clock, udp, log, system, writes: turns },
    apply: (effects) => turns.apply(effects),
    alive: () => store.alive(),
    onTold: (deaf) => feed.say("deaf", deafJson(deaf, iso)),
  });
  turns.ears = ears;
  return ears;
}

interface Parts {
  readonly ears: Ears;
  readonly udp: UdpTransport;
  readonly turns: Turns;
  readonly desk: Desk;
  readonly feed: Feed;
  readonly http: Server;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Log;
}

async function stopAll(parts: Parts): Promise<void> {
  const { udp, turns, feed, http, store, metrics, log } = parts;
  parts.desk.stop();
  await parts.ears.close();
  await udp.close();
  await turns.stop();
  feed.close();
  const closed = new Promise((done) => http.close(done));
  http.closeIdleConnections();
  const cut = setTimeout(() => http.closeAllConnections(), LINGER_MS);
  await store.close();
  await closed;
  clearTimeout(cut);
  metrics.close();
  log.info("stopped");
}
