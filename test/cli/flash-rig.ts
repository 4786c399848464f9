// A gateway with one device enrolled, for the tests that flash it: onto the real interpreter, and
// at ports behind which there is no board.

import type { RunningGateway } from "../../gateway/server.ts";
import { startHere } from "../gateway/socket-rig.ts";

export const KEY = "a key of sixteen";
const ID = 0xf1a5;

const gateways: RunningGateway[] = [];

/** Flags of `flash`, and what the gateway knows. */
export async function enrolled() {
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  await gateway.registry.add({ id: ID, name: "shed", site: "", labels: [], suite: 1, key: KEY });
  const to = ["--gateway", `127.0.0.1:${gateway.udpPort}`, "--interval", "300ms"];
  const argv = [...to, "--url", `http://127.0.0.1:${gateway.httpPort}`, "--board", "linux"];
  const view = () => gateway.core.view(ID, performance.now())!;
  return { argv, view };
}

export async function stopGateways(): Promise<void> {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
}
