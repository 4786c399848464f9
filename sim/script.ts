// The commands of transcripts: a world that one talks to. Each command is a line; what it says back
// is what happened while it ran. A mistake in a line is an error that names it.
//
//   world seed=7 commit=5ms..20ms clock=untrusted      (only as the first line; all optional)
//   device a interval=60s [promise=60s instead] [reach=deep] [link=wifi-edge] [delay=20ms]
//            [suite=hmac] [drift=1000ppm] [rto=2s] [rto-max=8s] [wake=2s] [make-ups=2]
//            [min=10s with an alert] [max=1h battery low] and what script-boards.ts says
//   advance 61s | advance 8h quiet | await a absent 10m
//   drop a->g | drop g->a | drop a | heal a->g | heal a      by hand, until healed
//   link a wifi-edge | delay a 700ms | double a | rebind a
//   unplug a | plug a | reboot a | lose a | leave a | alert a | cut a after-store 5s
//   replay a beat [back=1] | replay a hello    a stranger, x, sends a's last frame of that kind, or
//                                        the one so many before it
//   clone b of a [interval=45s]          a second board with a's identity and memory
//   send a led-on [ttl=1h] [supersede=led] | commands a                (script-orders.ts)
//   crash g | stop g | start g | commit 200ms..400ms
//   status | counters | check              the last: what the checkers found broken

import { SUITE_CHASKEY, SUITE_CRC, SUITE_HMAC } from "../device/tag.ts";
import { HEARTBEAT, HELLO } from "../device/wire.ts";
import type { Board } from "./board.ts";
import { COMMAND_CUTS, POWER_CUTS, type PowerCut } from "./board-kind.ts";
import { sayInstant } from "./duration.ts";
import {
  choice,
  configOptions,
  duration,
  intervalOption,
  type Line,
  linkOption,
  mistake,
  parseLine,
  plainPreset,
} from "./line.ts";
import { linkPreset } from "./presets.ts";
import { accessPoint, apOf, broker, energy, equip, transportOf } from "./script-boards.ts";
import { application, commands, send } from "./script-orders.ts";
import { boardOf, createStage, type Stage, setCommit } from "./stage.ts";
import type { World } from "./world.ts";

const REACHES = ["awake", "light", "deep"];
const SUITES: Record<string, number> = { crc: SUITE_CRC, hmac: SUITE_HMAC, chaskey: SUITE_CHASKEY };
const AWAIT_MS = 86_400_000;
const STRANGER = { transport: "sim", address: "x", port: 1 } as const;

type Command = (stage: Stage, line: Line) => string[];

export class Script {
  private stage: Stage | undefined;

  /** Runs one line and returns what is to be read under it. @throws Error that quotes the line */
  run(text: string): string[] {
    const line = parseLine(text);
    if (line.command === "world") {
      if (this.stage) throw mistake(line, "the world is there already");
      this.stage = createStage(line);
      return [];
    }
    this.stage ??= createStage(parseLine("world"));
    const command = COMMANDS[line.command];
    if (!command) throw mistake(line, `no command ${line.command}`);
    return command(this.stage, line);
  }
}

const COMMANDS: Record<string, Command> = {
  device(stage, line) {
    const { world, teller } = stage;
    const name = line.words[0] ?? "";
    if (!/^[a-z][a-z0-9-]*$/.test(name) || name === "g") throw mistake(line, "a name, not g");
    const id = world.boards.size + 1;
    const options = {
      name,
      id,
      suite: choice(line, "suite", SUITES, SUITE_CHASKEY),
      intervalMs: intervalOption(line),
      reach: Math.max(0, REACHES.indexOf(line.options.get("reach") ?? "awake")),
      link: linkOption(line),
      clockPpm: Number.parseFloat(line.options.get("drift") ?? "0"),
      // A clock of its own: what a board counts has nothing to do with what the gateway counts.
      clockMs: 1_000_000 * id,
      config: configOptions(line),
      onCommand: application(stage),
    };
    const board = world.add(options, apOf(stage, line), transportOf(line));
    equip(board, line);
    teller.name(id, name);
    world.plug(board);
    return stage.teller.take();
  },

  clone(stage, line) {
    const [name, of, original] = line.words;
    if (!name || of !== "of" || !original) throw mistake(line, "clone b of a");
    const twin = line.options.has("interval") ? { intervalMs: intervalOption(line) } : {};
    stage.world.plug(stage.world.clone(boardOf(stage, line, original), { name, ...twin }));
    return stage.teller.take();
  },

  advance(stage, line) {
    const ms = duration(line, line.words[0]);
    stage.world.run(stage.world.now + ms);
    return line.words[1] === "quiet" ? stage.teller.takeCounts() : stage.teller.take();
  },

  await(stage, line) {
    const { world, teller } = stage;
    const board = boardOf(stage, line, line.words[0]);
    const wanted = line.words[1];
    const most = line.words[2] ? duration(line, line.words[2]) : AWAIT_MS;
    const reached = world.run(world.now + most, () => world.view(board)?.status === wanted);
    const lines = teller.takeCounts();
    if (!reached) throw mistake(line, `${board.name} is ${world.view(board)?.status}`);
    return lines;
  },

  drop: (stage, line) => cut(stage, line, true),
  heal: (stage, line) => cut(stage, line, false),

  link(stage, line) {
    const preset = linkPreset(line.words[1] ?? "");
    if (!preset) throw mistake(line, "no such preset");
    stage.world.network.setLink(boardOf(stage, line, line.words[0]), preset, stage.world.now);
    return [];
  },

  delay(stage, line) {
    const board = boardOf(stage, line, line.words[0]);
    stage.world.network.setLink(board, plainPreset(duration(line, line.words[1])), stage.world.now);
    return [];
  },

  double(stage, line) {
    const { links } = stage.world.network;
    const { up } = boardOf(stage, line, line.words[0]).path;
    links.setModel(up, { ...links.model(up), duplicate: 1 }, stage.world.now);
    return [];
  },

  rebind(stage, line) {
    stage.world.network.rebind(boardOf(stage, line, line.words[0]), stage.world.now);
    return [];
  },

  unplug: board((world, b) => world.unplug(b)),
  plug: board((world, b) => world.plug(b)),
  leave: board((world, b) => world.leave(b)),
  alert: board((world, b) => {
    b.alert(true, world.now);
    world.stir(b);
  }),
  reboot: board((world, b) => {
    world.unplug(b);
    world.plug(b);
  }),
  lose: board((world, b) => {
    world.unplug(b);
    b.forget();
    world.plug(b);
  }),

  cut(stage, line) {
    const cuts: readonly PowerCut[] = [...POWER_CUTS, ...COMMAND_CUTS];
    const step = cuts.find((cut) => cut === line.words[1]);
    if (!step) throw mistake(line, `one of ${cuts.join(", ")}`);
    const offMs = duration(line, line.words[2]);
    boardOf(stage, line, line.words[0]).cutPower(step, offMs);
    return [];
  },

  replay(stage, line) {
    const name = boardOf(stage, line, line.words[0]).name;
    const type = line.words[1] === "hello" ? HELLO : HEARTBEAT;
    const back = Number(line.options.get("back") ?? 0);
    const bytes = stage.spoken.get(`${name} ${type}`)?.at(-1 - back);
    if (!bytes) throw mistake(line, `${name} never sent one`);
    stage.world.air.inject(bytes, STRANGER);
    return [];
  },

  crash: gateway((world) => world.crashGateway()),
  stop: gateway((world) => world.stopGateway()),
  start: gateway((world) => world.startGateway()),

  commit(stage, line) {
    setCommit(stage, line, line.words[0]);
    return [];
  },

  ap: accessPoint,
  broker,
  energy,
  send,
  commands,
  status: ({ teller }) => teller.status(),

  check: ({ checkers }) =>
    checkers.violations.length === 0
      ? ["  every invariant holds"]
      : checkers.violations.map(
          ({ invariant, at, what }) => `  ${invariant} broken at ${sayInstant(at)}: ${what}`,
        ),

  counters({ world }) {
    const counters = Object.entries(world.host.gateway?.counters ?? {}).filter(([, n]) => n > 0);
    return [`  ${counters.map(([name, n]) => `${name} ${n}`).join(", ")}`];
  },
};

function board(act: (world: World, board: Board) => void): Command {
  return (stage, line) => {
    act(stage.world, boardOf(stage, line, line.words[0]));
    return stage.teller.take();
  };
}

function gateway(act: (world: World) => void): Command {
  return (stage, line) => {
    if (line.words[0] !== "g") throw mistake(line, "the gateway is called g");
    act(stage.world);
    return stage.teller.take();
  };
}

function cut(stage: Stage, line: Line, off: boolean): string[] {
  const [path = ""] = line.words;
  const [from = "", to] = path.split("->");
  const b = boardOf(stage, line, from === "g" ? to : from);
  const direction = from === "g" ? "down" : to === undefined ? "both" : "up";
  stage.world.network.cut(b, direction, off);
  return [];
}
