// The page that holds it all: one file, no script, nothing fetched. A picture is in it two or three
// times, drawn for the width of a telephone, of a column and of a desk, and CSS shows the one that
// fits: words keep their size, where one picture stretched or shrunk is unreadable at one end.

import type { Figure } from "./frame.ts";
import { STYLE } from "./style.ts";
import { element, safe } from "./svg.ts";

/** The widths that pictures are drawn for, px, by class. */
const WIDTHS = { s: 350, m: 530, l: 1128 } as const;
const WIDE_WIDTHS = { s: 350, m: 720, l: 1128 } as const;

const MARK =
  '<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M8 20A8.4 8.4 0 0 1 24 20" fill="none" ' +
  'stroke="currentColor" stroke-width="3" stroke-dasharray="3 3"/><circle cx="8" cy="20" r="4.5" ' +
  'fill="currentColor"/><circle cx="24" cy="20" r="4" fill="none" stroke="currentColor" ' +
  'stroke-width="3"/></svg>';

/** Hatches that lanes refer to; the page has them once. */
const HATCHES = ["hatch", "hatch-off"].map((id, i) =>
  element(
    "pattern",
    {
      id,
      width: 5,
      height: 5,
      patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(${45 + 90 * i})`,
    },
    `<path d="M0,0V5" stroke="var(--${i === 0 ? "fault" : "edge"})" stroke-width="${i === 0 ? 1.5 : 2}" opacity="0.45"/>`,
  ),
);

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${safe(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<svg class="hatches" aria-hidden="true"><defs>${HATCHES.join("")}</defs></svg>
<p class="brand">${MARK}nextbeat sim</p>
${body}
</body>
</html>
`;
}

/** A picture with its title and caption; `of` says of what, where that is not plain. */
export function figure({ title, caption, wide, key = [], draw }: Figure, of = ""): string {
  const { s, m, l } = wide ? WIDE_WIDTHS : WIDTHS;
  const large = wide ? draw(l, "l") : "";
  const about = of === "" ? "" : ` <span class="of">${safe(of)}</span>`;
  const items = key.map(
    ({ text, sample }) =>
      `<li><svg viewBox="0 0 16 12" aria-hidden="true">${sample}</svg>${safe(text)}</li>`,
  );
  const list = items.length === 0 ? "" : `<ul class="key">${items.join("")}</ul>\n`;
  return `<figure${wide ? ' class="wide"' : ""}>
<h3>${safe(title)}${about}</h3>
${list}<div class="plot">
${[draw(s, "s"), draw(m, "m"), large].filter((svg) => svg !== "").join("\n")}
</div>
<figcaption>${safe(caption)}</figcaption>
</figure>
`;
}

/** The picture as a file of its own, which needs no page around it. */
export function standalone({ draw, wide }: Figure): string {
  const svg = draw(wide ? WIDE_WIDTHS.l : WIDTHS.m, "m");
  const root = '<svg xmlns="http://www.w3.org/2000/svg" style="background:var(--ground)" ';
  const style = `<style>${STYLE}</style><defs>${HATCHES.join("")}</defs>`;
  return `${svg.replace("<svg ", root).replace(">", `>${style}`)}\n`;
}

/** A table; cells are markup. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbersFrom: number,
  kind = "",
): string {
  const cell = (name: string) => (text: string, i: number) =>
    `<${name}${i >= numbersFrom ? ' class="n"' : ""}>${text}</${name}>`;
  const line = (name: string, cells: readonly string[]) =>
    `<tr>${cells.map(cell(name)).join("")}</tr>`;
  const opening = head.length === 0 ? "" : `<thead>${line("th", head)}</thead>\n`;
  return `<div class="scroll"><table${kind === "" ? "" : ` class="${kind}"`}>
${opening}<tbody>
${rows.map((cells) => line("td", cells)).join("\n")}
</tbody></table></div>
`;
}
