/** People in the crash storm: they send commands, take incidents on, mute and unmute. */

import type { Process } from "./storm-gateway.ts";
import type { Witness } from "./storm-witness.ts";

export class People {
  readonly #witness: Witness;
  readonly #random: () => number;
  #orders = 0;

  constructor(witness: Witness, random: () => number) {
    this.#witness = witness;
    this.#random = random;
  }

  /** Somebody does something about a board, or about any incident. */
  act(process: Process, id: number): void {
    const luck = this.#random();
    if (luck < 0.8) this.#order(process, id);
    else if (luck < 0.9) this.#acknowledge(process);
    else this.#quiet(process, id);
  }

  #order(process: Process, id: number): void {
    const { core, mono } = process;
    const payload = `order ${++this.#orders}`;
    const notAfterMs = 5_000 + this.#random() * 300_000;
    const supersede = this.#random() < 0.3 ? "light" : "";
    const order = this.#witness.ordered(id, payload);
    try {
      const effects = core!.requests.send(id, { payload, notAfterMs, supersede }, mono);
      void process.obey(effects).then(() => {
        order.n = effects.n;
      });
    } catch (error) {
      // The queue is full: nobody was told that it was taken.
      if (!(error instanceof RangeError)) throw error;
      this.#witness.orders.delete(payload);
    }
  }

  #acknowledge(process: Process): void {
    const open = process.core!.requests.incidents().filter(({ closedAt }) => closedAt === null);
    const incident = open[Math.floor(this.#random() * open.length)];
    if (incident === undefined || incident.ackedAt !== null) return;
    void process.obey(process.core!.requests.acknowledge(incident.n, process.mono));
  }

  #quiet(process: Process, id: number): void {
    const { core, mono } = process;
    const target = `device:${id.toString(16).padStart(6, "0")}`;
    const known = core!.requests.quiets.some((quiet) => quiet.target === target);
    const untilAt = mono + this.#random() * 600_000;
    void process.obey(
      known
        ? core!.requests.unquiet(target, mono)
        : core!.requests.quiet(target, "mute", untilAt, mono),
    );
  }
}
