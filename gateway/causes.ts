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

import type { Inputs } from "./causes/evidence.ts";
import { resetText } from "./causes/signs.ts";
import { type Around, type Finding, findIn, type Row } from "./causes/table.ts";
import type { Cause } from "./facts.ts";
import { type Group, QUIET_BEATS } from "./incidents/crowd-group.ts";
import { CLASH_SHOWN_MS } from "./limits.ts";
import * as row from "./rows.ts";

/** What the rules look at. */
interface Case {
  readonly slot: number;
  readonly at: number;
  readonly seenAt: number;
  /** What fell silent with it. */
  readonly group: Group | undefined;
  /** Evidence so far. */
  readonly shown: Inputs;
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
  { cause: "promise-broken", confidence: 0, holds: () => true },
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
 * @param shown what the detector decided by; what is found is added to it
 */
export function causeOfSilence(
  around: Around,
  slot: number,
  at: number,
  group: Group | undefined,
  shown: Inputs,
): Finding {
  const { records, signs } = around;
  const seenAt = records.rows.floats[slot * row.FLOATS + row.AT]!;
  const level = signs.battery(slot);
  if (level >= 0) shown.battery = level;
  const dBm = signs.signal(slot);
  if (dBm < 0) shown.signal = dBm;
  return findIn(SILENCE, { slot, at, seenAt, group, shown, around });
}

/** Frames in its name, from its last address, with a tag that is wrong, since it was heard. */
function refused({ slot, seenAt, shown, around: { records, hints } }: Case): boolean {
  const source = records.source[slot];
  const hint = source && hints.of(source.address, records.roster.id(slot));
  if (hint?.reason !== "bad-tag" || hint.at <= seenAt) return false;
  shown.badTags = hint.count;
  shown.badTagAt = hint.at;
  return true;
}

/** Another board used its numbers, within its last promise or since. */
function clash({ slot, at, seenAt, shown, around: { records } }: Case): boolean {
  const clash = records.clashes.get(slot);
  if (clash === undefined || clash.at < seenAt - records.promiseMs(slot)) return false;
  if (at - clash.at > CLASH_SHOWN_MS) return false;
  shown.clashes = clash.count;
  shown.clashAt = clash.at;
  return true;
}

/** Everybody is silent, and not because of the network that they share with us. */
function isOurs({ slot, at, group, around: { crowd } }: Case): boolean {
  return group?.kind === "fleet" && group.dueBeats(at) >= QUIET_BEATS && !crowd.isNear(slot);
}

/** What fell silent together, in numbers. */
function silent({ slot, at, group, shown, around }: Case, holds: boolean): boolean {
  if (!holds || group === undefined) return false;
  const promiseMs = around.records.promiseMs(slot);
  const devices = group.expected(at, promiseMs);
  const silent = group.silent(at, promiseMs);
  shown.quietMs = group.quietMs(at);
  if (group.kind === "site") {
    shown.siteDevices = devices;
    shown.siteSilent = silent;
  } else if (group.kind === "address") {
    shown.address = group.address;
    shown.addressDevices = devices;
    shown.addressSilent = silent;
  } else if (group.kind === "broker") {
    shown.brokerDevices = devices;
    shown.brokerSilent = silent;
  } else {
    shown.fleetDevices = devices;
    shown.fleetSilent = silent;
  }
  return true;
}

/** Boots without a pause, up to its silence. */
function resetLoop({ slot, at, shown, around: { signs } }: Case): boolean {
  if (signs.boots(slot, at) < RESETS_MIN) return false;
  shown.resets = signs.boots(slot, at);
  shown.resetsMs = signs.bootsMs(slot);
  shown.resetCause = resetText(signs.reset(slot));
  return true;
}

/** The last reading is at most `least` per cent, and fell by `fall` or more within a day. */
function battery({ slot, shown, around: { signs } }: Case, least: number, fall: number): boolean {
  const level = signs.battery(slot);
  const before = signs.batteryBefore(slot);
  if (level < 0 || level > least || before - level < fall) return false;
  if (before > level) shown.batteryBefore = before;
  return true;
}

/** The last signal was at most `least` dBm, and `fall` or more below the usual one. */
function signal({ slot, shown, around: { signs } }: Case, least: number, fall: number): boolean {
  const dBm = signs.signal(slot);
  const usual = signs.signalBefore(slot);
  if (dBm === 0 || dBm > least || usual - dBm < fall) return false;
  shown.signalBefore = usual;
  return true;
}

/** As far as anybody knows, beats of it are lost. */
function losing({ shown: { lossUp } }: Case): boolean {
  return typeof lossUp !== "number" || lossUp >= LOSS_MIN;
}
