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
// that shares sockets) have paths of their own. What is no frame of ours has the path of its sender.

import type { RemoteInfo, Socket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { frameId } from "../../device/decode.ts";
import { FRAME_MAX, HEARTBEAT, HELLO, PROBE, RESULT, VERSION } from "../../device/wire.ts";
import type { Board } from "../board.ts";
import type { NatModel } from "../nat.ts";
import type { LinkPreset } from "../presets.ts";
import type { Scenario } from "../scenario/types.ts";
import { judge, type ProxyReport, trafficOf } from "./certify.ts";
import { closeUdp, filesMax, kernelDrops, listen, type Place, widen } from "./datagrams.ts";
import { decisions, type OnDecision } from "./decisions.ts";
import { type Binding, type Outer, Outers } from "./outers.ts";
import { PATH_FAULTS, Stage } from "./stage.ts";
import { Durations } from "./timing.ts";

/** Boards behind client addresses, at most; fewer where the system gives fewer files. */
export const CLIENTS_MAX = 16_000;
/** Frames on their way, at most. */
export const QUEUE_MAX = 200_000;
const FILES_SPARE = 100;
/** Ids of senders that say nothing we understand begin beyond all ids. */
const STRANGERS = 0x2000000;
const ACCESS_POINTS = 0x1000000;
/** How often it sends itself a datagram, to see how long one lies unread. */
const PROBE_MS = 20;
const PROBE_BYTES = 8;
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
  report(): ProxyReport;
  /** Can be called again. */
  close(): Promise<void>;
}

/** @throws what `bind` said, such as EADDRINUSE */
export function openUdpProxy(options: UdpProxyOptions): Promise<UdpProxy> {
  const inners = listen(options.port, options.host);
  return Promise.resolve(new Relay(options, inners));
}

class Relay implements UdpProxy {
  readonly port: number;
  private readonly options: UdpProxyOptions;
  private readonly inners: readonly Socket[];
  private readonly stage: Stage;
  private readonly clientsMax: number;
  private readonly byId = new Map<number, Board>();
  private readonly bindings = new Map<string, Binding>();
  private readonly outers: Outers;
  /** By how much frames left late, and how long datagrams lay unread, ms. */
  private readonly error = new Durations();
  private readonly unread = new Durations();
  /** Whose frame goes through the network at this moment. */
  private passing: Binding | undefined;
  private strangers = 0;
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
    this.outers = new Outers(options.target, (...from) => this.down(...from), this.done);
    if (onDecision) this.stage.observe(decisions(onDecision));
    if (scenario) this.stage.play(scenario, PATH_FAULTS);
    for (const board of this.stage.boards.values()) this.byId.set(board.id, board);
    for (const inner of inners) {
      widen(inner);
      inner.on("message", (message, from) => this.up(inner, message, from));
      inner.on("error", this.done);
    }
    this.probeLater();
  }

  report(): ProxyReport {
    const { stage, received, sent, losses } = this;
    const errorMs = this.error.figures();
    const unreadMs = this.unread.figures();
    return {
      transport: "udp",
      seconds: stage.now / 1_000,
      clients: this.bindings.size,
      up: trafficOf(stage, "up", received.up, sent.up),
      down: trafficOf(stage, "down", received.down, sent.down),
      errorMs,
      unreadMs,
      faults: judge(received.up + received.down, errorMs, unreadMs, {
        "frames of clients beyond the limit": losses.clients,
        "frames beyond the limit of the queue": losses.queue,
        "frames that the system refused to send": losses.refused,
        "datagrams that the kernel dropped": kernelDrops(
          new Set([this.port, ...this.outers.ports()]),
        ),
      }),
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.stage.alarms.close();
    await Promise.all([this.outers.close(), ...this.inners.map(closeUdp)]);
  }

  private up(inner: Socket, message: Buffer, from: RemoteInfo): void {
    if (from.port === this.port && message.length === PROBE_BYTES) {
      this.unread.add(performance.now() - message.readDoubleBE(0));
      return;
    }
    this.received.up++;
    const frame = message.toString("latin1");
    const binding = this.bindingOf(inner, frame, from);
    if (!binding) return;
    this.passing = binding;
    this.stage.network.up(binding.board, frame, this.stage.now);
  }

  private down({ binding, source }: Outer, message: Buffer): void {
    this.received.down++;
    this.passing = binding;
    const frame = message.toString("latin1");
    this.stage.network.down({ to: source, frame }, this.stage.now);
  }

  /** The network lets a frame through, which is to arrive at `at`. */
  private carry(up: boolean, at: number, bytes: string): void {
    const { stage, options } = this;
    const binding = this.passing!;
    if (stage.alarms.size >= (options.queueMax ?? QUEUE_MAX)) {
      this.losses.queue++;
      return;
    }
    const message = Buffer.from(bytes, "latin1");
    if (!up) {
      stage.at(at, () => {
        this.error.add(stage.now - at);
        this.sent.down++;
        binding.inner.send(message, binding.port, binding.address, this.done);
      });
      return;
    }
    const outer = this.outers.of(binding);
    if (!outer) return;
    const { port, address } = options.target;
    outer.waiting++;
    stage.at(at, () => {
      this.error.add(stage.now - at);
      this.sent.up++;
      outer.socket.send(message, port, address, this.done);
      outer.waiting--;
      this.outers.retire(outer);
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
    const made = { board: this.boardOf(id), inner, address, port, outer: undefined };
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

  /** A datagram to itself, again and again: how long did it lie unread? */
  private probeLater(): void {
    const [inner] = this.inners;
    this.stage.at(this.stage.now + PROBE_MS, () => {
      const sentAt = Buffer.alloc(PROBE_BYTES);
      sentAt.writeDoubleBE(performance.now());
      inner!.send(sentAt, this.port, loopback(inner!.address().address), this.done);
      this.probeLater();
    });
  }
}

/** An address by which a socket reaches itself. */
function loopback(listensOn: string): string {
  return { "0.0.0.0": "127.0.0.1", "::": "::1" }[listensOn] ?? listensOn;
}
/** The board that a frame is from; 0: it is none of our frames. */
function idOf(frame: string): number {
  const b0 = frame.charCodeAt(0);
  const ours = b0 >> 6 === VERSION && TYPES_UP.includes((b0 >> 3) & 7);
  return ours && frame.length >= FRAME_LEAST && frame.length <= FRAME_MAX ? frameId(frame) : 0;
}
