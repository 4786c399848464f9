// The batteries that people really put into sensors, by name. Capacities and voltages are those of
// data sheets, rounded; inner resistances, and what cold does, spread so widely between makes that
// all of them are estimates where no source stands.

import type { Battery } from "./battery.ts";

/** What cold does to alkaline cells, whose electrolyte is water, and to lithium ones. Estimates. */
const ALKALINE_COLD = [
  [-20, 0.3, 4],
  [0, 0.7, 2],
  [20, 1, 1],
  [40, 1, 0.8],
] as const;
const LITHIUM_COLD = [
  [-40, 0.5, 4],
  [-20, 0.8, 2],
  [0, 0.95, 1.3],
  [20, 1, 1],
] as const;
/** Rechargeable lithium suffers more. */
const RECHARGEABLE_COLD = [
  [-40, 0.3, 10],
  [-20, 0.65, 4],
  [0, 0.9, 1.8],
  [20, 1, 1],
] as const;

const cr123a: Battery = {
  name: "cr123a",
  about: "CR123A, lithium, 3 V: small, strong, lasts on the shelf",
  mAh: 1_500,
  selfDischargePerYear: 0.01,
  volts: [
    [0, 2],
    [0.05, 2.5],
    [0.2, 2.8],
    [0.5, 2.95],
    [0.9, 3.05],
    [1, 3.2],
  ],
  internalOhm: [0.4, 1.2],
  cold: LITHIUM_COLD,
};

/** Open circuit 1.58 V a fresh cell (advanced-battery.com); 0.15 to 0.3 ohm a cell. */
const aa2: Battery = {
  name: "aa2",
  about: "two alkaline AA in a row: half of their charge lies below what a 3.3 V chip needs",
  mAh: 2_500,
  selfDischargePerYear: 0.03,
  volts: [
    [0, 2],
    [0.1, 2.3],
    [0.25, 2.48],
    [0.5, 2.66],
    [0.75, 2.84],
    [0.9, 2.98],
    [1, 3.16],
  ],
  internalOhm: [0.4, 1.4],
  cold: ALKALINE_COLD,
};

/** 90 % left after 15 years at 21 degrees (Energizer L91 data sheet). */
const aa2Lithium: Battery = {
  name: "aa2-lithium",
  about: "two lithium AA (FR6) in a row: level to the end, and good in the cold",
  mAh: 3_000,
  selfDischargePerYear: 0.0067,
  volts: [
    [0, 1.8],
    [0.05, 2.5],
    [0.1, 2.8],
    [0.5, 3],
    [0.9, 3.1],
    [1, 3.55],
  ],
  internalOhm: [0.25, 0.7],
  cold: LITHIUM_COLD,
};

const li18650: Battery = {
  name: "18650",
  about: "one lithium-ion 18650 with its protection, through a regulator",
  mAh: 3_000,
  selfDischargePerYear: 0.15,
  volts: [
    [0, 3],
    [0.05, 3.35],
    [0.2, 3.6],
    [0.5, 3.75],
    [0.8, 3.95],
    [1, 4.18],
  ],
  internalOhm: [0.08, 0.15],
  cold: RECHARGEABLE_COLD,
};

const lifepo4: Battery = {
  name: "lifepo4-18650",
  about: "one lithium iron phosphate 18650: 3.2 V without a regulator",
  mAh: 1_500,
  selfDischargePerYear: 0.1,
  volts: [
    [0, 2.5],
    [0.05, 3],
    [0.2, 3.2],
    [0.5, 3.27],
    [0.9, 3.32],
    [1, 3.4],
  ],
  internalOhm: [0.06, 0.12],
  cold: RECHARGEABLE_COLD,
};

/** 1 % a year (Maxell, Varta handbooks); 18.5 Ah and 3.3 to 3.6 V below 20 mA (Linden, 14.17). */
const dLithium: Battery = {
  name: "d-lithium",
  about: "ER34615, lithium thionyl chloride, D: 19 Ah for decades of little; pulses hurt it",
  mAh: 19_000,
  selfDischargePerYear: 0.01,
  volts: [
    [0, 2],
    [0.04, 3.2],
    [0.1, 3.5],
    [0.5, 3.62],
    [1, 3.66],
  ],
  internalOhm: [1.6, 5],
  cold: LITHIUM_COLD,
};

/** 240 mAh, 18 to 20 ohm and 30 ohm late (interactive-matter.eu after a Duracell data sheet). */
const cr2032: Battery = {
  name: "cr2032",
  about: "CR2032 coin, as a warning: a radio's first pulse is too much for it",
  mAh: 240,
  selfDischargePerYear: 0.01,
  volts: [
    [0, 2],
    [0.3, 2.8],
    [0.9, 2.95],
    [1, 3.2],
  ],
  internalOhm: [18, 40],
  cold: LITHIUM_COLD,
};

/** In the order in which `nextbeat sim presets` prints them. */
export const ALL_BATTERIES: readonly Battery[] = [
  cr123a,
  aa2,
  aa2Lithium,
  li18650,
  lifepo4,
  dLithium,
  cr2032,
];
