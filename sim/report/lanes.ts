// Swim lanes: a lane a board, time to the right. Above the lane's line its frames, as far as they
// got: beats that arrived, tries that were lost; below it what came down. The line itself is the
// status that was told, in colour and in thickness; the ground shows power, sleep and cuts. A lost
// frame has a track of its own, outside of those that passed, so that among a thousand beats on a
// hundred pixels each loss still has its mark. What one pixel stands for is said under the pointer.

import type { Lane, LaneMark, LaneSpan } from "../result.ts";
import {
  acrossAxis,
  type Figure,
  type Frame,
  faultStrip,
  faultsHeight,
  frame,
  type KeyItem,
  room,
} from "./frame.ts";
import type { Fault } from "./runs.ts";
import { count, sayMs } from "./say.ts";
import { type Scale, time } from "./scale.ts";
import { spansShape } from "./spans.ts";
import { box, clipped, element, group, num, picture, title, word } from "./svg.ts";

export interface LanesInput {
  readonly lanes: readonly Lane[];
  readonly faults: readonly Fault[];
  readonly virtualMs: number;
}

type Mark = LaneMark["kind"];

const LANE = 54;
/** Room for a board's name, px. */
const NAME_MAX = 150;
/** From the lane's line: where each kind of mark stands, up is negative, px. */
const TRACKS: Readonly<Record<Mark, readonly [from: number, to: number]>> = {
  "lost-up": [-19, -13],
  beat: [-12, -4],
  retry: [-12, -7],
  hello: [-12, -4],
  other: [-8, -4],
  ack: [4, 8],
  welcome: [4, 11],
  "lost-down": [12, 18],
};
/** As people are told: of one, of many. */
const WORDS: Readonly<Record<Mark, readonly [one: string, many?: string]>> = {
  beat: ["beat"],
  retry: ["later try", "later tries"],
  hello: ["HELLO"],
  "lost-up": ["frame lost on the way up", "frames lost on the way up"],
  other: ["other frame"],
  ack: ["ACK"],
  welcome: ["WELCOME"],
  "lost-down": ["frame lost on the way down", "frames lost on the way down"],
};
const MARKS = Object.keys(TRACKS) as Mark[];
/** Half of the thickness of the line of a status. */
const STATUS_HALF: Readonly<Record<string, number>> = {
  present: 1,
  late: 2.5,
  absent: 3.5,
  left: 1.5,
  unknown: 0.5,
};
/** Width of what tells under the pointer, px. */
const TELL = 16;

export function lanesFigure(input: LanesInput): Figure {
  return {
    id: "lanes",
    title: "Board by board",
    caption:
      "A lane a board. Its line: the status told, thicker is worse. Above it what the board sent, " +
      "below it what it was sent, lost frames farthest out. A mark stands for all that fell on " +
      "its pixel; rest the pointer on a lane for counts.",
    wide: true,
    key: keyOf(input.lanes),
    draw: (width, size) => draw(input, width, size),
  };
}

function draw({ lanes, faults, virtualMs }: LanesInput, width: number, size: string): string {
  const narrow = width < 400;
  const ticks = lanes.map(({ board }) => ({ value: 0, text: board }));
  const top = 8 + faultsHeight(faults);
  const left = narrow ? 4 : Math.min(room(ticks), NAME_MAX);
  const pitch = narrow ? LANE + 14 : LANE;
  const f = frame(width, lanes.length * pitch, { left, right: 8, top });
  const x = time(virtualMs, f.left, f.right, Math.round(width / 90));
  const rows = lanes.map((lane, k) => {
    const middle = f.top + k * pitch + (narrow ? 37 : 24);
    const name = narrow
      ? word(f.left, middle - 23, clipped(lane.board, width), "lane-name")
      : word(f.left - 8, middle + 4, clipped(lane.board, f.left - 8), "lane-name", "end");
    return drawLane(lane, middle, f, x, width > 800 ? virtualMs : 0) + name;
  });
  return picture(
    width,
    f.height,
    "Beats, losses and statuses of single boards",
    size,
    acrossAxis(f, x, "into the run", true),
    faultStrip(f, x, faults, false),
    ...rows,
  );
}

function drawLane(lane: Lane, middle: number, f: Frame, x: Scale, virtualMs: number): string {
  const spans = (kind: LaneSpan["kind"]) => lane.spans.filter((span) => span.kind === kind);
  const grounds = (["asleep", "off", "cut"] as const).map((kind) =>
    spansShape(spans(kind), kind, [middle - 20, middle + 19], x, kind === "asleep" ? 0 : 1),
  );
  const statuses = (["unknown", "left", "present", "late", "absent"] as const).map((kind) => {
    const half = STATUS_HALF[kind]!;
    return spansShape(spans(kind), `told ${kind}`, [middle - half, middle + half], x, 1);
  });
  const marks = MARKS.map((kind) => drawMarks(lane, kind, middle, x));
  const tell = virtualMs > 0 ? tellings(lane, middle, f, x, virtualMs) : "";
  return group("lane", ...grounds, ...statuses, ...marks, tell);
}

/** One upright stroke a pixel that has such a mark. */
function drawMarks(lane: Lane, kind: Mark, middle: number, x: Scale): string {
  const pixels = new Set<number>();
  for (const mark of lane.marks) if (mark.kind === kind) pixels.add(Math.round(x.at(mark.at)));
  const [from, to] = TRACKS[kind];
  let d = "";
  let last = 0;
  for (const px of [...pixels].sort((a, b) => a - b)) {
    // From the end of the last stroke to the begin of the next: half the bytes of absolute places.
    d += d === "" ? `M${px + 0.5},${num(middle + from)}` : `m${px - last},${from - to}`;
    d += `v${to - from}`;
    last = px;
  }
  return d === "" ? "" : element("path", { class: `beat-mark ${kind}`, d });
}

/** What happened in each stretch of the lane, in words, under the pointer. */
function tellings(lane: Lane, middle: number, f: Frame, x: Scale, virtualMs: number): string {
  const n = Math.ceil((f.right - f.left) / TELL);
  const span = (virtualMs * TELL) / (f.right - f.left);
  const stretches = Array.from({ length: n }, () => new Map<Mark, number>());
  for (const { at, kind, n: times = 1 } of lane.marks) {
    const kinds = stretches[Math.min(n - 1, Math.floor((x.at(at) - f.left) / TELL))]!;
    kinds.set(kind, (kinds.get(kind) ?? 0) + times);
  }
  const stretch = stretches.map((kinds, k) => {
    const [from, until] = [k * span, Math.min(virtualMs, (k + 1) * span)];
    const marks = MARKS.filter((kind) => kinds.has(kind)).map((kind) =>
      count(kinds.get(kind)!, ...WORDS[kind]),
    );
    const states = lane.spans.filter((s) => s.from < until && s.until > from).map((s) => s.kind);
    const what = [...marks, ...new Set(states)].join(", ");
    const text = `${lane.board}, ${sayMs(from)} to ${sayMs(until)}: ${what || "nothing"}`;
    const width = Math.min(TELL, f.right - f.left - k * TELL);
    return box(f.left + k * TELL, middle - 21, width, 41, undefined, title(text));
  });
  return group("tell", ...stretch);
}

const KEY_MARKS: readonly Mark[] = ["beat", "retry", "hello", "ack", "lost-up", "lost-down"];
const KEY_NAMES: Readonly<Record<string, string>> = {
  retry: "later try",
  hello: "HELLO, WELCOME",
  ack: "ACK",
  "lost-up": "lost on the way up",
  "lost-down": "lost on the way down",
};
const GROUNDS: Readonly<Record<string, string>> = {
  asleep: "asleep",
  off: "no power",
  cut: "path cut",
};

/** A sample of each kind of mark, status and ground that these lanes have. */
function keyOf(lanes: readonly Lane[]): KeyItem[] {
  const marks = new Set(lanes.flatMap((lane) => lane.marks.map(({ kind }) => kind)));
  const spans = new Set(lanes.flatMap((lane) => lane.spans.map(({ kind }) => kind)));
  const mark = (kind: Mark) => {
    const [from, to] = TRACKS[kind];
    const top = 6 - (to - from) / 2;
    return `M5.5,${top}v${to - from}M10.5,${top}v${to - from}`;
  };
  return [
    ...KEY_MARKS.filter((kind) => marks.has(kind)).map((kind) => ({
      text: KEY_NAMES[kind] ?? kind,
      sample: element("path", { class: `beat-mark ${kind}`, d: mark(kind) }),
    })),
    ...Object.keys(STATUS_HALF)
      .filter((kind) => spans.has(kind as LaneSpan["kind"]))
      .map((kind) => ({
        text: kind,
        sample: box(1, 6 - STATUS_HALF[kind]!, 14, 2 * STATUS_HALF[kind]!, `told ${kind}`),
      })),
    ...Object.keys(GROUNDS)
      .filter((kind) => spans.has(kind as LaneSpan["kind"]))
      .map((kind) => ({ text: GROUNDS[kind]!, sample: box(1, 0, 14, 12, kind) })),
  ];
}
