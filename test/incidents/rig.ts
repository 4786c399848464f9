// Houses full of boards that beat by themselves, on the bench of the gateway: a test unplugs them,
// plugs them in again and lets time pass, and reads what the disk says people were told.
//
// A board here beats at its interval from its phase on, and promises a little more. Nothing is
// lost, so a verdict follows one promise after the last beat; what a test wants lost it keeps back.

import { EXT_CAUSE, encodeExtension } from "../../device/extensions.ts";
import { intervalCode } from "../../device/interval.ts";
import type { Incident, Notice } from "../../gateway/affairs.ts";
import type { Change, ChangeFact, Enrolment, Fact, Source } from "../../gateway/facts.ts";
import type { GatewayOptions } from "../../gateway/gateway.ts";
import type { Route } from "../../gateway/routes.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Disk } from "../gateway/gateway-disk.ts";
import { type BeatWords, Board } from "../gateway/gateway-rig.ts";

export const MINUTE_MS = 60_000;
/** Everybody hears of everything, after a wait in which it may turn out to be more. */
export const ROUTE: Route = {
  ...{ name: "phone", sites: [], labels: [], causes: [], recovery: true },
  ...{ repeatMs: Infinity, waitMs: 20_000 },
};

/** What a board is, and how it beats. */
export interface Kind extends Partial<Pick<Enrolment, "site">> {
  readonly intervalMs?: number;
  readonly from?: Source;
  readonly words?: BeatWords;
}

/** A board with a plug. */
export class Live {
  readonly board: Board;
  readonly intervalMs: number;
  from: Source;
  words: BeatWords;
  /** Infinity: unplugged. */
  nextAt = Infinity;
  /** Its next beat is the first since a power-on, and says so. */
  booted = false;

  constructor(id: number, kind: Kind) {
    this.board = new Board(id, 2, { site: kind.site ?? "" });
    this.intervalMs = kind.intervalMs ?? MINUTE_MS;
    this.from = kind.from ?? ownAddress(id);
    const promise = intervalCode(this.intervalMs * 1.1);
    this.words = { promise, ...kind.words };
  }
}

/** An address that no other board has. */
export function ownAddress(id: number, transport: Source["transport"] = "udp"): Source {
  return { transport, address: `198.51.${id >> 8}.${id & 255}`, port: 7_000 + (id % 1_000) };
}

/** A disk that remembers what was told to people, also what is long delivered. */
class Diary extends Disk {
  readonly notices = new Map<number, Notice>();
  /** Incidents as they stood at each of their commits; changes with their evidence. */
  readonly incidents: Incident[] = [];
  readonly kept: ChangeFact[] = [];

  override commit(facts: readonly Fact[]): void {
    super.commit(facts);
    for (const fact of facts) {
      if (fact.kind === "notice" && fact.notice !== null) this.notices.set(fact.n, fact.notice);
      if (fact.kind === "incident" && fact.incident !== null) this.incidents.push(fact.incident);
      if (fact.kind === "change") this.kept.push(fact);
    }
  }
}

export class Town {
  readonly diary = new Diary();
  readonly bench: Bench;
  readonly boards: Live[] = [];
  /** Called after each beat and each waking of the core. */
  onStep: () => void = () => {};
  #ids = 0;

  constructor(options: Partial<GatewayOptions> = {}) {
    this.bench = new Bench({ routes: [ROUTE], ...options }, this.diary);
  }

  /** So many boards of a kind, met one after the other, their beats spread over an interval. */
  add(count: number, kind: Kind | ((n: number) => Kind) = {}): Live[] {
    const added: Live[] = [];
    for (let n = 0; n < count; n++) {
      const live = new Live(++this.#ids, typeof kind === "function" ? kind(n) : kind);
      this.bench.enrol(live.board);
      this.bench.meet(live.board, live.words, live.from);
      live.nextAt = this.bench.now + ((n + 1) * live.intervalMs) / count;
      added.push(live);
    }
    this.boards.push(...added);
    return added;
  }

  /** Lets time pass: boards beat, the core is woken when it asks for it. @returns changes told */
  run(ms: number): Change[] {
    const until = this.bench.now + ms;
    const before = this.bench.told.length;
    for (;;) {
      const next = this.boards.reduce((a, b) => (b.nextAt < a.nextAt ? b : a));
      const { now, core } = this.bench;
      const at = Math.max(now, Math.min(next.nextAt, core.wakeAt));
      if (at > until) break;
      if (core.wakeAt <= at) this.bench.pass(at - now);
      else {
        this.bench.now = at;
        this.beat(next);
      }
      this.onStep();
    }
    this.bench.now = Math.max(this.bench.now, until);
    return this.bench.told.slice(before);
  }

  /** A board beats now, and its next beat is an interval away. */
  beat(live: Live, words: BeatWords = {}): void {
    const boot = live.booted ? { ext: encodeExtension(EXT_CAUSE, "\x01") } : {};
    live.booted = false;
    this.bench.receive(live.board.beat({ ...live.words, ...boot, ...words }), live.from);
    live.nextAt = this.bench.now + live.intervalMs;
  }

  unplug(lives: readonly Live[]): void {
    for (const live of lives) live.nextAt = Infinity;
  }

  /** They boot, one each so many ms. */
  plug(lives: readonly Live[], apartMs = 100): void {
    lives.forEach((live, n) => {
      live.nextAt = this.bench.now + (n + 1) * apartMs;
      live.booted = true;
    });
  }

  /** The process dies, what waits for the disk is lost, and the next one starts. */
  restart(stoppedMs: number): void {
    this.bench.waiting = [];
    this.bench.now += stoppedMs;
    const affairs = this.diary.archive.affairs(0);
    for (const live of this.boards) {
      if (live.nextAt < this.bench.now) live.nextAt = this.bench.now + 1;
    }
    this.bench.restart(stoppedMs, { affairs });
  }

  incidents(): Incident[] {
    return this.bench.core.requests.incidents();
  }

  /** What people were told, in the order of the numbers: "opened 1", "closed 1". */
  told(): string[] {
    const notices = [...this.diary.notices.values()].sort((a, b) => a.n - b.n);
    return notices.map(({ kind, incident }) => `${kind} ${incident}`);
  }

  /** Changes of boards to a status, with their causes and incidents. */
  changes(to: Change["to"]): Pick<Change, "id" | "cause" | "incident">[] {
    return this.bench.told
      .filter((change) => change.to === to)
      .map(({ id, cause, incident }) => ({ id, cause, incident }));
  }
}
