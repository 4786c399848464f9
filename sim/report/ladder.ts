// One exchange as a ladder: the board on the left, the gateway on the right, the NAT between them
// where there is one; time runs down. A lost frame is an arrow that breaks off. Time is not to
// scale: a retry after 300 ms and a beat after a minute would not fit on one page, so that each
// gap is as high as its logarithm, and a long one is broken, with its length written into it.

import { sayInstant } from "../duration.ts";
import type { LadderStep } from "../result.ts";
import type { Figure } from "./frame.ts";
import { sayMs } from "./say.ts";
import { element, group, line, num, picture, safe, textWidth, title, word } from "./svg.ts";

/** From here on a gap is broken, ms. */
const LONG = 2_000;

interface Columns {
  readonly board: number;
  readonly nat: number | undefined;
  readonly gateway: number;
}

export function ladderFigure(steps: readonly LadderStep[]): Figure {
  return {
    id: "ladder",
    title: "One exchange, frame by frame",
    caption: "Time runs down, long waits are cut short. A broken arrow never arrived.",
    wide: false,
    draw: (width, size) => draw(steps, width, size),
  };
}

function draw(steps: readonly LadderStep[], width: number, size: string): string {
  const nat = steps.some(({ via }) => via !== "");
  const times = Math.ceil(Math.max(...steps.map(({ at }) => textWidth(sayInstant(at)))));
  const board = times + 12;
  const gateway = width - 12;
  const columns = { board, nat: nat ? (board + gateway) / 2 : undefined, gateway };
  const { flights, breaks, bottom } = layOut(steps);
  const posts = [
    [columns.board, "board", "middle"],
    [columns.nat, "NAT", "middle"],
    [columns.gateway, "gateway", "end"],
  ] as const;
  const rails = posts.map(([x, name, anchor]) =>
    x === undefined
      ? ""
      : word(anchor === "end" ? width : x, 11, name, "rail-name", anchor) + rail(x, breaks, bottom),
  );
  return picture(
    width,
    bottom + 6,
    "Frames of one exchange",
    size,
    ...rails,
    ...breaks.map(({ y, ms }) => word(columns.board - 12, y + 4, sayMs(ms), "wait", "end")),
    ...flights.map((flight, i) => drawStep(flight, steps[i - 1]?.via ?? "", columns)),
  );
}

interface Break {
  readonly y: number;
  readonly ms: number;
}

/** Heights of a frame's ends; `end` of a lost one is where its arrow breaks off. */
interface Flight {
  readonly step: LadderStep;
  start: number;
  end: number;
}

/** Between what leaves and what leaves or comes before it at the same post, px: room for words. */
const APART = { send: 42, arrival: 26 };

/** From top to bottom in order of time, with room for the words of each frame. */
function layOut(steps: readonly LadderStep[]): {
  flights: Flight[];
  breaks: Break[];
  bottom: number;
} {
  const flights = steps.map((step) => ({ step, start: 0, end: 0 }));
  const events = flights
    .flatMap((flight) => {
      const { at, arrivedAt, direction } = flight.step;
      const up = direction === "up";
      const left = { at, flight, leaves: true, post: up ? "board" : "gateway" };
      if (arrivedAt === null) return [left];
      return [left, { at: arrivedAt, flight, leaves: false, post: up ? "gateway" : "board" }];
    })
    .sort((a, b) => a.at - b.at || Number(a.leaves) - Number(b.leaves));
  const breaks: Break[] = [];
  const last: Record<string, { y: number; leaves: boolean }> = {};
  let y = 42;
  events.forEach(({ at, flight, leaves, post }, i) => {
    const gap = i === 0 ? 0 : at - events[i - 1]!.at;
    if (gap >= LONG) {
      breaks.push({ y: y + 34, ms: gap });
      y += 72;
    } else if (gap > 0) y += 8 + 5 * Math.log2(1 + gap / 4);
    const before = last[post];
    if (before !== undefined)
      y = Math.max(y, before.y + (leaves && before.leaves ? APART.send : APART.arrival));
    last[post] = { y, leaves };
    if (leaves) {
      flight.start = y;
      flight.end = y + 6;
    } else flight.end = y;
  });
  return { flights, breaks, bottom: y + 24 };
}

/** A post from top to bottom, dotted where time is cut short. */
function rail(x: number, breaks: readonly Break[], bottom: number): string {
  let d = `M${num(x)},18`;
  for (const { y } of breaks) d += `V${num(y - 10)}M${num(x)},${num(y + 10)}`;
  const dots = breaks.map(({ y }) => `M${num(x)},${num(y - 6)}v12`).join("");
  return (
    element("path", { class: "rail", d: `${d}V${num(bottom)}` }) +
    (dots === "" ? "" : element("path", { class: "rail skipped", d: dots }))
  );
}

/** `before`: the address that the frame before this one had outside of the NAT. */
function drawStep({ step, start, end }: Flight, before: string, columns: Columns): string {
  const { at, arrivedAt, direction, text, via } = step;
  const up = direction === "up";
  const [from, to] = up ? [columns.board, columns.gateway] : [columns.gateway, columns.board];
  const lost = arrivedAt === null;
  // Links lose frames, and the NAT stands behind the board's link: up, they never come so far.
  const x = lost ? from + (to - from) * (up ? 0.38 : 0.62) : to;
  const seen = via === "" || via === before || (lost && up) ? "" : via;
  const all = lost ? `${text}: lost` : `${text}: ${sayMs(arrivedAt - at)} under way`;
  const slope = (end - start) / (x - from);
  const turn = `rotate(${num((Math.atan(slope) * 180) / Math.PI)} ${num(from)} ${num(start)})`;
  return group(
    `step ${direction}${lost ? " lost" : ""}`,
    up ? word(columns.board - 8, start + 4, sayInstant(at), "tick", "end") : "",
    line(from, start, x, end, "flight"),
    lost ? cross(x, end) : head(from, start, x, end),
    element("circle", { class: "foot", cx: from, cy: start, r: 2.5 }),
    element("g", { transform: turn }, ...frameWords(text, seen, all, columns, up, start)),
  );
}

/**
 * Along the arrow, from the side that speaks: above it what the frame is, below it what it says,
 * as far as there is room; all of it under the pointer.
 */
function frameWords(
  text: string,
  via: string,
  all: string,
  { board, gateway }: Columns,
  up: boolean,
  y: number,
): string[] {
  const most = Math.floor((gateway - board - 24) / textWidth("n", 10.6));
  const [, name = text, says = ""] = /^([^:]*): (.*)$/s.exec(text) ?? [];
  const rest = [via === "" ? "" : `seen as ${via}`, says].filter((part) => part !== "").join("; ");
  const row = (words: string, at: number, kind: string) =>
    element(
      "text",
      {
        class: `${kind} halo`,
        x: up ? board + 12 : gateway - 12,
        y: at,
        "text-anchor": up ? undefined : "end",
      },
      title(all),
      safe(words.length > most ? `${words.slice(0, most - 1)}…` : words),
    );
  return [row(name, y - 5, "frame-text"), ...(rest === "" ? [] : [row(rest, y + 14, "note")])];
}

/** The head of an arrow that ends here. */
function head(x1: number, y1: number, x2: number, y2: number): string {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [((x2 - x1) / length) * 8, ((y2 - y1) / length) * 8];
  const wing = (turn: number) =>
    `L${num(x2 - ux - turn * uy * 0.45)},${num(y2 - uy + turn * ux * 0.45)}`;
  return element("path", { class: "head", d: `M${num(x2)},${num(y2)}${wing(1)}${wing(-1)}Z` });
}

/** Where a frame was lost. */
function cross(x: number, y: number): string {
  const d = `M${num(x - 4)},${num(y - 4)}l8,8M${num(x - 4)},${num(y + 4)}l8,-8`;
  return element("path", { class: "cross", d });
}
