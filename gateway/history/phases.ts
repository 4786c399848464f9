/**
 * When whose history is written: each device once an hour, at a phase of its own, so that a fleet's
 * writing is spread over the hour and a device's hours begin at its own minute.
 */

import { PHASE_MS, PHASES, phaseOf } from "./code.ts";

export class Phases {
  /** Call `due` no later than this. */
  wakeAt = Infinity;
  /** Slots by their phase. */
  readonly #slots: number[][] = Array.from({ length: PHASES }, () => []);
  /** A full hour on the wall clock, before the start. */
  readonly #origin: number;
  /** The last phase that came, counted from the origin. */
  #last: number;

  constructor(origin: number, now: number) {
    this.#origin = origin;
    this.#last = this.#at(now);
  }

  add(slot: number, id: number, now: number): void {
    const phase = phaseOf(id);
    this.#slots[phase]!.push(slot);
    const k = this.#at(now);
    const ahead = (phase - (k % PHASES) + PHASES) % PHASES || PHASES;
    this.wakeAt = Math.min(this.wakeAt, this.#origin + (k + ahead) * PHASE_MS);
  }

  remove(slot: number, id: number): void {
    const slots = this.#slots[phaseOf(id)]!;
    slots.splice(slots.indexOf(slot), 1);
  }

  all(): number[] {
    return this.#slots.flat();
  }

  /** Whose phase came since the last call, each once. */
  due(now: number): number[] {
    const last = this.#at(now);
    const due: number[] = [];
    for (let k = Math.max(this.#last + 1, last - PHASES + 1); k <= last; k++) {
      due.push(...this.#slots[k % PHASES]!);
    }
    this.#last = Math.max(this.#last, last);
    let ahead = 1;
    while (ahead <= PHASES && this.#slots[(this.#last + ahead) % PHASES]!.length === 0) ahead++;
    this.wakeAt = ahead > PHASES ? Infinity : this.#origin + (this.#last + ahead) * PHASE_MS;
    return due;
  }

  #at(now: number): number {
    return Math.floor((now - this.#origin) / PHASE_MS);
  }
}
