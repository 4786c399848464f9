/**
 * Hostile datagrams without end, in a thread of its own: half of the gateway's socket is always
 * full of them. It waits when it is, so nothing is dropped. They are made once, since making one
 * costs as much as sending it; large ones stay out, since few of them would fill the socket and
 * leave the gateway idle.
 */

import { createSocket } from "node:dgram";
import { parentPort, workerData } from "node:worker_threads";
import { RECEIVE_BUFFER } from "../../gateway/udp.ts";
import { queueOf } from "./flooding.ts";
import { Hostile } from "./hostile.ts";

const POOL = 4_096;
const LENGTH_MAX = 400;
const BURST = 200;
const WAITING = RECEIVE_BUFFER / 2;

const { port, suite } = workerData as { port: number; suite: number };
// Boards far above the numbers that the stale beats have, so that none of these is fresh.
const hostile = new Hostile([1_001, 1_002, 1_003, 1_004], () => suite, 100);
const pool = Array.from({ length: POOL }, () => hostile.next().datagram).filter(
  ({ length }) => length < LENGTH_MAX,
);
const lookup = (host: string, _: unknown, found: (e: null, a: string, f: number) => void) =>
  found(null, host, 4);
const socket = createSocket({ type: "udp4", lookup });
let sent = 0;
let over = false;
parentPort!.once("message", () => {
  over = true;
});
const blow = (): void => {
  if (over) {
    socket.close();
    parentPort!.postMessage(sent);
    return;
  }
  while (queueOf(port).waiting < WAITING) {
    for (let n = 0; n < BURST; n++) socket.send(pool[sent++ % pool.length]!, port, "127.0.0.1");
    // So that a gateway that keeps up does not keep us from hearing the end.
    if (sent % (BURST * 50) === 0) break;
  }
  setImmediate(blow);
};
socket.bind(0, "127.0.0.1", blow);
