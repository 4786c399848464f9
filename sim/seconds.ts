// The second socket of each board that looks for the life of its NAT binding: the same radio, the
// same NAT, another port. What it sends prolongs no binding of the first, and the luck of its
// frames is drawn apart, so that a beat fares the same with probes beside it and without.

import type { Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import { type Links, LOST } from "./links.ts";
import { Occasions } from "./occasion.ts";

/** The gateway's address, as NATs know it. */
export const GATEWAY = "gateway";
/** The port of a board's second socket, and its number where there is no NAT to have ports. */
const SECOND_PORT = 7_228;

export class Seconds {
  /** Where the last frame came from, as the gateway sees it; why it did not pass. */
  source: Source = { transport: "sim", address: "", port: 0 };
  fate = "";
  readonly occasions = new Occasions(1);
  private readonly links: Links;
  /** By the number of the board. */
  private readonly rows = new Map<number, number>();
  /** By the last address that they had. */
  private readonly owners = new Map<string, Board>();

  constructor(links: Links) {
    this.links = links;
  }

  /** A frame from a board. Returns when it arrives, or LOST. */
  up(board: Board, bytes: string, now: number): number {
    const { links, occasions } = this;
    const { way, id, number } = board;
    const nat = way?.ap?.nat;
    occasions.up(this.row(board), bytes);
    this.fate = way?.ap?.on === false ? "access point" : "dns";
    if (way?.ap?.on === false || !board.resolved) return LOST;
    const at = links.submit(2 * number, bytes, now, occasions.high, occasions.low);
    this.fate = links.fate;
    if (at === LOST) return LOST;
    const port = nat ? nat.out(id, SECOND_PORT, GATEWAY, now) : SECOND_PORT;
    this.fate = port < 0 ? `nat ${nat?.why}` : "passed";
    if (port < 0) return LOST;
    this.source = { transport: "sim", address: nat ? nat.address : board.address, port };
    this.owners.set(`${this.source.address}:${port}`, board);
    return at;
  }

  /** Whose second socket an address leads to now; undefined: nobody's. */
  boardAt({ address, port }: Source, now: number): Board | undefined {
    if (this.owners.size === 0) return undefined;
    const board = this.owners.get(`${address}:${port}`);
    const nat = board?.way?.ap?.nat;
    if (board === undefined || !nat) return board;
    const passes = nat.address === address && nat.in(port, GATEWAY, now);
    return passes && nat.inner === board.id && nat.innerPort === SECOND_PORT ? board : undefined;
  }

  /** The number of its luck. */
  row(board: Board): number {
    let row = this.rows.get(board.number);
    if (row === undefined) {
      row = this.occasions.add();
      this.rows.set(board.number, row);
    }
    return row;
  }
}
