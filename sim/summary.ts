// What a fleet lived through, in numbers. Loss is what the links really did, not what their models
// say; round trips are those of beats sent once (Karn's rule), as the board itself counts them.

import type { Links } from "./links.ts";
import type { Member, SocketFleet } from "./sockets.ts";

export interface MemberSummary {
  readonly name: string;
  readonly id: string;
  readonly link: string;
  /** Frames, heartbeats without repetitions, heartbeats acknowledged. */
  readonly frames: number;
  readonly beats: number;
  readonly acked: number;
  /** Shares of the frames that the links lost. */
  readonly lossUp: number;
  readonly lossDown: number;
  /** Median round trip, ms. */
  readonly roundTripMs: number | null;
}

export interface FleetSummary {
  readonly boards: number;
  /** Sockets that they have among them. */
  readonly sockets: number;
  /** Boards that were acknowledged at least once. */
  readonly heard: number;
  readonly frames: number;
  readonly beats: number;
  readonly acked: number;
  readonly lossUp: number;
  readonly lossDown: number;
  readonly roundTripMs: { readonly p50: number; readonly p90: number; readonly p99: number } | null;
  /** How late our own timers were, 99 of 100, ms: above a few, this machine is too slow. */
  readonly timerErrorMs: number;
  /** Datagrams that the system refused to send. */
  readonly failures: number;
}

export function summariseMember({ links }: SocketFleet, member: Member): MemberSummary {
  const { board, frames, beats, acked } = member;
  return {
    name: board.name,
    id: board.id.toString(16).padStart(6, "0"),
    link: board.kind.link.name,
    frames,
    beats,
    acked,
    lossUp: loss(links, [board.path.up]),
    lossDown: loss(links, [board.path.down]),
    roundTripMs: percentile(member.roundTrips, 0.5) ?? null,
  };
}

export function summarise(fleet: SocketFleet): FleetSummary {
  const { members, links, roundTrips, alarms } = fleet;
  const sum = (of: (member: Member) => number) =>
    members.reduce((total, member) => total + of(member), 0);
  const at = (part: number) => roundTrips.quantile(part)!;
  return {
    boards: members.length,
    sockets: fleet.sockets,
    heard: members.filter(({ acked }) => acked > 0).length,
    frames: sum(({ frames }) => frames),
    beats: sum(({ beats }) => beats),
    acked: sum(({ acked }) => acked),
    lossUp: loss(
      links,
      members.map(({ board }) => board.path.up),
    ),
    lossDown: loss(
      links,
      members.map(({ board }) => board.path.down),
    ),
    roundTripMs: roundTrips.count === 0 ? null : { p50: at(0.5), p90: at(0.9), p99: at(0.99) },
    timerErrorMs: alarms.lateness.quantile(0.99) ?? 0,
    failures: fleet.failures,
  };
}

/** Share of the frames given to these links that they lost. */
function loss(links: Links, of: readonly number[]): number {
  let lost = 0;
  let submitted = 0;
  for (const link of of) {
    const counts = links.counts(link);
    lost += counts.lost;
    submitted += counts.submitted;
  }
  return submitted === 0 ? 0 : lost / submitted;
}

/** The value below which a share of `values` lies; undefined if there are none. */
export function percentile(values: readonly number[], part: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** `6.4 %`. */
export function sayShare(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** `23 ms`, `1.4 ms`; `-` for null. */
export function sayMs(ms: number | null): string {
  return ms === null ? "-" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
