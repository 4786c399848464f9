// Who hears what is sent: each board has a path of its own to the one gateway, which knows it by
// the address that its frames come from. A stranger has an address too, and no path: what the
// gateway sends there is seen and goes nowhere.

import type { Outgoing, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import { HOST } from "./host.ts";
import { submit } from "./link.ts";
import type { Observers } from "./observer.ts";

/** A frame at its destination: the gateway's socket, or, with `board`, that board's radio. */
export interface Arrival {
  readonly bytes: string;
  /** The address at the other end from the gateway. */
  readonly peer: Source;
  readonly board: Board | undefined;
}

export class Network {
  private readonly byAddress = new Map<string, Board>();
  private readonly observers: Observers;
  private readonly push: (up: boolean, source: number, at: number, arrival: Arrival) => void;

  /** @param push puts an arrival into the queue: `source` is the event's source, `at` whole ms */
  constructor(
    observers: Observers,
    push: (up: boolean, source: number, at: number, arrival: Arrival) => void,
  ) {
    this.observers = observers;
    this.push = push;
  }

  join(board: Board): void {
    this.byAddress.set(addressOf(board.source), board);
  }

  /** The board's frames come from another port from now on, as after a NAT's amnesia. */
  rebind(board: Board): void {
    this.byAddress.delete(addressOf(board.source));
    board.source = { ...board.source, port: board.source.port + 1 };
    this.join(board);
  }

  up(board: Board, bytes: string, now: number): void {
    this.carry(true, board, bytes, board.source, now);
  }

  down({ to, frame }: Outgoing, now: number): void {
    const board = this.byAddress.get(addressOf(to));
    if (board) this.carry(false, board, frame, to, now);
    else {
      this.observers.notify("sent", {
        at: now,
        direction: "down",
        board,
        peer: to,
        bytes: frame,
        deliveries: [],
      });
    }
  }

  private carry(up: boolean, board: Board, bytes: string, peer: Source, now: number): void {
    const deliveries = submit(up ? board.up : board.down, bytes, now).map((delivery) => ({
      at: Math.max(Math.ceil(delivery.at), now + 1),
      bytes: delivery.bytes,
    }));
    const direction = up ? "up" : "down";
    this.observers.notify("sent", { at: now, direction, board, peer, bytes, deliveries });
    for (const { at, bytes: frame } of deliveries) {
      this.push(up, up ? board.id : HOST, at, { bytes: frame, peer, board });
    }
  }
}

function addressOf({ transport, address, port }: Source): string {
  return `${transport} ${address} ${port}`;
}
