/**
 * The ears of the gateway: whether a beat that was sent to it now could be heard, and since when
 * not. Each reason is measured where it shows first, once a second, and again before anybody is
 * doubted, so that no verdict is older than what it rests on; the core is told when deafness begins
 * and when it ends (hearing.ts).
 *
 *   suspended   the machine slept: the clock that counts that time went ahead of the one that does
 *               not, and ours is put forward with it. Or the process stood for so long that boards,
 *               unanswered, may have given up (rule 12), though the kernel kept their beats
 *   overflow    the kernel dropped datagrams for our socket; or a flood kept it from being drained
 *   network     no interface is up through which a board could reach us
 *   store       nothing gets to disk: answers that wait for it are not sent
 *   self-beat   our own device was not acknowledged (ears/self.ts)
 *   broker      the connection to the MQTT broker is lost
 *   clock       the wall clock stepped: recorded, and never of any weight
 *
 * A late loop as such is no deafness: the kernel keeps what arrives, and `Turns` reads it before
 * anything expires. A send that fails is none either: a board that is gone makes its neighbours'
 * look-ups fail (EHOSTUNREACH), and would excuse everybody; it only makes us look again. What lost:
 * a grace for everybody after each hiccup, which finds nobody's death in time.
 */

import type { Deaf, Deafness } from "./affairs.ts";
import type { Clock } from "./clock.ts";
import { MachineEars, type System } from "./ears/machine.ts";
import { PROVE_MS, SelfBeat } from "./ears/self.ts";
import type { Effects, Source } from "./facts.ts";
import { isLoopback } from "./http/access.ts";
import { STALL_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import type { Requests } from "./requests.ts";
import type { UdpTransport } from "./udp.ts";

export interface EarsOptions {
  readonly core: Pick<Requests, "deaf" | "deafness">;
  readonly clock: Clock;
  readonly udp: Pick<UdpTransport, "port" | "addresses" | "send">;
  readonly log: Log;
  /** Lets effects happen; resolves when they are durable. */
  readonly apply: (effects: Effects) => Promise<void>;
  /** Writes that are waited for: since when none has ended, and when the last one did. */
  readonly writes: { readonly stalledSince: number | undefined; readonly writtenAt: number };
  /** Writes to the store; resolves when that is on disk. */
  readonly alive: () => Promise<void>;
  /** Deafness began, or ended, and is on disk. */
  readonly onTold?: (deaf: Deaf) => void;
  readonly system?: System | undefined;
}

const TICK_MS = 1_000;
/** A process that stands for so long, ms, is mute: the fastest boards then say HELLO alone. */
const MUTE_MS = 10_000;
/** After so many ms the socket is empty, where nobody was to be doubted, who would have said so. */
const DRAINED_MS = 5_000;
/** Drops that come again within so many ms are one overflow. */
const DROPS_QUIET_MS = 3_000;
/** Frames that come so long after the network was found down, ms, come through it. */
const REFUTED_MS = 5_000;
/** Looking takes at most this part of all time. */
const SHARE = 1 / 50;

export class Ears {
  readonly #options: EarsOptions;
  readonly #machine: MachineEars;
  readonly #self: SelfBeat;
  readonly #timer: NodeJS.Timeout;
  /** What goes on, by reason, since when. */
  readonly #open = new Map<Deafness, number>();
  #told: readonly Deaf[];
  #lookedAt: number;
  #lookAgainAt = -Infinity;
  #droppedAt = -Infinity;
  /** When it was seen last that we had been away. */
  #awayUntil = 0;
  /** When the network was found down. */
  #networkAt = 0;

  private constructor(options: EarsOptions, self: SelfBeat) {
    const { clock, core, udp, system } = options;
    this.#options = options;
    this.#machine = new MachineEars(clock, udp, system);
    this.#self = self;
    this.#told = [...core.deafness];
    this.#lookedAt = clock.now();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Begins to listen to itself. */
  static async open(options: EarsOptions): Promise<Ears> {
    const { core, log } = options;
    const self = await SelfBeat.open(options);
    const stopped = core.deafness.findLast(({ why }) => why === "stopped");
    const last = stopped === core.deafness.at(-1) ? stopped : undefined;
    if (last?.toAt) log.info("did not run", { seconds: seconds(last.fromAt, last.toAt) });
    return new Ears(options, self);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#self.close();
  }

  /** Whether a frame is the gateway's own: whoever reads the socket has then done with it. */
  takes(frame: string, from: Source): boolean {
    if (this.#self.takes(frame, from)) return true;
    if (this.#open.has("network")) this.#outside(from);
    return false;
  }

  /**
   * To be called before anybody is doubted. The clock may be further when it returns.
   * @param drained false: frames may still wait in the socket; undefined: nobody knows
   */
  look(drained?: boolean): void {
    const { clock } = this.#options;
    const begun = clock.now();
    if (drained !== false && begun < this.#lookAgainAt) return;
    const slept = this.#machine.slept();
    const now = clock.now();
    this.#suspended(slept || now - this.#lookedAt > MUTE_MS, drained === true, now);
    if (this.#machine.stepped() !== 0) this.#tell("clock", null, now, now);
    this.#overflow(this.#machine.dropped() || drained === false, now);
    this.#network();
    this.#lookedAt = now;
    this.#lookAgainAt = clock.now() + (clock.now() - now) / SHARE;
  }

  /** What is done each second. */
  tick(): void {
    this.look();
    const { writes, clock } = this.#options;
    const { stalledSince } = writes;
    const stalled = stalledSince !== undefined && clock.now() - stalledSince > STALL_MS;
    this.#set("store", null, stalled ? stalledSince : undefined);
    this.#self.beat(writes.writtenAt);
    this.#set("self-beat", "udp", this.#self.missingSince);
  }

  /** The connection to the MQTT broker is there, or lost: nothing was heard since `since`. */
  broker(up: boolean, since = this.#options.clock.now()): void {
    this.#set("broker", "mqtt", up ? undefined : since);
  }

  /** Deaf intervals that may be told of, oldest first. */
  get told(): readonly Deaf[] {
    return this.#told;
  }

  /** Why this gateway should be started anew; undefined: its own beat passes, and gets to disk. */
  get unwell(): string | undefined {
    if (this.#open.has("self-beat")) return "the gateway's own beat is not acknowledged";
    return this.#open.has("store") ? "nothing gets to disk" : undefined;
  }

  /**
   * When the newest of our own beats left that passed socket, tag and ACK; -Infinity where there is
   * none, or where the store has not shown lately that it writes.
   */
  get passedAt(): number {
    const { clock } = this.#options;
    if (this.unwell !== undefined || clock.now() - this.#self.provenAt > 2 * PROVE_MS) {
      return Number.NEGATIVE_INFINITY;
    }
    return Number.isFinite(this.#self.passedAt) ? this.#self.passedAt : Number.NEGATIVE_INFINITY;
  }

  /** It is over when what the kernel kept is read: that may be old, and was not answered. */
  #suspended(away: boolean, drained: boolean, now: number): void {
    if (away) this.#awayUntil = now;
    if (away) this.#set("suspended", null, this.#lookedAt);
    else if (drained || now - this.#awayUntil > DRAINED_MS) this.#set("suspended", null, undefined);
  }

  /** A frame in spite of all: what waited in the socket when the network went is read by now. */
  #outside(from: Source): void {
    if (from.transport !== "udp" || isLoopback(from.address)) return;
    if (this.#lookedAt - this.#networkAt < REFUTED_MS) return;
    this.#machine.reached();
    this.#set("network", null, undefined);
  }

  #network(): void {
    const reachable = this.#machine.reachable();
    if (!reachable && !this.#open.has("network")) this.#networkAt = this.#options.clock.now();
    this.#set("network", null, reachable ? undefined : this.#lookedAt);
  }

  #overflow(rose: boolean, now: number): void {
    if (rose) this.#droppedAt = now;
    if (rose) this.#set("overflow", "udp", this.#lookedAt);
    else if (now - this.#droppedAt >= DROPS_QUIET_MS) {
      this.#set("overflow", "udp", undefined, this.#droppedAt);
    }
  }

  /** What goes on (`since`), or no longer does, from `endAt` on. */
  #set(
    why: Deafness,
    transport: Source["transport"] | null,
    since: number | undefined,
    endAt = this.#options.clock.now(),
  ): void {
    const begun = this.#open.get(why);
    if (begun === undefined && since !== undefined) {
      this.#open.set(why, since);
      this.#tell(why, transport, since, null);
    } else if (begun !== undefined && since === undefined) {
      this.#open.delete(why);
      this.#tell(why, transport, begun, Math.max(begun, endAt));
    }
  }

  #tell(
    why: Deafness,
    transport: Source["transport"] | null,
    fromAt: number,
    toAt: number | null,
  ): void {
    const { core, apply, log, onTold } = this.#options;
    const effects = core.deaf(why, transport, fromAt, toAt);
    const all = [...core.deafness];
    const deaf = all.findLast((one) => one.why === why && one.transport === transport);
    const told = (): void => {
      this.#told = all;
      if (deaf !== undefined) onTold?.(deaf);
      if (toAt === null) log.few("deaf", { why, transport });
      else log.few("hears again", { why, transport, seconds: seconds(fromAt, toAt) });
    };
    // A store that cannot write ends the process.
    apply(effects).then(told, () => {});
  }
}

function seconds(fromAt: number, toAt: number): number {
  return Math.round((toAt - fromAt) / 100) / 10;
}
