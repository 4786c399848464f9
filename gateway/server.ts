/**
 * The running gateway: store, core, turns, sockets and HTTP put together, and taken apart again in
 * the order that loses nothing. No decision about a device is made here; each part has its file and
 * its reasons there.
 *
 * The sockets open last and close first: a beat that comes in is then always one that can be kept.
 */

import { About, VERSION } from "./about.ts";
import { announce, feedOf, sayPayloads } from "./announce.ts";
import type { Clock } from "./clock.ts";
import type { System } from "./ears/machine.ts";
import type { Effects } from "./facts.ts";
import { Gateway } from "./gateway.ts";
import { createApp } from "./http/app.ts";
import { sayCommands } from "./http/commands.ts";
import type { Feed } from "./http/feed.ts";
import { portOf } from "./http/serve.ts";
import { type TokenEntry, Tokens } from "./http/tokens.ts";
import type { Limits } from "./limits.ts";
import { closeHttp, closeSockets, openSockets, type Sockets } from "./listening.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import type { BrokerSettings, MqttSettings } from "./mqtt/settings.ts";
import type { MqttSide } from "./mqtt/side.ts";
import { Desk } from "./notices/desk.ts";
import type { NoticeSettings } from "./notices/receivers.ts";
import { Registry } from "./registry.ts";
import { sha256 } from "./sha256.ts";
import type { Loaded, Store, StoreOptions } from "./store/store.ts";
import { Turns } from "./turns.ts";

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
  /** The broker for beats and presence over MQTT; none: UDP alone. */
  readonly mqtt?: MqttSettings | undefined;
  /** That broker is our own, and listens here. */
  readonly broker?: BrokerSettings | undefined;
  readonly log: Log;
  /** What is asked of the machine; tests hand in their own. */
  readonly system?: System | undefined;
  /** The store broke: end the process, and start again. */
  readonly onFatal: (error: Error) => void;
}

export interface RunningGateway {
  readonly udpPort: number;
  readonly httpPort: number;
  /** Of the embedded broker; undefined: there is none. */
  readonly brokerPort: number | undefined;
  readonly core: Gateway;
  readonly registry: Registry;
  /** When the newest beat of its own left that passed socket, tag, store and ACK: see ears.ts. */
  readonly passedAt: () => number;
  /** Resolves when everything is durable and closed. Can be called again. */
  stop(): Promise<void>;
}

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
  let mqtt: MqttSide | undefined;
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
      mqtt?.durable(facts);
      sayCommands(facts, { core, clock, feed, metrics });
      sayPayloads(facts, { clock, feed });
    },
    onChanges(changes) {
      announce(changes, { core, clock, feed, metrics, log });
      mqtt?.changed(changes);
    },
    onBeat(id) {
      feed.heard(id);
      mqtt?.heard(id);
    },
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
  feed.quiet = () => turns.quiet();
  const sockets = await openSockets({ settings, app, store, core, turns, feed });
  mqtt = sockets.mqtt;
  if (mqtt !== undefined) metrics.extend((registers) => mqtt?.meter(registers));
  desk.start(loaded.affairs.notices);
  return running({ sockets, turns, desk, feed, store, metrics, log }, about, core, registry);
}

interface Parts {
  readonly sockets: Sockets;
  readonly turns: Turns;
  readonly desk: Desk;
  readonly feed: Feed;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Log;
}

function running(parts: Parts, about: About, core: Gateway, registry: Registry): RunningGateway {
  const { http, udp, ears, mqtt } = parts.sockets;
  about.deaf = () => ears.told;
  parts.turns.start();
  about.listening(udp, portOf(http), mqtt);
  let stopped: Promise<void> | undefined;
  return {
    udpPort: udp.port,
    httpPort: portOf(http),
    brokerPort: mqtt?.port,
    core,
    registry,
    passedAt: () => ears.passedAt,
    stop() {
      about.unready = "the gateway stops";
      stopped ??= stopAll(parts);
      return stopped;
    },
  };
}

async function stopAll(parts: Parts): Promise<void> {
  const { sockets, turns, feed, store, metrics, log } = parts;
  parts.desk.stop();
  await closeSockets(sockets);
  await turns.stop();
  feed.close();
  await Promise.all([store.close(), closeHttp(sockets.http)]);
  metrics.close();
  log.info("stopped");
}
