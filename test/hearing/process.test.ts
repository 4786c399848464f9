// The gateway as a process that does not run for a while: what the kernel kept meanwhile is no
// deafness, what it dropped is; and nobody who beat all the time is called late, either way.

import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeAll, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { ChangeJson, DeviceJson } from "../../gateway/http/answers.ts";
import { Board } from "../gateway/gateway-rig.ts";
import {
  BoardSocket,
  buildGateway,
  type ChildGateway,
  clearUp,
  startChild,
  temporaryFolder,
} from "../gateway/socket-rig.ts";

const BOARDS = 20;
/** Boards beat each second and promise four: on a busy machine, this process stands at times. */
const PROMISE = intervalCode(4_000);
/** More than a promise and its grace, and less than makes a process mute (ears.ts). */
const STOPPED_MS = 6_000;
/** More than the largest receive buffer that we ask for holds. */
const FLOOD = 60_000;

beforeAll(buildGateway);
afterEach(clearUp);

/** Boards that beat, whether they are heard or not, until `stop`. */
async function liveBoards(child: ChildGateway) {
  const socket = await BoardSocket.open();
  const boards = Array.from({ length: BOARDS }, (_, n) => new Board(n + 1));
  for (const board of boards) {
    await enrol(child.url, board);
    await socket.hello(board, child.udpPort);
    await socket.beat(board, child.udpPort, PROMISE);
  }
  const timer = setInterval(() => {
    for (const board of boards) socket.send(board.beat({ promise: PROMISE }), child.udpPort);
  }, 1_000);
  return {
    stop() {
      clearInterval(timer);
      socket.close();
    },
  };
}

/** Resolves when every board was heard after `at`. */
async function allHeard(url: string, at: number): Promise<void> {
  for (;;) {
    const { items } = await json<{ items: DeviceJson[] }>(`${url}/api/v1/devices?limit=100`);
    if (items.every(({ seenAt }) => Date.parse(seenAt!) > at)) return;
    await wait(50);
  }
}

it("stopped for seconds amid live boards, it calls nobody late, and was not deaf", async () => {
  const child = await startChild(temporaryFolder());
  const boards = await liveBoards(child);
  for (let n = 0; n < 2; n++) {
    child.process.kill("SIGSTOP");
    await wait(STOPPED_MS);
    child.process.kill("SIGCONT");
    await allHeard(child.url, Date.now());
  }
  boards.stop();
  const { deaf, devices } = await gateway(child.url);
  expect(deaf).toEqual([]);
  expect(devices).toMatchObject({ present: BOARDS });
  expect(await transitions(child.url)).toEqual(new Set(["unknown present"]));
});

it.runIf(existsSync("/proc/net/udp"))(
  "stopped while its buffer runs over, it sees the overflow, and calls nobody late",
  async () => {
    const child = await startChild(temporaryFolder());
    const boards = await liveBoards(child);
    const flood = await BoardSocket.open();
    child.process.kill("SIGSTOP");
    const until = Date.now() + STOPPED_MS;
    for (let n = 0; n < FLOOD; n++) {
      flood.send("x".repeat(100), child.udpPort);
      if (n % 1_000 === 999) await wait(1);
    }
    await wait(until - Date.now());
    child.process.kill("SIGCONT");
    await allHeard(child.url, Date.now());
    boards.stop();
    flood.close();
    const { deaf } = await gateway(child.url);
    expect(deaf.map(({ why, transport }) => [why, transport])).toEqual([["overflow", "udp"]]);
    expect(await transitions(child.url)).toEqual(new Set(["unknown present"]));
    const metrics = await (await fetch(`${child.url}/metrics`)).text();
    const seconds = /nextbeat_deaf_seconds_total\{why="overflow"\} ([\d.]+)/.exec(metrics)?.[1];
    expect(Number(seconds)).toBeGreaterThan(STOPPED_MS / 1_000 - 1);
  },
);

it("is killed amid live boards: the stop is told of, and calls nobody late", async () => {
  const data = temporaryFolder();
  const first = await startChild(data);
  const boards = await liveBoards(first);
  await allHeard(first.url, Date.now());
  first.process.kill("SIGKILL");
  await first.ended;
  boards.stop();
  await wait(1_500);
  const second = await startChild(data, "--udp-port", `${first.udpPort}`);
  const { deaf, devices } = await gateway(second.url);
  expect(deaf).toMatchObject([{ n: 1, why: "stopped", transport: null }]);
  const stoppedMs = Date.parse(deaf[0]!.to!) - Date.parse(deaf[0]!.from);
  expect(stoppedMs).toBeGreaterThan(1_000);
  expect(stoppedMs).toBeLessThan(10_000);
  expect(devices).toMatchObject({ present: BOARDS });
});

interface GatewayJson {
  readonly deaf: {
    readonly why: string;
    transport: string | null;
    from: string;
    to: string | null;
  }[];
  readonly devices: Record<string, number>;
}

function gateway(url: string): Promise<GatewayJson> {
  return json(`${url}/api/v1/gateway`);
}

async function transitions(url: string): Promise<Set<string>> {
  const { items } = await json<{ items: ChangeJson[] }>(`${url}/api/v1/changes?limit=1000`);
  return new Set(items.map(({ from, to }) => `${from} ${to}`));
}

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function enrol(url: string, board: Board): Promise<void> {
  const { name, suite, key } = board.enrolment;
  const response = await fetch(`${url}/api/v1/devices`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ name, suite, id: board.id.toString(16).padStart(6, "0") },
      key: Buffer.from(key, "latin1").toString("hex"),
    }),
  });
  expect(response.status).toBe(201);
}
