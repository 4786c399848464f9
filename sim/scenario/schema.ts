// What may stand in a scenario file, what is the default, and what becomes of it in types.ts. One
// schema is read by the parser and printed for editors (`nextbeat sim schema`), so they agree.
//
// Everything but the fleet and the length of the run has a default: the shortest scenario is three
// lines long.

import { z } from "zod";
import { FAULTS_MAX, FaultSchema } from "./faults-schema.ts";
import * as leaf from "./leaves.ts";
import { Link } from "./link-schema.ts";
import { METRIC_NAMES } from "./metrics.ts";
import { NatOrNone } from "./nat-schema.ts";
import { BATTERY_NAMES, BOARD_NAMES, CLOCK_NAMES } from "./presets.ts";
import type { BoardConfig, GatewaySpec, Group } from "./types.ts";

/** Boards of one fleet: a few hundred bytes each. */
export const BOARDS_MAX = 1_000_000;
/** Ids come in blocks of 65 536 (ids.ts): 200 groups of a million boards fit into 24 bits. */
const GROUPS_MAX = 200;
const EXPECTATIONS_MAX = 1_000;
/** Codes of promises reach 51 days; an interval of a week is promised eightfold at worst. */
const INTERVAL_MIN = 200;
const INTERVAL_MAX = 7 * 86_400_000;
/** Linux: a receive buffer of 212 992 bytes, doubled, and 768 for a small datagram. */
const SOCKET_QUEUE = 554;
/** Of an SD card or a small SSD; estimate. */
const COMMIT = "2ms..12ms";
const ONLY = "numbers of the boards that are there; default: all of them";
const SUITES = { crc16: 0, hmac: 1, chaskey: 2 } as const;
const REACHES = ["awake", "light", "deep"] as const;

export const Gateway = leaf
  .map({
    commit: leaf.wholeDurations().prefault(COMMIT).describe("how long a commit takes"),
    flush: leaf.duration(2, 60_000).prefault("1s").describe("in so much time a beat is on disk"),
    grace: leaf.duration(0, 3_600_000).prefault("250ms").describe("the least grace"),
    misses: leaf
      .whole(0, 100)
      .prefault(0)
      .describe("promises that must break in a row; 0: as its detector learns"),
    clock: leaf.word(["trusted", "none"]).prefault("trusted"),
    socketQueue: leaf.whole(1, 10_000_000).prefault(SOCKET_QUEUE).describe("datagrams that wait"),
    frame: leaf.duration(0, 1_000).prefault(0).describe("CPU time of one frame"),
  })
  .transform(
    ({ commit, flush, grace, misses, clock, socketQueue, frame }): GatewaySpec => ({
      commitMs: commit,
      flushMs: flush,
      graceMs: grace,
      misses,
      clockTrusted: clock === "trusted",
      socketQueue,
      frameMs: frame,
    }),
  );

const Config = leaf
  .map({
    rto: leaf.duration(80, 60_000).optional(),
    rtoMax: leaf.duration(80, 600_000).optional(),
    clockError: leaf.share().optional(),
    wake: leaf.duration(0, 600_000).optional(),
    makeUps: leaf.whole(0, 2).optional().describe("of a beat unheard, minutes later"),
    intervalMin: leaf.duration(INTERVAL_MIN, INTERVAL_MAX).optional().describe("with an alert"),
    intervalMax: leaf.duration(INTERVAL_MIN, INTERVAL_MAX).optional().describe("battery low"),
  })
  .transform(
    ({ rto, rtoMax, clockError, wake, makeUps, intervalMin, intervalMax }): BoardConfig => ({
      ...(rto !== undefined && { rto }),
      ...(rtoMax !== undefined && { rtoMax }),
      ...(clockError !== undefined && { clockError }),
      ...(wake !== undefined && { wakeMs: wake }),
      ...(makeUps !== undefined && { makeUps }),
      ...(intervalMin !== undefined && { ownMin: intervalMin }),
      ...(intervalMax !== undefined && { ownMax: intervalMax }),
    }),
  );

const Temperature = z
  .union([
    leaf.number(-60, 100).transform((mean) => ({ mean, swing: 0 })),
    leaf.map({ mean: leaf.number(-60, 100), swing: leaf.number(0, 60).prefault(0) }),
  ])
  .describe("degrees C: the mean, and half of the daily swing");

const Boot = z
  .union([
    leaf.duration().transform((spreadMs) => ({ atMs: 0, spreadMs })),
    leaf
      .map({ at: leaf.duration().prefault(0), spread: leaf.duration().prefault(0) })
      .transform(({ at, spread }) => ({ atMs: at, spreadMs: spread })),
  ])
  .describe("first power: at, and up to so much later; a duration alone is the spread");

export const GroupSchema = leaf
  .map({
    group: leaf.name().describe("its n-th board is called group-n"),
    count: leaf.whole(1, BOARDS_MAX).prefault(1),
    only: leaf.list(leaf.whole(1, BOARDS_MAX), 0, BOARDS_MAX, "numbers").optional().describe(ONLY),
    suite: leaf.word(["crc16", "hmac", "chaskey"]).prefault("chaskey"),
    interval: leaf.duration(INTERVAL_MIN, INTERVAL_MAX).prefault("60s"),
    reach: leaf.word(REACHES).prefault("awake"),
    transport: leaf.word(["udp", "mqtt"]).prefault("udp"),
    link: Link.prefault("wifi-good"),
    nat: NatOrNone.optional(),
    ap: leaf.name().prefault("own").describe("the access point that they share; own: each its own"),
    board: leaf.word(BOARD_NAMES).optional(),
    battery: leaf.label(BATTERY_NAMES).optional(),
    clock: leaf.word(CLOCK_NAMES).prefault("xtal20"),
    temperature: Temperature.prefault(20),
    boot: Boot.prefault(0),
    config: Config.prefault({}),
  })
  .superRefine(({ interval, config }, context) => {
    const check = (key: string, ok: boolean, expected: string) => {
      const path = ["config", key];
      if (!ok) context.addIssue({ code: "custom", path, message: `expected ${expected}` });
    };
    const { ownMin = interval, ownMax = interval } = config;
    check("intervalMin", ownMin <= interval, "an interval that is not above the group's own");
    check("intervalMax", ownMax >= interval, "an interval that is not below the group's own");
  })
  .transform(
    ({ suite, interval, nat, board, battery, ...same }): Group => ({
      ...same,
      suite: SUITES[suite],
      intervalMs: interval,
      nat,
      board,
      battery,
    }),
  );

export const ExpectSchema = leaf
  .map({
    metric: leaf.word(METRIC_NAMES),
    where: leaf.text(60).optional().describe("a group or an access point; default: all"),
    min: z.union([z.string(), z.number()], { error: "expected a bound" }).optional(),
    max: z.union([z.string(), z.number()], { error: "expected a bound" }).optional(),
  })
  .describe("a bound on a metric, written in the metric's unit");

export const RunSchema = leaf.someDuration().describe("length of the run");
export const CalmSchema = leaf
  .duration()
  .describe("no fault works after it, liveness is asked for");

export const ScenarioSchema = leaf
  .map({
    name: leaf.name().optional().describe("default: the name of the file"),
    about: leaf.text(1_000).prefault("no description"),
    seeds: leaf.seeds().prefault(1),
    run: RunSchema,
    calm: CalmSchema.optional(),
    gateway: Gateway.prefault({}),
    fleet: leaf.list(GroupSchema, 1, GROUPS_MAX, "groups"),
    faults: leaf.list(FaultSchema, 0, FAULTS_MAX, "faults").prefault([]),
    expect: leaf.list(ExpectSchema, 0, EXPECTATIONS_MAX, "bounds").prefault([]),
  })
  .describe("a scenario of nextbeat's simulator");
