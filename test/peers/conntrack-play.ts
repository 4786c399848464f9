// Boards, gateways and a masquerading kernel in a network namespace of their own, which has nothing
// but a loopback: plays a script in real time and says what the kernel made of each frame. Runs in
// a process of its own under `unshare`; conntrack.test.ts starts it.

import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";

/** One inner endpoint and one remote; all numbers count from 0. */
export interface Flow {
  readonly host: number;
  readonly port: number;
  readonly remote: number;
}

/** A frame of a flow, `at` ms after the start. In: to the outer port the remote saw last. */
export interface Step {
  readonly at: number;
  readonly flow: number;
  readonly direction: "out" | "in";
}

export interface Script {
  readonly flows: readonly Flow[];
  readonly steps: readonly Step[];
  /** Whether to read in the kernel's table, after each frame, how long its binding has to live. */
  readonly lives: boolean;
}

export interface Seen {
  /** When it was sent, ms from the start: measured. */
  readonly at: number;
  /** Out: the outer port that the remote saw. In: the remote's port. 0: it was lost. */
  readonly port: number;
  /** In: whether it was this flow's inner endpoint that got it. */
  readonly mine: boolean;
  /** Seconds and the ASSURED flag in the kernel's table; -1 if it is not there. */
  readonly life: number;
  readonly assured: boolean;
}

/** The kernel's outer address; the remotes are its neighbours. */
export const OUTER = "203.0.113.7";
export const remoteOf = (remote: number) => `203.0.113.${20 + remote}:7000`;
const hostOf = (host: number) => `10.9.${host >> 8}.${host & 255}`;

/** How long a frame may take over the loopback before it counts as dropped. */
const PATIENCE_MS = 100;

async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((done, fail) => {
    socket.once("error", fail).bind(port, address, done);
  });
  return socket;
}

/** What conntrack's table says of a flow. */
function lookUp({ host, port, remote }: Flow): Pick<Seen, "life" | "assured"> {
  const key = `src=${hostOf(host)} dst=${remoteOf(remote).split(":")[0]} sport=${port} `;
  const line = readFileSync("/proc/net/nf_conntrack", "latin1")
    .split("\n")
    .find((row) => row.includes(key));
  const life = Number(/udp +17 (\d+) /.exec(line ?? "")?.[1] ?? -1);
  return { life, assured: line?.includes("[ASSURED]") ?? false };
}

/** Plays a script from now on: it takes as long as the script says. */
export async function play({ flows, steps, lives }: Script): Promise<Seen[]> {
  const sockets = new Map<string, Socket>();
  const heard = new Map<number, { by: Socket; port: number }>();
  const open = async (address: string, port: number) => {
    const key = `${address}:${port}`;
    let socket = sockets.get(key);
    if (!socket) {
      const by = await bound(address, port);
      // A frame carries the number of its step.
      by.on("message", (frame, from) => heard.set(Number(frame), { by, port: from.port }));
      sockets.set(key, by);
      socket = by;
    }
    return socket;
  };
  const ends: { inner: Socket; remote: Socket; outerPort: number }[] = [];
  for (const { host, port, remote } of flows) {
    const [address, at] = remoteOf(remote).split(":") as [string, string];
    const inner = await open(hostOf(host), port);
    ends.push({ inner, remote: await open(address, Number(at)), outerPort: 0 });
  }
  const seen: Seen[] = [];
  const start = performance.now();
  const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
  const send = (from: Socket, step: number, port: number, address: string) =>
    // The rule that drops what has no binding tells the sender so: an error like any loss.
    new Promise((done) => from.send(String(step), port, address, done));
  for (const [n, { at, flow, direction }] of steps.entries()) {
    while (performance.now() - start < at) await sleep(at - (performance.now() - start));
    const end = ends[flow]!;
    const sentAt = performance.now() - start;
    const [address, port] = remoteOf(flows[flow]!.remote).split(":") as [string, string];
    if (direction === "out") await send(end.inner, n, Number(port), address);
    else if (end.outerPort > 0) await send(end.remote, n, end.outerPort, OUTER);
    for (let i = 0; !heard.has(n) && i < (direction === "out" ? PATIENCE_MS : 2); i++) {
      await sleep(1);
    }
    if (direction === "out") end.outerPort = heard.get(n)?.port ?? end.outerPort;
    const state = lives ? lookUp(flows[flow]!) : { life: -1, assured: false };
    seen.push({ at: sentAt, port: 0, mine: false, ...state });
  }
  await sleep(PATIENCE_MS);
  for (const socket of sockets.values()) socket.close();
  return seen.map((entry, n) => ({
    ...entry,
    port: heard.get(n)?.port ?? 0,
    mine: heard.get(n)?.by === ends[steps[n]!.flow]!.inner,
  }));
}
