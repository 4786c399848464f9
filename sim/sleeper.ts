// Deep sleep, as a board's shell does it (device/board-sleep.ts): every wake is a boot, and of its
// sender nothing is left but what stands on flash. The numbers of its frames stand there in any
// case, one mark a beat (`reserve` 1); the rest, what `doze` gives, is written when it changed.
//
// A wake costs no beat where the board cannot join; and it ends, whatever the gateway does, half a
// minute after it began, unless a window is open. What lost: a sender that sleeps in memory, which
// no board of Espruino has, and which would be right where a real one is not.

import { intervalMs as intervalOf } from "../device/interval.ts";
import { leave, listening } from "../device/sender.ts";
import { doze, rouse } from "../device/sleep.ts";
import { coldBoot, createSender, type Sender } from "../device/state.ts";
import { alert } from "../device/vitals.ts";
import type { Board } from "./board.ts";
import type { Body } from "./body.ts";
import type { Flash } from "./flash.ts";
import { memoryOf, recalled } from "./orders.ts";
import { configOf } from "./rungs.ts";

/** Reset cause of extension 4: its timer, but with nothing kept of its sender. */
const DEEP_SLEEP = 2;

/** The sender of a program that just began: from flash, as if it had slept and nothing else. */
export function awoken(board: Board, body: Body): Sender {
  const { flash } = board;
  const s = createSender(configOf(board, ""), memoryOf(flash, ""), 0);
  if (!rouse(s, flash.doze)) s.extra = coldBoot(DEEP_SLEEP, "sim");
  body.newborn = false;
  return recalled(s, flash);
}

/** After a boot that is no wake of its timer's: nobody knows how long it was off, so it beats. */
export function resumed(s: Sender, flash: Flash, extra: string): void {
  if (flash.doze !== "" && rouse(s, flash.doze)) {
    s.beatAt = s.leaving = 0;
    s.extra = extra;
  }
  s.rungs |= flash.takeRungs();
}

/** What was wanted of it while it slept. `now` on the sender's clock. */
export function pressed(body: Body, s: Sender, now: number): void {
  if (body.leaves) leave(s, now);
  if (body.alerts !== (s.vitals & 8) > 0) alert(s, body.alerts, now);
  body.leaves = false;
}

/** Nothing is due for its sender: a board of reach class light or deep rests, unless it listens. */
export function rest(board: Board, body: Body, s: Sender, world: number): void {
  const now = board.time(world);
  const windowEnd = Math.min(s.windowAt, s.windowEnd);
  const open = now < windowEnd;
  body.sleepAt = Number.POSITIVE_INFINITY;
  if (s.reach === 0) return;
  if (s.reach === 1) {
    if (!listening(s, now)) body.power?.enter("light", world);
    else if (s.frame === "") body.sleepAt = body.bornAt + windowEnd;
    return;
  }
  if (open || (listening(s, now) && now < body.awakeMaxMs)) {
    const until = s.frame !== "" ? body.awakeMaxMs : 0;
    body.sleepAt = body.bornAt + Math.max(open ? windowEnd : 0, until);
  } else if (!body.staysUp(world)) {
    const { flash } = board;
    const kept = doze(s, now);
    if (kept !== flash.doze) flash.doze = kept;
    body.sleepUntil(body.bornAt + s.wakeAt, world);
  }
}

/**
 * How long it waits before it joins after a power-on (extension 13), ms: so that a fleet whose
 * power comes back does not speak as one.
 */
export function spreadMs(id: number, { spread, epoch }: Flash, intervalMs: number): number {
  if (spread === 0) return 0;
  const hash = Math.imul(id ^ Math.imul(epoch, 0x9e3779b1), 0x85ebca6b) >>> 0;
  return hash % Math.round(Math.min(intervalOf(spread), intervalMs));
}
