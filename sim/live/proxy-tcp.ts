// The flaky path in front of a broker, over TCP: each connection goes through a path of its own, up
// and down (pipe.ts), and can be split into segments as small as a byte, stalled, reset, or left
// half open, which is how long-lived connections of boards really end.
//
// The n-th connection has the path of the n-th board that a scenario puts on MQTT, in turns;
// without such boards one of its own.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Board } from "../board.ts";
import type { LinkPreset } from "../presets.ts";
import type { Scenario } from "../scenario/types.ts";
import { certified, type Progress, type ProxyReport, type Traffic } from "./certify.ts";
import { filesMax, type Place } from "./datagrams.ts";
import { Pipe, reset } from "./pipe.ts";
import { PATH_FAULTS, Stage } from "./stage.ts";
import { Durations } from "./timing.ts";

/** Connections at a time, at most; fewer where the system gives fewer files. */
export const CONNECTIONS_MAX = 8_000;
const FILES_SPARE = 100;
/** So that the last bytes are read before a reset overtakes them, ms. */
const RESET_AFTER_MS = 2;
/** Luck of connections that no scenario knows. */
const CONNECTIONS = 0x3000000;

/** What happens to a connection once so many bytes have gone up on it. */
export interface Break {
  /**
   * `reset`: both ends are told. `stall`: neither is, and nothing passes any more. `half-open`: the
   * target is told, the client is not.
   */
  readonly how: "reset" | "stall" | "half-open";
  readonly bytes: number;
}

export interface TcpProxyOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Where to listen. Default: all addresses. */
  readonly host?: string | undefined;
  /** The broker. */
  readonly target: Place;
  readonly seed: number;
  readonly link: LinkPreset;
  readonly scenario?: Scenario | undefined;
  /** When time began, on the clock of `performance.now()`. Default: now. */
  readonly startAt?: number;
  /** Bytes of a segment, at most: 1 splits at every byte. */
  readonly split?: number | undefined;
  readonly breaks?: Break | undefined;
  readonly connectionsMax?: number;
}

export interface TcpProxy {
  readonly port: number;
  progress(): Progress;
  report(): ProxyReport;
  /** Breaks all connections that there are now. */
  break(how: Break["how"]): void;
  /** Can be called again. */
  close(): Promise<void>;
}

/** Rejects with what `listen` said, such as EADDRINUSE. */
export function openTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: options.port, host: options.host }, () => {
      server.off("error", reject);
      resolve(new Relay(options, server));
    });
  });
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  readonly up: Pipe;
  readonly down: Pipe;
}

class Relay implements TcpProxy {
  readonly port: number;
  private readonly options: TcpProxyOptions;
  private readonly server: Server;
  private readonly stage: Stage;
  /** Whose paths connections have; with a scenario there are no others. */
  private readonly boards: Board[];
  private readonly scripted: boolean;
  private readonly connectionsMax: number;
  private readonly connections = new Set<Connection>();
  private readonly error = new Durations();
  /** Of connections that are over. */
  private readonly past = { up: NO_TRAFFIC, down: NO_TRAFFIC };
  private number = 0;
  private refused = 0;
  /** The broker is there: no fault has taken it away. */
  private running = true;

  constructor(options: TcpProxyOptions, server: Server) {
    const { seed, startAt, scenario } = options;
    this.options = options;
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    const most = Math.floor((filesMax() - FILES_SPARE) / 2);
    this.connectionsMax = options.connectionsMax ?? Math.min(CONNECTIONS_MAX, most);
    this.stage = new Stage({ seed, startAt, exact: true, carry: () => {} });
    const cast = scenario && this.stage.play(scenario, [...PATH_FAULTS, "broker"]);
    const onMqtt = cast?.members.filter(({ group }) => group.transport === "mqtt") ?? [];
    this.boards = onMqtt.map(({ board }) => board);
    this.scripted = this.boards.length > 0;
    // The fault of the broker reaches the streams of the network; the real ones are here.
    const { streams } = this.stage.network;
    streams.stop = () => this.brokerRuns(false);
    streams.start = () => this.brokerRuns(true);
    server.on("connection", (client) => this.accept(client));
  }

  progress(): Progress {
    const total = (direction: "up" | "down") =>
      [...this.connections].reduce((sum, each) => plus(sum, each[direction]), this.past[direction]);
    return {
      seconds: this.stage.now / 1_000,
      clients: this.number,
      up: total("up"),
      down: total("down"),
      errorMs: this.error.figures(),
    };
  }

  report(): ProxyReport {
    const losses = { "connections beyond the limit": this.refused };
    return certified("tcp", this.progress(), new Durations().figures(), losses);
  }

  break(how: Break["how"]): void {
    for (const connection of this.connections) this.breakIt(connection, how);
  }

  async close(): Promise<void> {
    this.stage.alarms.close();
    for (const { client, target } of this.connections) {
      client.destroy();
      target.destroy();
    }
    if (this.server.listening) await new Promise((done) => this.server.close(done));
  }

  private brokerRuns(running: boolean): void {
    this.running = running;
    if (!running) this.break("reset");
  }

  private accept(client: Socket): void {
    client.on("error", () => {});
    if (this.connections.size >= this.connectionsMax) this.refused++;
    if (!this.running || this.connections.size >= this.connectionsMax) {
      reset(client);
      return;
    }
    const { target: place, split, breaks } = this.options;
    const n = this.number++;
    const target = connect({ port: place.port, host: place.address, allowHalfOpen: true });
    target.setNoDelay(true);
    const { stage, error } = this;
    const { path } = this.boardOf(n);
    const broken = () => this.breakIt(connection, "reset");
    const both = { stage, path, number: n, split, error, broken };
    const connection: Connection = {
      client,
      target,
      up: new Pipe({ ...both, direction: "up", source: client, sink: target }),
      down: new Pipe({ ...both, direction: "down", source: target, sink: client }),
    };
    this.connections.add(connection);
    this.join(connection, client, target, connection.up);
    this.join(connection, target, client, connection.down);
    if (!breaks) return;
    connection.up.limit = breaks.bytes;
    connection.up.atLimit = () => this.breakIt(connection, breaks.how);
    if (breaks.bytes === 0) connection.up.atLimit();
  }

  private join(connection: Connection, source: Socket, sink: Socket, pipe: Pipe): void {
    source.on("data", (chunk: Buffer) => pipe.take(chunk));
    source.on("end", () => pipe.end());
    source.on("drain", () => sink.resume());
    source.on("error", () => {
      if (!pipe.hole) reset(sink);
    });
    source.on("close", () => {
      if (!sink.destroyed || !this.connections.delete(connection)) return;
      this.past.up = plus(this.past.up, connection.up);
      this.past.down = plus(this.past.down, connection.down);
    });
  }

  /** Nothing passes from now on; who is told is told a moment later. */
  private breakIt({ client, target, up, down }: Connection, how: Break["how"]): void {
    up.hole = down.hole = true;
    if (how === "stall") return;
    const { stage } = this;
    stage.at(stage.now + RESET_AFTER_MS, () => {
      reset(target);
      if (how === "reset") reset(client);
    });
  }

  /** Whose path the n-th connection has: boards take turns. */
  private boardOf(n: number): Board {
    const { boards, stage, options } = this;
    const known = boards[n % (this.scripted ? boards.length : this.connectionsMax)];
    if (known) return known;
    const kind = { suite: 0, intervalMs: 60_000, link: options.link };
    const board = stage.make({ name: `connection-${n + 1}`, id: CONNECTIONS + n }, kind);
    boards.push(board);
    return board;
  }
}

const NO_TRAFFIC: Traffic = { received: 0, sent: 0, lost: 0, doubled: 0, corrupted: 0 };

function plus(sum: Traffic, { received, sent, lost }: Pipe): Traffic {
  return {
    ...sum,
    received: sum.received + received,
    sent: sum.sent + sent,
    lost: sum.lost + lost,
  };
}
