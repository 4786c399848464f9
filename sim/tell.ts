// What happened, in lines for people. One line a frame, at the instant at which it was sent, with
// its fate and, for a frame up, what the gateway made of it; changes and power between them:
//
//   0:00.061  a --> g  +20 ms fresh       HEARTBEAT seq 1: next within 72s
//   0:00.081  a <-- g  +20 ms             ACK seq 1: ...
//   1:01.002  a --x g  lost               HEARTBEAT seq 2: next within 68s
//   2:03.400  a is LATE, was present: promise-broken (change 2)
//
// A fate is known only when the frame arrives, so lines are kept and rendered at the end.

import { describe } from "../device/describe.ts";
import { tagBytes } from "../device/tag.ts";
import { DOWN, UP } from "../device/wire.ts";
import { recoveryText } from "../device/words.ts";
import type { Change, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import { sayDuration, sayInstant } from "./duration.ts";
import type { Observer, Sighting } from "./observer.ts";
import type { World } from "./world.ts";

const TIME_WIDTH = 10;
const FATE_WIDTH = 17;

/** What a description says of fields that say nothing, left out: a line must fit on a screen. */
const SILENCES = [
  ", battery unknown",
  ", signal unknown",
  ", awake",
  "own pace, ",
  ", 0 commands waiting",
];

interface Flight {
  readonly sighting: Sighting;
  readonly fates: string[];
}

interface Remark {
  readonly at: number;
  readonly text: string;
}

type Line = Remark | Flight;
const isFlight = (line: Line): line is Flight => "sighting" in line;

export class Teller implements Observer {
  private lines: Line[] = [];
  /** Frames that have not arrived, by instant of arrival and bytes. */
  private readonly flying = new Map<string, Flight[]>();
  private readonly names = new Map<number, string>();
  private counters: Record<string, number> = {};
  private arriving: Flight | undefined;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
    world.observe(this);
  }

  /** Names a device, for changes and frames told later. */
  name(id: number, name: string): void {
    this.names.set(id, name);
  }

  sent(sighting: Sighting): void {
    const flight: Flight = { sighting, fates: [] };
    this.lines.push(flight);
    for (const { at, bytes } of sighting.deliveries) {
      const key = `${at} ${bytes}`;
      const others = this.flying.get(key);
      if (others) others.push(flight);
      else this.flying.set(key, [flight]);
    }
  }

  reached(bytes: string, _from: Source, at: number, running: boolean): void {
    this.arriving = this.land(bytes, at);
    if (!running) this.arriving?.fates.push("no gateway");
    this.counters = { ...this.world.host.gateway?.counters };
  }

  judged(_bytes: string, _from: Source, at: number): void {
    const flight = this.arriving;
    const { gateway } = this.world.host;
    if (!flight || !gateway || flight.fates.includes("no gateway")) return;
    const words = Object.keys(gateway.counters).filter(
      (name) =>
        !["acks", "welcomes", "changes"].includes(name) &&
        gateway.counters[name] !== (this.counters[name] ?? 0),
    );
    flight.fates.push(`${this.took(flight, at)} ${words.join(", ")}`.trim());
  }

  heard(bytes: string, board: Board, at: number, heard: boolean): void {
    const flight = this.land(bytes, at);
    if (!flight) return;
    const missed = board.on ? "asleep" : "no power";
    flight.fates.push(heard ? this.took(flight, at) : missed);
  }

  told(change: Change, at: number): void {
    const name = this.names.get(change.id) ?? String(change.id);
    const since = change.at === at ? "" : `, since ${sayInstant(change.at)}`;
    const { to, from, cause, tseq } = change;
    this.say(at, `${name} is ${to.toUpperCase()}, was ${from}: ${cause} (change ${tseq}${since})`);
  }

  power(board: Board, on: boolean, at: number): void {
    this.say(at, on ? `${board.name} has power and boots` : `${board.name} has no power`);
  }

  /** The application of a board did what a command asks. */
  acted(id: number, payload: string, at: number): void {
    this.say(at, `${this.names.get(id) ?? id} does ${JSON.stringify(payload)}`);
  }

  climbed(board: Board, rung: number, at: number): void {
    this.say(at, `${board.name} climbs its ladder: ${recoveryText(rung)}`);
  }

  slept(board: Board, asleep: boolean, at: number): void {
    // Where waking takes its time, it is part of the story.
    if (board.body?.power) this.say(at, `${board.name} ${asleep ? "sleeps" : "wakes"}`);
  }

  gateway(running: boolean, at: number): void {
    this.say(at, running ? "g starts" : "g is down");
  }

  /** All that was seen since the last call. */
  take(): string[] {
    const lines = this.lines;
    this.lines = [];
    const width = Math.max(1, ...[...this.names.values()].map((name) => name.length));
    return lines.map((line) => {
      if (isFlight(line)) return this.flightLine(line, width);
      return `${instant(line.at)}  ${line.text}`;
    });
  }

  /** The same, frames only counted. */
  takeCounts(): string[] {
    const flights = this.lines.filter(isFlight);
    const others = this.lines.filter((line): line is Remark => !isFlight(line));
    this.lines = [];
    const count = (direction: string, lost: boolean) =>
      flights.filter(
        ({ sighting }) =>
          sighting.direction === direction &&
          (sighting.board !== undefined && sighting.deliveries.length === 0) === lost,
      ).length;
    const way = (direction: string) => {
      const lost = count(direction, true);
      return `${count(direction, false) + lost} ${direction}${lost > 0 ? ` (${lost} lost)` : ""}`;
    };
    return [
      ...others.map((line) => `${instant(line.at)}  ${line.text}`),
      `${" ".repeat(TIME_WIDTH)}  frames: ${way("up")}, ${way("down")}`,
    ];
  }

  private say(at: number, text: string): void {
    this.lines.push({ at, text });
  }

  private flightLine({ sighting, fates }: Flight, width: number): string {
    const { at, direction, board, peer, bytes, deliveries } = sighting;
    const up = direction === "up";
    // What goes to a stranger arrives, for all that anybody knows.
    const lost = board !== undefined && deliveries.length === 0;
    const arrow = up ? (lost ? "--x" : "-->") : lost ? "x--" : "<--";
    const who = (board?.name ?? peer.address).padEnd(width);
    const fate = this.fateOf(sighting, fates);
    let text = describe(bytes, up ? UP : DOWN, tagBytes(board?.suite ?? 2));
    for (const silence of SILENCES) text = text.replace(silence, "");
    if (board) text = text.replace(` ${board.id.toString(16).padStart(6, "0")}`, "");
    return `${instant(at)}  ${who} ${arrow} g  ${fate.padEnd(FATE_WIDTH)}  ${text}`;
  }

  private fateOf(sighting: Sighting, fates: readonly string[]): string {
    const { bytes, deliveries, board, fate } = sighting;
    if (deliveries.length === 0) {
      if (!board) return "to a stranger";
      return fate === "loss" ? "lost" : `lost: ${fate}`;
    }
    if (fates.length === 0) return "in flight";
    const flipped = deliveries.some((delivery) => delivery.bytes !== bytes);
    return fates.join("; ") + (flipped ? " (bit flipped)" : "");
  }

  private land(bytes: string, at: number): Flight | undefined {
    const key = `${at} ${bytes}`;
    const flights = this.flying.get(key);
    const flight = flights?.shift();
    if (flights?.length === 0) this.flying.delete(key);
    return flight;
  }

  private took({ sighting }: Flight, at: number): string {
    return at === sighting.at ? "" : `+${sayDuration(at - sighting.at)}`;
  }

  /** Where everybody stands now. */
  status(): string[] {
    const { world } = this;
    if (!world.host.gateway) return ["g is not running"];
    const rows = [
      ["device", "status", "cause", "seen", "due", "deadline", "promise", "epoch", "seq"],
    ];
    for (const [id, name] of this.names) {
      const view = world.host.view(id, world.now);
      if (!view) continue;
      const when = (at: number | null) => (at === null ? "-" : sayInstant(at));
      rows.push([
        name,
        view.status,
        view.cause ?? "-",
        when(view.seenAt),
        when(view.dueAt),
        when(view.deadlineAt),
        view.promiseMs === null ? "-" : sayDuration(view.promiseMs),
        String(view.epoch),
        String(view.seq),
      ]);
    }
    return table(rows);
  }
}

/** Columns as wide as their widest cell, two spaces between, indented by two. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd(),
  );
}

function instant(at: number): string {
  return sayInstant(at).padStart(TIME_WIDTH);
}
