// A broker for one board on the virtual interpreter: it takes everybody and knows two topics. The
// packets are those of `mqtt-packet`, which knows nothing of ours.

import { generate, type Packet, parser } from "mqtt-packet";
import type { Line, Peer } from "./board-net.ts";

const bytes = (frame: string): Buffer => Buffer.from(frame, "latin1");
const text = (packet: Packet): string => generate(packet).toString("latin1");

export class PretendBroker {
  /** How often a board said that it hangs up. */
  goodbyes = 0;
  private line: Line | undefined;
  private readonly up: (frame: string) => void;

  /** @param up takes each frame that a board publishes */
  constructor(up: (frame: string) => void) {
    this.up = up;
  }

  /** Whether a board is connected. */
  get connected(): boolean {
    return this.line !== undefined;
  }

  /** A board connects. */
  accept(line: Line): Peer {
    const reader = parser();
    const answer = (made: Packet): void => line.send(text(made), 10);
    reader.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        this.line = line;
        answer({ cmd: "connack", returnCode: 0, sessionPresent: false });
      } else if (packet.cmd === "subscribe")
        answer({ cmd: "suback", messageId: packet.messageId!, granted: [0] });
      else if (packet.cmd === "publish") this.up(packet.payload.toString("latin1"));
      else if (packet.cmd === "disconnect") this.goodbyes++;
    });
    return {
      hear: (sent) => void reader.parse(bytes(sent)),
      closed: () => {
        this.line = undefined;
      },
    };
  }

  /** The gateway publishes a frame for the board. */
  publish(topic: string, frame: string, ms: number): void {
    const payload = bytes(frame);
    this.line?.send(
      text({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }),
      ms,
    );
  }

  /** The board's power is gone, and its connection with it. */
  forget(): void {
    this.line = undefined;
  }
}
