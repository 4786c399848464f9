// The flaky path between real boards and a real gateway, over UDP. Boards send here instead of
// there; each frame goes through the path of the board that it names, up and down, and out of a
// socket that stands for the address that the board's NAT gives it. When the NAT forgets, so does
// the socket: the gateway sees another port, and what it sends to the old one goes nowhere.
//
//   board :5001 -.                      .- :40001 (board 1)
//                 >-- :7227 | stage ---<                      gateway
//   board :5002 -'                      '- :40002 (board 2)
//
// A frame is told by the id in it, so several boards behind one address (a NAT on the way, a fleet
// that shares sockets) have paths of their own. What is no frame of ours has its sender's path.

import type { RemoteInfo, Socket } from "node:dgram";
import { frameId } from "../../device/decode.ts";
import { FRAME_MAX, HEARTBEAT, HELLO, PROBE, RESULT, VERSION } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { NatModel } from "../nat.ts";
import type { LinkPreset } from "../presets.ts";
import type { Scenario } from "../scenario/types.ts";
import { certified, type Progress, type ProxyReport, trafficOf } from "./certify.ts";
import { closeUdp, filesMax, kernelDrops, listen, type Place, widen } from "./datagrams.ts";
import { decisions, type OnDecision } from "./decisions.ts";
import { PATH_FAULTS, Stage } from "./stage.ts";
import { Durations } from "./timing.ts";
import { Unread } from "./unread.ts";
import { type Wire, Wires } from "./wires.ts";

/** Boards behind client addresses, at most; fewer where the system gives fewer files. */
export const CLIENTS_MAX = 16_000;
/** Frames on their way, at most. */
export const QUEUE_MAX = 200_000;
const FILES_SPARE = 100;
/** Ids of senders that say nothing we understand begin beyond all ids. */
const STRANGERS = 0x2000000;
const ACCESS_POINTS = 0x1000000;
/** Bytes of the shortest frame up: a HEARTBEAT under suite 0. */
const FRAME_LEAST = 10;
const TYPES_UP = [HEARTBEAT, HELLO, RESULT, PROBE];

export interface UdpProxyOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Where to listen. Default: all addresses of both families. */
  readonly host?: string | undefined;
  /** The gateway. */
  readonly target: Place;
  readonly seed: number;
  /** The path of boards that the scenario does not name. */
  readonly link: LinkPreset;
  /** The NAT of each of them; undefined: none. */
  readonly nat?: NatModel | undefined;
  readonly scenario?: Scenario | undefined;
  /** When time began, on the clock of `performance.now()`. Default: now. */
  readonly startAt?: number;
  readonly clientsMax?: number;
  readonly queueMax?: number;
  readonly onDecision?: OnDecision;
}

export interface UdpProxy {
  /** Where boards send to. */
  readonly port: number;
  progress(): Progress;
  /** The whole of it: reads the kernel's books, which takes some milliseconds. */
  report(): ProxyReport;
  /** Can be called again. */
  close(): Promise<void>;
}

/** Rejects with what `bind` said, such as EADDRINUSE. */
export function openUdpProxy(options: UdpProxyOptions): Promise<UdpProxy> {
  return new Promise((resolve) => {
    resolve(new Relay(options, listen(options.port, options.host)));
  });
}

/** A board at a client's address. */
interface Binding {
  readonly board: Board;
  readonly inner: Socket;
  readonly address: string;
  readonly port: number;
  wire: Wire | undefined;
}

class Relay implements UdpProxy {
  readonly port: number;
  private readonly options: UdpProxyOptions;
  private readonly inners: readonly Socket[];
  private readonly stage: Stage;
  private readonly clientsMax: number;
  private readonly byId = new Map<number, Board>();
  private readonly bindings = new Map<string, Binding>();
  private readonly wires: Wires<Binding>;
  /** By how much frames left late, ms. */
  private readonly error = new Durations();
  private readonly unread: Unread;
  /** Whose frame goes through the network at this moment. */
  private passing: Binding | undefined;
  private strangers = 0;
  /** Frames on their way. */
  private waiting = 0;
  private closed = false;
  private readonly received = { up: 0, down: 0 };
  private readonly sent = { up: 0, down: 0 };
  private readonly losses = { clients: 0, queue: 0, refused: 0 };

  constructor(options: UdpProxyOptions, inners: readonly Socket[]) {
    const { seed, startAt, scenario, onDecision } = options;
    this.options = options;
    this.inners = inners;
    this.port = inners[0]!.address().port;
    this.clientsMax = options.clientsMax ?? Math.min(CLIENTS_MAX, filesMax() - FILES_SPARE);
    this.stage = new Stage({
      seed,
      startAt,
      exact: true,
      carry: (up, _board, at, bytes) => this.carry(up, at, bytes),
    });
    this.wires = new Wires(options.target, (...frame) => this.down(...frame));
    if (onDecision) this.stage.observe(decisions(onDecision));
    if (scenario) this.stage.play(scenario, PATH_FAULTS);
    for (const board of this.stage.boards.values()) this.byId.set(board.id, board);
    for (const inner of inners) {
      widen(inner);
      inner.on("message", (message, from) => this.up(inner, message, from));
      inner.on("error", this.done);
    }
    this.unread = new Unread(inners[0]!, this.stage);
  }

  progress(): Progress {
    const { stage, received, sent } = this;
    return {
      seconds: stage.now / 1_000,
      clients: this.bindings.size,
      up: trafficOf(stage, "up", received.up, sent.up),
      down: trafficOf(stage, "down", received.down, sent.down),
      errorMs: this.error.figures(),
    };
  }

  report(): ProxyReport {
    const { losses, wires } = this;
    const unreadMs = this.unread.durations.figures();
    return certified("udp", this.progress(), unreadMs, {
      "frames of clients beyond the limit": losses.clients,
      "frames beyond the limit of the queue": losses.queue,
      "frames that the system refused to send": losses.refused + wires.failures,
      "datagrams that the kernel dropped": kernelDrops(new Set([this.port, ...wires.ports()])),
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.stage.alarms.close();
    await Promise.all([this.wires.close(), ...this.inners.map(closeUdp)]);
  }

  private up(inner: Socket, message: Buffer, from: RemoteInfo): void {
    if (this.unread.took(message, from)) return;
    this.received.up++;
    const frame = message.toString("latin1");
    const binding = this.bindingOf(inner, frame, from);
    if (!binding) return;
    this.passing = binding;
    this.stage.network.up(binding.board, frame, this.stage.now);
  }

  private down(binding: Binding, to: Source, frame: string): void {
    this.received.down++;
    this.passing = binding;
    this.stage.network.down({ to, frame }, this.stage.now);
  }

  /** The network lets a frame through, which is to arrive at `at`. */
  private carry(up: boolean, at: number, bytes: string): void {
    const { stage, options, wires } = this;
    const binding = this.passing!;
    if (this.waiting >= (options.queueMax ?? QUEUE_MAX)) {
      this.losses.queue++;
      return;
    }
    const wire = up ? wires.wireFor(binding, bytes) : undefined;
    if (up && !wire) return;
    const message = Buffer.from(bytes, "latin1");
    this.waiting++;
    stage.at(at, () => {
      this.error.add(stage.now - at);
      this.waiting--;
      this.sent[up ? "up" : "down"]++;
      if (wire) wires.send(wire, message);
      else binding.inner.send(message, binding.port, binding.address, this.done);
    });
  }

  private bindingOf(inner: Socket, frame: string, from: RemoteInfo): Binding | undefined {
    const id = idOf(frame);
    const key = `${from.address} ${from.port} ${id}`;
    const known = this.bindings.get(key);
    if (known) return known;
    if (this.bindings.size >= this.clientsMax) {
      this.losses.clients++;
      return undefined;
    }
    const { address, port } = from;
    const made = { board: this.boardOf(id), inner, address, port, wire: undefined };
    this.bindings.set(key, made);
    return made;
  }

  /** The board of an id; 0: nobody we know of, who gets a path of his own. */
  private boardOf(id: number): Board {
    const known = this.byId.get(id);
    if (known) return known;
    const { stage, options } = this;
    const name = id === 0 ? `client-${++this.strangers}` : id.toString(16).padStart(6, "0");
    const entity = id === 0 ? STRANGERS + this.strangers : id;
    const ap = stage.network.accessPoint(`${name}-ap`, options.nat, ACCESS_POINTS + entity);
    const kind = { suite: 0, intervalMs: 60_000, link: options.link };
    const board = stage.make({ name, id: entity }, kind, ap);
    if (id !== 0) this.byId.set(id, board);
    return board;
  }

  private readonly done = (error: Error | null): void => {
    if (error) this.losses.refused++;
  };
}

/** The board that a frame is from; 0: it is none of our frames. */
function idOf(frame: string): number {
  const b0 = frame.charCodeAt(0);
  const ours = b0 >> 6 === VERSION && TYPES_UP.includes((b0 >> 3) & 7);
  return ours && frame.length >= FRAME_LEAST && frame.length <= FRAME_MAX ? frameId(frame) : 0;
}
