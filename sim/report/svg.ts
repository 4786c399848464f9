// Writes SVG as text: elements, paths, numbers with two decimals. A page of pictures needs five
// kinds of marks, and the same bytes from the same figures, so that a report can be compared with
// the one of yesterday. Chart libraries lost: 6 to 35 MB, and a browser or a stand-in for one to
// draw in.
//
// Nothing here knows a colour: marks have classes, and style.ts says what these look like in
// light, in dark and on paper.

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Controls, but for tab and ends of lines, and halves of pairs: no XML may hold them. */
const UNWRITABLE = /(?![\t\n\r])\p{Cc}|\p{Surrogate}|[\ufffe\uffff]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand between tags and in attributes, of HTML and of XML. */
export function safe(text: string): string {
  return text.replace(UNWRITABLE, "\ufffd").replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** At most two decimals, never `-0`, never an exponent. */
export function num(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`a picture has no place for ${value}`);
  const text = value.toFixed(2).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}

/** An element; children are markup, to be made by this function or by `safe`. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  let open = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    open += ` ${key}="${typeof value === "number" ? num(value) : safe(value)}"`;
  }
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}

/** What is told when the pointer rests on a mark. */
export function title(text: string): string {
  return `<title>${safe(text)}</title>`;
}

/** A word in a picture; `anchor` is the end that stands at `x`. */
export function word(
  x: number,
  y: number,
  text: string,
  kind = "tick",
  anchor: "start" | "middle" | "end" = "start",
): string {
  const at = anchor === "start" ? undefined : anchor;
  return element("text", { class: kind, x, y, "text-anchor": at }, safe(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element("path", { class: kind, d: `M${num(x1)},${num(y1)}L${num(x2)},${num(y2)}` });
}

export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  kind: string | undefined,
  ...children: string[]
): string {
  return element("rect", { class: kind, x, y, width, height }, ...children);
}

export function group(kind: string, ...children: string[]): string {
  return element("g", { class: kind }, ...children);
}

/**
 * The root. It is as wide as there is room for; its marks keep their size as long as it is shown
 * about `width` pixels wide, which is why pages hold a picture in several widths.
 */
export function picture(
  width: number,
  height: number,
  about: string,
  size: string,
  ...children: string[]
): string {
  return element(
    "svg",
    {
      class: size,
      viewBox: `0 0 ${num(width)} ${num(height)}`,
      width,
      height,
      role: "img",
      "aria-label": about,
    },
    ...children,
  );
}

/** A letter is so wide, of its height: the mean of words and figures, and a little. */
const LETTER = 0.54;

/** How wide a text is, about. */
export function textWidth(text: string, size = 11): number {
  return text.length * size * LETTER;
}

/** The text, or as much of it as takes `most` px. */
export function clipped(text: string, most: number, size = 11): string {
  const letters = Math.max(1, Math.floor(most / (size * LETTER)));
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}
