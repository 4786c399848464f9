// Who hears what is sent: each board has a path of its own to the one gateway, perhaps through a
// NAT that it shares with the other boards of its access point, or through a broker. The gateway
// knows a board by the address that its frames come from. A stranger has an address too, and no
// path: what the gateway sends there is seen and goes nowhere.
//
//   board  ---- link up/down ----  access point, NAT  ----------------  gateway
//
// The link stands in front of the NAT, as the radio does in life: a frame that the air took does
// not refresh a binding. What lost: a graph of nodes and routes. From end to end a path is all that
// a heartbeat can feel (Kollaps collapses its topologies in the same way).

import type { Outgoing, Source } from "../gateway/facts.ts";
import { Board } from "./board.ts";
import { Links, LOST } from "./links.ts";
import { Nat, type NatModel } from "./nat.ts";
import type { Delivery, Observers } from "./observer.ts";
import { Occasions } from "./occasion.ts";
import { type AccessPoint, connection, hears, makeAccessPoint, Path, turn } from "./path.ts";
import type { LinkPreset } from "./presets.ts";
import { GATEWAY, Seconds } from "./seconds.ts";
import { BROKER, Streams } from "./stream.ts";
import { wholeUs } from "./timeline.ts";

/** Boards by their names. */
export interface ByName {
  get(name: string): Board | undefined;
}

/** Puts a frame into the queue that arrives at `at`; `up`: at the gateway. */
export type Carry = (up: boolean, board: Board, at: number, bytes: string, peer: Source) => void;

export class Network {
  readonly links: Links;
  readonly streams: Streams;
  private readonly occasions: Occasions;
  /** Boards by name, which is the address of one that stands behind no NAT. */
  private readonly boards: ByName;
  private readonly clients = new Map<string, Path>();
  private readonly nats = new Map<string, AccessPoint>();
  private readonly seconds: Seconds;
  private readonly observers: Observers;
  private readonly carry: Carry;
  private readonly seed: number;
  /** Why a frame did not pass, where it was not the link. */
  private fate = "";

  /** @param capacity boards that there is room for; it grows by itself */
  constructor(seed: number, boards: ByName, observers: Observers, carry: Carry, capacity = 16) {
    this.seed = seed;
    this.boards = boards;
    this.observers = observers;
    this.carry = carry;
    this.links = new Links(seed, 2 * capacity);
    this.occasions = new Occasions(capacity);
    this.streams = new Streams(seed, this.links);
    this.seconds = new Seconds(this.links);
  }

  /** A new access point. `entity` keys its NAT's luck; its boards are given at `join`. */
  accessPoint(name: string, nat: NatModel | undefined, entity: number): AccessPoint {
    const address = `nat-${name}`;
    const ap = makeAccessPoint(name, nat && new Nat(nat, this.seed, entity, address));
    if (nat) this.nats.set(address, ap);
    return ap;
  }

  /** Boards join in the order of their numbers. */
  join(board: Board, ap?: AccessPoint, transport: "udp" | "mqtt" = "udp"): void {
    const { up, down } = board.kind.link;
    const number = this.occasions.add();
    if (number !== board.number) throw new RangeError(`board ${board.number} joins as ${number}`);
    this.links.add(up, board.id, "up");
    this.links.add(down, board.id, "down");
    if (transport === "mqtt") board.way = connection(board, ap, this.streams, this.clients);
    else if (ap) board.way = new Path(board, ap, -1, board);
    ap?.boards.push(board);
    if (board.way) ap?.paths.set(board.id, board.way);
  }

  /** The board's frames come from another port from now on, as after a NAT's amnesia. */
  rebind(board: Board, now: number): void {
    const { path } = board;
    if (path.ap?.nat) path.ap.nat.rebind(board.id, now);
    else if (path.stream < 0) {
      path.renumber();
      board.way = path;
    }
  }

  /**
   * The board has a new socket: it sends from another port, or connects anew. `other`: it turns to
   * its other way.
   */
  reopen(board: Board, now: number, other = false): void {
    const { path } = board;
    if (other) turn(board, this.streams, this.clients);
    else if (path.stream >= 0) this.streams.close(path.stream);
    else if (path.ap?.nat) path.open();
    else this.rebind(board, now);
  }

  /** The access point's public address is another one from now on. */
  readdress(ap: AccessPoint, now: number): void {
    if (!ap.nat) return;
    this.nats.delete(ap.nat.address);
    ap.nat.readdress(now);
    this.nats.set(ap.nat.address, ap);
  }

  setLink(board: Board, { up, down }: LinkPreset, now: number): void {
    this.links.setModel(board.path.up, up, now);
    this.links.setModel(board.path.down, down, now);
  }

  /** Nothing passes in these directions until it is set back. */
  cut(board: Board, direction: "up" | "down" | "both", on: boolean): void {
    if (direction !== "down") this.links.setCut(board.path.up, on);
    if (direction !== "up") this.links.setCut(board.path.down, on);
  }

  up(board: Board, bytes: string, now: number): void {
    const { number, way } = board;
    const { occasions, links } = this;
    occasions.up(number, bytes);
    const { high, low } = occasions;
    let at = LOST;
    if (way === undefined) {
      at = links.submit(2 * number, bytes, now, high, low);
      this.fate = links.fate;
    } else if (!way.resolved) this.fate = "dns";
    else if (way.ap && !way.ap.on) this.fate = "access point";
    else if (way.stream >= 0) at = this.streamed(way, true, bytes, now, high, low);
    else {
      at = links.submit(2 * number, bytes, now, high, low);
      this.fate = links.fate;
      if (at !== LOST && way.ap?.nat) at = this.outOf(way, way.ap.nat, now) ? at : LOST;
    }
    this.dispatch(board, true, bytes, way === undefined ? board : way.source, now, at);
  }

  /** A frame from a board's second socket. */
  probe(board: Board, bytes: string, now: number): void {
    const { seconds } = this;
    const at = seconds.up(board, bytes, now);
    this.fate = seconds.fate;
    this.dispatch(board, true, bytes, seconds.source, now, at);
  }

  down({ to, frame }: Outgoing, now: number): void {
    const second = this.seconds.boardAt(to, now);
    const board = second ?? this.boardAt(to, now);
    if (board === undefined) {
      this.astray(to, frame, now);
      return;
    }
    const { number, way } = board;
    const occasions = second ? this.seconds.occasions : this.occasions;
    occasions.down(second ? this.seconds.row(board) : number, frame);
    const { high, low } = occasions;
    let at = LOST;
    if (way?.ap && !way.ap.on) this.fate = "access point";
    else if (way !== undefined && way.stream >= 0) {
      at = this.streamed(way, false, frame, now, high, low);
    } else {
      at = this.links.submit(2 * number + 1, frame, now, high, low);
      this.fate = this.links.fate;
    }
    this.dispatch(board, false, frame, to, now, at);
  }

  /** To an address that leads nowhere. */
  private astray(to: Source, frame: string, now: number): void {
    const ap = this.nats.get(to.address);
    const board = ap?.owners.get(`${to.address}:${to.port}`)?.board;
    const fate = ap?.nat ? `nat ${ap.nat.why}` : "stranger";
    this.see(board, "down", frame, to, now, NOWHERE, fate);
  }

  private streamed(
    path: Path,
    isUp: boolean,
    bytes: string,
    now: number,
    high: number,
    low: number,
  ): number {
    const at = this.streams.submit(path.stream, isUp, path, bytes, now, high, low);
    this.fate = at === LOST ? BROKER : "passed";
    return at;
  }

  /** Through the NAT: what address the gateway sees. */
  private outOf(path: Path, nat: Nat, now: number): boolean {
    const port = nat.out(path.board.id, path.port, GATEWAY, now);
    if (port < 0) {
      this.fate = `nat ${nat.why}`;
      return false;
    }
    path.seen(nat.address, port);
    return true;
  }

  /** The board that an address leads to now; undefined: none. */
  private boardAt(to: Source, now: number): Board | undefined {
    // The gateway answers to the very object that the frame came with, unless it read it from disk.
    if (to instanceof Board && hears(to, to)) return to;
    if (to.transport === "mqtt") return this.clients.get(to.address)?.board;
    const board = this.boards.get(to.address);
    if (board) return board.path.source.port === to.port && !board.way?.ap?.nat ? board : undefined;
    const ap = this.nats.get(to.address);
    if (!ap?.nat?.in(to.port, GATEWAY, now)) return undefined;
    return ap.paths.get(ap.nat.inner)?.board;
  }

  private dispatch(
    board: Board,
    up: boolean,
    bytes: string,
    peer: Source,
    now: number,
    at: number,
  ): void {
    const { links, carry } = this;
    if (this.observers.any) {
      const arrivals = at === LOST ? [] : links.copyAt < 0 ? [at] : [at, links.copyAt];
      const arrived = { bytes: links.frame };
      const deliveries = arrivals.map((each) => ({ at: wholeUs(each, now), ...arrived }));
      this.see(board, up ? "up" : "down", bytes, peer, now, deliveries, this.fate);
    }
    if (at === LOST) return;
    const { frame, copyAt } = links;
    carry(up, board, wholeUs(at, now), frame, peer);
    if (copyAt >= 0) carry(up, board, wholeUs(copyAt, now), frame, peer);
  }

  private see(
    board: Board | undefined,
    direction: "up" | "down",
    bytes: string,
    peer: Source,
    at: number,
    deliveries: readonly Delivery[],
    fate: string,
  ): void {
    if (!this.observers.any) return;
    this.observers.notify("sent", { at, direction, board, peer, bytes, deliveries, fate });
  }
}

const NOWHERE: readonly Delivery[] = [];
