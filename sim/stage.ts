// What a transcript plays on: a world, somebody who tells what happens in it, checkers, and a
// memory of what every board said, for a stranger to repeat.

import { sha256 } from "../gateway/sha256.ts";
import type { Board } from "./board.ts";
import { Checkers } from "./checkers.ts";
import { duration, type Line, mistake } from "./line.ts";
import type { AccessPoint } from "./path.ts";
import { Teller } from "./tell.ts";
import { World } from "./world.ts";

export interface Stage {
  readonly world: World;
  readonly teller: Teller;
  readonly checkers: Checkers;
  /** The frames of each type that a board sent, tries not counted. */
  readonly spoken: Map<string, string[]>;
  readonly commitMs: [least: number, most: number];
  /** Access points by name. */
  readonly aps: Map<string, AccessPoint>;
}

export function createStage(line: Line): Stage {
  const commitMs: [number, number] = [5, 5];
  const world = new World({
    sha256,
    seed: Number(line.options.get("seed") ?? 1),
    host: { commitMs, clockTrusted: line.options.get("clock") !== "untrusted" },
  });
  const stage = {
    world,
    teller: new Teller(world),
    checkers: new Checkers(world),
    spoken: new Map<string, string[]>(),
    commitMs,
    aps: new Map<string, AccessPoint>(),
  };
  setCommit(stage, line, line.options.get("commit"));
  world.observe({
    sent({ board, direction, bytes }) {
      if (board && direction === "up") {
        const key = `${board.name} ${(bytes.charCodeAt(0) >> 3) & 7}`;
        const frames = stage.spoken.get(key) ?? [];
        if (frames.at(-1) !== bytes) stage.spoken.set(key, [...frames, bytes]);
      }
    },
  });
  world.startGateway();
  stage.teller.take();
  return stage;
}

export function setCommit(stage: Stage, line: Line, text: string | undefined): void {
  if (!text) return;
  const [least, most] = text.split("..").map((part) => duration(line, part));
  stage.commitMs[0] = least!;
  stage.commitMs[1] = most ?? least!;
}

export function boardOf(stage: Stage, line: Line, name: string | undefined): Board {
  const found = stage.world.boards.get(name ?? "");
  if (!found) throw mistake(line, `no device ${name}`);
  return found;
}
