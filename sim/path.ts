// A board's way to the gateway, and the access point that it leads through.

import type { Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import type { Nat } from "./nat.ts";
import type { Streams } from "./stream.ts";

/** What boards have in common that stand behind one access point. */
export interface AccessPoint {
  readonly name: string;
  readonly nat: Nat | undefined;
  readonly boards: Board[];
  /** By their ids, and by the addresses that its NAT gave them. */
  readonly paths: Map<number, Path>;
  readonly owners: Map<string, Path>;
  /** False: it is off, and nothing passes. */
  on: boolean;
  /** False: names do not resolve behind it, and who boots or joins finds no gateway. */
  names: boolean;
}

/** The port of its first socket, and those of later ones. */
const BOARD_PORT = 7227;
const PORT_FIRST = 0xc000;
const PORTS = 0x4000;

/** A board's way to the gateway. Most have nothing to it but two links: see `Board.way`. */
export class Path {
  readonly board: Board;
  readonly ap: AccessPoint | undefined;
  /** A connection to the broker instead of datagrams; -1: none. */
  readonly stream: number;
  /** The address that the gateway sees. */
  source: Source;
  /** Where its frames come from behind the NAT. */
  port = BOARD_PORT;
  private sockets = 0;
  /** False: who lost its gateway's name cannot send. */
  resolved = true;

  /** Over datagrams where this one is a connection, or the other way round. */
  other: Path | undefined;

  constructor(board: Board, ap: AccessPoint | undefined, stream: number, source: Source) {
    this.board = board;
    this.ap = ap;
    this.stream = stream;
    this.source = source;
  }

  /** Another socket: from another port. */
  open(): void {
    this.sockets++;
    this.port = PORT_FIRST + ((this.board.id * 7_919 + this.sockets * 6_007) % PORTS);
  }

  /** Its NAT gives its frames this address. */
  seen(address: string, port: number): void {
    const { source } = this;
    if (source.port === port && source.address === address) return;
    const { owners } = this.ap!;
    owners.delete(`${source.address}:${source.port}`);
    this.source = { transport: "sim", address, port };
    owners.set(`${address}:${port}`, this);
  }

  /** Without a NAT: another port of its own. */
  renumber(): void {
    const { transport, address, port } = this.source;
    this.source = { transport, address, port: port + 1 };
  }

  /** Number of its directions among the links: side by side, board by board. */
  get up(): number {
    return 2 * this.board.number;
  }

  get down(): number {
    return 2 * this.board.number + 1;
  }
}

export function makeAccessPoint(name: string, nat: Nat | undefined): AccessPoint {
  const [paths, owners] = [new Map<number, Path>(), new Map<string, Path>()];
  return { name, nat, boards: [], paths, owners, on: true, names: true };
}

/** Whether a board is where its own address leads to. */
export function hears({ way }: Board, to: Source): boolean {
  return way === undefined || (way.source === to && !way.ap?.nat);
}

/** A connection of the board's to the broker. */
export function connection(
  board: Board,
  ap: AccessPoint | undefined,
  streams: Pick<Streams, "add">,
  clients: Map<string, Path>,
): Path {
  const address = board.id.toString(16).padStart(6, "0");
  const path = new Path(board, ap, streams.add(board.id), { transport: "mqtt", address, port: 0 });
  clients.set(address, path);
  return path;
}

/** The board turns from datagrams to a connection, or back. */
export function turn(board: Board, ...broker: [Pick<Streams, "add">, Map<string, Path>]): void {
  const { path } = board;
  path.other ??=
    path.stream < 0 ? connection(board, path.ap, ...broker) : new Path(board, path.ap, -1, board);
  path.other.other = path;
  board.way = path.other;
  path.ap?.paths.set(board.id, path.other);
}
