// Whether a run through a proxy is worth believing. An emulator whose timers are late, or whose
// queues overflow, shows its own faults as those of the path, and nobody notices (it is why Mininet
// wants packet delays monitored and a run rejected); so a proxy measures itself, all the time, and
// says no.

import type { Stage } from "./stage.ts";
import type { Figures } from "./timing.ts";

/** Error of 99 in 100 frames that is still believed, ms (simulator.md 5, check 5). */
export const ERROR_P99_MAX = 1.5;

export interface Traffic {
  /** Frames, or for TCP bytes, that came and that went on. */
  readonly received: number;
  readonly sent: number;
  /** Frames that the links lost, or for TCP segments that had to be sent again. */
  readonly lost: number;
  readonly doubled: number;
  readonly corrupted: number;
}

export interface ProxyReport {
  readonly transport: "udp" | "tcp";
  readonly seconds: number;
  /** Boards, or connections, that were served. */
  readonly clients: number;
  readonly up: Traffic;
  readonly down: Traffic;
  /** From the instant at which something was to leave until it left. */
  readonly errorMs: Figures;
  /** How long a datagram to the proxy lay unread. */
  readonly unreadMs: Figures;
  /** Why it is not certified, in words; empty: it is. */
  readonly faults: readonly string[];
}

/** What a proxy lost that no link wanted lost: by name, how many. */
export type Losses = Readonly<Record<string, number>>;

/** @returns why this run is not to be believed; empty if it is */
export function judge(
  received: number,
  errorMs: Figures,
  unreadMs: Figures,
  losses: Losses,
): string[] {
  const faults: string[] = [];
  const late = (figures: Figures, what: string) => {
    const { p99 } = figures;
    if (p99 === null || p99 <= ERROR_P99_MAX) return;
    faults.push(`${what} ${p99.toFixed(2)} ms at p99, expected at most ${ERROR_P99_MAX} ms`);
  };
  if (received === 0) faults.push("nothing came through");
  late(errorMs, "its timing error was");
  late(unreadMs, "what came lay unread for");
  for (const [what, count] of Object.entries(losses))
    if (count > 0) faults.push(`${count} ${what}`);
  return faults;
}

/** What the links of all boards did in one direction. */
export function trafficOf(
  { boards, network }: Stage,
  direction: "up" | "down",
  received: number,
  sent: number,
): Traffic {
  const sum = { lost: 0, doubled: 0, corrupted: 0 };
  for (const { path } of boards.values()) {
    const { lost, duplicated, corrupted } = network.links.counts(path[direction]);
    sum.lost += lost;
    sum.doubled += duplicated;
    sum.corrupted += corrupted;
  }
  return { received, sent, ...sum };
}
