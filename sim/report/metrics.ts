// What each figure of a run is called, in which unit it is counted, and whether less of it is
// better. A figure that is not here is still shown, under its own name, as a number: whoever adds
// one to the runner need not come here first.

import { sayMs, sayNumber, sayShare } from "./say.ts";

export type Unit = "number" | "ms" | "share" | "rate" | "days" | "mAh";

export interface Metric {
  readonly name: string;
  /** For people; without a unit. */
  readonly label: string;
  readonly unit: Unit;
  readonly better: "less" | "more" | undefined;
  readonly topic: string;
}

type Row = readonly [name: string, label: string, unit?: Unit, better?: "less" | "more"];

const verdict = (name: string, words: string): Row[] => [
  [`${name}.mean`, `${words}, mean`, "ms", "less"],
  [`${name}.p50`, `${words}, half within`, "ms", "less"],
  [`${name}.p90`, `${words}, 90 % within`, "ms", "less"],
  [`${name}.p99`, `${words}, 99 % within`, "ms", "less"],
  [`${name}.max`, `${words}, longest`, "ms", "less"],
];

const TOPICS: Readonly<Record<string, readonly Row[]>> = {
  presence: [
    ["falseAbsent", "told absent though alive", "number", "less"],
    ["falseAbsentPerDeviceDay", "the same per board and day", "number", "less"],
    ["falseLate", "told late though alive", "number", "less"],
    ["changes", "changes of status"],
    ["alarms", "changes to absent"],
    ["recoveredShare", "present again at the end", "share", "more"],
    ["heardShare", "boards heard at least once", "share", "more"],
  ],
  deaths: [
    ["deaths", "deaths"],
    ["missedDeaths", "deaths never told", "number", "less"],
    ...verdict("detect", "death to absent"),
    ...verdict("detectLate", "death to late"),
    ["return.p50", "back to present, half within", "ms", "less"],
    ["return.p99", "back to present, 99 % within", "ms", "less"],
    ["return.max", "back to present, longest", "ms", "less"],
  ],
  traffic: [
    ["devices", "boards"],
    ["beats", "beats"],
    ["beatsAcked", "beats acknowledged", "number", "more"],
    ["ackedShare", "share of beats acknowledged", "share", "more"],
    ["frames.up", "frames up"],
    ["frames.down", "frames down"],
    ["loss.up", "lost on the way up", "share"],
    ["loss.down", "lost on the way down", "share"],
    ["roundTrip.p50", "round trip, half within", "ms", "less"],
    ["roundTrip.p99", "round trip, 99 % within", "ms", "less"],
    ["hellos", "HELLOs"],
    ["clashes", "clashes of identity", "number", "less"],
    ["stale", "stale frames"],
    ["replaysTaken", "replayed frames that were taken", "number", "less"],
    ["rebinds", "bindings that moved"],
  ],
  gateway: [
    ["gateway.rxPerSecond.max", "frames in, peak", "rate", "less"],
    ["gateway.txPerSecond.max", "frames out, peak", "rate", "less"],
    ["gateway.rxDropped", "frames dropped at its socket", "number", "less"],
    ["gateway.bytesOutPerIn", "bytes out per byte in", "number", "less"],
    ["gateway.commits", "commits to disk"],
  ],
  energy: [
    ["energy.mAhPerDay", "charge per board and day", "mAh", "less"],
    ["battery.daysP50", "battery life, median", "days", "more"],
    ["battery.daysP5", "battery life, worst 5 %", "days", "more"],
    ["brownOuts", "brown-outs", "number", "less"],
  ],
  checks: [["violations", "violations", "number", "less"]],
};

const KNOWN: readonly Metric[] = Object.entries(TOPICS).flatMap(([topic, rows]) =>
  rows.map(([name, label, unit = "number", better]) => ({ name, label, unit, better, topic })),
);

/** These metrics in the order in which they are told; unknown ones last, as they come. */
export function metricsOf(names: Iterable<string>): Metric[] {
  const left = new Set(names);
  const known = KNOWN.filter(({ name }) => left.delete(name));
  return [...known, ...[...left].map(unknown)];
}

export function metricOf(name: string): Metric {
  return KNOWN.find((metric) => metric.name === name) ?? unknown(name);
}

function unknown(name: string): Metric {
  return { name, label: name, unit: "number", better: undefined, topic: "other" };
}

/** A value with its unit; `–` where there was nothing to measure. */
export function sayValue({ unit }: Metric, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "ms":
      return sayMs(value);
    case "share":
      return sayShare(value);
    case "rate":
      return `${sayNumber(value)}\u202f/s`;
    case "days":
      return `${sayNumber(value)}\u202fd`;
    case "mAh":
      return `${sayNumber(value)}\u202fmAh`;
    case "number":
      return sayNumber(value);
  }
}
