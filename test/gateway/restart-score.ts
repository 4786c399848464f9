// What a storm of restarts came to (restart-storm.ts).

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Stops by length, each row up to so many ms. */
export const LENGTHS = [0, MINUTE, HOUR, DAY];

export interface Score {
  /** By LENGTHS: stops, and who was called late or absent without having been heard since. */
  readonly restarts: number[];
  readonly falseLate: number[];
  readonly falseAbsent: number[];
  /** Called absent after having been heard since the start: the links' doing. */
  linkAbsent: number;
  deviceMs: number;
  downMs: number;
  deaths: number;
  found: number;
  /** Dead boards that were not found when they should have been. */
  overlooked: number;
  /** What went wrong, in words; the first few. */
  readonly faults: string[];
}

export function newScore(): Score {
  const zeros = () => LENGTHS.map(() => 0);
  const lists = { restarts: zeros(), falseLate: zeros(), falseAbsent: zeros() };
  return {
    ...lists,
    linkAbsent: 0,
    overlooked: 0,
    deviceMs: 0,
    downMs: 0,
    deaths: 0,
    found: 0,
    faults: [],
  };
}
