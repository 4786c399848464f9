// Commands on the bench: a gateway, one board that seals by hand, and what was said to it. Where a
// test needs the board's own half, the simulator has it (storm.test.ts).

import type { Ack, Command } from "../../device/decode.ts";
import type { GatewayOptions } from "../../gateway/gateway.ts";
import { Bench, HOME } from "../gateway/gateway-bench.ts";
import { Board, P_HOUR, P_MINUTE } from "../gateway/gateway-rig.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What the gateway said: the types of frames that commands are about. */
export interface Said {
  readonly at: number;
  readonly ack?: Ack;
  readonly command?: Command;
  readonly nudge?: boolean;
}

/** One board of a bench and its commands. */
export class Post {
  readonly bench: Bench;
  readonly board: Board;
  readonly said: Said[] = [];
  /** Class and promise of its beats. */
  reach: number;
  promise: number;
  beat = "";

  /** @param reach 0: it is awake and beats each minute; 2: it sleeps for an hour */
  constructor(reach = 2, options: Partial<GatewayOptions> = {}, suite = 2, bench?: Bench) {
    this.bench = bench ?? new Bench(options);
    this.board = new Board(0x2bd + suite, suite);
    this.reach = reach;
    this.promise = reach === 0 ? P_MINUTE : P_HOUR;
    const { onSent } = this.bench;
    this.bench.onSent = (out) => {
      onSent(out);
      this.#read(out.frame);
    };
    this.bench.enrol(this.board);
    this.bench.meet(this.board, { promise: this.promise, reach });
    this.pass(reach === 0 ? 55_000 : 55 * MINUTE);
    this.wake();
    this.take();
  }

  /** A fresh beat; what it brings at once comes with it. @returns what was said */
  wake(): Said[] {
    const { bench, board, reach, promise } = this;
    this.beat = board.beat({ reach, promise });
    bench.receive(this.beat, HOME);
    bench.pass(0);
    return this.take();
  }

  pass(ms: number): Said[] {
    this.bench.pass(ms);
    return this.take();
  }

  send(payload: string, notAfterMs = 24 * HOUR, supersede = ""): number {
    const { bench, board } = this;
    const order = { payload, notAfterMs, supersede };
    const sent = bench.core.requests.send(board.id, order, bench.now);
    bench.obey(sent);
    return sent.n;
  }

  withdraw(n: number): string {
    const withdrawn = this.bench.core.requests.withdraw(this.board.id, n, this.bench.now);
    this.bench.obey(withdrawn);
    return withdrawn.came;
  }

  /** The board answers; what follows comes with it. */
  answer(cmd: number, code = 0, text = "ok"): Said[] {
    this.bench.receive(this.board.result(this.board.seq, cmd, code, text), HOME);
    this.bench.pass(0);
    return this.take();
  }

  take(): Said[] {
    return this.said.splice(0);
  }

  get commands() {
    return this.bench.core.requests.commandsOf(this.board.id, this.bench.now);
  }

  get states(): string[] {
    return this.commands.map(({ state }) => state);
  }

  /** As the disk has it. */
  get stored(): string[] {
    return this.bench.disk.archive.commandsOf(this.board.id, 0).map(({ state }) => state);
  }

  #read(frame: string): void {
    const { bench, board, beat } = this;
    const ack = board.ackOf(frame, beat);
    const command = board.commandOf(frame, beat);
    const at = bench.now;
    if (ack) this.said.push({ at, ack });
    else if (command) this.said.push({ at, command });
    else if (((frame.charCodeAt(0) >> 3) & 7) === 7) this.said.push({ at, nudge: true });
  }
}

/** Payloads of the COMMANDs among what was said. */
export function payloads(said: readonly Said[]): string[] {
  return said.flatMap(({ command }) => (command ? [command.payload] : []));
}

/** In short: `A` an ACK, `A+` one with MORE, the payloads of COMMANDs, `!` a NUDGE. */
export function gist(said: readonly Said[]): string {
  return said
    .map(({ ack, command }) => (ack ? (ack.more ? "A+" : "A") : command ? command.payload : "!"))
    .join(" ");
}
