// Cases from other people's issue trackers (research, gateway.md 5b) in which the gateway itself is
// what cannot hear. Each is named as it stands there.

import { describe, expect, it } from "vitest";
import { intervalMs } from "../device/interval.ts";
import { Gateway } from "../gateway/gateway.ts";
import { silenceMs } from "../gateway/hearing.ts";
import { sha256 } from "../gateway/sha256.ts";
import type { Loaded } from "../gateway/store/store.ts";
import { plainLink } from "../sim/link.ts";
import { World } from "../sim/world.ts";
import { Bench, OPTIONS, steps } from "./gateway-bench.ts";
import { Board, nonceOf, P_HOUR, P_MINUTE } from "./gateway-rig.ts";
import { HandClock, memoryPlace } from "./store-rig.ts";

const MINUTE = intervalMs(P_MINUTE);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

describe("5b 1: the gateway is stopped for 24 h", () => {
  it("and alarms nobody who speaks within one promise, each other once", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 40 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    bench.pass(10_000);
    const before = bench.told.length;
    bench.now += DAY;
    bench.restart(DAY);
    const living = boards.filter((_, n) => n % 2 === 0);
    for (let minutes = 0; minutes < 24 * 60; minutes++) {
      bench.pass(MINUTE - 1_000);
      for (const board of living) bench.receive(board.beat());
    }
    const told = bench.told.slice(before);
    expect(told.filter(({ id }) => id % 2 === 1)).toEqual([]);
    const alarms = told.filter(({ to }) => to === "absent").map(({ id }) => id);
    expect(alarms.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n + 2));
    expect(told).toHaveLength(40);
  });
});

describe("5b 3: 10 000 devices imported in bulk and never seen", () => {
  it("are unknown, each of them, and raise no alarm in a month, over a restart", () => {
    const bench = new Bench();
    for (let id = 1; id <= 10_000; id++) bench.enrol(new Board(id));
    expect(bench.pass(15 * DAY)).toEqual([]);
    bench.restart(HOUR);
    expect(bench.pass(15 * DAY)).toEqual([]);
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 10_000 });
    expect([...bench.core.views(bench.now)].every(({ deadlineAt }) => deadlineAt === null)).toBe(
      true,
    );
  });
});

describe("5b 7: the uplink socket is left open by a dead device", () => {
  it("and it is silent by its beats, not by a socket", () => {
    const bench = new Bench();
    const board = new Board(7);
    bench.enrol(board);
    const overMqtt = { transport: "mqtt", address: "nextbeat/000007/up", port: 0 } as const;
    bench.meet(board, {}, overMqtt);
    bench.receive(board.beat(), overMqtt);
    // The broker is there all the time, and nobody says that the connection is not.
    const told = bench.pass(DAY);
    expect(steps(told)).toEqual(["present late promise-broken", "late absent promise-broken"]);
    expect(told[0]!.at).toBeLessThan(bench.now - DAY + 2 * MINUTE);
  });
});

describe("5b 13: the gateway is restarted while devices sleep", () => {
  it("and accepts their next beats without a HELLO", () => {
    const world = new World({ seed: 13, sha256 });
    const model = plainLink(20);
    const link = { name: "plain", about: "", up: model, down: model };
    const board = world.add({ name: "b1", id: 1, suite: 2, intervalMs: HOUR, reach: 2, link });
    const told: string[] = [];
    world.observe({ told: ({ from, to }) => void told.push(`${from} ${to}`) });
    world.startGateway();
    world.plug(board);
    world.run(HOUR / 2);
    const hellos = world.host.gateway!.counters.welcome;
    expect(hellos).toBe(1);
    for (let n = 1; n <= 5; n++) {
      world.crashGateway();
      world.run(world.now + 60_000);
      world.startGateway();
      const { seq, epoch } = world.view(board)!;
      world.run(world.now + HOUR);
      expect(world.view(board)).toMatchObject({ seq: seq + 1, epoch, status: "present" });
      expect(world.host.gateway!.counters).toMatchObject({ welcome: 0, fresh: 1 });
    }
    expect(told).toEqual(["unknown present"]);
  });
});

describe("5b 15: the gateway's own uplink dies", () => {
  it("it is deaf, nobody is alarmed, and the time is nobody's", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 10 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    const before = bench.told.length;
    const fromAt = bench.now + 5_000;
    bench.pass(5_000);
    bench.obey(bench.core.requests.deaf("network", null, fromAt, null));
    bench.pass(6 * HOUR);
    bench.obey(bench.core.requests.deaf("network", null, fromAt, bench.now));
    const endAt = bench.now;
    // They said HELLO once an hour in the end, and are back one after the other.
    for (const [n, board] of boards.entries()) {
      bench.pass((n === 0 ? 1 : 360) * 1_000);
      for (const back of boards.slice(0, n)) bench.receive(back.beat({ promise: P_HOUR }));
      bench.receive(board.beat({ promise: P_HOUR }));
    }
    expect(bench.told.slice(before)).toEqual([]);
    expect(bench.core.requests.deafMs(1, fromAt - HOUR, bench.now)).toBe(endAt - fromAt);
    expect(bench.core.requests.deafness.at(-1)).toMatchObject({ why: "network", toAt: endAt });
  });
});

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
    expect(machine.view(board)).toEqual(before);
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
