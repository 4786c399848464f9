// How long a datagram lies unread in the kernel before this process sees it. Its timers cannot
// tell: what waits there has not been planned for yet. So the process sends itself a datagram with
// the instant in it, again and again, which stands in the same queue as all others.

import type { RemoteInfo, Socket } from "node:dgram";
import { performance } from "node:perf_hooks";
import type { Stage } from "./stage.ts";
import { Durations } from "./timing.ts";

const EVERY_MS = 20;
const BYTES = 8;

export class Unread {
  /** ms */
  readonly durations = new Durations();
  private readonly socket: Socket;
  private readonly stage: Stage;
  private readonly port: number;
  private readonly self: string;

  constructor(socket: Socket, stage: Stage) {
    this.socket = socket;
    this.stage = stage;
    const { port, address } = socket.address();
    this.port = port;
    this.self = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address] ?? address;
    this.again();
  }

  /** Whether a datagram was one of these. */
  took(message: Buffer, { port, address }: RemoteInfo): boolean {
    if (port !== this.port || message.length !== BYTES || address !== this.self) return false;
    this.durations.add(performance.now() - message.readDoubleBE(0));
    return true;
  }

  private again(): void {
    this.stage.at(this.stage.now + EVERY_MS, () => {
      const sentAt = Buffer.alloc(BYTES);
      sentAt.writeDoubleBE(performance.now());
      this.socket.send(sentAt, this.port, this.self);
      this.again();
    });
  }
}
