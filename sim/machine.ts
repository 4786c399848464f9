// The gateway's machine in the world's time: when it reads its socket, when a commit ends, when
// something falls due. What it does then is the host's; here is only when.
//
// What waits in the socket is read before anything expires: a verdict must not overtake a beat that
// has arrived (architecture, rule 2), be the process slow or asleep.

import type { Change, Effects, Enrolment, Outgoing, Source } from "../gateway/facts.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Agenda } from "./agenda.ts";
import { asked } from "./asking.ts";
import type { Sha256 } from "./board-kind.ts";
import { HOST, Host, type HostOptions, type HostStep } from "./host.ts";
import type { Observers } from "./observer.ts";
import { us } from "./timeline.ts";

/** What the machine needs of its world. Instants in ms; `kinds` of its events in the queue. */
export interface Setting {
  readonly agenda: Agenda;
  readonly observers: Observers;
  readonly kinds: { readonly committed: number; readonly reads: number; readonly wakes: number };
  now(): number;
  transmit(outgoing: Outgoing, now: number): void;
  dies(step: HostStep): boolean;
}

export class Machine {
  readonly host: Host;
  private readonly setting: Setting;
  /** Its earliest events of each kind in the queue, us; others are stale. */
  private wakesAt = Number.POSITIVE_INFINITY;
  private readsAt = Number.POSITIVE_INFINITY;

  constructor(options: HostOptions, seed: number, sha256: Sha256, setting: Setting) {
    const { agenda, kinds, observers } = setting;
    this.setting = setting;
    this.host = new Host(options, seed, sha256, {
      transmit: setting.transmit,
      tell: (change: Change) => observers.notify("told", change, setting.now()),
      busyUntil: (at, life) => agenda.push(us(at), kinds.committed, HOST, life),
      dies: setting.dies,
    });
  }

  start(): void {
    this.host.start(this.setting.now());
    this.notify(true);
    this.arm();
  }

  crash(): void {
    if (!this.host.gateway) return;
    this.host.crash(this.setting.now());
    this.notify(false);
  }

  stop(): void {
    if (!this.host.gateway) return;
    this.host.stop(this.setting.now());
    this.notify(false);
  }

  /** The process does not run, or runs again; its socket goes on taking frames. */
  suspend(on: boolean): void {
    this.host.suspend(on, this.setting.now());
    if (!on) this.arm();
  }

  enrol(enrolment: Enrolment): void {
    this.turn(() => this.host.enrol(enrolment, this.setting.now()));
  }

  /** Something that people ask of the gateway; undefined: it is not running. */
  ask<E extends Effects>(question: (gateway: Gateway, now: number) => E): E | undefined {
    let answer: E | undefined;
    this.turn(() => {
      answer = asked(this.host, question, this.setting.now());
    });
    return answer;
  }

  /** A frame is at its socket. */
  arrive(bytes: string, from: Source): void {
    const { host } = this;
    if (!host.gateway) return;
    if (host.inbox.idle(this.setting.now())) this.read(bytes, from);
    else {
      host.inbox.add(bytes, from);
      this.arm();
    }
  }

  /** A batch is durable; `life`: of the process that wrote it. */
  committed(life: number): void {
    const { host } = this;
    if (life === host.life && host.gateway) this.turn(() => host.committed(this.setting.now()));
  }

  /** A frame that waits can be read. */
  reads(at: number): void {
    if (this.readsAt !== at) return;
    this.readsAt = Number.POSITIVE_INFINITY;
    const { inbox } = this.host;
    const waiting = inbox.suspended || inbox.size === 0 ? undefined : inbox.next();
    if (waiting) this.read(waiting.bytes, waiting.from);
    else this.arm();
  }

  /** Something is due, if nothing waits to be read; reading arms it anew. */
  wakes(at: number): void {
    if (this.wakesAt !== at) return;
    this.wakesAt = Number.POSITIVE_INFINITY;
    const { host, setting } = this;
    if (host.inbox.suspended) return;
    if (host.inbox.size === 0) this.turn(() => host.expire(setting.now()), at + 1);
    else host.write(setting.now());
  }

  private read(bytes: string, from: Source): void {
    const { host, setting } = this;
    const now = setting.now();
    if (setting.observers.any) setting.observers.notify("reads", bytes, from, now);
    host.inbox.took(now);
    host.receive(bytes, from, now);
    if (setting.observers.any) setting.observers.notify("judged", bytes, from, now);
    if (!host.gateway) this.notify(false);
    this.arm();
  }

  /** One turn of the host; notices whether the process died in it. */
  private turn(turn: () => void, least?: number): void {
    const ran = this.host.gateway !== undefined;
    turn();
    if (ran && !this.host.gateway) this.notify(false);
    this.arm(least);
  }

  private notify(running: boolean): void {
    this.setting.observers.notify("gateway", running, this.setting.now());
  }

  /** Puts what is next into the queue, unless something earlier is there already. */
  private arm(least = us(this.setting.now())): void {
    const { host, setting } = this;
    if (!host.gateway) return;
    const { agenda, kinds } = setting;
    const wakesAt = Math.max(Math.ceil(host.wakeAt * 1_000), least);
    if (wakesAt < this.wakesAt) {
      this.wakesAt = wakesAt;
      agenda.push(wakesAt, kinds.wakes, HOST, 0);
    }
    const { readAt } = host.inbox;
    if (readAt === Number.POSITIVE_INFINITY) return;
    const readsAt = Math.max(Math.ceil(readAt * 1_000), us(setting.now()));
    if (readsAt < this.readsAt) {
      this.readsAt = readsAt;
      agenda.push(readsAt, kinds.reads, HOST, 0);
    }
  }
}
