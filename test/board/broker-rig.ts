// A board of the virtual interpreter, a broker that fails as brokers and lines do, and behind it
// the gateway's own core, in one virtual time.

import { generate, type Packet, parser } from "mqtt-packet";
import { coldBoot } from "../../device/state.ts";
import { stream } from "../../sim/random.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { PretendFlash } from "./board-flash.ts";
import { chip } from "./board-natives.ts";
import type { Line, Peer } from "./board-net.ts";
import { PretendBoard } from "./board-rig.ts";

const latin = (data: Buffer): string => data.toString("latin1");
/** Of a connection; `deaf` and `dies` come after some frames. */
const FATES = ["nobody", "refused", "forbidden", "silent", "no broker", "deaf", "dies"] as const;
type Fate = (typeof FATES)[number] | "fine";
const DOWN = "nextbeat/00beef/down";
const publish = (topic: string, frame: string, retain = false): string => {
  const payload = Buffer.from(frame, "latin1");
  return latin(generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain }));
};

export class BrokerWorld {
  readonly bench = new Bench();
  readonly pen: Board;
  board!: PretendBoard;
  /** How the lives before this one ended, and what they did. */
  readonly lives: { why: string; awake: number; ms: number }[] = [];
  readonly log: string[] = [];
  /** Instants at which it connected, or tried to, and what became of it. */
  readonly knocks: { at: number; fate: Fate }[] = [];
  /** Nothing fails any more. */
  calm = false;
  readonly #luck: () => number;
  readonly #flash = new PretendFlash();
  readonly #start: (timer: boolean) => PretendBoard;
  #base = 0;
  #line: Line | undefined;
  #subscribed = false;
  /** When the last piece of the connection comes. */
  #lastAt = 0;

  /** @param reach 2: an ESP32 that sleeps deeply, a boot for each wake */
  constructor(script: string, suite: number, own: number, seed: number, reach = 0) {
    this.#luck = stream(seed, 1, "broker");
    this.pen = new Board(0xbeef, suite);
    this.bench.enrol(this.pen);
    this.bench.onSent = ({ frame }) => this.#down(frame);
    const config = {
      ...{ id: 0xbeef, secret: this.pen.enrolment.key, host: "10.0.0.1", port: 1883, way: 1 },
      ...{ own, reach, wakeMs: reach * 2_500, salt: "saltsalt", extra: coldBoot(1, "test") },
    };
    const world = {
      dice: stream(seed, 2, "dice"),
      sends: () => true,
      replies: () => [],
      accepts: (_to: object, line: Line) => this.#accepts(line),
    };
    this.#start = (timer) => {
      this.#base = this.bench.now;
      this.#line = undefined;
      const globals = reach === 2 ? { ESP32: chip("ESP32", timer, () => this.board) } : {};
      const natives = { globals, startAt: this.#base };
      return new PretendBoard(script, config, this.#flash, world, natives, (board) => {
        this.board = board;
      });
    };
    this.#start(false);
  }

  live(ms: number): void {
    const until = this.bench.now + ms;
    const { bench } = this;
    while (bench.now < until) {
      const { board } = this;
      const { why, ms: pause } = board.ended ?? { why: "", ms: board.nextAt - board.now };
      const next = this.#base + board.now + pause;
      const at = Math.min(next, bench.core.wakeAt, until);
      bench.pass(Math.max(0, at - bench.now));
      if (why === "") board.runTo(bench.now - this.#base);
      else if (bench.now >= next) {
        this.lives.push({ why, awake: board.now, ms: pause });
        this.log.push(...board.log);
        this.#start(why === "sleep");
      }
    }
  }

  get view() {
    return this.bench.view(this.pen);
  }

  #accepts(line: Line): Peer | undefined {
    const fate = this.calm ? "fine" : FATES[Math.floor(this.#luck() * FATES.length)]!;
    this.knocks.push({ at: this.bench.now, fate });
    if (fate === "nobody") return undefined;
    return this.#peer(line, fate);
  }

  /** The other end of a connection, of which `fate` says how it goes. */
  #peer(line: Line, fate: Fate): Peer {
    const oracle = parser({ protocolVersion: 4 });
    let left = this.calm ? Infinity : Math.floor(this.#luck() * 30);
    this.#line = undefined;
    this.#subscribed = false;
    oracle.on("error", (error: Error) => this.board.note(`broken stream: ${error.message}`));
    oracle.on("packet", (packet: Packet) => {
      this.board.note(`up ${packet.cmd}`);
      if (packet.cmd === "connect") {
        if (fate === "silent") return;
        if (fate === "no broker") return line.send("HTTP/1.1 400 Bad Request\r\n".repeat(4), 3);
        const returnCode = fate === "refused" ? 1 + Math.floor(this.#luck() * 5) : 0;
        this.#send(line, latin(generate({ cmd: "connack", returnCode, sessionPresent: false })));
        if (returnCode) line.close(10);
      } else if (packet.cmd === "subscribe") {
        const granted = [fate === "forbidden" ? 128 : 0];
        this.#send(line, latin(generate({ cmd: "suback", messageId: 1, granted })));
        this.#subscribed = true;
        this.#line = fate === "forbidden" ? undefined : line;
        // What somebody had the broker keep, one of them as long as nobody wants.
        this.#send(line, publish(DOWN, "kept", true) + publish(DOWN, "x".repeat(3_000), true));
      } else if (packet.cmd === "publish") {
        if (!this.#subscribed) this.board.note("published before it had subscribed");
        if (left-- > 0) this.bench.receive(latin(packet.payload as Buffer));
        else if (fate === "dies") line.close(1);
        else this.#line = undefined;
      }
    });
    return {
      hear: (bytes) => {
        oracle.parse(Buffer.from(bytes, "latin1"));
      },
      closed: () => {
        if (this.#line === line) this.#line = undefined;
      },
    };
  }

  /** Hands bytes over in pieces, behind those before. */
  #send(line: Line, bytes: string): void {
    this.#lastAt = Math.max(this.#lastAt, this.bench.now + 2);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(this.#luck() * (this.#luck() < 0.5 ? 8 : 536));
      line.send(bytes.slice(at, end), this.#lastAt - this.bench.now);
      this.#lastAt += 0.1 + this.#luck() / 5;
      at = end;
    }
  }

  #down(frame: string): void {
    if (!this.#line) return;
    const noise = this.#luck() < 0.2 ? publish("nextbeat/00bee0/down", frame) : "";
    this.#send(this.#line, noise + publish(DOWN, frame));
  }
}
