// The report as a page: the verdict first, then what was violated and how to see it again, then the
// pictures, then every figure. Whoever opens it at night wants to know in this order.
//
// `wallMs` is not in it: two runs of one seed give the same page, to the byte.

import { sayInstant } from "../duration.ts";
import type { Metrics, RunResult, Verdict, Violation } from "../result.ts";
import { type Metric, metricOf, metricsOf, sayValue } from "./metrics.ts";
import { figure, htmlTable, page, standalone } from "./page.ts";
import { picturesOf } from "./pictures.ts";
import { type Batch, batches, missed, sayRanges } from "./runs.ts";
import { count, sayMs, sayNumber } from "./say.ts";
import { ascending, quantileOf } from "./stats.ts";
import { safe } from "./svg.ts";

/** Last events up to so many stand open, and so many violations in the list at first. */
const OPEN_MAX = 12;
const SHOWN_MAX = 6;

/** One self-contained page of all results, a section a scenario. */
export function reportHtml(results: readonly RunResult[]): string {
  const all = batches(results);
  const links = all.map(
    ({ scenario, runs }, i) =>
      `<li>${sign(isGood(runs))} <a href="#scenario-${i}">${safe(scenario)}</a></li>`,
  );
  const contents = all.length > 1 ? `<nav><ul>${links.join("\n")}</ul></nav>\n` : "";
  const title = all.length === 1 ? all[0]!.scenario : count(all.length, "scenario");
  return page(`${title}: nextbeat sim`, contents + all.map(section).join("\n"));
}

/** One picture of these runs as an SVG file: its id is that of the figure, like "detection". */
export function reportSvg(results: readonly RunResult[], id: string): string | undefined {
  const shown = results.length === 0 ? undefined : picturesOf(results).find(isOf(id));
  return shown === undefined ? undefined : standalone(shown.figure);
}

const isOf = (id: string) => (shown: { readonly figure: { readonly id: string } }) =>
  shown.figure.id === id;

const isGood = (runs: readonly RunResult[]): boolean =>
  runs.every((run) => missed(run) === 0 && run.violations.length === 0);

const sign = (good: boolean): string =>
  good ? '<span class="good">✓</span>' : '<span class="bad">✗</span>';

function section({ scenario, about, runs }: Batch, i: number): string {
  const pictures = picturesOf(runs).map((shown) => figure(shown.figure, shown.of));
  return `<section id="scenario-${i}">
<h1>${safe(scenario)}</h1>
<p class="about">${safe(about)}</p>
<p class="verdict">${sign(isGood(runs))} ${safe(verdictOf(runs))}</p>
${facts(runs)}
${expectations(runs)}${violations(runs)}<div class="figures">
${pictures.join("")}</div>
${notEmulated(runs)}${figures(runs)}${runs.length > 1 ? seeds(runs) : ""}</section>`;
}

function verdictOf(runs: readonly RunResult[]): string {
  const asked = runs.reduce((sum, run) => sum + run.expectations.length, 0);
  const wrong = runs.reduce((sum, run) => sum + missed(run), 0);
  const broken = runs.reduce((sum, run) => sum + run.violations.length, 0);
  const met =
    asked === 0
      ? "Nothing was expected"
      : wrong === 0
        ? "All expectations met"
        : `${wrong} of ${count(asked, "expectation")} missed`;
  const held = broken === 0 ? "every invariant held" : count(broken, "violation");
  return `${met}, ${held}`;
}

/** What identifies the run, and how to see it again. */
function facts(runs: readonly RunResult[]): string {
  const first = runs[0]!;
  const one = runs.length === 1;
  const events = runs.reduce((sum, run) => sum + run.events, 0);
  const pairs: [string, string][] = [
    one ? ["seed", String(first.seed)] : ["seeds", sayRanges(runs.map(({ seed }) => seed))],
    ["virtual time", sayMs(first.virtualMs) + (one ? "" : " each")],
    ["events", sayNumber(events)],
  ];
  if (one) pairs.push(["hash", first.hash]);
  const list = pairs.map(([name, text]) => `<div><dt>${name}</dt><dd>${safe(text)}</dd></div>`);
  const again = one ? `<div><dt>again</dt><dd>${replay(first.token)}</dd></div>` : "";
  return `<dl class="facts">${list.join("")}${again}</dl>`;
}

const replay = (token: string): string => `<code>nextbeat sim run ${safe(token)}</code>`;

/** A row an expectation; of several seeds a mark each, and from what to what it was. */
function expectations(runs: readonly RunResult[]): string {
  const asked = runs[0]!.expectations;
  if (asked.length === 0) return "";
  const many = runs.length > 1;
  const rows = asked.map((one, i) => {
    const all = runs.flatMap((run) => run.expectations[i] ?? []);
    const good = all.every(({ ok }) => ok);
    const text = safe(one.text);
    const { name, label } = metricOf(one.metric);
    const words = label === name ? text : `${text} <span class="open">${safe(label)}</span>`;
    return [
      sign(good),
      words,
      many ? dots(runs, i) : "",
      safe(many ? range(metricOf(one.metric), all) : sayValue(metricOf(one.metric), one.value)),
    ];
  });
  const cells = many ? rows : rows.map(([a, b, , d]) => [a!, b!, d!]);
  const table = htmlTable([], cells, many ? 3 : 2).replaceAll("<tr><td>", '<tr><td class="sign">');
  return `<h2>Expected</h2>\n${table}`;
}

function range(metric: Metric, all: readonly Verdict[]): string {
  const values = ascending(all.flatMap(({ value }) => value ?? []));
  if (values.length === 0) return "–";
  const [low, high] = [sayValue(metric, values[0]!), sayValue(metric, values.at(-1)!)];
  return low === high ? low : `${low} to ${high}`;
}

function dots(runs: readonly RunResult[], i: number): string {
  const marks = runs.map((run) => {
    const one = run.expectations[i];
    if (one === undefined) return "";
    const value = sayValue(metricOf(one.metric), one.value);
    const kind = one.ok ? "" : ' class="missed"';
    return `<i${kind} title="seed ${run.seed}: ${safe(value)}"></i>`;
  });
  return `<span class="seeds">${marks.join("")}</span>`;
}

function violations(runs: readonly RunResult[]): string {
  const all = runs.flatMap((run) => run.violations.map((violation) => ({ violation, run })));
  if (all.length === 0) return "";
  const items = all.map(({ violation, run }, i) =>
    violationItem(
      violation,
      runs.length > 1 ? run.seed : undefined,
      i === 0 && violation.last.length <= OPEN_MAX,
    ),
  );
  const rest = items.slice(SHOWN_MAX);
  const more =
    rest.length === 0
      ? ""
      : `<details><summary>${rest.length} more</summary>\n${rest.join("")}</details>\n`;
  return `<h2>Violated</h2>\n${items.slice(0, SHOWN_MAX).join("")}${more}`;
}

function violationItem(
  { invariant, token, at, what, last }: Violation,
  seed: number | undefined,
  open: boolean,
) {
  const where = seed === undefined ? "" : `, seed ${seed}`;
  const events = last.map((event) => `<li>${safe(event)}</li>`).join("\n");
  const list = last.length === 0 ? "" : `<ol class="last">\n${events}\n</ol>\n`;
  const kind = open ? " open" : "";
  return `<details${kind}><summary>${sign(false)} <b>${safe(invariant)}</b>
 at ${safe(sayInstant(at) + where)}: ${safe(what)}</summary>
<p>${replay(token)}</p>
${list}</details>
`;
}

function notEmulated(runs: readonly RunResult[]): string {
  const all = [...new Set(runs.flatMap((run) => run.notEmulated))];
  if (all.length === 0) return "";
  const items = all.map((text) => `<li>${safe(text)}</li>`);
  return `<h2>Not emulated in this mode</h2>\n<ul class="plainly">\n${items.join("\n")}\n</ul>\n`;
}

/** All that was measured, a table a topic, a column for each group; of several seeds the median. */
function figures(runs: readonly RunResult[]): string {
  const groups = [...new Set(runs.flatMap((run) => Object.keys(run.groups)))];
  const places = [
    { name: "fleet", of: runs.map((run) => run.metrics) },
    ...groups.map((name) => ({ name, of: runs.map((run) => run.groups[name] ?? {}) })),
  ];
  const all = metricsOf(places.flatMap(({ of }) => of.flatMap(measured)));
  const topics = [...new Set(all.map(({ topic }) => topic))].map((topic) => {
    const metrics = all.filter((metric) => metric.topic === topic);
    // What no group has is of the whole run: no column of blanks for each of them.
    const shown = places.filter(
      ({ of }, i) => i === 0 || metrics.some(({ name }) => has(of, name)),
    );
    const rows = metrics.map((metric) => [
      `<span title="${safe(metric.name)}">${safe(metric.label)}</span>`,
      ...shown.map(({ of }) => safe(middle(metric, of))),
    ]);
    return htmlTable([topic, ...shown.map(({ name }) => safe(name))], rows, 1);
  });
  const which = runs.length > 1 ? ", median of the seeds" : "";
  const kind = groups.length <= 4 ? ' class="topics"' : "";
  return `<h2>All figures${which}</h2>\n<div${kind}>\n${topics.join("")}</div>\n`;
}

const has = (places: readonly Metrics[], name: string) => places.some((of) => name in of);

/** Names of figures for which there was something to measure. */
const measured = (metrics: Metrics) =>
  Object.keys(metrics).filter((name) => metrics[name] !== null);

/** "" where no run has the figure. */
function middle(metric: Metric, places: readonly Metrics[]): string {
  if (!has(places, metric.name)) return "";
  const values = ascending(places.flatMap((metrics) => metrics[metric.name] ?? []));
  return sayValue(metric, values.length === 0 ? null : quantileOf(values, 0.5));
}

/** What each seed was, and how to see it again. */
function seeds(runs: readonly RunResult[]): string {
  const rows = runs.map((run) => [
    sign(isGood([run])),
    String(run.seed),
    run.hash,
    sayNumber(run.events),
    replay(run.token),
  ]);
  return `<h2>Seeds</h2>\n${htmlTable(["", "seed", "hash", "events", "again"], rows, 9)}`;
}
