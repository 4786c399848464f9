/**
 * `watch`: the table as a person reads it, on terminals of any size; the keys; and against a real
 * gateway, what happens when a device dies and when the gateway does.
 */

import { afterEach, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import { readHappening } from "../../gateway/cli/stream.ts";
import { keysOf, type Terminal, Watch } from "../../gateway/cli/watch.ts";
import { chosen, ORDERS, screen, type Watched } from "../../gateway/cli/watch-table.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { relayTo } from "./relay.ts";

const NOW = Date.UTC(2027, 0, 1, 12);
const P_SHORT = intervalCode(1_200);

function device(more: Partial<DeviceJson>): DeviceJson {
  return {
    ...{ id: "000001", name: "shed-07", site: "garden", labels: [], suite: 2, status: "present" },
    ...{ cause: "first-beat", tseq: 1, seenAt: new Date(NOW - 20_000).toISOString() },
    ...{ dueAt: new Date(NOW + 40_000).toISOString(), deadlineAt: null, absentAt: null },
    ...{ knownInMs: null, promiseMs: 60_000, reach: 0, transport: "udp", address: "10.0.0.2:1" },
    ...{ epoch: 1, seq: 7, battery: 80, signal: -58, alert: false, lossUp: 0.012, lossDown: 0 },
    ...{ waiting: 0, clashes: 0, clashAt: null, promiseLong: false, open: false },
    ...more,
  } as DeviceJson;
}

const FLEET = [
  device({}),
  device({ id: "000002", name: "barn", site: "", battery: 10, signal: -90, waiting: 2 }),
  device({
    ...{ id: "000003", name: "well", status: "absent", cause: "battery", battery: null },
    dueAt: new Date(NOW - 130_000).toISOString(),
  }),
  device({ id: "000004", name: "tank", status: "unknown", cause: null, seenAt: null, dueAt: null }),
  device({ id: "000005", name: "gate", alert: true, battery: "external", labels: ["north"] }),
];

function watched(more: Partial<Watched> = {}): Watched {
  return {
    ...{ devices: FLEET, now: NOW, gateway: "127.0.0.1:8227", order: "attention", filter: "" },
    ...{ top: 0, lostAt: undefined, deaf: "", columns: 120, rows: 12, colours: false },
    ...more,
  };
}

describe("the table", () => {
  it("has those first who want attention, and everything that is known", () => {
    const lines = screen(watched());
    expect(lines[0]).toBe("127.0.0.1:8227: 1 unknown, 3 present, 1 absent");
    expect(lines[1]).toBe("by attention");
    expect(lines[2]).toMatch(
      /^ {3}NAME +STATUS +NEXT DUE +SITE +BATTERY +SIGNAL +LOSS +CMDS +CAUSE$/,
    );
    expect(lines[3]).toMatch(/^X {2}well +absent +2 min 10 s over +garden +- .* battery$/);
    expect(lines.slice(3, 8).map((line) => line.split(/ {2,}/)[1])).toEqual([
      "well",
      "barn",
      "gate (alert)",
      "shed-07",
      "tank",
    ]);
    expect(lines[4]).toMatch(/^\* {2}barn +present +in 40 s +- +10 % +-90 dBm +1.2 % +2$/);
    expect(lines[5]).toContain("mains");
    expect(lines[7]).toMatch(/^\? {2}tank +unknown +- /);
  });

  it("fits a terminal of any size, and shows where in the list it is", () => {
    for (const columns of [10, 40, 55, 80, 200]) {
      for (const rows of [1, 3, 6, 24]) {
        const lines = screen(watched({ columns, rows }));
        expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
        expect(lines).toHaveLength(Math.max(5, rows));
      }
    }
    const long = "the pump in the far meadow behind the old mill, left";
    const devices = [device({ name: long }), device({ id: "000002", name: "barn" })];
    const [barn, pump] = screen(watched({ devices, columns: 60 })).slice(3);
    expect(pump).toMatch(/^\* {2}the pump in .*… {2}present {2}in 40 s/);
    const sited = [device({ site: "the long field north of the river" }), ...FLEET.slice(1)];
    expect(screen(watched({ devices: sited, columns: 80 }))[6]).toMatch(
      /^\* {2}shed-07 +present +in 40 s +the l.*… +80 % +-58 dBm$/,
    );
    expect(barn).toMatch(/^\* {2}barn +present {2}in 40 s/);
    expect(screen(watched({ devices, columns: 130 }))[4]).toContain(`${long}  present`);
    const lines = screen(watched({ rows: 6, top: 2 }));
    expect(lines[1]).toBe("by attention  3-4 of 5");
  });

  it("can be put into other orders, and narrowed to a word", () => {
    const names = (more: Partial<Watched>) => chosen(watched(more)).map(({ name }) => name);
    expect(names({ order: "name" })).toEqual(["barn", "gate", "shed-07", "tank", "well"]);
    expect(names({ order: "due" })[0]).toBe("well");
    expect(names({ order: "battery" })[0]).toBe("barn");
    expect(names({ order: "signal" })[0]).toBe("barn");
    expect(names({ filter: "GARD" })).toEqual(["well", "gate", "shed-07", "tank"]);
    expect(names({ filter: "nor" })).toEqual(["gate"]);
    expect(names({ filter: "00000" })).toHaveLength(5);
  });

  it("hears keys one by one, also of what was pasted", () => {
    expect(keysOf("/shed\r")).toEqual(["/", "s", "h", "e", "d", "\r"]);
    expect(keysOf("\u001b[A\u001b[5~\u001bOBé")).toEqual([
      ...["\u001b[A", "\u001b[5~", "\u001bOB", "é"],
    ]);
    expect(keysOf("\u001b")).toEqual(["\u001b"]);
  });

  it("says why it is empty", () => {
    expect(screen(watched({ devices: [] }))[3]).toContain("nextbeat device add NAME");
    expect(screen(watched({ filter: "zz" }))[3]).toContain('none of 5 has "zz"');
  });

  it("says when it no longer knows, and when the gateway does not hear", () => {
    expect(screen(watched({ lostAt: NOW - 65_000 }))[0]).toMatch(/: no contact for 65 s; last: /);
    expect(screen(watched({ deaf: "network" }))[0]).toMatch(/; the gateway is deaf \(network\)$/);
    expect(screen(watched({ colours: true }))[3]).toMatch(/^\u001b\[31mX/);
  });
});

it("the stream's text is read as events, and comments are none", () => {
  expect(readHappening('id: 3\nevent: change\ndata: {"a":1}')).toEqual({
    ...{ id: "3", event: "change", data: { a: 1 } },
  });
  expect(readHappening('event: beats\ndata: {"items":[]}')).toEqual({
    ...{ event: "beats", data: { items: [] } },
  });
  expect(readHappening(":")).toBeUndefined();
  expect(readHappening("retry: 2000\nid: 7")).toBeUndefined();
});

describe("against a gateway", () => {
  const gateways: RunningGateway[] = [];
  const stops: AbortController[] = [];
  const sockets: BoardSocket[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) stop.abort();
    for (const socket of sockets.splice(0)) socket.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  async function farm() {
    const disk = new Map();
    const gateway = await startHere(disk);
    gateways.push(gateway);
    const socket = await BoardSocket.open();
    sockets.push(socket);
    const board = new Board(0x2bd, 2, { name: "shed-07" });
    await gateway.registry.add(board.enrolment);
    await socket.hello(board, gateway.udpPort);
    await socket.beat(board, gateway.udpPort, P_HOUR);
    const url = new URL(`http://127.0.0.1:${gateway.httpPort}`);
    return { gateway, socket, board, url };
  }

  function start(url: URL, terminal: Terminal | undefined, json = false) {
    const stop = new AbortController();
    stops.push(stop);
    let out = "";
    const streams = { out: (text: string) => (out += text), err: () => {} };
    const watch = new Watch({ url, json }, streams as never, terminal, stop);
    return { running: watch.run(), stop, out: () => out };
  }

  /** A terminal that keeps the last screen, and whose keys a test presses. */
  function pretend() {
    let [last, key]: [string, (key: string) => void] = ["", () => {}];
    let listening = false;
    const terminal: Terminal = {
      ...{ columns: 100, rows: 10, colours: false },
      write: (text) => (last = text),
      listen(onKey) {
        listening = true;
        key = onKey;
        return () => (listening = false);
      },
    };
    return {
      terminal,
      last: () => last,
      press: (text: string) => key(text),
      open: () => listening,
    };
  }

  async function until(fits: () => boolean): Promise<void> {
    while (!fits()) await new Promise((wake) => setTimeout(wake, 10));
  }

  async function streamsOf(url: URL): Promise<number> {
    const answer = await fetch(new URL("api/v1/gateway", url));
    return ((await answer.json()) as { streams: number }).streams;
  }

  it("a death shows in the table, keys work, and q gives the terminal back", async () => {
    const { gateway, socket, board, url } = await farm();
    const { terminal, last, press, open } = pretend();
    const { running } = start(url, terminal);
    await until(() => last().includes("1 present") && last().includes("shed-07"));
    await socket.beat(board, gateway.udpPort, P_SHORT);
    await until(() => last().includes("1 absent") && /X {2}shed-07/.test(last()));
    for (const order of [...ORDERS.slice(1), ORDERS[0]]) {
      press("s");
      expect(last()).toContain(`by ${order}`);
    }
    for (const letter of ["/", "b", "x", "\u007f", "q"]) press(letter);
    expect(last()).toContain('with "bq"');
    expect(last()).not.toContain("shed-07");
    press("\u001b");
    expect(last()).toContain("shed-07");
    press("q");
    await running;
    expect(open()).toBe(false);
    expect(last()).toContain("\u001b[?1049l");
  });

  it("without a terminal each change is a line, or JSON", async () => {
    const { gateway, socket, board, url } = await farm();
    const plain = start(url, undefined);
    const json = start(url, undefined, true);
    while ((await streamsOf(url)) < 2) await new Promise((wake) => setTimeout(wake, 10));
    await socket.beat(board, gateway.udpPort, P_SHORT);
    await until(() => plain.out().includes("absent") && json.out().includes('"to":"absent"'));
    expect(plain.out()).toMatch(
      /^\S+Z shed-07 present -> late: promise broken\n\S+Z shed-07 late -> absent: /,
    );
    expect(JSON.parse(json.out().split("\n")[0]!)).toMatchObject({
      name: "shed-07",
      to: "late",
      tseq: 2,
    });
    for (const { stop, running } of [plain, json]) {
      stop.abort();
      await running;
    }
  });

  it("a stream that breaks goes on behind its last change, and names whom it did not know", async () => {
    const { gateway, socket, url } = await farm();
    const relay = await relayTo(gateway.httpPort);
    url.port = `${relay.port}`;
    const watch = start(url, undefined);
    while ((await streamsOf(url)) < 1) await new Promise((wake) => setTimeout(wake, 10));
    const young = new Board(0x2be, 2, { name: "shed-08" });
    await gateway.registry.add(young.enrolment);
    await socket.hello(young, gateway.udpPort);
    await socket.beat(young, gateway.udpPort, P_HOUR);
    await until(() => watch.out().includes("first beat"));
    relay.cut();
    await socket.beat(young, gateway.udpPort, P_SHORT);
    await until(() => watch.out().includes("absent"));
    expect(watch.out().match(/ shed-08 unknown -> present: first beat\n/g)).toHaveLength(1);
    expect(watch.out().trim().split("\n")).toHaveLength(3);
    relay.close();
  });

  it("a gateway that goes is told of, and one that is not there is an error at once", async () => {
    const { gateway, url } = await farm();
    const { terminal, last } = pretend();
    const { running, stop } = start(url, terminal);
    await until(() => last().includes("1 present"));
    await gateway.stop();
    await until(() => last().includes("no contact for"));
    stop.abort();
    await running;
    await expect(start(url, undefined).running).rejects.toThrow("no gateway answers");
  });
});
