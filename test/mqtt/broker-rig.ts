// A gateway with a broker of its own.

import type { Login } from "../../gateway/mqtt/settings.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { keptLog, startHere } from "../gateway/socket-rig.ts";
import { closeClients, settings } from "./rig.ts";

const gateways: RunningGateway[] = [];

export async function start(login?: Login) {
  const mqtt = { ...settings("mqtt://127.0.0.1"), version: 4 as const };
  const lines: string[] = [];
  const broker = { host: "127.0.0.1", port: 0, login };
  const gateway = await startHere(new Map(), { mqtt, broker, log: keptLog(lines) });
  gateways.push(gateway);
  return { gateway, lines, url: `mqtt://127.0.0.1:${gateway.brokerPort}` };
}

export async function api(gateway: RunningGateway, path: string): Promise<Record<string, never>> {
  return (await fetch(`http://127.0.0.1:${gateway.httpPort}${path}`)).json() as never;
}

/** Their clients first. */
export async function closeBrokers(): Promise<void> {
  await closeClients();
  for (const gateway of gateways.splice(0)) await gateway.stop();
}
