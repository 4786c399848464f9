// Links and NATs as a scenario writes them: the preset, and what differs from it.

import type { Quantile } from "../exact.ts";
import type { LinkModel } from "../link.ts";
import { type NatModel, natPreset } from "../nat.ts";
import { CUSTOM, plainLinkSpec, presetLink } from "./link-schema.ts";
import { NAT_BASE } from "./nat-schema.ts";
import type { LinkSpec } from "./types.ts";
import { percentOf, writeDuration, writeRate, writeShare, writeSize, writeSpan } from "./units.ts";

type Plain = Record<string, unknown>;

/** Which fields of a model each written word stands for, and how it is written. */
const WORDS: Readonly<
  Record<string, [fields: (keyof LinkModel)[], write: (m: LinkModel) => unknown]>
> = {
  loss: [["lossGood", "lossBad", "goodMs", "badMs"], lossText],
  delay: [["delay"], ({ delay }) => delayText(delay)],
  jitter: [["jitterMs"], ({ jitterMs }) => writeDuration(jitterMs)],
  wake: [
    ["idleMs", "wake"],
    ({ idleMs, wake }) => ({ after: writeDuration(idleMs), delay: delayText(wake) }),
  ],
  duplicate: [["duplicate"], ({ duplicate }) => writeShare(duplicate)],
  reorder: [
    ["reorder", "reorderMs"],
    ({ reorder, reorderMs }) => ({ share: writeShare(reorder), by: writeDuration(reorderMs) }),
  ],
  corrupt: [["corrupt"], ({ corrupt }) => writeShare(corrupt)],
  outage: [
    ["outageEveryMs", "outageMs"],
    ({ outageEveryMs, outageMs }) => ({
      every: writeDuration(outageEveryMs),
      for: writeDuration(outageMs),
    }),
  ],
  rate: [["bitsPerSecond"], ({ bitsPerSecond }) => writeRate(bitsPerSecond)],
  queue: [["queueBytes"], ({ queueBytes }) => writeSize(queueBytes)],
  overhead: [["overheadBytes"], ({ overheadBytes }) => overheadBytes],
  mtu: [["mtu"], ({ mtu }) => mtu],
  netem: [["netem"], ({ netem }) => netem],
  pattern: [["pattern"], patternText],
};

export function linkText({ preset, up, down }: LinkSpec): unknown {
  const base = preset === CUSTOM ? plainLinkSpec() : presetLink(preset);
  const [upward, downward] = [differences(up, base.up), differences(down, base.down)];
  const named = preset === CUSTOM ? {} : { preset };
  const same = JSON.stringify(upward) === JSON.stringify(downward);
  if (same && Object.keys(upward).length === 0 && preset !== CUSTOM) return preset;
  if (same) return { ...named, ...upward };
  const sides = Object.entries({ up: upward, down: downward });
  return {
    ...named,
    ...Object.fromEntries(sides.filter(([, side]) => Object.keys(side).length > 0)),
  };
}

function differences(model: LinkModel, base: LinkModel): Plain {
  const differs = (field: keyof LinkModel) =>
    JSON.stringify(model[field]) !== JSON.stringify(base[field]);
  const words = Object.entries(WORDS).filter(([, [fields]]) => fields.some(differs));
  return Object.fromEntries(words.map(([word, [, write]]) => [word, write(model)]));
}

function lossText({ lossGood, lossBad, goodMs, badMs }: LinkModel): unknown {
  if (lossGood === lossBad && goodMs === 1_000 && badMs === 0) return writeShare(lossGood);
  return {
    good: writeShare(lossGood),
    bad: writeShare(lossBad),
    goodFor: writeDuration(goodMs),
    badFor: writeDuration(badMs),
  };
}

function delayText(table: readonly Quantile[]): unknown {
  if (table.length === 2) return writeSpan([table[0]![1], table[1]![1]], writeDuration);
  return Object.fromEntries(
    table.map(([share, ms]) => [`p${percentOf(share) ?? share * 100}`, writeDuration(ms)]),
  );
}

function patternText({ pattern }: LinkModel): unknown {
  if (!pattern) return undefined;
  const steps = pattern.steps.map((step) => (step < 0 ? "lost" : writeDuration(step)));
  return { per: pattern.per, steps };
}

const NAT_WORDS: Readonly<Record<string, string>> = {
  unrepliedMs: "unreplied",
  streamMs: "stream",
  streamAfterMs: "streamAfter",
  mappingsMax: "mappings",
};

export function natText(model: NatModel): unknown {
  const preset = natPreset(model.name);
  const base = preset ?? natPreset(NAT_BASE)!;
  const pairs = Object.entries(model).flatMap(([field, value]): [string, unknown][] => {
    if (JSON.stringify(value) === JSON.stringify(base[field as keyof NatModel])) return [];
    const word = NAT_WORDS[field] ?? field;
    if (field === "ports") return [[word, writeSpan(model.ports, (port) => port)]];
    return [[word, field.endsWith("Ms") ? writeDuration(value as number) : value]];
  });
  if (preset && pairs.length === 0) return model.name;
  return Object.fromEntries([
    ...(preset
      ? [
          ["name", model.name],
          ["preset", model.name],
        ]
      : []),
    ...pairs,
  ]);
}
