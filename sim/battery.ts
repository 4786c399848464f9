// What a battery gives: a charge that shrinks in the cold and by itself, and a voltage that falls
// with what was taken and with what is being taken. A board dies of the voltage long before the
// charge is gone: two alkaline cells are below the 2.43 V at which an ESP32 resets, under the
// current of its transmitter, with half of their charge left.
//
// Tables of a few points, straight between them. What lost: electrochemistry (recovery, rate of
// discharge, passivation), which needs parameters that no data sheet of a cell gives.

/** A cell or a pack. Points stand with their first number growing. */
export interface Battery {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** Of a new one, at room temperature and a small current. */
  readonly mAh: number;
  /** Share of the new charge that goes by itself in a year. */
  readonly selfDischargePerYear: number;
  /** Unloaded voltage, by share of charge left. */
  readonly volts: readonly (readonly [left: number, volts: number])[];
  /** Inner resistance of a full and of an empty one; straight between. */
  readonly internalOhm: readonly [full: number, empty: number];
  /** By degrees C: the share of its charge that can be had, and what multiplies its resistance. */
  readonly cold: readonly (readonly [degrees: number, charge: number, ohm: number])[];
}

/** The value of column `column` at `x`, straight between the points and level beyond them. */
function along(points: readonly (readonly number[])[], x: number, column: number): number {
  let i = 0;
  while (i < points.length && points[i]![0]! < x) i++;
  const after = points[Math.min(i, points.length - 1)]!;
  if (i === 0 || i === points.length) return after[column]!;
  const before = points[i - 1]!;
  const share = (x - before[0]!) / (after[0]! - before[0]!);
  return before[column]! + (after[column]! - before[column]!) * share;
}

/**
 * Voltage at the terminals under a load.
 * @param left share of the new charge, 0..1
 * @param nA what is being taken
 */
export function voltsAt(battery: Battery, left: number, degrees: number, nA: number): number {
  const reach = Math.max(0, 1 - (1 - left) / along(battery.cold, degrees, 1));
  const [full, empty] = battery.internalOhm;
  const ohm = (empty + (full - empty) * reach) * along(battery.cold, degrees, 2);
  return along(battery.volts, reach, 1) - (nA / 1e9) * ohm;
}

/** Share of a new one's charge that can be taken before a load of `nA` pulls it below `volts`. */
export function usableShare(battery: Battery, degrees: number, nA: number, volts: number): number {
  const holds = (taken: number) => voltsAt(battery, 1 - taken, degrees, nA) >= volts;
  let good = 0;
  let bad = along(battery.cold, degrees, 1);
  if (!holds(good)) return 0;
  for (let halving = 0; halving < 40; halving++) {
    const middle = (good + bad) / 2;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** What goes by itself, as a current in whole nA. */
export function selfNA({ mAh, selfDischargePerYear }: Battery): number {
  return Math.round((mAh * 1e6 * selfDischargePerYear) / 8766);
}
