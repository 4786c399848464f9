/**
 * The Prometheus text format 0.0.4, read strictly: what its own parser lets pass and a reader of
 * the page would be misled by is an error here (a sample before its TYPE, buckets that fall, a
 * series twice). Own, since the format's libraries write it and none for Node reads it.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

const TYPES = /^(counter|gauge|histogram|summary|untyped)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/y;
const NUMBER = /^([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]Inf|NaN)$/;

/** Throws with the line and what is wrong with it. */
export function readMetrics(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("no line feed at the end");
  const families = new Map<string, Family>();
  const helped = new Set<string>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (why: string): never => {
      throw new Error(`${JSON.stringify(line)}: ${why}`);
    };
    if (line === "") continue;
    if (line.startsWith("# HELP ")) {
      const name = line.split(" ")[2]!;
      if (helped.has(name)) fail("HELP twice");
      helped.add(name);
    } else if (line.startsWith("# TYPE ")) {
      const [, , name = "", type = "", more] = line.split(" ");
      if (!TYPES.test(type) || more !== undefined) fail("no type");
      if (!helped.has(name)) fail("before its HELP");
      if (families.has(name)) fail("TYPE twice");
      families.set(name, { type, samples: [] });
      current = name;
    } else if (!line.startsWith("#")) {
      const sample = readSample(line, fail);
      const family = families.get(current);
      if (family === undefined || !belongs(sample.name, current, family.type)) {
        fail("a sample before its TYPE, or away from its family");
      }
      const series = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(series)) fail("this series stands twice");
      seen.add(series);
      if (family!.type === "counter" && !(sample.value >= 0)) fail("a counter below 0");
      family!.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === "histogram") check(name, family);
  return families;
}

function readSample(line: string, fail: (why: string) => never): Sample {
  const [, name = "", inner, number = ""] = SAMPLE.exec(line) ?? fail("no sample");
  if (!NUMBER.test(number)) fail("no value");
  const value = Number(number.replace("Inf", "Infinity"));
  return { name, labels: inner === undefined ? {} : readLabels(inner, fail), value };
}

function readLabels(inner: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let at = 0; at < inner.length; ) {
    LABEL.lastIndex = at;
    const [whole, name, value] = LABEL.exec(inner) ?? fail("bad labels");
    if (name! in labels) fail("a label twice");
    labels[name!] = unescaped(value!);
    at += whole.length;
    if (at < inner.length && inner[at++] !== ",") fail("bad labels");
  }
  return labels;
}

/** The value of a label without its escapes. */
export function unescaped(text: string): string {
  return text.replace(/\\([\\n"])/g, (_, char: string) => (char === "n" ? "\n" : char));
}

function belongs(name: string, family: string, type: string): boolean {
  if (name === family) return type !== "histogram";
  const endings = { histogram: /^_(bucket|sum|count)$/, summary: /^_(sum|count)$/ }[type];
  return name.startsWith(family) && endings?.test(name.slice(family.length)) === true;
}

/** Each set of labels has buckets that rise to +Inf, where they are as many as the count says. */
function check(name: string, { samples }: Family): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...own } = sample.labels;
    const key = JSON.stringify(own);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [labels, group] of groups) {
    const fail = (why: string): never => {
      throw new Error(`${name}${labels}: ${why}`);
    };
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le = "" } }) => Number(le.replace("Inf", "Infinity")));
    if (bounds.at(-1) !== Infinity) fail("no last bucket +Inf");
    if (bounds.some((bound, n) => n > 0 && !(bound > bounds[n - 1]!))) fail("buckets out of order");
    if (buckets.some(({ value }, n) => n > 0 && value < buckets[n - 1]!.value)) {
      fail("buckets fall");
    }
    const one = (ending: string) =>
      group.find((sample) => sample.name === `${name}_${ending}`)?.value ?? fail(`no _${ending}`);
    one("sum");
    if (one("count") !== buckets.at(-1)!.value) fail("_count is not what +Inf has");
  }
}
