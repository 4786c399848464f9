// The path of a trial's board: the live proxy, over UDP or TCP, which loses a fifth of all frames
// (TCP's segments come late instead) and for a while all of them.

import { openTcpProxy, type TcpProxy } from "../../sim/live/proxy-tcp.ts";
import { openUdpProxy, type UdpProxy } from "../../sim/live/proxy-udp.ts";
import { linkPreset } from "../../sim/presets.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";

export interface PathOptions {
  readonly way: "udp" | "mqtt";
  /** Of the gateway, or the broker, on loopback. */
  readonly port: number;
  readonly seed: number;
  /** When it is cut, and for how long, ms from now. */
  readonly cutAt: number;
  readonly cutMs: number;
}

export function openPath(options: PathOptions): Promise<UdpProxy | TcpProxy> {
  const { way, port, seed, cutAt, cutMs } = options;
  const scenario = parseScenario(
    `run: 24h
fleet: [{group: board, transport: ${way}, link: {loss: 20%, delay: 5ms, jitter: 20ms}}]
faults: [{at: ${Math.round(cutAt)}ms, where: board, do: cut, for: ${Math.round(cutMs)}ms}]`,
    "trial.yaml",
  );
  const target = { address: "127.0.0.1", family: 4, port } as const;
  const open = way === "udp" ? openUdpProxy : openTcpProxy;
  // The link is for those whom the scenario does not name: nobody.
  return open({ port: 0, host: "127.0.0.1", target, seed, link: linkPreset("lan")!, scenario });
}
