/** One fact of each kind, for stores to keep. */

import type { Command, Incident, Notice } from "../../gateway/affairs.ts";
import type { Fact } from "../../gateway/facts.ts";
import { enrol } from "./rig.ts";

export function commandOf(n: number, at: number, more: Partial<Command> = {}): Command {
  return {
    ...{ n, cmd: 0, epoch: 0, payload: "on\x00\xff", supersede: "light", state: "queued" },
    ...{ queuedAt: at, notAfterAt: at + 60_000, offeredAt: null, doneAt: null },
    ...{ code: -1, result: "", ...more },
  };
}

export function incidentOf(n: number, at: number, more: Partial<Incident> = {}): Incident {
  return {
    ...{ n, cause: "site", scope: "site:söuth", openedAt: at, closedAt: null, ackedAt: null },
    ...{ remindedAt: null, members: [1, 2], joined: 3, away: 2, told: ["phone"], ...more },
  };
}

export function noticeOf(n: number, at: number): Notice {
  const words = { route: "phone", text: "Three boards of söuth are absent.", body: '{"a":1}' };
  return { n, incident: 4, kind: "opened", madeAt: at, ...words };
}

/** Of device 1, and of the gateway. */
export function allKinds(at: number): Fact[] {
  const quiet = { target: "site:söuth", kind: "mute", fromAt: at, untilAt: at + 5_000 } as const;
  const deaf = { n: 1, why: "stopped", transport: null, fromAt: at - 9, toAt: at } as const;
  return [
    enrol(1),
    { kind: "learned", id: 1, bytes: "\x00\xff learned" },
    { kind: "payload", id: 1, payload: "\x00 20.5 \xff", at },
    { kind: "command", id: 1, n: 7, command: commandOf(7, at) },
    { kind: "command", id: 1, n: 8, command: commandOf(8, at, { notAfterAt: Infinity }) },
    { kind: "incident", n: 4, incident: incidentOf(4, at) },
    { kind: "notice", n: 9, notice: noticeOf(9, at) },
    { kind: "deaf", deaf },
    { kind: "quiet", target: quiet.target, quiet },
    { kind: "history", id: 1, part: "m0001", bytes: "\x00\x01" },
    { kind: "history", id: 1, part: "m0002", bytes: "\xfe" },
  ];
}
