/**
 * The sockets of a running gateway, opened in the order in which nothing is lost, and closed again
 * in the other: what one of them cannot have is said when none is open any more.
 *
 * The ears open before anybody can be doubted, and the connection to a broker begins as a deafness:
 * devices over MQTT cannot be heard before it is there.
 */

import type { Server } from "node:http";
import type { Hono } from "hono";
import { deafJson } from "./about.ts";
import { Ears } from "./ears.ts";
import type { Gateway } from "./gateway.ts";
import type { Feed } from "./http/feed.ts";
import { serveHttp } from "./http/serve.ts";
import { type MqttSide, openMqtt } from "./mqtt/side.ts";
import type { GatewaySettings } from "./server.ts";
import type { Store } from "./store/store.ts";
import type { Turns } from "./turns.ts";
import { openUdp, type UdpTransport } from "./udp.ts";

/** Connections that a request keeps open are cut this long after the stop. */
const LINGER_MS = 300;

export interface Around {
  readonly settings: GatewaySettings;
  readonly app: Hono;
  readonly store: Store;
  readonly core: Gateway;
  readonly turns: Turns;
  readonly feed: Feed;
}

export interface Sockets {
  readonly http: Server;
  readonly udp: UdpTransport;
  readonly ears: Ears;
  readonly mqtt: MqttSide | undefined;
}

/** Rejects with what one of them, or the settings, did not allow. */
export async function openSockets(around: Around): Promise<Sockets> {
  const { settings, app, turns } = around;
  const http = await serveHttp(app, settings.httpPort, settings.httpHost);
  const opened: { close(): unknown }[] = [http];
  try {
    const udp = await receive(settings, turns);
    opened.push(udp);
    turns.add(udp);
    const ears = await openEars(around, udp);
    opened.push(ears);
    const mqtt = await connect(around, ears);
    if (mqtt !== undefined) turns.add(mqtt.transport);
    return { http, udp, ears, mqtt };
  } catch (error) {
    for (const each of opened.reverse()) await each.close();
    throw error;
  }
}

/** No more is received. */
export async function closeSockets({ ears, udp, mqtt }: Sockets): Promise<void> {
  await ears.close();
  await Promise.all([udp.close(), mqtt?.close()]);
}

/** Resolves when the last answer is out, or was cut off. */
export async function closeHttp(http: Server): Promise<void> {
  const closed = new Promise((done) => http.close(done));
  http.closeIdleConnections();
  const cut = setTimeout(() => http.closeAllConnections(), LINGER_MS);
  await closed;
  clearTimeout(cut);
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
  { settings: { clock, log, system }, store, core, turns, feed }: Around,
  udp: UdpTransport,
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

async function connect(
  { settings: { mqtt, broker, clock, log }, core, turns }: Around,
  ears: Ears,
): Promise<MqttSide | undefined> {
  if (mqtt === undefined) return undefined;
  return await openMqtt({
    ...{ settings: mqtt, broker, core, clock, log },
    onFrame: (frame, from) => turns.receive(frame, from),
    onRefused: () => turns.refused(),
    onHearing: (up, since) => ears.broker(up, since),
    apply: (effects) => turns.apply(effects),
    quiet: () => turns.quiet(),
  });
}
