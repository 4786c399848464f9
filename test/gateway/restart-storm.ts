// A gateway that is restarted again and again, over boards that live and die: the real cores in
// virtual time. What is asked of it: nobody who lives is called absent because we were away, and
// who died is found within his grant after we are back (architecture rule 2, protocol rules 12 and
// 18).
//
// What the boards do is drawn apart from what the gateway does, so the same seed without restarts
// is the same fleet in the same hours: whom its gateway calls absent is due to the links alone.

import { silenceMs } from "../../gateway/detector/silence.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { sinceStamp } from "../../gateway/store/meta.ts";
import type { Board } from "../../sim/board.ts";
import { plainLink } from "../../sim/link.ts";
import { linkPreset } from "../../sim/presets.ts";
import { stream } from "../../sim/random.ts";
import { World } from "../../sim/world.ts";
import { LENGTHS, type Score } from "./restart-score.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Intervals of the boards of one world, s; the last three sleep. */
const INTERVALS = [1, 1, 2, 5, 10, 10, 30, 60, 60, 60, 300, 600, 60, 900, 3_600];
/** What a verdict may take beside its deadline: the flush, a commit, ms. */
const TELL_MS = 5 * SECOND;

export interface StormOptions {
  readonly seed: number;
  readonly restarts: number;
  /**
   * What happens to the gateway: its process ends; its machine sleeps, and the socket goes on
   * taking frames; or nothing, with the same fleet in the same hours.
   */
  readonly how: "stopped" | "asleep" | "calm";
  /** A gateway that believes it was away for no time: to see that the storm sees it. */
  readonly ignorant?: boolean;
}

/** Seeds of even number have links that lose nothing: there, each false alarm is our own fault. */
export function isLossless(seed: number): boolean {
  return seed % 2 === 0;
}

/** The stamp that the store would have written, and when. */
interface Stamp {
  readonly at: number;
  stamp: number;
  readonly line: number;
  readonly boot: { readonly id: string; readonly ms: number };
}

/** One world; adds to `score`. */
export function storm(options: StormOptions, score: Score): void {
  new Storm(options, score).run();
}

class Storm {
  readonly #options: StormOptions;
  readonly #score: Score;
  readonly #world: World;
  readonly #luck: () => number;
  /** Who died, and is neither found nor back. */
  readonly #dead = new Map<Board, number>();
  /** By how much the wall clock is wrong; and the machine's starts, and when the last was. */
  #wallMs = 0;
  #boots = 1;
  #bootedAt = 0;
  #startedAt = 0;
  #length = 0;
  /** How long it was away, as it knows; Infinity: it does not. */
  #awayMs = 0;

  constructor(options: StormOptions, score: Score) {
    const { seed } = options;
    this.#options = options;
    this.#score = score;
    this.#luck = stream(seed, 1, "storm");
    this.#world = new World({ seed, sha256, host: { commitMs: [0, 20] } });
    this.#world.observe({ told: ({ id, to, at }) => this.#told(id, to, at) });
    const model = plainLink(20);
    const plain = { name: "plain", about: "", up: model, down: model };
    const link = isLossless(seed) ? plain : linkPreset("wifi-good")!;
    for (const [n, seconds] of INTERVALS.entries()) {
      const identity = { name: `b${n + 1}`, id: n + 1, suite: 2, link };
      const rhythm = { intervalMs: seconds * SECOND, clockPpm: (n % 5) * 40 - 80 };
      const reach = n >= INTERVALS.length - 3 ? 2 : 0;
      const board = this.#world.add({ ...identity, ...rhythm, reach, signalVaries: true });
      this.#world.at(n * 777, () => this.#world.plug(board));
    }
  }

  run(): void {
    const world = this.#world;
    world.startGateway();
    world.run(MINUTE);
    for (let n = 0; n < this.#options.restarts; n++) {
      this.#live(logUniform(this.#luck(), SECOND, 3 * HOUR));
      this.#stop(this.#luck() < 0.1 ? 0 : logUniform(this.#luck(), 100, DAY));
    }
    this.#live(HOUR);
    this.#score.deviceMs += world.now * INTERVALS.length;
  }

  /** Some time in which the gateway runs. */
  #live(ms: number): void {
    this.#fate();
    this.#step(this.#luck());
    this.#world.run(this.#world.now + ms);
    this.#look();
  }

  /** A stop, and the start after it. */
  #stop(downMs: number): void {
    const world = this.#world;
    const luck = this.#luck;
    const [orderly, stampAge, start, clock] = [luck() < 0.5, luck(), luck(), luck()];
    const { how } = this.#options;
    // A crash leaves the stamp of the last write: with boards that beat each second, a second old.
    const stampAt = Math.max(this.#startedAt, world.now - (orderly ? 0 : stampAge * SECOND));
    const stamp = this.#stampOf(stampAt);
    if (how === "asleep") world.suspendGateway(true);
    else if (how === "stopped" && orderly) world.stopGateway();
    else if (how === "stopped") world.crashGateway();
    this.#fate();
    world.run(world.now + downMs);
    this.#step(clock);
    if (start < 0.4) {
      this.#boots++;
      this.#bootedAt = world.now - start * MINUTE;
    }
    if (how === "calm") return;
    if (how === "stopped") this.#start(stamp, start < 0.2);
    else this.#wake();
    this.#startedAt = world.now;
    this.#length = LENGTHS.findIndex((most) => downMs <= most);
    this.#score.restarts[this.#length]!++;
    this.#score.downMs += downMs;
  }

  /** Somebody may die, or come back, at an instant to come. */
  #fate(): void {
    const [who, what, when] = [this.#luck(), this.#luck(), this.#luck()];
    const board = this.#world.boards.get(`b${1 + Math.floor(who * INTERVALS.length)}`)!;
    const on = board.on;
    if (what > (on ? 0.25 : 0.6)) return;
    this.#world.at(this.#world.now + when * 30 * SECOND, () => {
      if (board.on === on) this.#turn(board);
    });
  }

  #turn(board: Board): void {
    this.#dead.delete(board);
    if (board.on) {
      this.#world.unplug(board);
      this.#dead.set(board, this.#world.now);
      this.#score.deaths++;
    } else this.#world.plug(board);
  }

  /** Now and then the wall clock steps, by up to a year. */
  #step(luck: number): void {
    if (luck < 0.3) this.#wallMs += (luck / 0.15 - 1) * (luck < 0.1 ? YEAR : 2 * HOUR);
  }

  #stampOf(at: number): Stamp {
    const boot = { id: `${this.#boots}`, ms: at - this.#bootedAt };
    return { at, stamp: YEAR * 50 + at + this.#wallMs, line: 0, boot };
  }

  /** @param clockKept whether the machine, if it was started anew, kept its wall clock */
  #start(stamp: Stamp, clockKept: boolean): void {
    const { host, now } = this.#world;
    // A clock that something kept was not stepped while it was off.
    const wall = YEAR * 50 + now + this.#wallMs;
    const again = `${this.#boots}` !== stamp.boot.id;
    if (again && clockKept) stamp.stamp = wall - (now - stamp.at);
    const { stoppedMs } = sinceStamp(
      {
        now: () => now,
        wallAt: () => wall,
        trusted: () => true,
        boot: () => ({ id: `${this.#boots}`, ms: now - this.#bootedAt, clockKept }),
      },
      stamp,
    );
    this.#awayMs = stoppedMs ?? Infinity;
    const awayMs = this.#options.ignorant ? 0 : stoppedMs;
    host.disk.stoppedAt = awayMs === undefined ? undefined : now + host.wallMs - awayMs;
    this.#world.startGateway();
  }

  /** What it heard at once may have waited for long: how long, none of its records says. */
  #wake(): void {
    this.#awayMs = Infinity;
    this.#world.suspendGateway(false);
  }

  #told(id: number, to: string, at: number): void {
    const board = this.#world.boards.get(`b${id}`)!;
    if (to === "absent" && this.#dead.delete(board)) this.#score.found++;
    if (!board.on || (to !== "late" && to !== "absent")) return;
    if (this.#world.view(board)!.seenAt! >= this.#startedAt) {
      if (to === "absent") this.#score.linkAbsent++;
      if (!isLossless(this.#options.seed)) return;
    } else if (to === "late") this.#score.falseLate[this.#length]!++;
    else this.#score.falseAbsent[this.#length]!++;
    this.#say(`${board.name} is called ${to} at ${at}, ${at - this.#startedAt} after the start`);
  }

  /** Whether anybody is dead who should have been found by now. */
  #look(): void {
    const { now, host } = this.#world;
    for (const [board, diedAt] of this.#dead) {
      const view = host.gateway && this.#world.view(board);
      if (!view || view.promiseMs === null || view.status === "absent") continue;
      const { promiseMs, seenAt, status, deadlineAt } = view;
      // Its last beat may be older than the stop: it was not answered since.
      const deafMs = Math.max(this.#awayMs, this.#startedAt - seenAt!);
      const grant = this.#startedAt > 0 ? this.#startedAt + silenceMs(promiseMs, deafMs) : 0;
      const lateAt = Math.max(seenAt! + promiseMs, grant) + promiseMs / 4 + 250;
      const overdue = status === "late" ? deadlineAt! : lateAt;
      if (now <= overdue + TELL_MS) continue;
      this.#score.overlooked++;
      this.#say(`${board.name} died at ${diedAt}, is ${status} at ${now}, due at ${overdue}`);
      this.#dead.delete(board);
    }
  }

  #say(what: string): void {
    const { faults } = this.#score;
    if (faults.length < 20) faults.push(`seed ${this.#options.seed}: ${what}`);
  }
}

function logUniform(u: number, least: number, most: number): number {
  return least * (most / least) ** u;
}
