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

const GATEWAY_VERBS: Partial<Record<FaultKind, string>> = {
  crash: "kill",
  stop: "stop",
  disk: "slow down",
  stall: "stall",
  suspend: "suspend",
  wall: "set the clock of",
};
const NO_ENERGY = "energy is counted in virtual time only";
/** What happens to a path, in real time as well. */
const ON_PATHS: readonly FaultKind[] = ["link", "cut", "loss", "nat-full", "nat-deaf", "nat-set"];

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
    ...(scenario.expect.length > 0 ? ["expectations: they are judged in virtual time"] : []),
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

/** Why a fault does not happen, or not quite; undefined: it does. */
function whyNot(fault: Fault, mode: Mode): string | undefined {
  const { do: kind } = fault;
  if (ON_PATHS.includes(kind)) return undefined;
  if (targetOf(kind) === "gateway") return `the gateway is not ours to ${GATEWAY_VERBS[kind]}`;
  switch (kind) {
    case "nat":
      return fault.change === "readdress" ? "a new port, but the same address" : undefined;
    case "broker":
      return mode === "proxy" ? undefined : "its boards speak UDP";
    case "ap":
      return mode === "fleet" ? undefined : "frames stop, but no board joins again";
    case "dns":
      return "names are resolved once, at the start";
    case "battery":
      return NO_ENERGY;
    case "replay":
    case "flood":
      return "strangers come in virtual time only";
    default:
      return mode === "fleet" ? undefined : "the boards are not ours";
  }
}
