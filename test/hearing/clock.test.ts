// Case 17 of other people's issue trackers (research, gateway.md 5b): clocks that step, and none at
// all. A gateway over a real store, whose clocks are moved by hand; it must not matter to anybody.

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { silenceMs } from "../../gateway/detector/silence.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type { Loaded } from "../../gateway/store/store.ts";
import { OPTIONS } from "../gateway/gateway-bench.ts";
import { Board, nonceOf, P_MINUTE } from "../gateway/gateway-rig.ts";
import { HandClock, memoryPlace } from "../store/rig.ts";

const MINUTE = intervalMs(P_MINUTE);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A gateway over a real store in memory, whose clocks are moved by hand. */
class Machine {
  readonly clock = new HandClock();
  readonly #place = memoryPlace(this.clock);
  /** Ms since the machine started; another machine start is another id. */
  #bootMs = 100_000;
  #boots = 1;
  clockKept = true;
  #store = this.#place.store();
  #core!: Gateway;
  loaded!: Loaded;
  readonly told: string[] = [];

  async start(): Promise<void> {
    Object.assign(this.clock, {
      boot: () => ({
        id: `${this.#boots}`.padStart(32, "0"),
        ms: this.#bootMs,
        clockKept: this.clockKept,
      }),
    });
    this.#store = this.#place.store();
    this.loaded = await this.#store.open();
    const { devices, ...rest } = this.loaded;
    this.#core = new Gateway({ ...OPTIONS, ...rest, generation: 1 }, devices, this.clock.now());
  }

  /** The process is gone, and so is the machine's time if `reboot`. */
  crash(reboot: boolean): void {
    this.#place.crash();
    this.clock.mono = 50;
    if (!reboot) return;
    this.#boots++;
    this.#bootMs = 20_000;
  }

  async enrol(board: Board): Promise<void> {
    await this.#obey(this.#core.enrol(board.enrolment, this.clock.now()));
    const nonce = nonceOf(board.id);
    const welcome = board.welcomeOf(await this.say(board.hello(nonce)), nonce);
    board.epoch = welcome!.epoch;
  }

  say(frame: string): Promise<string | undefined> {
    const from = { transport: "udp", address: "192.0.2.7", port: 7 } as const;
    return this.#obey(this.#core.handle(frame, from, this.clock.now()));
  }

  /** Time passes, on all clocks; the gateway wakes when it is due. */
  async pass(ms: number, running = true): Promise<void> {
    const until = this.clock.mono + ms;
    while (running && this.#core.wakeAt <= until) {
      this.#move(Math.max(0, this.#core.wakeAt - this.clock.mono));
      await this.#obey(this.#core.expire(this.clock.now()));
    }
    this.#move(until - this.clock.mono);
  }

  view(board: Board) {
    return this.#core.view(board.id, this.clock.now())!;
  }

  #move(ms: number): void {
    this.clock.pass(ms);
    this.#bootMs += ms;
  }

  async #obey(effects: ReturnType<Gateway["expire"]>): Promise<string | undefined> {
    if (effects.ticket === 0) return effects.send[0]?.frame;
    await this.#store.commit(effects.commit);
    this.#core.committed(effects.ticket, this.clock.now());
    for (const { from, to } of effects.afterCommit.changes) this.told.push(`${from} ${to}`);
    return effects.send[0]?.frame ?? effects.afterCommit.send[0]?.frame;
  }
}

describe("5b 17: clock stepped, no NTP for 10 min, DST", () => {
  const steps = [-YEAR, YEAR, HOUR, -HOUR];

  it.each(steps)("by %s ms while it runs: no transition, and nothing moves", async (step) => {
    const machine = new Machine();
    const board = new Board(1);
    await machine.start();
    await machine.enrol(board);
    await machine.say(board.beat());
    const before = machine.view(board);
    machine.clock.wall += step;
    await machine.pass(before.deadlineAt! - machine.clock.mono - 1);
    expect(machine.view(board)).toMatchObject({ ...before, knownInMs: expect.any(Number) });
    await machine.say(board.beat());
    expect(machine.told).toEqual(["unknown present"]);
  });

  it.each(steps.flatMap((step) => [[step, false] as const, [step, true] as const]))(
    "by %s ms while it is stopped (a start of the machine: %s): no transition",
    async (step, reboot) => {
      const machine = new Machine();
      const board = new Board(1);
      await machine.start();
      await machine.enrol(board);
      await machine.say(board.beat());
      machine.crash(reboot);
      await machine.pass(4 * HOUR, false);
      machine.clock.wall += step;
      machine.clockKept = false;
      await machine.start();
      // The start of the machine tells, or nobody does: never a wall clock that nothing kept.
      expect(machine.loaded.stoppedMs).toBe(reboot ? undefined : 4 * HOUR);
      await machine.pass(silenceMs(MINUTE, 4 * HOUR) - 1_000);
      await machine.say(board.beat());
      expect(machine.told).toEqual(["unknown present"]);
    },
  );

  it("no NTP for 10 min: a board without a clock starts in the past, and is right later", async () => {
    const machine = new Machine();
    const board = new Board(1);
    await machine.start();
    await machine.enrol(board);
    await machine.say(board.beat());
    const wall = machine.clock.wall;
    machine.crash(true);
    machine.clockKept = false;
    machine.clock.trust = false;
    machine.clock.wall = Date.UTC(1970, 0, 1);
    await machine.start();
    expect(machine.loaded.stoppedMs).toBeUndefined();
    for (let minute = 0; minute < 30; minute++) {
      if (minute === 10) {
        machine.clock.trust = true;
        machine.clock.wall = wall + DAY;
      }
      await machine.pass(MINUTE - 1_000);
      await machine.say(board.beat());
    }
    expect(machine.told).toEqual(["unknown present"]);
    machine.crash(false);
    await machine.pass(10_000, false);
    await machine.start();
    // Since the last stamp, which went to disk with the flush before the last beat.
    expect(machine.loaded.stoppedMs).toBeGreaterThanOrEqual(10_000);
    expect(machine.loaded.stoppedMs).toBeLessThan(10_000 + 2 * MINUTE);
    await machine.pass(MINUTE - 1_000);
    expect(machine.told).toEqual(["unknown present"]);
  });
});
