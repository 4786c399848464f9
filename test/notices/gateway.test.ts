/** Notices through the whole gateway: a board dies, a receiver is told, people ask by commands. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { IncidentJson } from "../../gateway/http/answers.ts";
import type { NoticeSettings } from "../../gateway/notices/receivers.ts";
import { signature } from "../../gateway/notices/webhook.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { refused, run } from "../cli/rig.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { BoardSocket, clearUp, startHere } from "../gateway/socket-rig.ts";
import { MINUTE_MS, ROUTE, Town } from "../incidents/rig.ts";
import { routeOf } from "./outbox-rig.ts";

const SECRET = Buffer.alloc(32, 7);
const SOON = intervalCode(200);
const running: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
const receivers: Receiver[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const receiver of receivers.splice(0)) receiver.close();
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  clearUp();
});

interface Hook {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly text: string; readonly incident: number; readonly devices: unknown[] };
}

/** A receiver that believes what is signed, and hands it out in order. */
class Receiver {
  readonly hooks: Hook[] = [];
  #server: Server | undefined;
  #wake = (): void => {};
  port = 0;

  async open(): Promise<this> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const id = String(request.headers["webhook-id"]);
        const unix = Number(request.headers["webhook-timestamp"]);
        const signed = request.headers["webhook-signature"] === signature(SECRET, id, unix, body);
        response.writeHead(signed ? 204 : 401).end();
        if (signed) this.hooks.push({ id, ...JSON.parse(body) });
        this.#wake();
      });
    });
    this.#server = server;
    await new Promise<void>((done) => server.listen(this.port, "127.0.0.1", done));
    this.port = (server.address() as AddressInfo).port;
    receivers.push(this);
    return this;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** The first of a type, now or later. */
  async first(type: string): Promise<Hook> {
    for (;;) {
      const found = this.hooks.find((hook) => hook.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  get settings(): NoticeSettings {
    const url = new URL(`http://127.0.0.1:${this.port}/`);
    const target = { secret: SECRET, allowPrivate: true, timeoutMs: 5_000 };
    const closed = new URL("http://127.0.0.1:1/");
    return {
      routes: [
        { ...routeOf("hook"), channel: { kind: "webhook", url, ...target } },
        {
          ...routeOf("dead", { sites: ["x"] }),
          channel: { kind: "webhook", url: closed, ...target },
        },
      ],
    };
  }
}

async function here(disk: MemoryDisk, notices: NoticeSettings): Promise<RunningGateway> {
  const gateway = await startHere(disk, { notices });
  running.push(gateway);
  return gateway;
}

async function board(gateway: RunningGateway, id: number): Promise<[Board, BoardSocket]> {
  const found = new Board(id, 2, { site: "farm" });
  await gateway.registry.add(found.enrolment);
  const socket = await BoardSocket.open();
  sockets.push(socket);
  await socket.hello(found, gateway.udpPort);
  await socket.beat(found, gateway.udpPort, SOON);
  return [found, socket];
}

describe("a gateway with a webhook", () => {
  it("tells of a board that dies and returns; people list, acknowledge and mute", async () => {
    const receiver = await new Receiver().open();
    const gateway = await here(new Map(), receiver.settings);
    const url = `http://127.0.0.1:${gateway.httpPort}`;
    const cli = async (...argv: string[]) => {
      const said = await run(...argv, "--url", url);
      expect(said).toMatchObject({ code: 0, err: "" });
      return said.out;
    };
    const [one, socket] = await board(gateway, 7);
    const opened = await receiver.first("incident.opened");
    expect(opened.data.text).toMatch(/^board-7 \(farm\) is absent: it promised to be heard by /);
    expect(opened.data.devices).toMatchObject([{ id: "000007", name: "board-7", site: "farm" }]);

    const { incident } = opened.data;
    const list = JSON.parse(await cli("incidents", "--open", "--json")) as IncidentJson[];
    expect(list).toMatchObject([{ n: incident, members: ["000007"], away: 1, told: ["hook"] }]);
    expect(await cli("ack", `${incident}`)).toBe(`acknowledged ${incident}\n`);
    expect(await cli("incidents", "--site", "farm")).toMatch(
      /^\d+ +device:\S+ .* acknowledged +hook$/m,
    );
    expect(await cli("incidents", "--site", "elsewhere")).toBe("no incidents\n");

    const until = receiver.first("incident.closed");
    const alive = setInterval(() => socket.send(one.beat({ promise: SOON }), gateway.udpPort), 50);
    const closed = await until;
    clearInterval(alive);
    expect(closed.data).toMatchObject({ incident });
    expect(closed.data.text).toMatch(/^board-7 \(farm\) is back after /);
    expect(receiver.hooks.map(({ type }) => type)).toEqual(["incident.opened", "incident.closed"]);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('nextbeat_notices_total{route="hook",result="delivered"} 2');
    expect(text).toContain('nextbeat_notices_waiting{route="hook"} 0');
    await refused(1, `incident ${incident} is closed`, "ack", `${incident}`, "--url", url);
    await refused(1, "there is no incident 99", "ack", "99", "--url", url);
    await refused(2, "Expected the number of an incident", "ack", "x", "--url", url);
  }, 30_000);

  it("sends a marked test over a route, and says what came of it", async () => {
    const receiver = await new Receiver().open();
    const gateway = await here(new Map(), receiver.settings);
    const url = ["--url", `http://127.0.0.1:${gateway.httpPort}`];
    expect(await run("notices", "test", "hook", ...url)).toEqual({
      ...{ code: 0, out: "delivered over hook\n", err: "" },
    });
    expect(receiver.hooks).toMatchObject([{ type: "gateway.test", data: { test: true } }]);
    await refused(1, "the test over dead failed: ", "notices", "test", "dead", ...url);
    await refused(1, 'there is no route "none"', "notices", "test", "none", ...url);
    expect((await run("notices", "ls", ...url)).out).toBe(
      "ROUTE  KIND     WAITING\nhook   webhook  0\ndead   webhook  0\n",
    );
  });

  it("mutes devices and sites, and says what it cannot", async () => {
    const gateway = await here(new Map(), { routes: [] });
    const url = ["--url", `http://127.0.0.1:${gateway.httpPort}`];
    await gateway.registry.add(new Board(7, 2, { site: "farm" }).enrolment);
    const muted = await run("mute", "board-7", "--for", "2h", ...url);
    expect(muted.out).toMatch(/^mute of device 000007 until 2\S+Z \(in (2 h|1 h 59 min)\)\n$/);
    const site = await run("maintenance", "--site", "farm", "--json", ...url);
    expect(JSON.parse(site.out)).toMatchObject({ target: "site:farm", untilAt: null });
    const quiet = await (await fetch(`${url[1]}/api/v1/quiet`)).json();
    expect(quiet).toMatchObject({
      items: [
        { target: "device:000007", kind: "mute" },
        { target: "site:farm", kind: "maintenance" },
      ],
    });
    expect((await run("unmute", "000007", ...url)).out).toBe("people are told of 000007 again\n");
    expect((await run("unmute", "--site", "farm", ...url)).code).toBe(0);
    expect(await (await fetch(`${url[1]}/api/v1/quiet`)).json()).toMatchObject({ items: [] });
    await refused(2, "given both, expected an ID or --site S", "mute", "x", "--site", "y", ...url);
    await refused(2, "given neither, expected an ID", "maintenance", ...url);
    await refused(2, "Expected a duration such as 90s", "mute", "x", "--for", "long", ...url);
    await refused(1, 'no device has the id or name "nobody"', "mute", "nobody", ...url);
    await refused(1, 'no device has the site "barn"', "mute", "--site", "barn", ...url);
    await run("mute", "000007", ...url);
    await gateway.registry.remove(7);
    expect(await (await fetch(`${url[1]}/api/v1/quiet`)).json()).toMatchObject({ items: [] });
    await gateway.registry.add(new Board(7, 1, { key: "another key here" }).enrolment);
    const bad = await fetch(`${url[1]}/api/v1/quiet/devices/000007`, { method: "PUT", body: "{}" });
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining("kind: missing")]);
  });

  it("delivers after a restart what nobody took before it, under the same id", async () => {
    const receiver = await new Receiver().open();
    const disk: MemoryDisk = new Map();
    const { settings } = receiver;
    receiver.close();
    const first = await here(disk, settings);
    await board(first, 7);
    const failed = () => fetch(`http://127.0.0.1:${first.httpPort}/metrics`).then((r) => r.text());
    while (!(await failed()).includes('{route="hook",result="retried"} 1')) {
      await new Promise((round) => setImmediate(round));
    }
    const [waiting] = first.core.requests.notices;
    await first.stop();
    await receiver.open();
    const second = await here(disk, settings);
    const hook = await receiver.first("incident.opened");
    expect(hook.data.incident).toBe(waiting!.incident);
    while (second.core.requests.notices.length > 0)
      await new Promise((round) => setImmediate(round));
    await second.stop();
    const third = await here(disk, settings);
    expect(third.core.requests.notices).toEqual([]);
    expect(receiver.hooks).toHaveLength(1);
  }, 30_000);
});

describe("the core", () => {
  it("a crash after the commit loses no notice, and what was delivered is not told again", () => {
    const town = new Town({ routes: [{ ...ROUTE, waitMs: 0 }] });
    const [one] = town.add(1, { site: "barn" });
    town.run(5 * MINUTE_MS);
    town.unplug([one!]);
    town.run(30 * MINUTE_MS);
    const { bench } = town;
    expect(bench.core.requests.notices).toMatchObject([{ kind: "opened", route: "phone" }]);
    const before = bench.core.requests.notices;
    town.restart(1_000);
    expect(bench.core.requests.notices.map(({ n, body }) => [n, body])).toEqual(
      before.map(({ n, body }) => [n, body]),
    );
    bench.obey(bench.core.requests.delivered(before[0]!.n, true));
    town.restart(1_000);
    expect(bench.core.requests.notices).toEqual([]);
    town.plug([one!]);
    town.run(30 * MINUTE_MS);
    expect(bench.core.requests.notices).toMatchObject([{ kind: "closed" }]);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
  });
});
