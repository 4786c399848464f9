// The commands of transcripts: a world that one talks to. Each command is a line; what it says back
// is what happened while it ran. A mistake in a line is an error that names it.
//
//   world seed=7 commit=5ms..20ms clock=untrusted      (only as the first line; all optional)
//   device a interval=60s [promise=60s instead] [reach=deep] [link=wifi-edge] [delay=20ms]
//            [suite=hmac] [drift=1000ppm] [rto=2s] [rto-max=8s] [wake=2s]
//   advance 61s | advance 8h quiet | await a absent 10m
//   drop a->g | drop g->a | drop a | heal a->g | heal a      by hand, until healed
//   link a wifi-edge | delay a 700ms | double a | rebind a
//   unplug a | plug a | reboot a | lose a | leave a | alert a | cut a after-store 5s
//   replay a beat [back=1] | replay a hello    a stranger, x, sends a's last frame of that kind, or
//                                        the one so many before it
//   clone b of a [interval=45s]          a second board with a's identity and memory
//   crash g | stop g | start g | commit 200ms..400ms
//   status | counters

import { promiseMs, RTO_FIRST, RTO_MAX } from "../device/schedule.ts";
import type { SenderConfig } from "../device/state.ts";
import { SUITE_CHASKEY, SUITE_CRC, SUITE_HMAC } from "../device/tag.ts";
import { HEARTBEAT, HELLO } from "../device/wire.ts";
import { type Board, POWER_CUTS, type PowerCut } from "./board.ts";
import { parseDuration, sayDuration } from "./duration.ts";
import { plainLink } from "./link.ts";
import { type LinkPreset, linkPreset } from "./presets.ts";
import { Teller } from "./tell.ts";
import { World } from "./world.ts";

const REACHES = ["awake", "light", "deep"];
const SUITES: Record<string, number> = { crc: SUITE_CRC, hmac: SUITE_HMAC, chaskey: SUITE_CHASKEY };
const AWAIT_MS = 86_400_000;
const STRANGER = { transport: "sim", address: "x", port: 1 } as const;

interface Stage {
  readonly world: World;
  readonly teller: Teller;
  /** The frames of each type that a board sent, tries not counted. */
  readonly spoken: Map<string, string[]>;
  readonly commitMs: [least: number, most: number];
}

/** One line's words: `kind` the first, then plain words and `key=value` options. */
interface Words {
  readonly line: string;
  readonly plain: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

type Command = (stage: Stage, words: Words) => string[];

export class Script {
  private stage: Stage | undefined;

  /** Runs one line and returns what is to be read under it. @throws Error with the line in it */
  run(line: string): string[] {
    const [kind = "", ...rest] = line.trim().split(/\s+/);
    const options = rest.filter((word) => word.includes("="));
    const words: Words = {
      line,
      plain: rest.filter((word) => !word.includes("=")),
      options: new Map(options.map((word) => word.split("=", 2) as [string, string])),
    };
    if (kind === "world") {
      if (this.stage) throw mistake(words, "the world is there already");
      this.stage = createStage(words);
      return [];
    }
    this.stage ??= createStage({ line, plain: [], options: new Map() });
    const command = COMMANDS[kind];
    if (!command) throw mistake(words, `no command ${kind}`);
    return command(this.stage, words);
  }
}

function createStage(words: Words): Stage {
  const commitMs: [number, number] = [5, 5];
  const world = new World({
    seed: Number(words.options.get("seed") ?? 1),
    host: { commitMs, clockTrusted: words.options.get("clock") !== "untrusted" },
  });
  const stage = { world, teller: new Teller(world), spoken: new Map<string, string[]>(), commitMs };
  setCommit(stage, words, words.options.get("commit"));
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

const COMMANDS: Record<string, Command> = {
  device(stage, words) {
    const { world, teller } = stage;
    const name = words.plain[0] ?? "";
    if (!/^[a-z][a-z0-9-]*$/.test(name) || name === "g") throw mistake(words, "a name, not g");
    const id = world.boards.size + 1;
    const board = world.add({
      name,
      id,
      suite: choice(words, "suite", SUITES, SUITE_CHASKEY),
      intervalMs: intervalOption(words),
      reach: Math.max(0, REACHES.indexOf(words.options.get("reach") ?? "awake")),
      link: linkOption(words),
      clockPpm: Number.parseFloat(words.options.get("drift") ?? "0"),
      // A clock of its own: what a board counts has nothing to do with what the gateway counts.
      clockMs: 1_000_000 * id,
      config: configOptions(words),
    });
    teller.name(id, name);
    world.plug(board);
    return stage.teller.take();
  },

  clone(stage, words) {
    const [name, of, original] = words.plain;
    if (!name || of !== "of" || !original) throw mistake(words, "clone b of a");
    const twin = words.options.has("interval") ? { intervalMs: intervalOption(words) } : {};
    stage.world.plug(stage.world.clone(boardOf(stage, words, original), { name, ...twin }));
    return stage.teller.take();
  },

  advance(stage, words) {
    const ms = duration(words, words.plain[0]);
    stage.world.run(stage.world.now + ms);
    return words.plain[1] === "quiet" ? stage.teller.takeCounts() : stage.teller.take();
  },

  await(stage, words) {
    const { world, teller } = stage;
    const board = boardOf(stage, words, words.plain[0]);
    const wanted = words.plain[1];
    const most = words.plain[2] ? duration(words, words.plain[2]) : AWAIT_MS;
    const reached = world.run(world.now + most, () => world.view(board)?.status === wanted);
    const lines = teller.takeCounts();
    if (!reached) throw mistake(words, `${board.name} is ${world.view(board)?.status}`);
    return lines;
  },

  drop: (stage, words) => cut(stage, words, true),
  heal: (stage, words) => cut(stage, words, false),

  link(stage, words) {
    const preset = linkPreset(words.plain[1] ?? "");
    if (!preset) throw mistake(words, "no such preset");
    stage.world.setLink(boardOf(stage, words, words.plain[0]), preset);
    return [];
  },

  delay(stage, words) {
    const board = boardOf(stage, words, words.plain[0]);
    stage.world.setLink(board, plainPreset(duration(words, words.plain[1])));
    return [];
  },

  double(stage, words) {
    const { up } = boardOf(stage, words, words.plain[0]);
    up.model = { ...up.model, duplicate: 1 };
    return [];
  },

  rebind(stage, words) {
    stage.world.rebind(boardOf(stage, words, words.plain[0]));
    return [];
  },

  unplug: board((world, b) => world.unplug(b)),
  plug: board((world, b) => world.plug(b)),
  leave: board((world, b) => world.leave(b)),
  alert: board((_world, b) => {
    if (b.sender) b.sender.vitals |= 8;
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

  cut(stage, words) {
    const step = words.plain[1] as PowerCut;
    if (!POWER_CUTS.includes(step)) throw mistake(words, `one of ${POWER_CUTS.join(", ")}`);
    const offMs = duration(words, words.plain[2]);
    stage.world.cutPower(boardOf(stage, words, words.plain[0]), step, offMs);
    return [];
  },

  replay(stage, words) {
    const name = boardOf(stage, words, words.plain[0]).name;
    const type = words.plain[1] === "hello" ? HELLO : HEARTBEAT;
    const back = Number(words.options.get("back") ?? 0);
    const bytes = stage.spoken.get(`${name} ${type}`)?.at(-1 - back);
    if (!bytes) throw mistake(words, `${name} never sent one`);
    stage.world.inject(bytes, STRANGER);
    return [];
  },

  crash: gateway((world) => world.crashGateway()),
  stop: gateway((world) => world.stopGateway()),
  start: gateway((world) => world.startGateway()),

  commit(stage, words) {
    setCommit(stage, words, words.plain[0]);
    return [];
  },

  status: ({ teller }) => teller.status(),

  counters({ world }) {
    const counters = Object.entries(world.host.gateway?.counters ?? {}).filter(([, n]) => n > 0);
    return [`  ${counters.map(([name, n]) => `${name} ${n}`).join(", ")}`];
  },
};

function board(act: (world: World, board: Board) => void): Command {
  return (stage, words) => {
    act(stage.world, boardOf(stage, words, words.plain[0]));
    return stage.teller.take();
  };
}

function gateway(act: (world: World) => void): Command {
  return (stage, words) => {
    if (words.plain[0] !== "g") throw mistake(words, "the gateway is called g");
    act(stage.world);
    return stage.teller.take();
  };
}

function cut(stage: Stage, words: Words, off: boolean): string[] {
  const [path = ""] = words.plain;
  const [from = "", to] = path.split("->");
  const b = boardOf(stage, words, from === "g" ? to : from);
  if (from !== "g") b.up.cut = off;
  if (from === "g" || to === undefined) b.down.cut = off;
  return [];
}

function setCommit(stage: Stage, words: Words, text: string | undefined): void {
  if (!text) return;
  const [least, most] = text.split("..").map((part) => duration(words, part));
  stage.commitMs[0] = least!;
  stage.commitMs[1] = most ?? least!;
}

function intervalOption(words: Words): number {
  const promise = words.options.get("promise");
  if (!promise) return duration(words, words.options.get("interval"));
  // The longest whole second that can be kept within the promise.
  const most = duration(words, promise);
  const timing = { rto: RTO_FIRST, rtoMax: RTO_MAX, clockError: 0.01, wakeMs: 0, unacked: 0 };
  let interval = Math.floor(most / 1_000) * 1_000;
  while (interval > 1_000 && promiseMs(timing, interval) > most) interval -= 1_000;
  return interval;
}

function configOptions(words: Words): Partial<SenderConfig> {
  const config: Partial<SenderConfig> = {};
  const set = (option: string, field: "rto" | "rtoMax" | "wakeMs") => {
    const text = words.options.get(option);
    if (text) config[field] = duration(words, text);
  };
  set("rto", "rto");
  set("rto-max", "rtoMax");
  set("wake", "wakeMs");
  return config;
}

function linkOption(words: Words): LinkPreset {
  const name = words.options.get("link");
  if (!name) return plainPreset(duration(words, words.options.get("delay") ?? "20ms"));
  const preset = linkPreset(name);
  if (!preset) throw mistake(words, `no preset ${name}`);
  return preset;
}

function plainPreset(delayMs: number): LinkPreset {
  const model = plainLink(delayMs);
  return { name: "plain", about: `${sayDuration(delayMs)}, nothing lost`, up: model, down: model };
}

function choice(
  words: Words,
  option: string,
  choices: Record<string, number>,
  otherwise: number,
): number {
  const text = words.options.get(option);
  if (!text) return otherwise;
  const chosen = choices[text];
  if (chosen === undefined) throw mistake(words, `${option} is one of ${Object.keys(choices)}`);
  return chosen;
}

function boardOf(stage: Stage, words: Words, name: string | undefined): Board {
  const found = stage.world.boards.get(name ?? "");
  if (!found) throw mistake(words, `no device ${name}`);
  return found;
}

function duration(words: Words, text: string | undefined): number {
  const ms = parseDuration(text ?? "");
  if (ms === undefined) throw mistake(words, `a duration like 90s, not ${text}`);
  return ms;
}

function mistake(words: Words, what: string): Error {
  return new Error(`"${words.line}": ${what}`);
}
