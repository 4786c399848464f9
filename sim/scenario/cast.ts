// A scenario's fleet in a world: boards by group and access point, each with the clock, battery and
// address that the scenario gives it; and who is meant where a fault says whom it meets.

import type { Board } from "../board.ts";
import type { BoardKind } from "../board-kind.ts";
import { BATTERIES, BOARDS, CLOCKS } from "../boards.ts";
import { Body } from "../body.ts";
import { BoardClock, Clocks } from "../clock.ts";
import type { AccessPoint } from "../path.ts";
import { Power } from "../power.ts";
import { draw, purposeOf } from "../random.ts";
import type { World } from "../world.ts";
import { boardName, firstIds, numbersOf } from "./ids.ts";
import type { Group, Scenario, Where } from "./types.ts";

const REACHES = { awake: 0, light: 1, deep: 2 } as const;
const BOOT = purposeOf("first boot");
const SHARE = purposeOf("share of boards");
/** Access points have luck of their own, beyond all ids. */
const ACCESS_POINTS = 0x1000000;

export interface Member {
  readonly board: Board;
  readonly group: Group;
  readonly ap: AccessPoint;
}

export class Cast {
  readonly members: Member[] = [];
  readonly byBoard = new Map<Board, Member>();
  readonly aps = new Map<string, AccessPoint>();
  private readonly world: World;
  private readonly seed: number;
  private readonly clocks: Clocks;
  private readonly byName = new Map<string, Member[]>();

  constructor(scenario: Scenario, seed: number, world: World) {
    this.world = world;
    this.seed = seed;
    this.clocks = new Clocks(seed);
    const firsts = firstIds(scenario.fleet);
    for (const [i, group] of scenario.fleet.entries()) this.enter(group, firsts[i]!);
  }

  /** All that a fault or an expectation calls by this name; none if there is no such name. */
  named(name: string): readonly Member[] {
    return name === "fleet" ? this.members : (this.byName.get(name) ?? []);
  }

  /** Whom `where` means at the `n`-th time; `entity` keys the luck of a share. */
  whom({ names, share }: Where, entity: number, n: number): readonly Member[] {
    const all = names.length === 1 ? this.named(names[0]!) : this.union(names);
    if (share >= 1) return all;
    const lucky = (id: number) => draw(this.seed, entity, SHARE, n * 0x1000000 + id) < share;
    return all.filter(({ board }) => lucky(board.id));
  }

  private union(names: readonly string[]): readonly Member[] {
    return [...new Set(names.flatMap((name) => this.named(name)))];
  }

  private enter(group: Group, first: number): void {
    const kind = kindOf(group);
    for (const n of numbersOf(group)) {
      const name = boardName(group, n);
      const id = first + n - 1;
      const ap = this.accessPoint(group.ap === "own" ? `${name}-ap` : group.ap, group, id);
      const board = this.world.make({ name, id }, kind, ap, group.transport);
      this.equip(board, group);
      const member = { board, group, ap };
      this.members.push(member);
      this.byBoard.set(board, member);
      for (const key of new Set([name, group.group, ap.name])) this.list(key).push(member);
      const luck = draw(this.seed, id, BOOT, 0);
      this.world.at(group.boot.atMs + luck * group.boot.spreadMs, () => this.world.plug(board));
    }
  }

  private equip(board: Board, group: Group): void {
    const { clock, temperature } = group;
    const model = CLOCKS[clock];
    if (!model) throw new RangeError(`no clock ${clock}`);
    const own = new BoardClock(model, this.seed, board.id, temperature, this.clocks);
    const make = group.board === undefined ? undefined : BOARDS[group.board];
    const power = make && new Power(make, BATTERIES[group.battery ?? "mains"], 0);
    const { intervalMs, reach } = group;
    const habits = { seed: this.seed, id: board.id, intervalMs, reach: REACHES[reach] };
    board.body = new Body(habits, own, power, temperature.mean);
  }

  private accessPoint(name: string, { nat }: Group, id: number): AccessPoint {
    let ap = this.aps.get(name);
    if (!ap) {
      ap = this.world.network.accessPoint(name, nat, ACCESS_POINTS + id);
      this.aps.set(name, ap);
    }
    return ap;
  }

  private list(key: string): Member[] {
    const list = this.byName.get(key) ?? [];
    this.byName.set(key, list);
    return list;
  }
}

function kindOf(group: Group): BoardKind {
  const { suite, intervalMs, link, reach, ap } = group;
  return {
    suite,
    intervalMs,
    link: { name: link.preset, about: "", up: link.up, down: link.down },
    reach: REACHES[reach],
    signalVaries: true,
    config: { wakeMs: wakeMsOf(group), ...group.config },
    site: ap === "own" ? "" : ap,
  };
}

/** What a promise must count: a board in deep sleep boots and joins before it can speak. */
function wakeMsOf({ reach, board }: Group): number {
  const make = board === undefined ? undefined : BOARDS[board];
  if (reach !== "deep" || !make) return 0;
  return make.bootMs + Math.min(make.joinMs.at(-1)![1], make.joinMaxMs);
}
