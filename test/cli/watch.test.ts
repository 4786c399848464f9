// `watch` against a real gateway: what happens when a device dies and when the gateway does.

import { afterEach, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import { readHappening } from "../../gateway/cli/stream.ts";
import type { Terminal } from "../../gateway/cli/terminal.ts";
import { Watch } from "../../gateway/cli/watch.ts";
import { ORDERS } from "../../gateway/cli/watch-table.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { relayTo } from "./relay.ts";

const P_SHORT = intervalCode(1_200);

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
