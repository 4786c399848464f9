// Two sets of runs side by side, as a page: what changed, figure by figure with its interval, then
// the pictures of both on the same axes. What is drawn is the difference of runs of the same seed;
// see pairs.ts for why.

import type { RunResult } from "../result.ts";
import { detectionFigure } from "./detection.ts";
import { batteryFigure } from "./energy.ts";
import { falseAbsentsFigure } from "./false-absents.ts";
import type { Figure } from "./frame.ts";
import { peakRate } from "./load.ts";
import { sayValue } from "./metrics.ts";
import { figure, htmlTable, page } from "./page.ts";
import { aloneWords, type Difference, differences, type Pairing, pairUp } from "./pairs.ts";
import { batteryRows, deathsOf, energy, load, pointsOf, statuses } from "./pictures.ts";
import { count } from "./say.ts";
import { element, line, num, safe } from "./svg.ts";
import { sayDelta, sayInterval } from "./text.ts";

type Names = readonly [string, string];

/** A page on what changed from `a` to `b`; runs are paired by seed. */
export function compareHtml(
  a: readonly RunResult[],
  b: readonly RunResult[],
  names: Names = ["A", "B"],
): string {
  const sections = pairUp(a, b).map((pairing) => section(pairing, names));
  return page(`${names[0]} and ${names[1]}: nextbeat sim`, sections.join("\n"));
}

function section(pairing: Pairing, names: Names): string {
  const of = pairing.scenario === "" ? "" : `${safe(pairing.scenario)}: `;
  const [left, right] = names.map(safe) as [string, string];
  const title = `<h1>${of}${left} <span class="of">and</span> ${right}</h1>`;
  const alone = aloneWords(pairing, names);
  const leftOut = alone === "" ? "" : ` ${alone[0]!.toUpperCase()}${alone.slice(1)}.`;
  const n = pairing.a.length;
  if (n === 0) {
    const words = `No seed was run on both sides.${leftOut}`;
    return `<section>${title}\n<p class="about">${safe(words)}</p>\n</section>`;
  }
  const all = differences(pairing);
  const fleet = all.filter(({ where }) => where === "");
  const about =
    `Under the same weather: ${count(n, "seed")}. ` +
    (n > 1
      ? "Differences are of runs of the same seed, with the 95 % interval of their mean."
      : "One seed shows what changed in this weather, not by how much it would in another.");
  return `<section>
${title}
<p class="about">${safe(about + leftOut)}</p>
<p class="verdict">${safe(summary(fleet, n))}</p>
${table(fleet, names, n)}<div class="figures">
${figures(pairing, names)}</div>
${groupTables(all, names, n)}</section>`;
}

function summary(fleet: readonly Difference[], n: number): string {
  const of = (verdict: Difference["verdict"]) => fleet.filter((d) => d.verdict === verdict).length;
  const same = of("same");
  if (same === fleet.length) return "Every figure of the fleet is the same to 0.1 %";
  if (n === 1)
    return `${count(fleet.length - same, "figure")} of the fleet differ, ${same} are the same`;
  return (
    `Of the fleet's figures ${of("better")} are better, ${of("worse")} worse, ` +
    `${of("open")} undecided, ${same} the same to 0.1 %`
  );
}

/** What differs, a row a figure. */
function table(all: readonly Difference[], names: Names, n: number): string {
  const changed = all.filter(({ verdict }) => verdict !== "same");
  if (changed.length === 0) return "";
  const many = n > 1;
  const rows = changed.map((d) => [
    `<span title="${safe(d.metric.name)}">${safe(d.metric.label)}</span>`,
    ...(many ? [interval(d)] : []),
    safe(sayValue(d.metric, d.a)),
    safe(sayValue(d.metric, d.b)),
    safe(sayDelta(d.metric, d.difference.mean)),
    ...(many ? [safe(sayInterval(d)), d.verdict === "open" ? "undecided" : d.verdict] : []),
  ]);
  const change = many ? [`change, % of ${safe(names[0])}`] : [];
  const head = ["", ...change, ...names.map(safe), "difference"];
  return htmlTable(many ? [...head, "95 % interval", ""] : head, rows, many ? 2 : 1, "first");
}

/** The same of each group, folded away: there may be many. */
function groupTables(all: readonly Difference[], names: Names, n: number): string {
  const groups = [...new Set(all.map(({ where }) => where))].filter((where) => where !== "");
  const tables = groups.map((where) => {
    const of = all.filter((d) => d.where === where);
    const differ = of.filter(({ verdict }) => verdict !== "same").length;
    const words = differ === 0 ? "the same to 0.1 %" : `${differ} of ${of.length} figures differ`;
    const head = `<summary><b>${safe(where)}</b>: ${words}</summary>`;
    return `<details>${head}\n${table(of, names, n)}</details>\n`;
  });
  return tables.length === 0 ? "" : `<h2>By group</h2>\n${tables.join("")}`;
}

const CELL = 120;
/** Changes of so much and more of A's mean stand at the ends of the cell. */
const ENDS = 1;

/** The interval of the mean difference as a share of A, around the line of no change. */
function interval({ a, difference, verdict, metric }: Difference): string {
  const { mean, low = mean, high = mean } = difference;
  if (a === 0) return "";
  const at = (delta: number) =>
    CELL / 2 + (CELL / 2 - 5) * Math.max(-1, Math.min(1, delta / Math.abs(a) / ENDS));
  const kind = verdict === "open" ? "undecided" : verdict;
  const svg = element(
    "svg",
    {
      class: `forest ${kind}`,
      viewBox: `0 0 ${CELL} 16`,
      width: CELL,
      height: 16,
      role: "img",
      "aria-label": `${metric.label}: ${num((100 * mean) / Math.abs(a))} %`,
    },
    line(CELL / 2, 0, CELL / 2, 16, "nil"),
    line(at(low), 8, at(high), 8, "reach"),
    element("circle", { class: "dot", cx: at(mean), cy: 8, r: 3.5 }),
  );
  return svg;
}

/** Curves and dots of both sides in one picture; what fills its picture stands side by side. */
function figures({ a, b }: Pairing, names: Names): string {
  const [left, right] = names;
  const deaths = [...deathsOf(a, left), ...deathsOf(b, right, true)];
  const points = [...pointsOf(a, left), ...pointsOf(b, right)];
  const days = inTurn(batteryRows(a, left), batteryRows(b, right));
  const overlaid = [
    deaths.length > 0 ? figure(detectionFigure(deaths, false)) : "",
    points.some((p) => p.deviceDays > 0) ? figure(falseAbsentsFigure(points)) : "",
    days.length > 0 ? figure(batteryFigure(days)) : "",
  ];
  const most = peakRate([...a, ...b].map(({ trace }) => trace.load));
  const pair = (of: (runs: readonly RunResult[]) => Figure | undefined) => {
    const both = [of(a), of(b)];
    const shown = both.map((f, i) => (f === undefined ? "" : figure(f, names[i])));
    return shown.join("") === "" ? "" : `<div class="pair">\n${shown.join("")}</div>\n`;
  };
  return [...overlaid, pair(statuses), pair((runs) => load(runs, most)), pair(energy)].join("");
}

/** The first of both, the second of both, and so on. */
function inTurn<T>(a: readonly T[], b: readonly T[]): T[] {
  const longest = Math.max(a.length, b.length);
  return Array.from({ length: longest }, (_, i) => [
    ...a.slice(i, i + 1),
    ...b.slice(i, i + 1),
  ]).flat();
}
