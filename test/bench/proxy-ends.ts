/**
 * Both ends of the proxy, in a process of their own: boards that send so many beats a second,
 * evenly, and a gateway that answers each at once. All clocks are that of the machine, so both ways
 * can be measured from outside: by how much later than the link's delay does a frame arrive? What
 * one finds is the proxy's error, the kernel's, and that of these ends, which nap for 0.2 ms at a
 * time.
 *
 *   parent -> { port, perSecond, seconds }       -> parent  { up, down, sent, answered, lateMs }
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { Durations } from "../../sim/live/timing.ts";

const BOARDS = 500;
const SOCKETS = 50;
const HEARTBEAT = 0x40;
const ACK = 0x48;

export interface Task {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Of the link, one way. */
  readonly delayMs: number;
}

export interface Found {
  readonly sent: number;
  readonly answered: number;
  /** Error of each way, ms: [p50, p99, most]. */
  readonly up: readonly number[];
  readonly down: readonly number[];
}

const nap = new Int32Array(new SharedArrayBuffer(4));
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

function open(onMessage: (message: Buffer, from: RemoteInfo) => void): Promise<Socket> {
  const socket = createSocket({
    type: "udp4",
    lookup: (host, _options, found) => found(null, host, 4),
  });
  socket.on("message", onMessage);
  return new Promise((done) => {
    socket.bind(0, "127.0.0.1", () => {
      socket.setRecvBufferSize(4 * 1024 * 1024);
      done(socket);
    });
  });
}

/** The gateway: an ACK of the same seq whose tag is the instant. */
async function gateway(): Promise<number> {
  const socket = await open((beat, from) => {
    const ack = Buffer.alloc(14);
    ack[0] = ACK;
    beat.copy(ack, 1, 4, 6);
    ack.writeDoubleBE(now(), 6);
    socket.send(ack, from.port, from.address);
  });
  return socket.address().port;
}

/** The boards: `id` and `seq` from the number of the beat, the instant in its tag. */
async function boards({ port, perSecond, seconds, delayMs }: Task): Promise<Found> {
  const up = new Durations();
  const down = new Durations();
  const sentAt = new Map<number, number>();
  let answered = 0;
  const sockets: Socket[] = [];
  for (let s = 0; s < SOCKETS; s++) {
    const socket = await open((ack) => {
      const at = now();
      const reached = ack.readDoubleBE(6);
      // Boards of one socket have seqs of their own: the n-th beat of all is the key.
      const key = ack.readUInt16BE(1) * SOCKETS + s;
      up.add(reached - sentAt.get(key)! - delayMs);
      down.add(at - reached - delayMs);
      answered++;
    });
    sockets.push(socket);
  }
  const total = Math.round(perSecond * seconds);
  const begun = now();
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, ((now() - begun) * perSecond) / 1_000);
    for (; sent < due; sent++) {
      const s = sent % SOCKETS;
      const seq = Math.floor(sent / SOCKETS) & 0xffff;
      const id = 1 + s + SOCKETS * (seq % (BOARDS / SOCKETS));
      const beat = Buffer.alloc(16);
      beat.writeUInt32BE(HEARTBEAT * 0x1000000 + id, 0);
      beat.writeUInt16BE(seq, 4);
      beat[6] = 100;
      const at = now();
      beat.writeDoubleBE(at, 8);
      sentAt.set(seq * SOCKETS + s, at);
      sockets[s]!.send(beat, port, "127.0.0.1");
    }
    Atomics.wait(nap, 0, 0, 0.1);
    await new Promise((turn) => setImmediate(turn));
  }
  await new Promise((rest) => setTimeout(rest, 500));
  for (const socket of sockets) socket.close();
  const figures = (of: Durations) => [of.quantile(0.5)!, of.quantile(0.99)!, of.most];
  return { sent, answered, up: figures(up), down: figures(down) };
}

process.on("message", (task: Task) => {
  void boards(task).then((found) => process.send!(found));
});
process.on("disconnect", () => process.exit());
process.send!(await gateway());
