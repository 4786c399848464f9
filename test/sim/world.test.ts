// The world: the same run twice is the same run, a device more changes nobody else's, and both
// cores keep their promises through crashes of the gateway between any two of its effects and
// through power cuts of a board between any two of its steps.

import { expect, test } from "vitest";
import { sha256 } from "../../gateway/sha256.ts";
import { type BoardOptions, POWER_CUTS } from "../../sim/board-kind.ts";
import { Checkers } from "../../sim/checkers.ts";
import { HOST_STEPS } from "../../sim/host.ts";
import { plainLink } from "../../sim/link.ts";
import { type LinkPreset, linkPreset } from "../../sim/presets.ts";
import { stream } from "../../sim/random.ts";
import { World, type WorldOptions } from "../../sim/world.ts";

const MINUTE = 60_000;

const plain = (delayMs: number): LinkPreset => {
  const model = plainLink(delayMs);
  return { name: "plain", about: "", up: model, down: model };
};

const boardOptions = (id: number, more: Partial<BoardOptions> = {}): BoardOptions => ({
  name: `b${id}`,
  id,
  suite: 2,
  intervalMs: 10_000,
  link: linkPreset("wifi-congested")!,
  clockMs: id * 123_456_789,
  clockPpm: (id % 7) * 100 - 300,
  signalVaries: true,
  ...more,
});

/** A world with boards 1..count, powered at instants spread over the first second. */
function worldOf(
  count: number,
  options: Omit<WorldOptions, "sha256">,
  more: Partial<BoardOptions> = {},
) {
  const world = new World({ ...options, sha256 });
  const checkers = new Checkers(world);
  for (let id = 1; id <= count; id++) {
    const board = world.add(boardOptions(id, more));
    world.at((id * 37) % 1_000, () => world.plug(board));
  }
  world.startGateway();
  return { world, checkers };
}

const statuses = (world: World) =>
  [...world.boards.values()].map((board) => world.view(board)?.status);

test("one seed is one world: the same hash, event by event; another seed is another", () => {
  const run = (seed: number) => {
    const { world } = worldOf(20, { seed, host: { commitMs: [0, 30] } });
    world.run(10 * MINUTE);
    return `${world.events} ${world.hash}`;
  };
  expect(run(1)).toBe(run(1));
  expect(run(2)).not.toBe(run(1));
});

test("a device more changes nothing in the life of the others", () => {
  const framesOf = (count: number) => {
    const { world } = worldOf(count, { seed: 5 });
    const seen = new Map<string, string[]>();
    world.observe({
      sent({ board, at, bytes, direction }) {
        if (!board) return;
        const lines = seen.get(board.name) ?? [];
        lines.push(`${at} ${direction} ${bytes}`);
        seen.set(board.name, lines);
      },
    });
    world.run(5 * MINUTE);
    return seen;
  };
  const four = framesOf(4);
  const five = framesOf(5);
  for (const [name, lines] of four) expect(five.get(name)).toEqual(lines);
});

test("a fleet over bad air for an hour: nobody falsely doubted, every rule kept", () => {
  for (const name of ["wifi-good", "lte-m", "nb-iot", "leo", "geo"]) {
    const config = { rto: 2_000, rtoMax: 8_000 };
    const { world, checkers } = worldOf(
      20,
      { seed: 9, host: { commitMs: [1, 40] } },
      { link: linkPreset(name)!, intervalMs: 60_000, config },
    );
    const changes: string[] = [];
    world.observe({ told: ({ to }) => changes.push(to) });
    world.run(60 * MINUTE);
    expect(checkers.violations, name).toEqual([]);
    expect(statuses(world), name).toEqual(new Array(20).fill("present"));
    expect(
      changes.filter((to) => to === "absent"),
      name,
    ).toEqual([]);
  }
});

test.each(POWER_CUTS)(
  "rule 10: power cuts %s, at every boot and in the middle of blocks",
  (step) => {
    const { world, checkers } = worldOf(1, { seed: 3 }, { link: plain(20) });
    const board = world.boards.get("b1")!;
    world.run(MINUTE);
    expect(board.flash.epoch).toBeGreaterThan(0);
    for (let cut = 0; cut < 40; cut++) {
      board.cutPower(step, 1 + (cut % 3) * 500);
      if (cut % 2 === 0) {
        world.unplug(board);
        world.plug(board);
      }
      world.run(world.now + 1_000 + ((cut * 7_919) % 30_000));
    }
    world.run(world.now + MINUTE);
    expect(checkers.violations).toEqual([]);
    expect(board.flash.boots).toBeGreaterThan(20);
    expect(statuses(world)).toEqual(["present"]);
  },
);

test.each(HOST_STEPS)(
  "rule 8: the gateway dies %s, over and over, and nothing told is lost",
  (step) => {
    const luck = stream(11, 1, step);
    const { world, checkers } = worldOf(8, { seed: 11, host: { commitMs: [5, 200] } });
    let deaths = 0;
    const often = step === "before-send" ? 0.02 : 0.4;
    world.hostDies = (now) => now === step && luck() < often;
    world.observe({
      gateway(running, at) {
        if (running) return;
        deaths++;
        world.at(at + 500 + Math.floor(luck() * 5_000), () => world.startGateway());
      },
    });
    world.run(20 * MINUTE);
    world.hostDies = () => false;
    world.run(world.now + 10 * MINUTE);
    expect(checkers.violations).toEqual([]);
    expect(deaths).toBeGreaterThan(2);
    // A beat may just have been lost with all its tries: late for a moment, and nobody is absent.
    for (const status of statuses(world)) expect(["present", "late"]).toContain(status);
    const { changes } = world.host.disk;
    for (let n = 1; n <= changes.size; n++) expect(changes.get(n)?.cursor).toBe(n);
  },
);

test("every death is found, at most two promises and the grace after the last beat", () => {
  const { world, checkers } = worldOf(30, { seed: 21 }, { link: linkPreset("wifi-good")! });
  world.run(5 * MINUTE);
  const died = new Map<number, number>();
  const found = new Map<number, number>();
  world.observe({
    told({ id, to, at }) {
      if (to === "absent") found.set(id, at);
    },
  });
  for (const board of world.boards.values()) {
    if (board.id % 3 !== 0) continue;
    world.unplug(board);
    died.set(board.id, world.view(board)!.seenAt! + 2 * world.view(board)!.promiseMs! + 1_000);
  }
  world.run(world.now + 5 * MINUTE);
  expect([...found.keys()].sort()).toEqual([...died.keys()].sort());
  for (const [id, most] of died) expect(found.get(id)).toBeLessThanOrEqual(most);
  expect(checkers.violations).toEqual([]);
});

test("a clean stop writes every beat; a crash at most a second of them", () => {
  const { world } = worldOf(5, { seed: 4, host: { commitMs: [5, 5] } }, { link: plain(20) });
  world.run(5 * MINUTE);
  const heard = [...world.boards.values()].map((board) => world.view(board)!.seenAt);
  world.stopGateway();
  const stored = () =>
    [...world.boards.values()].map(({ id }) => {
      const { beat, shiftMs } = world.host.disk.devices.get(id)!;
      return (beat?.at ?? 0) + shiftMs;
    });
  expect(stored()).toEqual(heard);
  world.startGateway();
  world.run(10 * MINUTE);
  const live = [...world.boards.values()].map((board) => world.view(board)!.seenAt!);
  world.crashGateway();
  stored().forEach((at, i) => {
    if (live[i]! < world.now - 1_100) expect(at).toBe(live[i]);
  });
});

test("a livelock is an error, not a hang", () => {
  const { world } = worldOf(1, { seed: 1, eventsMax: 50 });
  expect(() => world.run(60 * MINUTE)).toThrow("no end of events");
  const other = new World({ seed: 1, sha256 });
  const again = () => other.at(other.now, again);
  other.at(10, again);
  expect(() => other.run(20)).toThrow("no end of events at 10 ms");
});

test("the checkers see what they are there for", () => {
  const { world, checkers } = worldOf(2, { seed: 8 }, { link: plain(20) });
  world.run(MINUTE);
  expect(checkers.violations).toEqual([]);
  // A flash that goes back to what it was: an old image, and so numbers used before.
  const board = world.boards.get("b1")!;
  world.unplug(board);
  board.flash.limit = 0;
  world.plug(board);
  world.run(world.now + MINUTE);
  expect(new Set(checkers.violations.map(({ invariant }) => invariant))).toContain("one-beat");
  // A change that is on no disk, and one that is told twice.
  const change = {
    cursor: 99,
    id: 2,
    tseq: 7,
    at: world.now,
    from: "left",
    to: "present",
  } as const;
  checkers.told({ ...change, cause: "returned", incident: null }, world.now);
  checkers.told(world.host.disk.changes.get(1)!, world.now);
  expect(checkers.violations.filter(({ invariant }) => invariant === "no-gap")).toHaveLength(2);
  // An ACK under a wrong tag.
  const peer = board.path.source;
  const bytes = `\x48\0\x01\0\0\0${"tagtagta"}`;
  checkers.sent({ at: 1, direction: "down", board, peer, bytes, deliveries: [], fate: "passed" });
  expect(checkers.violations.at(-1)?.invariant).toBe("honest-ack");
});
