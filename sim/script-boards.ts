// Boards of transcripts that have more than a program: what they are made of, the access point that
// they share, the broker that they speak over, and what all that costs.
//
//   device a ... board=esp32 [battery=18650] [ap=home] [transport=mqtt] [second=udp]
//   ap home off | ap home on | broker off | broker on | energy a

import { switchAccessPoint } from "./access-point.ts";
import type { Board } from "./board.ts";
import { POWER_STATES } from "./board-power.ts";
import { BATTERIES, BOARDS, CLOCKS } from "./boards.ts";
import { Body } from "./body.ts";
import { BoardClock } from "./clock.ts";
import { sayDuration } from "./duration.ts";
import { choice, type Line, mistake } from "./line.ts";
import type { AccessPoint } from "./path.ts";
import { Power } from "./power.ts";
import { boardOf, type Stage } from "./stage.ts";
import { table } from "./tell.ts";
import type { World } from "./world.ts";

const ROOM_DEGREES = 20;
/** Access points have luck of their own, beyond all ids. */
const ACCESS_POINTS = 0x1000000;
const SEED = 1;
const TRANSPORTS = { udp: 0, mqtt: 1 };

/** The access point that a line names; undefined: none. */
export function apOf({ world, aps }: Stage, line: Line): AccessPoint | undefined {
  const name = line.options.get("ap");
  if (name === undefined) return undefined;
  const known = aps.get(name);
  if (known) return known;
  const ap = world.network.accessPoint(name, undefined, ACCESS_POINTS + aps.size);
  aps.set(name, ap);
  return ap;
}

export function transportOf(line: Line): "udp" | "mqtt" {
  return choice(line, "transport", TRANSPORTS, 0) === 1 ? "mqtt" : "udp";
}

/** Gives a board the body that its line asks for. */
export function equip(board: Board, line: Line): void {
  const name = line.options.get("board");
  if (name === undefined) return;
  const make = BOARDS[name];
  if (!make) throw mistake(line, `board is one of ${Object.keys(BOARDS)}`);
  const clock = new BoardClock(CLOCKS.exact!, SEED, board.id, { mean: ROOM_DEGREES, swing: 0 });
  const { intervalMs, reach = 0 } = board.kind;
  const battery = BATTERIES[line.options.get("battery") ?? "18650"];
  const power = new Power(make, battery, 0);
  board.body = new Body(
    { seed: SEED, id: board.id, intervalMs, reach },
    clock,
    power,
    ROOM_DEGREES,
  );
}

export function accessPoint(stage: Stage, line: Line): string[] {
  const { world } = stage;
  const found = stage.aps.get(line.words[0] ?? "");
  if (!found) throw mistake(line, `no access point ${line.words[0]}`);
  switchAccessPoint(settingOf(world), found, isOn(line, line.words[1]));
  for (const board of found.boards) stage.checkers.struck(board, "ap");
  return stage.teller.take();
}

export function broker({ world, teller }: Stage, line: Line): string[] {
  if (isOn(line, line.words[0])) world.network.streams.start(world.now);
  else world.network.streams.stop();
  return teller.take();
}

/** Where its charge went so far, and how long its battery would last. */
export function energy(stage: Stage, line: Line): string[] {
  const { now } = stage.world;
  const power = boardOf(stage, line, line.words[0]).body?.power;
  if (!power) throw mistake(line, "that board was given none: device a board=esp32");
  const rows = POWER_STATES.flatMap((state) => {
    const ms = power.timeOf(state, now);
    const mC = power.chargeOf(state) * 3_600;
    return ms === 0 ? [] : [[state, sayDuration(ms), `${mC.toFixed(1)} mC`]];
  });
  const all = ["all", sayDuration(now), `${(power.total * 3_600).toFixed(1)} mC`];
  const days = power.days(now);
  const life = `  at this rate its battery lasts ${Math.round(days)} days`;
  return [...table([["state", "time", "charge"], ...rows, all]), life];
}

function isOn(line: Line, word: string | undefined): boolean {
  if (word !== "on" && word !== "off") throw mistake(line, "on or off");
  return word === "on";
}

function settingOf(world: World) {
  return { now: world.now, stir: (board: Board) => world.stir(board) };
}
