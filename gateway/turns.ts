/**
 * The rhythm of the shell: one turn is one call of the core and its effects, in the order in which
 * they must happen (send; make durable; tell the core; send and tell the rest). There is one timer,
 * for `wakeAt`.
 *
 * Before anything expires, the sockets are drained. A loop that was held up for a second finds
 * timers first and a second's datagrams after them; expiring at once would call a thousand devices
 * late whose beats lie in the kernel's buffer. libuv reads 32 datagrams of a socket a round, so one
 * round through the poll phase is not enough: the rounds go on until one brings less than that.
 * Expiring with the instant of the last drained round lost: time would run backwards for the core.
 *
 * The timer is left alone while the core's next instant moves later, as it does with every beat: it
 * then fires early, which is harmless, and is set anew. Clearing and setting one for each datagram
 * would cost a microsecond of each.
 */

import { frameId } from "../device/decode.ts";
import type { Clock } from "./clock.ts";
import type { Change, Effects, Fact, Outgoing, Source } from "./facts.ts";
import type { Gateway } from "./gateway.ts";
import type { Store } from "./store/store.ts";
import type { Transport } from "./udp.ts";

export interface TurnsOptions {
  readonly core: Gateway;
  readonly store: Store;
  readonly clock: Clock;
  /** Changes that are now durable, in order. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** Facts on their way to the store, before they are durable. */
  readonly onFacts: (facts: readonly Fact[]) => void;
  /** The same when they are. */
  readonly onDurable?: (facts: readonly Fact[]) => void;
  /** A fresh beat of this device was taken. */
  readonly onBeat: (id: number) => void;
  /** An answer went out to a frame that came in at `receivedAt` (ms, monotonic). */
  readonly onAnswered: (receivedAt: number) => void;
  /** The store is broken: end the process. */
  readonly onFatal: (error: Error) => void;
}

/** What listens beside the core (ears.ts). */
export interface Listener {
  /** Whether a frame is the gateway's own: it is then dealt with. */
  takes(frame: string, from: Source): boolean;
  /** Somebody may be doubted now. @param drained false: frames may wait in the sockets */
  look(drained: boolean): void;
  /** Why this gateway should be started anew; undefined: it is well. */
  readonly unwell: string | undefined;
}

/** libuv reads as many datagrams of one socket before it looks at the next thing. */
const ROUND = 32;
/** Under a flood the sockets are never empty; after this long it expires all the same. */
const DRAIN_MAX_MS = 1_000;
/** A round that took longer was not spent on reading: the process stood. */
const ROUND_MAX_MS = 100;
/** Other work waits at most so long for the sockets to be empty: a flood slows it, and no more. */
const QUIET_MAX_MS = 50;
/** A timer cannot be set for longer than 24.8 days; waking early is harmless. */
const SLEEP_MAX_MS = 3_600_000;

export class Turns {
  ears: Listener | undefined;
  /** When a write that something waited for ended last. */
  writtenAt: number;
  readonly #options: TurnsOptions;
  readonly #transports = new Map<Source["transport"], Transport>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #received = 0;
  #draining = false;
  #writing = false;
  /** Commits under way, and since when none has ended. */
  #commits = 0;
  #commitsAt = 0;
  #quiet: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.writtenAt = options.clock.now();
  }

  /** Since when no commit has ended that is waited for; undefined: none is. */
  get stalledSince(): number | undefined {
    return this.#commits > 0 ? this.#commitsAt : undefined;
  }

  add(transport: Transport): void {
    this.#transports.set(transport.name, transport);
  }

  /** One frame from the world: for a transport to call in the turn that received it. */
  receive(frame: string, from: Source): void {
    if (this.#stopped) return;
    const { core, clock } = this.#options;
    const now = clock.now();
    this.#received++;
    if (this.ears?.takes(frame, from)) return;
    const before = core.frames[from.transport].fresh;
    const effects = core.handle(frame, from, now);
    this.#happen(effects, now);
    if (core.frames[from.transport].fresh !== before) this.#options.onBeat(frameId(frame));
    this.#arm();
  }

  /** A frame was read and is of no use: where few are read, the socket is empty. */
  refused(): void {
    this.#received++;
  }

  /**
   * Lets the effects of any other call to the core happen, such as `enrol`.
   * @returns resolves when they are durable and told, rejects when they never will be
   */
  async apply(effects: Effects): Promise<void> {
    await this.#apply(effects);
    this.#arm();
  }

  /** Sets the timer for what the core now waits for. */
  start(): void {
    this.#arm();
  }

  /** Takes no more frames and makes durable what the core still holds. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#apply(this.#options.core.flush(this.#options.clock.now()));
  }

  /**
   * Resolves when the sockets are empty, or after `QUIET_MAX_MS`, for one caller after the other.
   * libuv reads 32 datagrams of a socket a round, and runs all other work that waits in between:
   * without this, a handful of clients who ask for lists would make beats wait for seconds.
   */
  quiet(): Promise<void> {
    this.#quiet = this.#quiet.then(() => this.#emptied(this.#options.clock.now() + QUIET_MAX_MS));
    return this.#quiet;
  }

  async #emptied(until: number): Promise<void> {
    let before: number;
    do {
      before = this.#received;
      await new Promise((round) => setImmediate(round));
    } while (this.#received - before >= ROUND && this.#options.clock.now() < until);
  }

  /** As `apply`, where nobody waits: `onFatal` hears of a failure. */
  #happen(effects: Effects, receivedAt?: number): void {
    this.#apply(effects, receivedAt)?.catch(() => {});
  }

  #apply(effects: Effects, receivedAt?: number): Promise<void> | undefined {
    this.#send(effects.send, receivedAt);
    if (effects.ticket === 0) return undefined;
    return this.#commit(effects, receivedAt);
  }

  async #commit(effects: Effects, receivedAt: number | undefined): Promise<void> {
    const { core, store, clock, onChanges, onFacts, onFatal } = this.#options;
    onFacts(effects.commit);
    if (this.#commits++ === 0) this.#commitsAt = clock.now();
    try {
      await store.commit(effects.commit);
      this.#commits--;
      this.#commitsAt = clock.now();
      if (effects.commit.length > 0) this.writtenAt = this.#commitsAt;
    } catch (error) {
      this.#stopped = true;
      onFatal(error as Error);
      throw error;
    }
    core.committed(effects.ticket, clock.now());
    this.#options.onDurable?.(effects.commit);
    this.#send(effects.afterCommit.send, receivedAt);
    if (effects.afterCommit.changes.length > 0) onChanges(effects.afterCommit.changes);
    this.#arm();
  }

  #send(frames: readonly Outgoing[], receivedAt: number | undefined): void {
    if (frames.length === 0) return;
    for (const { to, frame } of frames) this.#transports.get(to.transport)?.send(to, frame);
    if (receivedAt !== undefined) this.#options.onAnswered(receivedAt);
  }

  #arm(): void {
    const { core, clock } = this.#options;
    if (core.wakeAt >= this.#timerAt || this.#draining || this.#stopped) return;
    clearTimeout(this.#timer);
    const wait = Math.min(Math.max(0, core.wakeAt - clock.now()), SLEEP_MAX_MS);
    this.#timerAt = Math.min(core.wakeAt, clock.now() + SLEEP_MAX_MS);
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(wait));
  }

  #wake(): void {
    this.#timerAt = Infinity;
    const { core, clock } = this.#options;
    const now = clock.now();
    this.#write(now);
    if (core.wakeAt > now) {
      this.#arm();
      return;
    }
    this.#draining = true;
    this.#drain(DRAIN_MAX_MS);
  }

  /**
   * What is due for the disk goes there at once (rule 8), also while the sockets are busy: no
   * verdict hangs on it. One write at a time, so that a slow disk is not asked for more than it
   * takes.
   */
  #write(now: number): void {
    if (this.#writing) return;
    const written = this.#apply(this.#options.core.write(now));
    if (written === undefined) return;
    this.#writing = true;
    const done = (): void => {
      this.#writing = false;
    };
    written.then(done, done);
  }

  /** Immediates run after the poll phase of the same round. @param leftMs for reading, at most */
  #drain(leftMs: number): void {
    const before = this.#received;
    const begun = this.#options.clock.now();
    setImmediate(() => {
      if (this.#stopped) return;
      const { core, clock } = this.#options;
      const now = clock.now();
      this.#write(now);
      const drained = this.#received - before < ROUND;
      const left = leftMs - Math.min(now - begun, ROUND_MAX_MS);
      if (!drained && left > 0) {
        this.#drain(left);
        return;
      }
      this.#draining = false;
      this.ears?.look(drained);
      this.#happen(core.expire(clock.now()));
      this.#arm();
    });
  }
}
