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

/** How it goes. */
export interface Progress {
  readonly seconds: number;
  /** Boards, or connections, that were served. */
  readonly clients: number;
  readonly up: Traffic;
  readonly down: Traffic;
  /** From the instant at which something was to leave until it left. */
  readonly errorMs: Figures;
}

/** How it went. */
export interface ProxyReport extends Progress {
  readonly transport: "udp" | "tcp";
  /** How long a datagram to the proxy lay unread. */
  readonly unreadMs: Figures;
  /** Why it is not certified, in words; empty: it is. */
  readonly faults: readonly string[];
}

/**
 * The report of a run, with why it is not to be believed.
 * @param losses what the proxy lost that no link wanted lost: by name, how many
 */
export function certified(
  transport: "udp" | "tcp",
  progress: Progress,
  unreadMs: Figures,
  losses: Readonly<Record<string, number>>,
): ProxyReport {
  const { errorMs, up, down } = progress;
  const faults: string[] = [];
  const late = ({ p99 }: Figures, what: string) => {
    if (p99 === null || p99 <= ERROR_P99_MAX) return;
    faults.push(`${what} ${p99.toFixed(2)} ms at p99, expected at most ${ERROR_P99_MAX} ms`);
  };
  if (up.received + down.received === 0) faults.push("nothing came through");
  late(errorMs, "its timing error was");
  late(unreadMs, "what came lay unread for");
  for (const [what, count] of Object.entries(losses)) {
    if (count > 0) faults.push(`${count} ${what}`);
  }
  return { transport, ...progress, unreadMs, faults };
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
