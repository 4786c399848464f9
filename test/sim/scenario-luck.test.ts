// One thing more in a scenario changes nothing for those that it does not concern: a board, a group
// or a fault keeps its luck to itself. So a run can be compared, frame by frame, with one that is
// the same but for that, and made smaller without becoming another.
//
// What boards share couples them, as in life: a disk that takes its time, an access point's table,
// a gateway that dies with what it had not yet written. Here they share nothing of that kind.

import { describe, expect, test } from "vitest";
import { bare } from "./trust-rig.ts";

const SEED = 13;
const MINUTE = 60_000;
const RUN = 40 * MINUTE;

const GROUPS = [
  `{group: awake, count: 5, interval: 10s, link: wifi-congested, nat: linux, boot: 5s}`,
  `{group: sleepy, count: 4, suite: hmac, interval: 40s, reach: deep, link: wifi-edge, nat: home-60,
    board: esp32, battery: cr123a, clock: rc-esp32, boot: 30s, config: {clockError: 4%, wake: 8s}}`,
  `{group: behind, count: 4, suite: crc16, interval: 20s, link: lte-m, nat: cgn, ap: shared,
    clock: rc-c3, config: {rto: 2s, rtoMax: 8s, clockError: 3%}}`,
  `{group: custom, count: 4, interval: 15s, link: {preset: wifi-edge, duplicate: 5%, corrupt: 2%,
    reorder: {share: 10%, by: 300ms}, outage: {every: 10m, for: 20s}}}`,
];
const FAULTS = [
  `{at: 2m, every: {random: 6m}, where: {share: 30%}, do: power, for: 50s, spread: 9s, back: 9s}`,
  `{at: 3m, every: {random: 4m}, where: {share: 40%}, do: nat, change: rebind}`,
  `{at: 7m, where: awake, do: loss, share: 50%, for: 5m}`,
  `{at: 9m, every: 8m, where: {share: 25%}, do: reboot}`,
  `{at: 11m, where: custom-2, do: clone}`,
];

function text(groups: readonly string[], faults: readonly string[]): string {
  const list = (rows: readonly string[]) => rows.map((row) => `\n  - ${row}`).join("");
  const head = `run: ${RUN / MINUTE}m\ngateway: {commit: 0ms}`;
  return `${head}\nfleet:${list(groups)}\nfaults:${list(faults)}\n`;
}

/** A group with so many more boards. */
const grown = (group: string, more: number) =>
  group.replace(/count: (\d+)/, (_, count) => `count: ${Number(count) + more}`);

/** Whatever every board sent and was sent, from the start on, and the run's hash at `hashAt`. */
function lives(groups: readonly string[], faults: readonly string[], hashAt = RUN) {
  const { world } = bare(text(groups, faults), SEED);
  const frames = new Map<string, string[]>();
  world.observe({
    sent({ board, at, direction, bytes, fate, deliveries }) {
      // To an address that a NAT has taken back: nobody's.
      if (!board) return;
      const line = `${at} ${direction} ${bytes} ${fate} ${deliveries.map((each) => each.at)}`;
      const lines = frames.get(board.name);
      if (lines) lines.push(line);
      else frames.set(board.name, [line]);
    },
  });
  world.run(hashAt);
  const { hash } = world;
  world.run(RUN);
  return { frames, hash };
}

const base = lives(GROUPS, FAULTS);

/** Everybody of the base lived as they did there, but for some. */
function expectSame({ frames }: ReturnType<typeof lives>, but: (name: string) => boolean): void {
  let same = 0;
  for (const [name, lines] of base.frames) {
    if (but(name)) continue;
    same += lines.length;
    expect(frames.get(name), name).toEqual(lines);
  }
  expect(same).toBeGreaterThan(3_000);
}

describe("nobody else's frames change with", () => {
  test.each([
    ["a board at the end of the first group", [grown(GROUPS[0]!, 1), ...GROUPS.slice(1)]],
    ["many at the end of another one", [GROUPS[0]!, grown(GROUPS[1]!, 30), ...GROUPS.slice(2)]],
    ["a board at the end of the last one", [...GROUPS.slice(0, -1), grown(GROUPS.at(-1)!, 1)]],
    ["a new last group", [...GROUPS, "{group: late, count: 9, interval: 5s, link: wifi-edge}"]],
  ])("%s", (_, groups) => {
    const more = lives(groups, FAULTS);
    expect(more.frames.size).toBeGreaterThan(base.frames.size);
    expectSame(more, () => false);
  });

  test("a group of which some are there", () => {
    const some = GROUPS.map((group) => group.replace("count: 5", "count: 5, only: [2, 4]"));
    const fewer = lives(some, FAULTS);
    expect(fewer.frames.size).toBe(base.frames.size - 3);
    expectSame(fewer, (name) => /^awake-[135]$/.test(name));
  });

  test.each([
    ["power", "awake-3", "for: 1m"],
    ["link", "awake-3", "to: nb-iot, for: 10m"],
    ["cut", "awake-3", "direction: down, for: 2m"],
    ["forget", "awake-3", ""],
    ["drift", "awake-3", "ppm: 9000"],
    ["clock", "awake-3", "by: 3s"],
    ["nat-deaf", "awake-3", "for: 3m"],
    ["die", "awake-3", ""],
  ])("a fault of another board: %s", (kind, where, more) => {
    const fault = `{at: 10m, where: ${where}, do: ${kind}${more && `, ${more}`}}`;
    const struck = lives(GROUPS, [...FAULTS, fault]);
    expect(struck.frames.get(where)).not.toEqual(base.frames.get(where));
    expectSame(struck, (name) => name === where);
  });
});

describe("nothing before it changes with a fault", () => {
  const at = 20 * MINUTE;
  const early = (lines: readonly string[] = []) =>
    lines.filter((line) => Number(line.split(" ", 1)[0]) < at);
  const { hash } = lives(GROUPS, FAULTS, at - 0.001);

  test.each([
    ["power", "fleet", "for: 1m, spread: 10s"],
    ["loss", "fleet", "share: 90%, for: 3m"],
    ["nat", "fleet", "change: reboot"],
    ["ap", "shared", "for: 2m"],
    ["crash", "gateway", "for: 1m"],
    ["crash", "gateway", "step: before-send, for: 1m"],
    ["stop", "gateway", "for: 1m"],
    ["suspend", "gateway", "for: 30s"],
    ["disk", "gateway", "commit: 500ms, for: 1m"],
    ["wall", "gateway", "by: 1h"],
    ["clone", "sleepy-1", ""],
  ])("%s, %s, %s", (kind, where, more) => {
    const fault = `{at: 20m, where: ${where}, do: ${kind}${more && `, ${more}`}}`;
    const struck = lives(GROUPS, [...FAULTS, fault], at - 0.001);
    expect(struck.hash).toBe(hash);
    const after: string[] = [];
    for (const [name, lines] of base.frames) {
      const theirs = struck.frames.get(name);
      expect(early(theirs), name).toEqual(early(lines));
      if (theirs?.join() !== lines.join()) after.push(name);
    }
    expect(after).not.toEqual([]);
  });
});
