// What a way of running cannot do of a scenario, in words, for every report: a fault that was
// silently skipped is a test that was passed by not being taken.
//
// In virtual time everything happens. A fleet on real sockets has boards and paths of ours and a
// gateway that is somebody's; a proxy has the paths alone.

import { sayDuration } from "../duration.ts";
import { targetOf } from "./faults-schema.ts";
import { Gateway } from "./schema.ts";
import type { Fault, FaultKind, Group, Scenario } from "./types.ts";

export type Mode = "virtual" | "proxy" | "fleet";

/** What the paths' emulation can do by itself, in real time as well. */
const ON_PATHS: readonly FaultKind[] = ["link", "cut", "loss", "nat-full", "nat-deaf", "nat-set"];
const GATEWAY_VERBS: Partial<Record<FaultKind, string>> = {
  crash: "kill",
  stop: "stop",
  disk: "slow down",
  stall: "stall",
  suspend: "suspend",
  wall: "set the clock of",
};
const NO_ENERGY = "energy is counted in virtual time only";
/** Metrics of what a proxy sees. */
const PROXY_METRICS = ["devices", "frames.up", "frames.down", "loss.up", "loss.down", "rebinds"];

/** One line for each thing of this scenario that the mode cannot do. */
export function notEmulated(scenario: Scenario, mode: Mode): string[] {
  if (mode === "virtual") return [];
  const lines = [
    ...(scenario.seeds.length > 1 ? [`seeds: one run, with seed ${scenario.seeds[0]}`] : []),
    ...gatewayLines(scenario),
    ...scenario.fleet.flatMap((group) =>
      groupLines(group, mode).map((line) => `group ${group.group}, ${line}`),
    ),
    ...scenario.faults.flatMap((fault, i) => {
      const why = whyNot(fault, mode);
      const what = `fault ${i + 1} at ${sayDuration(fault.atMs)}, ${fault.do}`;
      return why === undefined ? [] : [`${what}: ${why}`];
    }),
    ...scenario.expect.flatMap(({ metric }, i) => {
      const why = whyUnmeasured(metric, mode);
      return why === undefined ? [] : [`expectation ${i + 1}, ${metric}: ${why}`];
    }),
  ];
  return lines.map((line) => `${mode}: ${line}`);
}

function gatewayLines({ gateway }: Scenario): string[] {
  const own = Gateway.parse({});
  const same = JSON.stringify(gateway) === JSON.stringify(own);
  return same ? [] : ["gateway: it has a disk, a clock and limits of its own"];
}

function groupLines(group: Group, mode: Mode): string[] {
  const lines: string[] = [];
  if (group.board !== undefined) lines.push(`board ${group.board}: ${NO_ENERGY}`);
  if (mode === "fleet") {
    if (group.transport === "mqtt") lines.push("transport mqtt: its boards speak UDP");
    return lines;
  }
  const boards = group.count === 1 ? "board" : "boards";
  lines.push(`${group.count} ${boards}: those that come are the fleet, as they are`);
  return lines;
}

/** Why a fault does not happen; undefined: it does. */
function whyNot({ do: kind, change }: Fault & { change?: string }, mode: Mode): string | undefined {
  if (targetOf(kind) === "gateway") return `the gateway is not ours to ${GATEWAY_VERBS[kind]}`;
  if (kind === "broker") return "the broker is not ours to stop";
  if (ON_PATHS.includes(kind)) return undefined;
  if (kind === "nat") return change === "readdress" ? "there is one address here" : undefined;
  if (kind === "ap") {
    return mode === "fleet" ? undefined : "frames stop, but no board joins again";
  }
  if (kind === "dns") return "names are resolved elsewhere";
  if (kind === "battery") return NO_ENERGY;
  if (kind === "replay" || kind === "flood") return "strangers come in virtual time only";
  return mode === "fleet" ? undefined : "the boards are not ours";
}

function whyUnmeasured(metric: string, mode: Mode): string | undefined {
  if (/^(energy|battery)\.|^brownOuts$/.test(metric)) return NO_ENERGY;
  if (mode === "proxy" && !PROXY_METRICS.includes(metric)) return "a proxy sees only the path";
  if (/^gateway\.|^(clashes|stale|replaysTaken|violations)$/.test(metric)) {
    return "the gateway's own figures are at its /metrics";
  }
  return undefined;
}
