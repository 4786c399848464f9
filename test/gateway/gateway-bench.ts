// The gateway core on the bench: boards that seal by hand, a disk that takes facts, and a shell
// that keeps the order.
//
// The board here is a pen and no sender: half of the rules are about frames that no honest board
// sends. The disk is the plainest reading of what facts mean, a map of records; whether LevelDB
// agrees is the store's test. Time moves only when a test moves it.

import fc from "fast-check";
import type { Change, Effects, Fact, Outgoing, Source } from "../../gateway/facts.ts";
import { type DeviceView, Gateway, type GatewayOptions } from "../../gateway/gateway.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { Disk } from "./gateway-disk.ts";
import { type BeatWords, Board, nonceOf } from "./gateway-rig.ts";

/** Of every property of the gateway's tests; another one may be tried with NEXTBEAT_SEED=n. */
export const SEED = Number(process.env.NEXTBEAT_SEED ?? 7227);

/** Runs a property; a failure prints the seed and the path to it. */
export function holds(property: fc.IRawProperty<unknown>, numRuns: number): void {
  fc.assert(property, { seed: SEED, numRuns });
}

export const HOME: Source = { transport: "udp", address: "192.0.2.7", port: 40_007 };
export const AWAY: Source = { transport: "udp", address: "198.51.100.9", port: 1_234 };

/**
 * A trusted clock would make every epoch start at the seconds since 2025; the bench has none unless
 * it says so.
 */
export const OPTIONS: GatewayOptions = {
  generation: 5,
  secret: "a secret of twenty b",
  sha256,
  unixSeconds: () => 0,
};

/** A shell: the effects of each call happen in their order, at once unless `hold` is set. */
export class Bench {
  now = 1_000_000;
  core: Gateway;
  readonly disk: Disk;
  /** Frames sent and changes told by the last call, and all changes ever told. */
  sent: Outgoing[] = [];
  changes: Change[] = [];
  readonly told: Change[] = [];
  /** The facts of the last call. */
  facts: readonly Fact[] = [];
  /** While set, commits wait in `waiting` for `settle`. */
  hold = false;
  waiting: Effects[] = [];
  /**
   * Sees every change when the core makes it, and every frame that goes out, and every change told,
   * when it is.
   */
  onMade: (change: Change) => void = () => {};
  onSent: (out: Outgoing) => void = () => {};
  onTold: (change: Change) => void = () => {};
  readonly #options: Partial<GatewayOptions>;

  constructor(options: Partial<GatewayOptions> = {}, disk = new Disk()) {
    this.#options = options;
    this.disk = disk;
    this.core = this.#start({});
  }

  enrol(...boards: Board[]): void {
    for (const board of boards) this.obey(this.core.enrol(board.enrolment, this.now));
  }

  /** Gets a frame in. @returns the first frame that went out for it */
  receive(frame: string, from = HOME): string | undefined {
    this.obey(this.core.handle(frame, from, this.now));
    return this.sent[0]?.frame;
  }

  /** HELLO, WELCOME and the first beat, which leaves the board present. */
  meet(board: Board, words: BeatWords = {}, from = HOME): void {
    const nonce = nonceOf(this.now + board.id);
    const welcome = board.welcomeOf(this.receive(board.hello(nonce), from), nonce);
    if (welcome === undefined) throw new Error(`no WELCOME for ${board.id}`);
    board.epoch = welcome.epoch;
    board.seq = 0;
    this.receive(board.beat(words), from);
  }

  /** Lets time pass, waking the core when it asks for it. @returns the changes told */
  pass(ms: number): Change[] {
    const until = this.now + ms;
    const before = this.told.length;
    for (let wakes = 0; this.core.wakeAt <= until; wakes++) {
      if (wakes > 1_000_000) throw new Error(`does not come to rest at ${this.now}`);
      this.now = Math.max(this.now, this.core.wakeAt);
      this.obey(this.core.expire(this.now));
    }
    this.now = until;
    return this.told.slice(before);
  }

  obey(effects: Effects): void {
    this.sent = [];
    this.changes = [];
    this.facts = effects.commit;
    for (const change of effects.afterCommit.changes) this.onMade(change);
    this.#tell(effects.send, []);
    if (effects.ticket === 0) return;
    this.waiting.push(effects);
    if (!this.hold) this.settle();
  }

  /** The disk has done the oldest `n` commits that wait. */
  settle(n = Infinity): void {
    for (const { commit, ticket, afterCommit } of this.waiting.splice(0, n)) {
      this.disk.commit(commit);
      this.core.committed(ticket, this.now);
      this.#tell(afterCommit.send, afterCommit.changes);
    }
  }

  #tell(frames: readonly Outgoing[], changes: readonly Change[]): void {
    for (const out of frames) {
      this.sent.push(out);
      this.onSent(out);
    }
    for (const change of changes) {
      this.changes.push(change);
      this.told.push(change);
      this.onTold(change);
    }
  }

  /** The process dies and another one starts: what was not on the disk is gone. */
  restart(stoppedMs: number | undefined, more: Partial<GatewayOptions> = {}): void {
    this.waiting = [];
    this.core = this.#start({ stoppedMs, cursor: this.disk.changes.at(-1)?.cursor ?? 0, ...more });
  }

  view(board: Board): DeviceView {
    const view = this.core.view(board.id, this.now);
    if (view === undefined) throw new Error(`no board ${board.id}`);
    return view;
  }

  /** How much a counter moved while `work` ran. */
  counted(name: string, work: () => void): number {
    const before = this.core.counters[name] ?? 0;
    work();
    return (this.core.counters[name] ?? 0) - before;
  }

  #start(more: Partial<GatewayOptions>): Gateway {
    const options = { ...OPTIONS, ...this.#options, ...more };
    return new Gateway(options, this.disk.devices.values(), this.now);
  }
}

export const SUITES = [0, 1, 2];

/** A bench with one board that was met two seconds ago, and two beats of it accepted. */
export function met(suite = 2): { bench: Bench; board: Board } {
  const bench = new Bench();
  const board = new Board(0x2bd, suite);
  bench.enrol(board);
  bench.meet(board);
  bench.pass(1_000);
  bench.receive(board.beat());
  bench.pass(1_000);
  return { bench, board };
}

/** All that a frame could have changed. */
export function traces(bench: Bench, board: Board): unknown {
  return [bench.view(board), bench.disk.devices.get(board.id), bench.core.wakeAt, [...bench.told]];
}

export function kinds(facts: readonly Fact[]): string[] {
  return facts.map(({ kind }) => kind);
}

/** Changes without their numbers. */
export function steps(changes: readonly Change[]): string[] {
  return changes.map(({ from, to, cause }) => `${from} ${to} ${cause}`);
}
