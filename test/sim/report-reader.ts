// Reads what reports wrote: markup, strictly enough to find what a browser would mend in silence;
// and of pictures where marks and ticks stand.

/** Numbers of the `d` of the n-th path with this class. */
export function path(svg: string, kind: string, n = 0): string {
  const found = [...svg.matchAll(/<path class="([^"]*)" d="([^"]*)"/g)].filter(
    (m) => m[1] === kind,
  );
  return found[n]?.[2] ?? "";
}

/** The corners of a path of M, H, V and L. */
export function corners(d: string): [number, number][] {
  let [x, y] = [0, 0];
  return [...d.matchAll(/([MLHV])([\d.-]+)(?:,([\d.-]+))?/g)].map(([, letter, a, b]) => {
    if (letter === "H") x = Number(a);
    else if (letter === "V") y = Number(a);
    else [x, y] = [Number(a), Number(b)];
    return [x, y];
  });
}

/** Where the tick with this text stands, across or up. */
export function tick(svg: string, text: string, axis: "x" | "y"): number {
  const found = [
    ...svg.matchAll(/<text class="tick" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</g),
  ].find((m) => m[3] === text);
  if (!found) throw new Error(`no tick ${text}`);
  return axis === "x" ? Number(found[1]) : Number(found[2]) - 3.5;
}

/** HTML elements that have no end. */
const VOID = new Set(["meta"]);
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/y;
const TEXT = /[^<>]+/y;

/** Throws unless elements are closed, attributes quoted, and `<>&` stand for nothing else. */
export function wellFormed(markup: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const text = markup.replace(/^<!doctype html>/, "").replace(/<style>[^<]*<\/style>/g, "");
  for (let at = 0; at < text.length; ) {
    TAG.lastIndex = at;
    TEXT.lastIndex = at;
    const tag = TAG.exec(text);
    const words = tag ? undefined : TEXT.exec(text);
    if (!tag && !words) throw new Error(`no markup: ${text.slice(at, at + 80)}`);
    const piece = (tag ?? words)![0];
    const stray = /&(?!(amp|lt|gt|quot|#39);)/.exec(piece);
    if (stray) throw new Error(`a stray & in: ${piece.slice(0, 80)}`);
    at += piece.length;
    if (!tag) continue;
    const [, end, name, , empty] = tag;
    if (end) {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
    } else {
      names.push(name!);
      if (!empty && !VOID.has(name!)) open.push(name!);
    }
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(" ")}`);
  return names;
}
