/**
 * Commands over MQTT, where the owner wants that (`--mqtt-commands`): what is published on
 * `nextbeat/<id>/command` is queued, byte for byte; what came of it is on `nextbeat/<id>/result`.
 *
 * The payload is the command and nothing else, so that a button of Home Assistant can send it; how
 * long it is good for is the gateway's default. A JSON envelope lost: a command may itself be JSON.
 * What the broker kept is dropped: it would be done again after each connect.
 */

import type { Clock } from "../clock.ts";
import type { Effects } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import { commandJson } from "../http/commands.ts";
import { COMMAND_PAYLOAD_MAX, NOT_AFTER_DEFAULT_MS } from "../limits.ts";
import type { Log } from "../log.ts";
import type { MqttLink, Subscription } from "./link.ts";

export const COMMAND_TOPICS: Subscription = { topic: "nextbeat/+/command" };
const WAITING = new Set(["queued", "offered"]);
const COMMAND = /^nextbeat\/([0-9a-f]{6})\/command$/;

export interface MqttCommandOptions {
  readonly core: Gateway;
  readonly clock: Clock;
  readonly link: Pick<MqttLink, "publish">;
  readonly log: Log;
  /** Lets effects happen; resolves when they are durable. */
  readonly apply: (effects: Effects) => Promise<void>;
}

/** @returns whether the message was on a topic of commands */
export function takeCommand(
  topic: string,
  payload: Buffer,
  retained: boolean,
  { core, clock, link, log, apply }: MqttCommandOptions,
): boolean {
  const id = COMMAND.exec(topic)?.[1];
  if (id === undefined) return false;
  const refuse = (error: string): void => {
    log.few("command refused", { id, error });
    link.publish(`nextbeat/${id}/result`, JSON.stringify({ error }), false);
  };
  if (retained) {
    refuse("this command was kept by the broker; expected it not retained");
    return true;
  }
  // One byte beyond the longest is enough to be too long.
  const order = {
    payload: payload.toString("latin1", 0, COMMAND_PAYLOAD_MAX + 1),
    notAfterMs: NOT_AFTER_DEFAULT_MS,
    supersede: "",
  };
  try {
    // A store that cannot write ends the process, and says so itself.
    apply(core.requests.send(Number.parseInt(id, 16), order, clock.now())).catch(() => {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse(error.message);
  }
  return true;
}

/** What came of a command; undefined: nothing yet, or nobody knows. */
export function resultJson(core: Gateway, clock: Clock, id: number, n: number): object | undefined {
  if (core.enrolment(id) === undefined) return undefined;
  const command = core.requests.commandsOf(id, clock.now()).find((one) => one.n === n);
  if (command === undefined || WAITING.has(command.state)) return undefined;
  return commandJson(command, clock);
}
