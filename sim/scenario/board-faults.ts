// What a fault does to one board, its path or its access point: a table by kind. Each entry does
// it and gives back how it is undone, if it ever is.

import { switchAccessPoint } from "../access-point.ts";
import { POWER_CUTS } from "../board-kind.ts";
import type { LinkPreset } from "../presets.ts";
import { blend, RAMP_STEPS } from "./blend.ts";
import type { Member } from "./cast.ts";
import type { BoardAct, Occurrence } from "./faults.ts";
import type { Act, FaultKind, LinkSpec } from "./types.ts";

/** A jump of a board's clock that its shell takes for time that has passed, ms. */
const CLOCK_STEP_MAX = 7_200_000;

/** How long a WELCOME is given again (rule 7), ms. */
const WELCOME_AGAIN_MS = 10_000;

type Of<K extends FaultKind> = Extract<Act, { do: K }>;
type Table = { readonly [K in FaultKind]?: BoardAct<Of<K>> };

const presetOf = ({ preset, up, down }: LinkSpec): LinkPreset => ({
  name: preset,
  about: "",
  up,
  down,
});

/** Something about an access point, once for all the boards behind it. */
function shared(
  { ap }: Member,
  { holds }: Occurrence,
  what: string,
  begin: () => void,
  end: () => void,
): () => void {
  const key = `${what} ${ap.name}`;
  if (holds.take(key)) begin();
  return () => {
    if (holds.drop(key)) end();
  };
}

/** As the board's shell takes it (device/board.ts): back, or by more than two hours, is no time. */
function counted(byMs: number): number {
  return byMs < 0 || byMs > CLOCK_STEP_MAX ? 0 : byMs;
}

export const boardActs: Table = {
  power: (_, { board }, { world }) => {
    world.hold(board);
    return () => world.release(board);
  },

  die: (_, { board }, { world }) => {
    world.hold(board);
    return undefined;
  },

  battery: ({ share }, { board }, { world }) => {
    board.body?.power?.refill(share, world.now);
    return undefined;
  },

  reboot: (_, { board }, { world }) => {
    if (board.on) world.unplug(board);
    world.plug(board);
    return undefined;
  },

  forget: (_, { board }, { world }) => {
    const act = (): void => {
      // A known limit of rule 7, shown in test/transcripts/16: within 10 s of a WELCOME whose epoch
      // is not in force, who forgets it is given it again and counts in it from 1.
      const inForce = world.host?.disk.devices.get(board.id)?.epoch ?? Infinity;
      if (board.flash.epoch > inForce) {
        world.at(world.now + WELCOME_AGAIN_MS, act);
        return;
      }
      if (board.on) world.unplug(board);
      board.forget();
      world.plug(board);
    };
    act();
    return undefined;
  },

  leave: (_, { board }, { world }) => {
    world.leave(board);
    return undefined;
  },

  powercut: ({ step, forMs }, { board }) => {
    const found = POWER_CUTS.find((name) => name === step);
    if (!found) throw new RangeError(`step ${step}; expected one of ${POWER_CUTS.join(", ")}`);
    board.cutPower(found, forMs);
    return () => {
      board.cutAt = undefined;
    };
  },

  clone: (_, { board }, { world, n }) => {
    world.plug(world.clone(board, { name: `${board.name}-twin${n === 0 ? "" : n + 1}` }));
    return undefined;
  },

  clock: ({ byMs }, { board }, { world }) => {
    board.body?.clock.step(counted(byMs), world.now);
    world.stir(board);
    return undefined;
  },

  drift: ({ ppm }, { board }, { world }) => {
    board.body?.clock.setPpm(ppm, world.now);
    world.stir(board);
    return undefined;
  },

  link: ({ to, rampMs }, { board, group }, { world }) => {
    const from = presetOf(group.link);
    const target = presetOf(to);
    const steps = rampMs > 0 ? RAMP_STEPS : 1;
    let on = true;
    const step = (k: number) => {
      if (!on) return;
      const up = blend(from.up, target.up, k / steps);
      const down = blend(from.down, target.down, k / steps);
      world.network.setLink(board, { ...target, up, down }, world.now);
      if (k < steps) world.at(world.now + rampMs / steps, () => step(k + 1));
    };
    step(1);
    return () => {
      on = false;
      world.network.setLink(board, from, world.now);
    };
  },

  cut: ({ direction }, { board }, { world, holds }) => {
    const ways = direction === "both" ? (["up", "down"] as const) : [direction];
    for (const way of ways) {
      if (holds.take(`cut ${way} ${board.name}`)) world.network.cut(board, way, true);
    }
    return () => {
      for (const way of ways) {
        if (holds.drop(`cut ${way} ${board.name}`)) world.network.cut(board, way, false);
      }
    };
  },

  loss: ({ share, direction }, { board }, { world }) => {
    const { links } = world.network;
    const { up, down } = board.path;
    const ways = direction === "both" ? [up, down] : [direction === "up" ? up : down];
    for (const way of ways) links.setLoss(way, share);
    return () => {
      for (const way of ways) links.setLoss(way, 0);
    };
  },

  nat: ({ change }, { board, ap }, { world, holds, n, entity }) => {
    const { network, now } = world;
    if (change === "rebind") network.rebind(board, now);
    else if (holds.take(`${change} ${entity} ${n} ${ap.name}`)) {
      // Once for all behind it: never dropped, since another time is another key.
      if (change === "reboot") ap.nat?.reboot(now);
      else network.readdress(ap, now);
    }
    return undefined;
  },

  "nat-full": (_, member, occurrence) => {
    const { nat } = member.ap;
    if (!nat) return undefined;
    const full = (on: boolean) => () => {
      nat.full = on;
    };
    return shared(member, occurrence, "nat-full", full(true), full(false));
  },

  "nat-deaf": (_, member, occurrence) => {
    const { nat } = member.ap;
    if (!nat) return undefined;
    const deaf = (on: boolean) => () => {
      nat.deaf = on;
    };
    return shared(member, occurrence, "nat-deaf", deaf(true), deaf(false));
  },

  "nat-set": ({ to }, { ap }, { world }) => {
    ap.nat?.set(to, world.now);
    return undefined;
  },

  ap: (_, member, occurrence) => {
    const turn = (on: boolean) => () => {
      const { world } = occurrence;
      const stir = (board: Member["board"]) => world.stir(board);
      switchAccessPoint({ now: world.now, stir }, member.ap, on);
    };
    return shared(member, occurrence, "ap", turn(false), turn(true));
  },

  dns: (_, member, occurrence) => {
    const { ap } = member;
    const answers = (names: boolean) => () => {
      ap.names = names;
      // Who could not look up its gateway does so as soon as it can.
      if (names) for (const board of ap.boards) board.resolved = true;
    };
    return shared(member, occurrence, "dns", answers(false), answers(true));
  },
};
