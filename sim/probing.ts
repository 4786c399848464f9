// A board that looks for the life of its NAT binding: the real search of device/binding.ts between
// the same sender and the same gateway as ever, on a second socket. What a board's shell does is
// done here: it asks after each poll, sends what is due, hands back what came in, and keeps on
// flash what was found. What lost: the search in every simulated board, which a million of them
// would carry for the few behind a router.

import { answered, ask } from "../device/binding.ts";
import { type Binding, createBinding, joined } from "../device/binding-state.ts";
import type { Sender } from "../device/state.ts";
import { PROBE } from "../device/wire.ts";
import { Board } from "./board.ts";
import type { Shell } from "./board-kind.ts";

export class Prober extends Board {
  binding: Binding = createBinding("");
  /** What its flash has of the networks that it was in. */
  known = "";
  /** The sender's `life`: no field of one at rest (desk.ts). */
  private life = Number.POSITIVE_INFINITY;

  override boot(...when: Parameters<Board["boot"]>): void {
    super.boot(...when);
    this.binding = createBinding(this.known);
    this.life = Number.POSITIVE_INFINITY;
    this.with((s) => {
      joined(this.binding, s, this.network, this.time(when[0]));
      ask(this.binding, s, this.time(when[0]));
    });
  }

  override wake(now: number, transmit: (frame: string) => void, shell?: Shell): void {
    this.with(() => super.wake(now, transmit, shell));
    if (!this.on || (this.body && this.body.stage !== "up")) return;
    const frame = this.with((s) => ask(this.binding, s, this.time(now)));
    if (this.binding.dirty) this.known = this.binding.known;
    this.binding.dirty = 0;
    if (frame !== "") shell?.probe?.(this, frame);
  }

  override hear(frame: string, now: number): number {
    if (((frame.charCodeAt(0) >> 3) & 7) !== PROBE) return this.with(() => super.hear(frame, now));
    if (!this.on || (this.body && this.body.stage !== "up")) return -1;
    this.with((s) => answered(this.binding, s, frame, this.time(now)));
    return 0;
  }

  /** Four bytes for the network that it is in. */
  private get network(): string {
    return (this.way?.ap?.name ?? "").padEnd(4).slice(0, 4);
  }

  /** Its sender knows its `life` while `act` runs, and the next one's does not. */
  private with<T>(act: (s: Sender) => T): T {
    const s = this.roster.at(this.number);
    s.life = this.life;
    const result = act(s);
    this.life = s.life;
    s.life = Number.POSITIVE_INFINITY;
    return result;
  }
}
