/** The rules that detectors are known by, each a time-out after the last beat that was heard. */

/** What a rule is asked and told; durations in ms. */
export interface Rule {
  readonly name: string;
  /** Silence after which the board is taken for dead. */
  wait(): number;
  /** A beat came, so long after the one before. */
  heard(gapMs: number): void;
}

/** A rule without memory: one number serves all boards. */
export interface Fixed {
  readonly name: string;
  readonly waitMs: number;
}

export function fixedRules(intervalMs: number): Fixed[] {
  return [
    { name: "1.5 x (MQTT)", waitMs: 1.5 * intervalMs },
    { name: "2 x", waitMs: 2 * intervalMs },
    { name: "3 misses (BFD)", waitMs: 3 * intervalMs },
    { name: "5 x", waitMs: 5 * intervalMs },
    { name: "10 x", waitMs: 10 * intervalMs },
  ];
}

const WINDOW = 1_000;
const SD_MIN_MS = 100;
/** z at which a normal tail is 1e-8: phi 8. */
const Z = 5.612;

/**
 * Phi accrual at 8 over the last 1 000 gaps, a normal fit, deviation 100 ms at least (Hayashibara
 * 2004; Akka's numbers). With Akka's pause of 3 s, and like Akka without the gaps that it took for
 * deaths; or without a pause, and with all of them.
 */
export class Phi implements Rule {
  readonly name: string;
  readonly #pauseMs: number;
  readonly #gaps = new Float32Array(WINDOW);
  #count = 0;
  #next = 0;
  #sum = 0;
  #squares = 0;

  constructor(firstMs: number, pauseMs: number) {
    this.name = pauseMs > 0 ? "phi 8 (Akka)" : "phi 8";
    this.#pauseMs = pauseMs;
    // Akka's guess for the first: mean and a quarter of it as deviation.
    this.#add(firstMs * 0.75);
    this.#add(firstMs * 1.25);
  }

  wait(): number {
    const mean = this.#sum / this.#count;
    const variance = Math.max(0, this.#squares / this.#count - mean * mean);
    return mean + this.#pauseMs + Z * Math.max(SD_MIN_MS, Math.sqrt(variance));
  }

  heard(gapMs: number): void {
    if (this.#pauseMs > 0 && gapMs > 2 * this.#gaps[0]! && gapMs > this.wait()) return;
    this.#add(gapMs);
  }

  #add(gapMs: number): void {
    const at = this.#next;
    const gap = Math.fround(gapMs);
    if (this.#count === WINDOW) {
      const old = this.#gaps[at]!;
      this.#sum -= old;
      this.#squares -= old * old;
    } else this.#count++;
    this.#gaps[at] = gap;
    this.#sum += gap;
    this.#squares += gap * gap;
    this.#next = at + 1 === WINDOW ? 0 : at + 1;
  }
}
