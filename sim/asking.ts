// What people ask of a simulated gateway: a question with effects, which then happen as those of a
// frame do; and its commands, in the world's time.

import { mapInstants } from "../gateway/affairs.ts";
import type { CommandView } from "../gateway/commands/forecast.ts";
import type { Effects } from "../gateway/facts.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Host } from "./host.ts";

/** A question, whose effects happen at once; undefined: nobody is there to be asked. */
export function asked<E extends Effects>(
  host: Host,
  question: (gateway: Gateway, now: number) => E,
  now: number,
): E | undefined {
  if (!host.gateway) return undefined;
  const effects = question(host.gateway, host.mono(now));
  host.obey(effects, now);
  return effects;
}

/** The commands of a device as they may be told; none while the gateway is not running. */
export function commandsOf(host: Host, id: number, now: number): CommandView[] {
  const shiftMs = now - host.mono(now);
  const found = host.gateway?.requests.commandsOf(id, host.mono(now)) ?? [];
  return found.map((command) => mapInstants(command, (at) => at + shiftMs));
}
