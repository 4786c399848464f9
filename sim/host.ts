// The machine that the gateway runs on: the real gateway core, its disk, and a process that can die
// between any two of the effects that the core asks for (rule 8 rests on their order).
//
// It is the shell of gateway/server.ts without sockets and promises: send, gather for the disk, and
// once durable say `committed`, then send and tell what had to wait.

import type { Change, Effects, Enrolment, Outgoing, Source } from "../gateway/facts.ts";
import { Gateway } from "../gateway/gateway.ts";
import { LIMITS, type Limits } from "../gateway/limits.ts";
import type { DeviceView } from "../gateway/view.ts";
import type { Sha256 } from "./board-kind.ts";
import { Disk } from "./disk.ts";
import { HostEars } from "./ears.ts";
import { Inbox } from "./inbox.ts";
import { draw, purposeOf, randomBytes } from "./random.ts";

/** 2026-01-01T00:00:00Z in unix seconds: world time 0. */
export const WORLD_UNIX_SECONDS = 1_767_225_600;
const COMMIT = purposeOf("commit");
const CRASH = purposeOf("crash");
/** The host's number among the entities that have luck. No device has it. */
export const HOST = 0;

/** What the process was about to do, or had just done, when it may die. */
export const HOST_STEPS = [
  "before-send",
  "before-commit",
  "after-commit",
  "before-late-send",
  "before-tell",
] as const;
export type HostStep = (typeof HOST_STEPS)[number];

export interface HostOptions {
  /** Duration of one commit, ms: whole, drawn between the two. */
  readonly commitMs: readonly [least: number, most: number];
  /** False: no wall clock at all (WELCOME's time is 0, and how long we were away is unknown). */
  readonly clockTrusted: boolean;
  /** Datagrams that its socket keeps, and CPU time of one frame, ms. Default: all, none. */
  readonly socketQueue?: number;
  readonly frameMs?: number;
  readonly limits?: Partial<Limits>;
}

/** What a host needs of its surroundings. */
export interface Surroundings {
  transmit(outgoing: Outgoing, now: number): void;
  /** A change is told: everybody may rely on it from now on. World time. */
  tell(change: Change): void;
  /** The batch now being written ends at `at`, in this life of the process. */
  busyUntil(at: number, life: number): void;
  /** Whether the process dies here. */
  dies(step: HostStep): boolean;
}

export class Host {
  readonly disk = new Disk();
  readonly inbox = new Inbox();
  readonly ears: HostEars;
  /** What a commit takes now, until when none ends, and when the process last ran again. */
  commitMs: readonly [least: number, most: number];
  stalledUntil = 0;
  resumedAt = 0;
  /** The least grace that its gateway grants, ms. */
  readonly graceMs: number;
  /** Within what time a beat is on disk, commits apart, ms. */
  readonly flushMs: number;
  readonly clockTrusted: boolean;
  /** By how much the wall clock is wrong, ms. */
  wallMs = 0;
  gateway: Gateway | undefined;
  /** Starts so far: what a dead process had scheduled is not done by the next one. */
  life = 0;
  private startedAt = 0;
  private now = 0;
  private commits = 0;
  private crashes = 0;
  private readonly options: HostOptions;
  private readonly seed: number;
  private readonly sha256: Sha256;
  private readonly around: Surroundings;

  constructor(options: HostOptions, seed: number, sha256: Sha256, around: Surroundings) {
    this.options = options;
    this.commitMs = options.commitMs;
    this.graceMs = options.limits?.graceMs ?? LIMITS.graceMs;
    this.flushMs = options.limits?.flushMs ?? LIMITS.flushMs;
    this.clockTrusted = options.clockTrusted;
    this.inbox.room = options.socketQueue ?? Number.POSITIVE_INFINITY;
    this.inbox.frameMs = options.frameMs ?? 0;
    this.seed = seed;
    this.sha256 = sha256;
    this.around = around;
    this.ears = new HostEars(this.inbox, (question) => {
      const { gateway } = this;
      if (gateway)
        this.obey(
          question(gateway, (at) => this.mono(at)),
          this.now,
        );
    });
  }

  start(now: number): void {
    const { disk, options } = this;
    disk.generation = (disk.generation + 1) % 16;
    this.life++;
    this.startedAt = now;
    const awayMs = this.wall(now) - (disk.stoppedAt ?? Number.POSITIVE_INFINITY);
    this.gateway = new Gateway(
      {
        generation: disk.generation,
        secret: randomBytes(this.seed, HOST, "secret", 16),
        sha256: this.sha256,
        unixSeconds: (at) =>
          options.clockTrusted
            ? Math.max(0, WORLD_UNIX_SECONDS + Math.floor((at + now + this.wallMs) / 1000))
            : 0,
        // As the store has it: a wall clock that was set back tells nothing.
        stoppedMs: options.clockTrusted && awayMs >= 0 ? awayMs : undefined,
        cursor: disk.changes.cursor,
        affairs: disk.archive.affairs(now),
        ...(options.limits ? { limits: options.limits } : {}),
      },
      disk.load(now),
      0,
    );
    this.ears.started(now);
  }

  /** The process dies at once. What was being written is on the disk or not, by a draw. */
  crash(now: number): void {
    if (!this.gateway) return;
    this.gateway = undefined;
    this.inbox.close();
    this.disk.crash(this.wall(now), draw(this.seed, HOST, CRASH, this.crashes++) < 0.5);
  }

  /** An orderly end: everything dirty is flushed, and waited for. */
  stop(now: number): void {
    if (!this.gateway) return;
    this.obey(this.gateway.flush(this.mono(now)), now);
    while (this.gateway && this.disk.pending) this.committed(now);
    this.gateway = undefined;
    this.inbox.close();
    this.disk.crash(this.wall(now), true);
  }

  /** The process does not run, or runs again; its socket goes on taking frames. */
  suspend(on: boolean, now: number): void {
    this.now = now;
    this.inbox.suspended = on;
    if (!on) this.resumedAt = now;
    this.ears.suspended(on, now);
  }

  enrol(enrolment: Enrolment, now: number): void {
    if (this.gateway) this.obey(this.gateway.enrol(enrolment, this.mono(now)), now);
    else this.disk.enrol(enrolment);
  }

  receive(frame: string, from: Source, now: number): void {
    if (this.gateway) this.obey(this.gateway.handle(frame, from, this.mono(now)), now);
  }

  expire(now: number): void {
    this.now = now;
    this.ears.look(now);
    if (this.gateway) this.obey(this.gateway.expire(this.mono(now)), now);
  }

  /** Beats that must get to disk by now; decides nothing about anybody. */
  write(now: number): void {
    if (this.gateway) this.obey(this.gateway.write(this.mono(now)), now);
  }

  /** The batch is durable: what waited for it may be told. */
  committed(now: number): void {
    this.now = now;
    this.ears.written(now);
    for (const effects of this.disk.finish()) {
      if (this.diesAt("after-commit", now)) return;
      this.gateway?.committed(effects.ticket, this.mono(now));
      for (const outgoing of effects.afterCommit.send) {
        if (this.diesAt("before-late-send", now)) return;
        this.around.transmit(outgoing, now);
      }
      for (const change of effects.afterCommit.changes) {
        if (this.diesAt("before-tell", now)) return;
        this.around.tell({ ...change, at: change.at + this.startedAt });
      }
    }
    this.commit(now);
  }

  /** The world's instant, ms, at which `expire` is due; Infinity if none or not running. */
  get wakeAt(): number {
    return this.gateway ? this.gateway.wakeAt + this.startedAt : Number.POSITIVE_INFINITY;
  }

  /** The gateway's view of a device, in world time; undefined while it is not running. */
  view(id: number, now: number): DeviceView | undefined {
    const view = this.gateway?.view(id, this.mono(now));
    const shift = (at: number | null) => (at === null ? null : at + this.startedAt);
    return (
      view && {
        ...view,
        seenAt: shift(view.seenAt),
        dueAt: shift(view.dueAt),
        deadlineAt: shift(view.deadlineAt),
      }
    );
  }

  mono(now: number): number {
    return now - this.startedAt;
  }

  obey(effects: Effects, now: number): void {
    for (const outgoing of effects.send) {
      if (this.diesAt("before-send", now)) return;
      this.around.transmit(outgoing, now);
    }
    if (effects.ticket === 0) return;
    if (this.diesAt("before-commit", now)) return;
    this.disk.gather(effects, this.startedAt);
    this.commit(now);
  }

  /** Starts the next batch, if the disk is free. */
  private commit(now: number): void {
    if (!this.disk.begin()) return;
    this.ears.writes(now);
    const [least, most] = this.commitMs;
    const luck = draw(this.seed, HOST, COMMIT, this.commits++);
    const duration = this.disk.weighs ? least + Math.floor(luck * (most - least + 1)) : 0;
    this.around.busyUntil(Math.max(now + duration, this.stalledUntil), this.life);
  }

  private wall(now: number): number {
    return now + this.wallMs;
  }

  private diesAt(step: HostStep, now: number): boolean {
    if (!this.around.dies(step)) return false;
    this.crash(now);
    return true;
  }
}
