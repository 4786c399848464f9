// The far side of the proxy: a socket for each address that the gateway sees. When a board's NAT
// gives it another address, another socket takes over; the one before is closed once the frames that
// were under way have left through it. Its port itself is the system's choice, not the NAT's.

import type { RemoteInfo, Socket } from "node:dgram";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import { bindUdp, closeUdp, type Place } from "./datagrams.ts";

/** A board at a client's address, and its socket towards the gateway. */
export interface Binding {
  readonly board: Board;
  readonly inner: Socket;
  readonly address: string;
  readonly port: number;
  outer: Outer | undefined;
}

export interface Outer {
  readonly binding: Binding;
  readonly socket: Socket;
  readonly source: Source;
  /** Frames that will leave through it. */
  waiting: number;
}

export class Outers {
  /** Called with each frame of the gateway, and with errors of sockets. */
  private readonly receive: (outer: Outer, message: Buffer) => void;
  private readonly fail: (error: Error) => void;
  private readonly target: Place;
  private readonly all = new Set<Outer>();

  constructor(
    target: Place,
    receive: (outer: Outer, message: Buffer) => void,
    fail: (error: Error) => void,
  ) {
    this.target = target;
    this.receive = receive;
    this.fail = fail;
  }

  /** The socket for the address that the gateway sees now; undefined: the system gives none. */
  of(binding: Binding): Outer | undefined {
    const { source } = binding.board.path;
    const before = binding.outer;
    if (before?.source === source) return before;
    const outer = this.open(binding, source);
    if (outer) {
      binding.outer = outer;
      if (before) this.retire(before);
    }
    return outer;
  }

  /** Closes it, if it is of the past and nothing will leave through it. */
  retire(outer: Outer): void {
    if (outer === outer.binding.outer || outer.waiting > 0) return;
    this.all.delete(outer);
    outer.socket.close();
  }

  ports(): number[] {
    return [...this.all].map(({ socket }) => socket.address().port);
  }

  async close(): Promise<void> {
    await Promise.all([...this.all].map(({ socket }) => closeUdp(socket)));
  }

  private open(binding: Binding, source: Source): Outer | undefined {
    const { address, family, port } = this.target;
    try {
      const socket = bindUdp(family);
      const outer = { binding, socket, source, waiting: 0 };
      socket.on("error", this.fail);
      socket.on("message", (message: Buffer, from: RemoteInfo) => {
        if (from.port === port && from.address === address) this.receive(outer, message);
      });
      this.all.add(outer);
      return outer;
    } catch (error) {
      this.fail(error as Error);
      return undefined;
    }
  }
}
