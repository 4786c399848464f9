// What pictures of a run are drawn from: load and statuses by time, the lives of a few boards mark
// by mark, one exchange frame by frame. Everything is bounded, whatever the run: lanes are kept for
// boards chosen beforehand, evenly out of all groups, and those that had most to tell are shown.

import { describe } from "../../device/describe.ts";
import { tagBytes } from "../../device/tag.ts";
import { DOWN, HELLO, UP, WELCOME } from "../../device/wire.ts";
import type { Change, Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { LadderStep, Lane, LaneSpan, Trace } from "../result.ts";
import type { World } from "../world.ts";
import type { Cast } from "./cast.ts";
import type { Strike } from "./faults.ts";
import { Load } from "./load.ts";
import { mostToTell, Track } from "./track.ts";

/** Lanes that a result has, and lanes that are kept to choose from. */
export const LANES_MAX = 12;
const CANDIDATES_MAX = 96;
/** Buckets of a time line at most. */
const BUCKETS_MAX = 600;
const LADDER_MAX = 12;
const STATUSES = ["present", "late", "absent", "left", "unknown"] as const;
const BUCKETS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600];

interface Candidate {
  readonly board: string;
  readonly group: string;
  readonly track: Track;
  /** Begin of each kind of span that is open. */
  readonly open: Map<LaneSpan["kind"], number>;
  status: LaneSpan["kind"];
  statusAt: number;
  told: number;
  word: string;
  steps: Step[];
}

/** A step of the ladder before it is put into words. */
type Step = Omit<LadderStep, "text"> & { readonly bytes: string; readonly suite: number };

export class Tracer implements Observer {
  readonly bucketMs: number;
  private readonly load: Load;
  private readonly counts: Record<(typeof STATUSES)[number], number[]>;
  private readonly now: Record<(typeof STATUSES)[number], number>;
  private readonly candidates = new Map<Board, Candidate>();
  private readonly byId = new Map<number, Candidate>();
  private ladder: Step[] = [];
  private rank = 0;

  constructor(world: World, cast: Cast, runMs: number) {
    const seconds = BUCKETS.find((s) => runMs / (s * 1_000) <= BUCKETS_MAX) ?? runMs / 600_000;
    this.bucketMs = seconds * 1_000;
    this.load = new Load(this.bucketMs);
    const none = () => ({ present: 0, late: 0, absent: 0, left: 0, unknown: 0 });
    this.now = { ...none(), unknown: cast.members.length };
    this.counts = { present: [], late: [], absent: [], left: [], unknown: [] };
    const stride = Math.max(1, Math.floor(cast.members.length / CANDIDATES_MAX));
    for (let i = 0; i < cast.members.length; i += stride) {
      const { board, group } = cast.members[i]!;
      const candidate: Candidate = {
        board: board.name,
        group: group.group,
        track: new Track(runMs),
        open: new Map(),
        status: "unknown",
        statusAt: 0,
        told: 0,
        word: "",
        steps: [],
      };
      this.candidates.set(board, candidate);
      this.byId.set(board.id, candidate);
    }
    world.observe(this);
  }

  /** Frames in and out in the busiest second. */
  get rxMax(): number {
    return this.load.peak(this.load.rx);
  }

  get txMax(): number {
    return this.load.peak(this.load.tx);
  }

  struck({ member, kind, on }: Strike, now: number): void {
    const candidate = this.candidates.get(member.board);
    if (!candidate || !["cut", "ap", "dns", "nat-full", "nat-deaf"].includes(kind)) return;
    if (on) this.open(candidate, "cut", now);
    else this.shut(candidate, "cut", now);
  }

  sent(sighting: Sighting): void {
    const { at, direction, board, bytes, deliveries } = sighting;
    if (direction === "down") this.load.count(this.load.tx, at);
    const candidate = board && this.candidates.get(board);
    if (!candidate) return;
    this.climb(candidate, sighting);
    const type = typeOf(bytes);
    const lost = deliveries.length === 0;
    if (direction === "up") {
      const again = bytes === candidate.word;
      candidate.word = bytes;
      const kind = type === 2 ? "hello" : type !== 0 ? "other" : again ? "retry" : "beat";
      candidate.track.mark(at, kind);
      if (lost) candidate.track.mark(at, "lost-up");
    } else if (lost) candidate.track.mark(at, "lost-down");
    else {
      const kind = type === 1 ? "ack" : type === 3 ? "welcome" : "other";
      candidate.track.mark(deliveries[0]!.at, kind);
    }
  }

  reached(_bytes: string, _from: Source, at: number): void {
    this.load.count(this.load.rx, at);
  }

  told({ id, from, to }: Change, at: number): void {
    this.fill(at);
    this.now[from]--;
    this.now[to]++;
    const candidate = this.byId.get(id);
    if (!candidate) return;
    candidate.track.span(candidate.statusAt, at, candidate.status);
    candidate.status = to;
    candidate.statusAt = at;
    candidate.told += to === "absent" ? 4 : 1;
  }

  power(board: Board, on: boolean, at: number): void {
    const candidate = this.candidates.get(board);
    if (!candidate) return;
    if (!on) {
      this.shut(candidate, "asleep", at);
      this.open(candidate, "off", at);
    } else this.shut(candidate, "off", at);
  }

  slept(board: Board, asleep: boolean, at: number): void {
    const candidate = this.candidates.get(board);
    if (!candidate) return;
    if (asleep) this.open(candidate, "asleep", at);
    else this.shut(candidate, "asleep", at);
  }

  /** The run is over at `end`. */
  close(end: number): Pick<Trace, "load" | "statuses" | "lanes" | "ladder"> {
    this.fill(end + this.bucketMs);
    const { bucketMs, counts } = this;
    const buckets = Math.max(1, Math.ceil(end / bucketMs));
    const statuses = Object.fromEntries(
      STATUSES.map((status) => [status, counts[status].slice(0, buckets)]),
    ) as Record<(typeof STATUSES)[number], number[]>;
    return {
      load: this.load.trace(buckets),
      statuses: { bucketMs, ...statuses },
      lanes: this.lanes(end),
      ladder: this.ladder.map(inWords),
    };
  }

  private lanes(end: number): Lane[] {
    const all = [...this.candidates.values()];
    const chosen = new Set(mostToTell(all).slice(0, LANES_MAX));
    return all
      .filter((candidate) => chosen.has(candidate))
      .map((candidate) => {
        for (const kind of [...candidate.open.keys()]) this.shut(candidate, kind, end);
        const { board, group, track, status, statusAt } = candidate;
        track.span(statusAt, end, status);
        return { board, group, marks: track.marks, spans: track.spans };
      });
  }

  private open({ open }: Candidate, kind: LaneSpan["kind"], now: number): void {
    if (!open.has(kind)) open.set(kind, now);
  }

  private shut({ open, track }: Candidate, kind: LaneSpan["kind"], now: number): void {
    const from = open.get(kind);
    if (from === undefined) return;
    open.delete(kind);
    track.span(from, now, kind);
  }

  /**
   * Keeps the exchange that says most: a HELLO, a retry that helped, then any beat with its ACK.
   */
  private climb(candidate: Candidate, sighting: Sighting): void {
    const { at, direction, board, bytes, deliveries, peer } = sighting;
    if (this.rank >= 4) return;
    const up = direction === "up";
    const type = typeOf(bytes);
    if (
      up &&
      bytes !== candidate.word &&
      (type === 2 || candidate.steps[0] === undefined || type === 0)
    ) {
      const welcomed = typeOf(candidate.steps.at(-1)?.bytes ?? "") === WELCOME;
      if (!welcomed) candidate.steps = [];
    }
    if (candidate.steps.length >= LADDER_MAX) return;
    candidate.steps.push({
      at,
      arrivedAt: deliveries[0]?.at ?? null,
      direction,
      bytes,
      suite: board!.suite,
      via: board!.path.ap?.nat ? `${peer.address}:${peer.port}` : "",
    });
    const { steps } = candidate;
    if (up || type !== 1 || deliveries.length === 0) return;
    const lost = steps.some(({ arrivedAt }) => arrivedAt === null);
    const hello = steps.some((step) => typeOf(step.bytes) === HELLO);
    const rank = 1 + (hello ? 1 : 0) + (lost ? 2 : 0);
    if (rank <= this.rank) return;
    this.rank = rank;
    this.ladder = [...steps];
  }

  private bucket(at: number): number {
    return Math.floor(at / this.bucketMs);
  }

  /** Statuses as they stood at the end of each bucket that is over. */
  private fill(now: number): void {
    const over = this.bucket(now);
    const { present } = this.counts;
    while (present.length < over) {
      for (const status of STATUSES) this.counts[status].push(this.now[status]);
    }
  }
}

function typeOf(bytes: string): number {
  return (bytes.charCodeAt(0) >> 3) & 7;
}

function inWords({ bytes, suite, ...step }: Step): LadderStep {
  const direction = step.direction === "up" ? UP : DOWN;
  return { ...step, text: describe(bytes, direction, tagBytes(suite)) };
}
