/** Gateways in this process at a Mosquitto of its own, and what they tell of it. */

import type { MqttSettings } from "../../gateway/mqtt/settings.ts";
import type { GatewaySettings, RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { clearUp, startHere, temporaryFolder } from "../gateway/socket-rig.ts";
import { closeClients } from "../mqtt/rig.ts";
import { type Login, type Mosquitto, mosquitto } from "./mosquitto.ts";

const brokers: Mosquitto[] = [];
const gateways: RunningGateway[] = [];

/** For afterEach. */
export async function endAll(): Promise<void> {
  await closeClients();
  for (const gateway of gateways.splice(0)) await gateway.stop();
  for (const broker of brokers.splice(0)) await broker.end();
  clearUp();
}

export type AtUrl = Mosquitto & { readonly url: string };

export async function brokerUp(login?: Login, more?: string): Promise<AtUrl> {
  const broker = await mosquitto(login, more);
  brokers.push(broker);
  await broker.start();
  return { ...broker, url: `mqtt://127.0.0.1:${broker.port}` };
}

/** Keeps its messages over a restart. */
export function keeper(): Promise<AtUrl> {
  return brokerUp(undefined, `persistence true\npersistence_location ${temporaryFolder()}/`);
}

export async function start(
  mqtt: MqttSettings | undefined,
  disk: MemoryDisk = new Map(),
  more: Partial<GatewaySettings> = {},
): Promise<RunningGateway> {
  const gateway = await startHere(disk, { mqtt, ...more });
  gateways.push(gateway);
  return gateway;
}

export interface Told {
  readonly connected: boolean;
  readonly why: string | null;
  readonly version: string | null;
}

export async function told({ httpPort }: RunningGateway): Promise<Told> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/gateway`);
  return ((await answer.json()) as { mqtt: Told }).mqtt;
}

/** Polls what the gateway tells of its broker, until it is what was wanted. */
export async function until(
  gateway: RunningGateway,
  wanted: (told: Told) => boolean,
): Promise<Told> {
  for (;;) {
    const found = await told(gateway);
    if (wanted(found)) return found;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

export async function dropped({ httpPort }: RunningGateway, why: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  return Number(new RegExp(`dropped_total\\{why="${why}"\\} (\\d+)`).exec(text)![1]);
}
