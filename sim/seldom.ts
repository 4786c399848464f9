// What senders at rest seldom have: a command, a silence that lasts, something to tell of it, a
// payload. Kept by number beside their records (roster.ts), where a million boards need no room for
// what a hundred have.

import type { Sender } from "../device/state.ts";

/** Which of it a sender has. */
const ORDERS = 64;
const PLIGHT = 128;

/** Of a sender that had a command in this epoch (device/commands.ts). */
type Orders = Pick<Sender, "cmd" | "todo" | "result" | "payload">;
/** Of one whose tries ended unanswered, or that has more to say than its vitals. */
type Plight = Pick<
  Sender,
  "failed" | "rungs" | "told" | "step" | "climbed" | "climbAt" | "load" | "each" | "rested"
>;

export class Seldom {
  private readonly orders = new Map<number, Orders>();
  private readonly plights = new Map<number, Plight>();

  /** Keeps what there is. @returns which, as bits from 64 on */
  put(slot: number, s: Sender): number {
    let which = 0;
    if (s.cmd !== 0) {
      which |= ORDERS;
      const { cmd, todo, result, payload } = s;
      this.orders.set(slot, { cmd, todo, result, payload });
    }
    if ((s.failed | s.rungs | s.told) !== 0 || s.rested > 0 || s.load !== "" || s.each !== "") {
      which |= PLIGHT;
      const { failed, rungs, told, step, climbed, climbAt, load, each, rested } = s;
      const plight = { failed, rungs, told, step, climbed, climbAt, load, each, rested };
      this.plights.set(slot, plight);
    }
    return which;
  }

  /** Lays it out again, and nothing where nothing was. @param which there is, as `put` said */
  take(slot: number, s: Sender, which: number): void {
    if (which & ORDERS) {
      const { cmd, todo, result, payload } = this.orders.get(slot)!;
      s.cmd = cmd;
      s.todo = todo;
      s.result = result;
      s.payload = payload;
    } else s.cmd = s.todo = 0;
    if (which & PLIGHT) {
      layPlight(this.plights.get(slot)!, s);
      this.plights.delete(slot);
    } else {
      s.failed = s.rungs = s.told = s.step = s.climbed = s.rested = 0;
      s.load = s.each = "";
      // While nothing fails it is set at each poll, of which the last sent something.
      s.climbAt = s.sentAt;
    }
  }
}

function layPlight(plight: Plight, s: Sender): void {
  s.failed = plight.failed;
  s.rungs = plight.rungs;
  s.told = plight.told;
  s.step = plight.step;
  s.climbed = plight.climbed;
  s.climbAt = plight.climbAt;
  s.load = plight.load;
  s.each = plight.each;
  s.rested = plight.rested;
}
