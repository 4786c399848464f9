// A scenario back to YAML, which parses to an equal one: what the program has made smaller or made
// up is a file like any other, to be read, changed and kept as a test. And the number of a
// scenario's contents, by which two runs know that they ran the same.

import { Document, isMap, isSeq, visit } from "yaml";
import { mixBytes } from "../hash.ts";
import type { NatModel } from "../nat.ts";
import { defaultNames, FIELD_NAMES } from "./faults-schema.ts";
import { writeBound } from "./metrics.ts";
import { linkText, natText } from "./model-text.ts";
import { Gateway, GroupSchema } from "./schema.ts";
import type { Expectation, Fault, GatewaySpec, Group, LinkSpec, Scenario } from "./types.ts";
import { writeDuration, writeShare, writeSpan } from "./units.ts";

type Plain = Record<string, unknown>;

const WIDTH = 100;
const SUITES = ["crc16", "hmac", "chaskey"] as const;

/** The scenario as YAML; what is the default is left out. */
export function scenarioText(scenario: Scenario): string {
  const { name, about, seeds, runMs, calmAt, gateway, fleet, faults, expect } = scenario;
  const until = Math.min(calmAt, runMs);
  const plain: Plain = {
    name,
    about,
    seeds: seedsText(seeds),
    run: writeDuration(runMs),
    ...(calmAt === Number.POSITIVE_INFINITY ? {} : { calm: writeDuration(calmAt) }),
    gateway: besides(gatewayText(gateway), gatewayText(Gateway.parse({}))),
    fleet: fleet.map((group) => ({
      group: group.group,
      ...besides(groupText(group), groupText(GroupSchema.parse({ group: group.group }))),
    })),
    faults: faults.map((fault) => faultText(fault, until)),
    expect: expect.map(expectationText),
  };
  const doc = new Document(filled(plain));
  visit(doc, {
    Collection(_, node) {
      const rows = isSeq(node) && node.items.some(isMap);
      node.flow = !rows && node !== doc.contents && JSON.stringify(node).length <= WIDTH;
    },
  });
  return doc.toString({ lineWidth: WIDTH, flowCollectionPadding: false });
}

/** Eight hex digits: the same for scenarios that mean the same. */
export function scenarioHash(scenario: Scenario): string {
  const { name, about, seeds, ...rest } = scenario;
  return mixBytes(0, canonical(rest)).toString(16).padStart(8, "0");
}

/** JSON with sorted keys; Infinity as text, what is undefined left out. */
function canonical(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const keys = Object.keys(value).sort();
  const pairs = keys.flatMap((key) => {
    const inner = (value as Plain)[key];
    return inner === undefined ? [] : [`${JSON.stringify(key)}:${canonical(inner)}`];
  });
  return `{${pairs.join()}}`;
}

/** Without what is empty. */
function filled(plain: Plain): Plain {
  const kept = Object.entries(plain).filter(
    ([, value]) => typeof value !== "object" || Object.keys(value ?? {}).length > 0,
  );
  return Object.fromEntries(kept);
}

/** What differs from the default. */
function besides(plain: Plain, base: Plain): Plain {
  const kept = Object.entries(plain).filter(
    ([key, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(base[key]),
  );
  return Object.fromEntries(kept);
}

/** `1..20` for numbers that follow each other. */
function seedsText(seeds: readonly number[]): unknown {
  const [first = 0] = seeds;
  if (!seeds.every((seed, i) => seed === first + i)) return seeds;
  return seeds.length === 1 ? first : `${first}..${seeds.at(-1)}`;
}

function gatewayText(spec: GatewaySpec): Plain {
  return {
    commit: writeSpan(spec.commitMs, writeDuration),
    flush: writeDuration(spec.flushMs),
    grace: writeDuration(spec.graceMs),
    misses: spec.misses,
    clock: spec.clockTrusted ? "trusted" : "none",
    socketQueue: spec.socketQueue,
    frame: writeDuration(spec.frameMs),
  };
}

function groupText(group: Group): Plain {
  const { count, only, reach, transport, ap, board, battery, clock, temperature, boot, config } =
    group;
  const { rto, rtoMax, clockError, wakeMs, makeUps, ownMin, ownMax } = config;
  const time = (ms: number | undefined) => (ms === undefined ? {} : writeDuration(ms));
  return {
    count,
    only,
    suite: SUITES[group.suite],
    interval: writeDuration(group.intervalMs),
    reach,
    transport,
    link: linkText(group.link),
    nat: group.nat && natText(group.nat),
    ap,
    board,
    battery,
    clock,
    temperature: temperature.swing === 0 ? temperature.mean : temperature,
    boot:
      boot.atMs === 0
        ? writeDuration(boot.spreadMs)
        : { at: writeDuration(boot.atMs), spread: writeDuration(boot.spreadMs) },
    config: filled({
      rto: time(rto),
      rtoMax: time(rtoMax),
      clockError: clockError === undefined ? {} : writeShare(clockError),
      wake: time(wakeMs),
      makeUps: makeUps ?? {},
      intervalMin: time(ownMin),
      intervalMax: time(ownMax),
    }),
  };
}

/** @param until the default of the last time */
function faultText(fault: Fault, until: number): Plain {
  const { atMs, everyMs, random, untilMs, where, luck, do: kind, ...act } = fault;
  const usual = JSON.stringify(where.names) === JSON.stringify(defaultNames(kind));
  const names = where.names.length === 1 ? where.names[0] : where.names;
  const every = everyMs === undefined ? undefined : writeDuration(everyMs);
  return {
    at: writeDuration(atMs),
    ...(every !== undefined && { every: random ? { random: every } : every }),
    ...(untilMs !== until && { until: writeDuration(untilMs) }),
    ...(where.share < 1
      ? { where: { ...(usual ? {} : { names: where.names }), share: writeShare(where.share) } }
      : !usual && { where: names }),
    ...(luck !== undefined && { luck }),
    do: kind,
    ...actText(act),
  };
}

function actText(act: Plain): Plain {
  const pairs = Object.entries(act).flatMap(([field, value]): [string, unknown][] => {
    const [word = field] = Object.entries(FIELD_NAMES).find(([, name]) => name === field) ?? [];
    if (value === undefined) return [];
    if (field === "to")
      return [
        [
          word,
          "preset" in (value as object) ? linkText(value as LinkSpec) : natText(value as NatModel),
        ],
      ];
    if (field === "share") return [[word, writeShare(value as number)]];
    if (field === "commitMs") return [[word, writeSpan(value as [number, number], writeDuration)]];
    if (field === "byMs") return [[word, stepText(value as number)]];
    return [[word, field.endsWith("Ms") ? writeDuration(value as number) : value]];
  });
  return Object.fromEntries(pairs);
}

function stepText(ms: number): string {
  return ms < 0 ? `-${writeDuration(-ms)}` : String(writeDuration(ms));
}

function expectationText({ metric, where, min, max }: Expectation): Plain {
  return {
    metric,
    ...(where !== undefined && { where }),
    ...(min !== undefined && { min: writeBound(metric, min) }),
    ...(max !== undefined && { max: writeBound(metric, max) }),
  };
}
