// The sockets towards the gateway, of a proxy or a fleet. A board has one of its own, as in life,
// for each address that its NAT gives it: when that changes, so does the socket, and the gateway
// sees another port, the system's choice and not the NAT's. Where there are more boards than
// sockets, boards share, and the tag tells whose a frame is (sharers.ts); those keep their port.

import type { Socket } from "node:dgram";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import { bindUdp, closeUdp, filesMax, type Place } from "./datagrams.ts";
import { Sharers } from "./sharers.ts";

/** Sockets, at most: half of the ports that Linux gives to those who do not care which. */
export const SOCKETS_MAX = 14_000;
/** Files that are left to the rest of the process. */
const FILES_SPARE = 200;

export interface Wire {
  readonly socket: Socket;
  /** Whose it is; undefined: it is shared. */
  readonly owner: Wired | undefined;
  /** The address that it stands for. */
  readonly source: Source | undefined;
  /** Frames that will leave through it. */
  waiting: number;
}

/** A board with its own wire; undefined: it shares one, or has not spoken yet. */
export interface Wired {
  readonly board: Board;
  wire: Wire | undefined;
}

export class Wires<M extends Wired> {
  /** Datagrams that the system refused to send, and frames that were no board's. */
  failures = 0;
  strays = 0;
  private readonly target: Place;
  private readonly receive: (member: M, source: Source, frame: string) => void;
  private readonly all = new Set<Wire>();
  private readonly shared: Wire[] = [];
  private readonly sharers: Sharers<M>[] = [];

  /** @param receive is called with each frame of the gateway, and the address that it went to */
  constructor(target: Place, receive: (member: M, source: Source, frame: string) => void) {
    this.target = target;
    this.receive = receive;
  }

  /** Sockets in use; after `close`, those that were. */
  get count(): number {
    return this.all.size;
  }

  /**
   * Opens what so many boards must share, if there cannot be a socket for each.
   * @param most sockets, at most. Default: what the system gives, up to SOCKETS_MAX
   * @throws where the system gives none
   */
  share(boards: number, most = Math.min(SOCKETS_MAX, filesMax() - FILES_SPARE)): void {
    while (boards > most && this.shared.length < Math.max(1, most)) {
      const sharers = new Sharers<M>();
      const hear = (frame: string) => {
        const member = sharers.whose(frame);
        if (member) this.receive(member, member.board.path.source, frame);
        else this.strays++;
      };
      try {
        this.shared.push(this.make(undefined, undefined, hear));
      } catch (error) {
        if (this.shared.length === 0) throw error;
        break;
      }
      this.sharers.push(sharers);
    }
  }

  /** The wire for a frame that is about to be on its way to `send`; undefined: there is none. */
  wireFor(member: M, frame: string): Wire | undefined {
    const { shared } = this;
    const place = member.board.number % shared.length;
    let wire = shared.length > 0 ? shared[place] : member.wire;
    if (shared.length > 0) this.sharers[place]!.sends(member, frame);
    else if (wire?.source !== member.board.path.source) wire = this.renew(member);
    if (wire) wire.waiting++;
    return wire;
  }

  /** What lets a frame go, when its time has come; undefined: there is no wire. */
  take(member: M, frame: string): (() => void) | undefined {
    const wire = this.wireFor(member, frame);
    if (!wire) return undefined;
    const message = Buffer.from(frame, "latin1");
    return () => this.send(wire, message);
  }

  send(wire: Wire, message: Buffer): void {
    wire.socket.send(message, this.target.port, this.target.address, this.done);
    wire.waiting--;
    this.retire(wire);
  }

  ports(): number[] {
    return [...this.all].map(({ socket }) => socket.address().port);
  }

  async close(): Promise<void> {
    await Promise.all([...this.all].map(({ socket }) => closeUdp(socket)));
  }

  private renew(member: M): Wire | undefined {
    const { source } = member.board.path;
    const before = member.wire;
    try {
      member.wire = this.make(member, source, (frame) => this.receive(member, source, frame));
    } catch {
      this.failures++;
      return undefined;
    }
    if (before) this.retire(before);
    return member.wire;
  }

  /** Closes a wire that is of the past, once nothing will leave through it. */
  private retire(wire: Wire): void {
    if (!wire.owner || wire.owner.wire === wire || wire.waiting > 0) return;
    this.all.delete(wire);
    wire.socket.close();
  }

  private make(
    owner: M | undefined,
    source: Source | undefined,
    hear: (frame: string) => void,
  ): Wire {
    const { family, port, address } = this.target;
    const socket = bindUdp(family);
    // A gateway that is not there yet answers by ICMP; the board would not know either.
    socket.on("error", this.done);
    socket.on("message", (message, from) => {
      if (from.port === port && from.address === address) hear(message.toString("latin1"));
    });
    const wire = { socket, owner, source, waiting: 0 };
    this.all.add(wire);
    return wire;
  }

  private readonly done = (error: Error | null): void => {
    if (error) this.failures++;
  };
}
