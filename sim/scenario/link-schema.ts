// A link in a scenario: the name of a preset, or one of its own: a preset with differences, for
// both directions or for one. Written in the words of who looks at a path (loss, delay, outage) and
// not in those of the model (lossGood, goodMs), of which nobody knows which belong together.

import { z } from "zod";
import { checkQuantiles, type Quantile } from "../exact.ts";
import { type LinkModel, type Pattern, plainLink } from "../link.ts";
import { LINK_PRESETS, linkPreset } from "../presets.ts";
import {
  duration,
  durations,
  list,
  map,
  rate,
  share,
  size,
  someDuration,
  stepOrLost,
  stripped,
  whole,
  word,
} from "./leaves.ts";
import type { LinkSpec } from "./types.ts";
import { ofPercent } from "./units.ts";

/** The name of a link that starts from no preset. */
export const CUSTOM = "custom";
/** Steps of a pattern. */
const STEPS_MAX = 100_000;
const PRESETS = LINK_PRESETS.map(({ name }) => name);

const Loss = z.union([
  share(),
  map({ good: share(), bad: share(), goodFor: someDuration(), badFor: duration() }),
]);

const POINT = /^p\d+(\.\d+)?$/;

/** `{p0: 1ms, p50: 10ms, p100: 400ms}`. */
const Points = z
  .record(z.string().regex(POINT, { error: "expected p0 to p100" }), duration(), {
    error: "expected a map",
  })
  .transform((points, context): Quantile[] => {
    const table = Object.entries(points)
      .map(([key, ms]): Quantile => [ofPercent(key.slice(1)), ms])
      .sort(([a], [b]) => a - b);
    try {
      checkQuantiles(table);
    } catch {
      const message = "expected quantiles from p0 to p100 that do not fall, such as {p0: 1ms, ...}";
      context.addIssue({ code: "custom", message });
    }
    return table;
  });

const Delay = z.union([
  durations().transform(([least, most]): Quantile[] => [
    [0, least],
    [1, most],
  ]),
  Points,
]);

const PatternSchema = map({
  per: word(["frame", "ms"]),
  steps: list(stepOrLost(), 1, STEPS_MAX, "steps"),
}).transform((pattern): Pattern => pattern);

const FIELDS = {
  loss: Loss.optional(),
  delay: Delay.optional(),
  jitter: duration().optional(),
  wake: map({ after: duration(), delay: Delay }).optional(),
  duplicate: share().optional(),
  reorder: map({ share: share(), by: duration() }).optional(),
  corrupt: share().optional(),
  outage: map({ every: duration(), for: duration() }).optional(),
  rate: rate().optional(),
  queue: size().optional(),
  overhead: whole(0, 1_000).optional(),
  mtu: whole(0, 65_535).optional(),
  netem: map({ p: share(), r: share(), lossBad: share(), lossGood: share() }).optional(),
  pattern: PatternSchema.optional(),
};
const Fields = map(FIELDS).meta({ id: "path" });

/** What may differ from a preset. */
type Fields = z.output<typeof Fields>;

export const Link = z
  .union([
    word(PRESETS),
    map({
      preset: word(PRESETS).optional(),
      ...FIELDS,
      up: Fields.optional(),
      down: Fields.optional(),
    }),
  ])
  .meta({ id: "link" })
  .transform((given): LinkSpec => {
    if (typeof given === "string") return presetLink(given);
    const { preset, up, down, ...fields } = given;
    const base = preset === undefined ? plainLinkSpec() : presetLink(preset);
    return {
      preset: base.preset,
      up: changed(changed(base.up, fields), up ?? {}),
      down: changed(changed(base.down, fields), down ?? {}),
    };
  });

/** @param name of a preset that there is */
export function presetLink(name: string): LinkSpec {
  const { up, down } = linkPreset(name)!;
  return { preset: name, up, down };
}

/** What a link of its own starts from: nothing is lost, nothing takes time. */
export function plainLinkSpec(): LinkSpec {
  return { preset: CUSTOM, up: plainLink(0), down: plainLink(0) };
}

function changed(model: LinkModel, fields: Fields): LinkModel {
  const { loss, wake, reorder, outage, jitter, rate, queue, overhead, ...same } = fields;
  const given = {
    ...same,
    ...(loss === undefined ? {} : lossOf(loss)),
    ...(wake && { idleMs: wake.after, wake: wake.delay }),
    ...(reorder && { reorder: reorder.share, reorderMs: reorder.by }),
    ...(outage && { outageEveryMs: outage.every, outageMs: outage.for }),
    jitterMs: jitter,
    bitsPerSecond: rate,
    queueBytes: queue,
    overheadBytes: overhead,
  };
  return { ...model, ...stripped(given) };
}

function lossOf(loss: NonNullable<Fields["loss"]>): Partial<LinkModel> {
  if (typeof loss === "number") return { lossGood: loss, lossBad: loss, goodMs: 1_000, badMs: 0 };
  return { lossGood: loss.good, lossBad: loss.bad, goodMs: loss.goodFor, badMs: loss.badFor };
}
