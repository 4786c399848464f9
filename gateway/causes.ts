/**
 * Why: the likeliest cause of a change, from the closed list, with what speaks for it.
 *
 * Two tables, one for silence and one for return, read from the top; the first row that holds
 * names the cause. They are in the order of how directly we know. Frames with a wrong tag from the
 * very address are seen; two boards under one number are seen. That many fell silent together is
 * counted, and explains more than the state of one battery. Boots in a row, an empty battery and a
 * lost signal are what the board itself said, in the order of how surely they end in silence. Where
 * nothing holds, a promise was broken and that is all that is known: an alarm that invents a reason
 * sends somebody up the wrong ladder.
 *
 * What lost: weights that are added up. Nobody can say why 0.62 won over 0.58, and the sum of two
 * weak reasons is no strong one.
 */

import type { Evidence } from "./affairs.ts";
import { type Around, type Finding, findIn, type Row } from "./causes-table.ts";
import { type Group, QUIET_BEATS } from "./crowd-group.ts";
import type { Inputs } from "./evidence.ts";
import type { Cause } from "./facts.ts";
import { CLASH_SHOWN_MS } from "./limits.ts";
import * as row from "./rows.ts";

/** What the rules look at. */
interface Case {
  readonly slot: number;
  readonly at: number;
  readonly seenAt: number;
  /** What fell silent with it. */
  readonly group: Group | undefined;
  readonly inputs: Evidence;
  readonly around: Around;
}

const SILENCE: readonly Row<Case>[] = [
  { cause: "refused", confidence: 0.95, holds: refused },
  { cause: "clash", confidence: 0.8, holds: clash },
  { cause: "broker", confidence: 0.8, holds: (it) => silent(it, it.group?.kind === "broker") },
  { cause: "gateway-deaf", confidence: 0.6, holds: (it) => silent(it, isOurs(it)) },
  { cause: "site", confidence: 0.8, holds: (it) => silent(it, it.group !== undefined) },
  { cause: "reset-loop", confidence: 0.8, holds: resetLoop },
  { cause: "battery", confidence: 0.9, holds: (it) => battery(it, 10, 0) },
  { cause: "battery", confidence: 0.7, holds: (it) => battery(it, 30, 10) },
  { cause: "battery", confidence: 0.5, holds: (it) => battery(it, 70, 30) },
  { cause: "weak-signal", confidence: 0.6, holds: (it) => signal(it, -66, 16) },
  { cause: "weak-signal", confidence: 0.4, holds: (it) => losing(it) && signal(it, -82, 0) },
  { cause: "promise-broken", confidence: 0, holds: () => ({}) },
];

/** Causes that are the device's own affair, whoever else is silent. */
export const OWN_CAUSES: readonly Cause[] = ["refused", "clash"];

/** So many boots in a row are a loop. */
const RESETS_MIN = 3;
/** A weak signal that loses less than this is none that silences. */
const LOSS_MIN = 0.02;

/**
 * Of a device that is late or absent at `at`.
 * @param group what fell silent with it
 * @param inputs what the detector decided by
 */
export function causeOfSilence(
  around: Around,
  slot: number,
  at: number,
  group: Group | undefined,
  inputs: Evidence,
): Finding {
  const { records, signs } = around;
  const seenAt = records.rows.floats[slot * row.FLOATS + row.AT]!;
  const level = signs.battery(slot);
  const dBm = signs.signal(slot);
  const shown: Inputs = {
    ...(level >= 0 && { battery: level }),
    ...(dBm < 0 && { signal: dBm }),
  };
  const what = { slot, at, seenAt, group, inputs, around };
  return findIn(SILENCE, what, { ...inputs, ...shown });
}

/** Frames in its name, from its last address, with a tag that is not its own, since it was heard. */
function refused({ slot, seenAt, around: { records, hints } }: Case): Inputs | undefined {
  const source = records.source[slot];
  if (source === undefined) return undefined;
  const hint = hints.of(source.address, records.roster.id(slot));
  if (hint?.reason !== "bad-tag" || hint.at <= seenAt) return undefined;
  return { badTags: hint.count, badTagAt: hint.at };
}

/** Another board used its numbers, within its last promise or since. */
function clash({ slot, at, seenAt, around: { records } }: Case): Inputs | undefined {
  const clash = records.clashes.get(slot);
  if (clash === undefined || clash.at < seenAt - records.promiseMs(slot)) return undefined;
  if (at - clash.at > CLASH_SHOWN_MS) return undefined;
  return { clashes: clash.count, clashAt: clash.at };
}

/** Everybody is silent, and not because of the network that they share with us. */
function isOurs({ slot, at, group, around: { crowd } }: Case): boolean {
  return group?.kind === "fleet" && group.dueBeats(at) >= QUIET_BEATS && !crowd.isNear(slot);
}

/** What fell silent together, in numbers. */
function silent({ slot, at, group, around }: Case, holds: boolean): Inputs | undefined {
  if (!holds || group === undefined) return undefined;
  const promiseMs = around.records.promiseMs(slot);
  const devices = group.expected(at, promiseMs);
  const silent = group.silent(at, promiseMs);
  const quietMs = group.quietMs(at);
  switch (group.kind) {
    case "site":
      return { siteDevices: devices, siteSilent: silent, quietMs };
    case "address":
      return { address: group.address, addressDevices: devices, addressSilent: silent, quietMs };
    case "broker":
      return { brokerDevices: devices, brokerSilent: silent, quietMs };
    default:
      return { fleetDevices: devices, fleetSilent: silent, quietMs };
  }
}

/** Boots without a pause, up to its silence. */
function resetLoop({ slot, at, around: { signs } }: Case): Inputs | undefined {
  const boots = signs.boots(slot, at);
  return boots.resets >= RESETS_MIN ? boots : undefined;
}

/** The last reading is at most `least` per cent, and fell by `fall` or more within a day. */
function battery(
  { slot, around: { signs } }: Case,
  least: number,
  fall: number,
): Inputs | undefined {
  const level = signs.battery(slot);
  const before = signs.batteryBefore(slot);
  if (level < 0 || level > least || before - level < fall) return undefined;
  return { battery: level, ...(before > level && { batteryBefore: before }) };
}

/** The last signal was at most `least` dBm, and `fall` or more below the usual one. */
function signal(
  { slot, around: { signs } }: Case,
  least: number,
  fall: number,
): Inputs | undefined {
  const dBm = signs.signal(slot);
  const usual = signs.signalBefore(slot);
  if (dBm === 0 || dBm > least || usual - dBm < fall) return undefined;
  return { signal: dBm, signalBefore: usual };
}

/** As far as anybody knows, beats of it are lost. */
function losing({ inputs: { lossUp } }: Case): true | undefined {
  return typeof lossUp !== "number" || lossUp >= LOSS_MIN || undefined;
}
