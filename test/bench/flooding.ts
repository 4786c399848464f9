/**
 * A flood of hostile datagrams from eight sockets, as fast as the gateway looks at them and no
 * faster: it waits while the gateway's socket is a quarter full, so that nothing is dropped by the
 * kernel and then counted as survived. One datagram in twenty is the last beat of a board, valid
 * and known, again: a ninth socket counts what comes of those.
 */

import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { RECEIVE_BUFFER } from "../../gateway/udp.ts";
import { acknowledges, EPOCH, P_LONG, sealBeat, tagKeyOf } from "./boards.ts";
import { Hostile, type Kind } from "./hostile.ts";
import { sleep } from "./live.ts";
import { type Server, usageOf } from "./process.ts";

/** Sequence number of the last accepted beat of every silent board. */
export const SEQ = 100;
export const suiteOf = (id: number): number => 1 + (id % 2);
/** Boards whose last beat is sent again and again; one in `REPEAT_EVERY` datagrams. */
const REPEATED = 20;
const REPEAT_EVERY = 20;
/** Rule 3: duplicates acknowledged in any second. */
const REPEATS_A_SECOND = 4;
const BURST = 256;
const SOCKETS = 8;
/** What the gateway may still have in its socket when the flood stops. */
const SETTLE_MS = 300;

/** Bytes waiting in the socket bound to `port` of loopback, and datagrams it has dropped. */
export function queueOf(port: number): { waiting: number; dropped: number } {
  const place = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const line = readFileSync("/proc/net/udp", "latin1")
    .split("\n")
    .find((row) => row.includes(place));
  const fields = line?.trim().split(/\s+/) ?? [];
  const waiting = Number.parseInt(fields[4]?.split(":")[1] ?? "0", 16);
  return { waiting, dropped: Number(fields.at(-1) ?? 0) };
}

export interface Flooded {
  readonly sent: Map<Kind | "repeated", number>;
  readonly seconds: number;
  /** Answers to what must not be answered. */
  readonly answers: number;
  /** Answers to the last beats again, how many rule 3 allows, and how many are no ACK of theirs. */
  readonly repeatAnswers: number;
  readonly repeatsMax: number;
  readonly falseRepeats: number;
  /** Resident memory of the gateway at each hundredth of the way. */
  readonly rss: readonly number[];
}

async function openSocket(onMessage: (message: Buffer) => void): Promise<Socket> {
  const lookup = (host: string, _: unknown, found: (e: null, a: string, f: number) => void) =>
    found(null, host, 4);
  const socket = createSocket({ type: "udp4", lookup });
  socket.on("message", onMessage);
  socket.on("error", () => {});
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  socket.setSendBufferSize(1_048_576);
  return socket;
}

/** Sends `total` datagrams. Boards 1 to `boards` have `EPOCH` in force and `SEQ` accepted. */
export async function flood(
  server: Server,
  boards: number,
  total: number,
  seed = 1,
): Promise<Flooded> {
  const ids = Array.from({ length: boards }, (_, at) => at + 1);
  const hostile = new Hostile(ids, suiteOf, SEQ, seed);
  let answers = 0;
  let repeatAnswers = 0;
  let falseRepeats = 0;
  const beats = ids.slice(0, REPEATED).map((id) => {
    const key = tagKeyOf(id, suiteOf(id));
    return { key, beat: sealBeat(key, id, EPOCH, SEQ, P_LONG) };
  });
  const sockets: Socket[] = [];
  for (let i = 0; i < SOCKETS; i++) sockets.push(await openSocket(() => answers++));
  const repeater = await openSocket((message) => {
    const text = message.toString("latin1");
    repeatAnswers++;
    const right = beats.some(({ key, beat }) => acknowledges(key, text, EPOCH, SEQ, beat));
    if (!right) falseRepeats++;
  });
  const repeats = beats.map(({ beat }) => Buffer.from(beat, "latin1"));
  const sent = new Map<Kind | "repeated", number>();
  const rss: number[] = [];
  const begun = performance.now();
  for (let n = 0; n < total; n++) {
    let kind: Kind | "repeated" = "repeated";
    if (n % REPEAT_EVERY === 0) {
      repeater.send(repeats[(n / REPEAT_EVERY) % REPEATED]!, server.port, "127.0.0.1");
    } else {
      const next = hostile.next();
      kind = next.kind;
      sockets[n % SOCKETS]!.send(next.datagram, server.port, "127.0.0.1");
    }
    sent.set(kind, (sent.get(kind) ?? 0) + 1);
    if (n % BURST === 0) {
      await sleepTurn();
      while (queueOf(server.port).waiting > RECEIVE_BUFFER / 4) await sleep(1);
    }
    if (n % Math.ceil(total / 100) === 0) rss.push(usageOf(server.pid).rss);
  }
  const seconds = (performance.now() - begun) / 1000;
  while (queueOf(server.port).waiting > 0) await sleep(1);
  await sleep(SETTLE_MS);
  for (const socket of [...sockets, repeater]) socket.close();
  const repeatsMax = REPEATED * REPEATS_A_SECOND * (Math.ceil(seconds) + 2);
  return { sent, seconds, answers, repeatAnswers, repeatsMax, falseRepeats, rss };
}

const sleepTurn = (): Promise<void> => new Promise((turn) => setImmediate(turn));
