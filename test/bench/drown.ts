/**
 * What is acknowledged while noise drowns the gateway must be on disk as soon as in quiet times
 * (rule 8).
 *
 * The noise keeps the gateway's socket from ever being empty, and never fills it: nothing is
 * dropped, nothing excused. Through it 20 000 boards send one beat each; then `kill -9`, and the
 * store is read. A gateway that puts off its writing until the sockets are empty passes every other
 * bench and fails here. Usage: node dist/test/bench/drown.js [--boards 20000] [--seconds 4]
 */

import { createSocket } from "node:dgram";
import { Worker } from "node:worker_threads";
import { systemClock } from "../../gateway/clock.ts";
import { LIMITS } from "../../gateway/limits.ts";
import { levelStore } from "../../gateway/store/level.ts";
import { RECEIVE_BUFFER } from "../../gateway/udp.ts";
import { EPOCH, P_LONG, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { queueOf } from "./flooding.ts";
import { sleep } from "./live.ts";
import { leaveCore, startGatewayProcess, temporaryFolder } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { verdict } from "./table.ts";

const SUITE = 2;
/** Beyond the flush window: the disk's own time, and the kernel's way. */
const MARGIN_MS = 500;

const { boards, seconds } = readFlags({ boards: 20_000, seconds: 4 });
leaveCore();
const data = temporaryFolder();
// A board tells its ACK from those of others by the number: the n-th board's beat has seq n + 1.
await seedStore(data, { boards, suiteOf: () => SUITE, promise: P_LONG, seqOf: (id) => id });
const server = await startGatewayProcess(data);
const lookup = (host: string, _: unknown, found: (e: null, a: string, f: number) => void) =>
  found(null, host, 4);
const socket = createSocket({ type: "udp4", lookup });
await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
socket.setRecvBufferSize(RECEIVE_BUFFER);
const ackedAt = new Map<number, number>();
socket.on("message", (ack) => void ackedAt.set(ack.readUInt16BE(1) - 1, performance.now()));
const beats = Array.from({ length: boards }, (_, n) => {
  const id = n + 1;
  return Buffer.from(sealBeat(tagKeyOf(id, SUITE), id, EPOCH, id + 1, P_LONG), "latin1");
});

const droppedBefore = queueOf(server.port).dropped;
const begun = performance.now();
const noise = new Worker(new URL("noise.js", import.meta.url), {
  workerData: { port: server.port, suite: SUITE },
});
let next = 0;
while (performance.now() - begun < seconds * 1_000) {
  const due = Math.min(boards, (boards * (performance.now() - begun)) / (seconds * 1_000));
  while (next < due) socket.send(beats[next++]!, server.port, "127.0.0.1");
  await sleep(2);
}
const killedAt = performance.now();
const dropped = queueOf(server.port).dropped - droppedBefore;
server.kill("SIGKILL");
const noises = new Promise<number>((resolve) => noise.once("message", resolve));
noise.postMessage("over");
await server.ended;
socket.close();

const store = levelStore(data, { clock: systemClock(0) });
const { devices } = await store.open("edit");
await store.close();
let old = 0;
let forgotten = 0;
for (const { enrolment, beat } of devices) {
  const at = ackedAt.get(enrolment.id);
  if (at === undefined || killedAt - at < LIMITS.flushMs + MARGIN_MS) continue;
  old++;
  if (beat!.seq !== enrolment.id + 1) forgotten++;
}
console.log(
  `${boards} beats and ${await noises} hostile datagrams in ${seconds} s, ${dropped} dropped`,
);
const window = LIMITS.flushMs + MARGIN_MS;
const found = `${forgotten} of ${old} older than ${window} ms at the kill are forgotten`;
process.exitCode = verdict(old > 0 && forgotten === 0, "what was acknowledged is on disk", found)
  ? 0
  : 1;
