/**
 * What people do with commands: queue one, take one back, look at them.
 *
 * Bad input throws RangeError and changes nothing. What cannot be taken back, since it was sent, is
 * no bad input: the answer says so. A command that takes the place of others with its key takes
 * only those that were never sent; what was sent may have been acted on, and keeps its fate.
 */

import type { Draft } from "../effects.ts";
import {
  COMMAND_PAYLOAD_MAX,
  NOT_AFTER_MAX_MS,
  NOT_AFTER_MIN_MS,
  SUPERSEDE_MAX,
} from "../limits.ts";
import type { Parts } from "../parts.ts";
import { type CommandView, forecast } from "./forecast.ts";
import { takesCommands } from "./offers.ts";

export interface NewCommand {
  /** 0 to 243 bytes. */
  readonly payload: string;
  /** Not to be sent after so many ms from now: 1 s to 30 d. */
  readonly notAfterMs: number;
  /** Takes the place of those with the same key that were never sent; "": of none. */
  readonly supersede: string;
}

/** Too many wait already: what was asked may be asked again later. */
export class QueueFull extends RangeError {}

/** Queues a command for the device in `slot`. @returns its n */
export function queueCommand(
  { commands, records, limits }: Parts,
  slot: number,
  order: NewCommand,
  now: number,
  draft: Draft,
): number {
  const { payload, notAfterMs, supersede } = order;
  checkOrder(order);
  if (!takesCommands(records, slot)) {
    throw new RangeError("suite 0 (crc16) has no commands; expected a device of suite 1 or 2");
  }
  const { backlog } = commands;
  const waiting = backlog.get(slot)?.waiting ?? [];
  const old = waiting.filter(
    (c) => c.state === "queued" && supersede !== "" && c.supersede === supersede,
  );
  if (waiting.length - old.length >= limits.commandsPerDevice) {
    const most = limits.commandsPerDevice;
    throw new QueueFull(
      `${waiting.length} commands wait for this device; expected fewer than ${most}`,
    );
  }
  if (backlog.waiting - old.length >= limits.commandsMax) {
    throw new QueueFull(
      `${backlog.waiting} commands wait; expected fewer than ${limits.commandsMax}`,
    );
  }
  const queue = backlog.of(slot);
  for (const command of old) backlog.end(queue, command, { state: "superseded", at: now }, draft);
  const n = queue.last + 1;
  backlog.add(
    queue,
    {
      n,
      cmd: 0,
      epoch: 0,
      payload,
      supersede,
      state: "queued",
      queuedAt: now,
      notAfterAt: now + notAfterMs,
      offeredAt: null,
      doneAt: null,
      code: -1,
      result: "",
    },
    draft,
  );
  commands.changed(queue, now, draft);
  return n;
}

/** What came of taking a command back. */
export type Withdrawal = "withdrawn" | "unknown" | "sent" | "ended";

/** Takes back a command that was never sent: it then counts as superseded. */
export function withdrawCommand(
  { commands }: Parts,
  slot: number,
  n: number,
  now: number,
  draft: Draft,
): Withdrawal {
  const queue = commands.backlog.get(slot);
  const command = queue?.all().find((other) => other.n === n);
  if (queue === undefined || command === undefined) return "unknown";
  if (command.state === "offered") return "sent";
  if (command.state !== "queued") return "ended";
  commands.backlog.end(queue, command, { state: "superseded", at: now }, draft);
  commands.changed(queue, now, draft);
  return "withdrawn";
}

/** The commands of a device as they may be told, oldest first. */
export function viewCommands(
  { commands, records, detector }: Parts,
  slot: number,
  now: number,
): CommandView[] {
  const queue = commands.backlog.get(slot);
  return queue === undefined ? [] : forecast(records, queue, detector.expectedAt(slot), now);
}

function checkOrder({ payload, notAfterMs, supersede }: NewCommand): void {
  for (let at = 0; at < payload.length; at++) {
    if (payload.charCodeAt(at) > 255) throw new RangeError("payload: expected bytes");
  }
  if (payload.length > COMMAND_PAYLOAD_MAX) {
    throw new RangeError(
      `payload of ${payload.length} bytes; expected at most ${COMMAND_PAYLOAD_MAX}`,
    );
  }
  if (!(notAfterMs >= NOT_AFTER_MIN_MS && notAfterMs <= NOT_AFTER_MAX_MS)) {
    throw new RangeError(`not-after in ${notAfterMs} ms; expected 1 s to 30 d`);
  }
  if (supersede.length > SUPERSEDE_MAX) {
    throw new RangeError(
      `supersede key of ${supersede.length} characters; expected at most ${SUPERSEDE_MAX}`,
    );
  }
}
