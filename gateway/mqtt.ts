/**
 * Beats over MQTT (protocol, section 7): frames come from `nextbeat/<id>/up` and go to
 * `nextbeat/<id>/down`, QoS 0, never retained.
 *
 * The broker is not trusted: frames are sealed as over UDP. The topic must name the frame's id all
 * the same, or one device could have its answers sent to another; and what the broker had kept is
 * dropped: a frame is of now. There is no address behind a broker, so the id stands for it, and a
 * device that switches from UDP is answered where it spoke last.
 */

import { frameId } from "../device/decode.ts";
import { FRAME_MAX } from "../device/wire.ts";
import { idText } from "./enrolment.ts";
import type { Source } from "./facts.ts";
import type { MqttLink, Subscription } from "./mqtt/link.ts";
import type { Transport } from "./udp.ts";

export const UP_TOPICS: Subscription = { topic: "nextbeat/+/up", needed: true };
const UP = /^nextbeat\/([0-9a-f]{6})\/up$/;

export interface MqttTransportOptions {
  readonly link: Pick<MqttLink, "publish">;
  /** Called for each frame, in the turn that received it. */
  readonly onFrame: (frame: string, from: Source) => void;
  /** Called for each message that is no frame of the device that its topic names. */
  readonly onRefused: () => void;
}

export class MqttTransport implements Transport {
  readonly name = "mqtt";
  /** Messages on the topics of frames that were dropped: kept by the broker, or of another id. */
  readonly dropped = { retained: 0, topic: 0 };
  readonly #options: MqttTransportOptions;

  constructor(options: MqttTransportOptions) {
    this.#options = options;
  }

  send({ address }: Source, frame: string): void {
    const payload = Buffer.from(frame, "latin1");
    this.#options.link.publish(`nextbeat/${address}/down`, payload, false);
  }

  /** @returns whether the message was on a topic of frames */
  takes(topic: string, payload: Buffer, retained: boolean): boolean {
    const id = UP.exec(topic)?.[1];
    if (id === undefined) return false;
    // One byte beyond the longest frame is enough to be too long.
    const frame = payload.toString("latin1", 0, FRAME_MAX + 1);
    const wrong = retained ? "retained" : idText(frameId(frame)) !== id ? "topic" : undefined;
    if (wrong === undefined) {
      this.#options.onFrame(frame, { transport: "mqtt", address: id, port: 0 });
    } else {
      this.dropped[wrong]++;
      this.#options.onRefused();
    }
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
