// The TCP proxy on loopback: bytes come through whole and in order whatever the link does, and each
// way in which a connection ends badly is seen by whom it should be, at every byte of a stream.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openTcpProxy, type TcpProxy, type TcpProxyOptions } from "../../sim/live/proxy-tcp.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { link, until } from "./proxy-rig.ts";

const SEED = 31;
/** A CONNECT and a PUBLISH of MQTT 3.1.1. */
const STREAM = Buffer.from(
  "101000044d5154540402003c000461626364300c00056e65787462010203" + "0405",
  "hex",
);
const proxies: TcpProxy[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

/** One end of a connection, and what it has seen. */
class End {
  readonly socket: Socket;
  readonly reads: Buffer[] = [];
  ended = false;
  error = "";
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    sockets.push(socket);
    socket.on("data", (bytes: Buffer) => this.reads.push(bytes));
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      this.error = code ?? "";
    });
    socket.on("close", () => {
      this.closed = true;
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.reads);
  }
}

interface Rig {
  readonly proxy: TcpProxy;
  /** Connections that the target took. */
  readonly targets: End[];
  connect(): End;
}

async function rig(more: Partial<TcpProxyOptions> = {}): Promise<Rig> {
  const targets: End[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    targets.push(new End(socket));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const target = { address: "127.0.0.1", family: 4, port } as const;
  const options = { port: 0, host: "127.0.0.1", target, seed: SEED, link: link({}) };
  const proxy = await openTcpProxy({ ...options, ...more });
  proxies.push(proxy);
  const enter = () =>
    new End(connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true }));
  return { proxy, targets, connect: enter };
}

const hex = (bytes: Buffer) => bytes.toString("hex");

describe("bytes", () => {
  it("come through whole and in order over a link that loses, delays and corrupts", async () => {
    const model = { lossGood: 0.1, corrupt: 0.1, duplicate: 0.2, jitterMs: 5, reorder: 0.3 };
    const { proxy, targets, connect } = await rig({ link: link({ ...model, reorderMs: 9 }) });
    const client = connect();
    await until(() => targets.length === 1);
    const up = Buffer.from(Array.from({ length: 40_000 }, (_, n) => (n * 31) & 255));
    const down = Buffer.from(Array.from({ length: 30_000 }, (_, n) => (n * 17) & 255));
    client.socket.end(up);
    targets[0]!.socket.end(down);
    await until(() => client.ended && targets[0]!.ended);
    expect(hex(targets[0]!.bytes)).toBe(hex(up));
    expect(hex(client.bytes)).toBe(hex(down));
    const report = proxy.report();
    expect(report.up).toMatchObject({ received: 40_000, sent: 40_000 });
    expect(report.up.lost).toBeGreaterThan(0);
    await until(() => client.closed && targets[0]!.closed);
    expect(proxy.report().up).toEqual(report.up);
  });

  it("more than fit wait, and their source with them", async () => {
    const { targets, connect } = await rig();
    const client = connect();
    await until(() => targets.length === 1);
    targets[0]!.socket.pause();
    const all = Buffer.alloc(8 * 1_048_576, "nextbeat");
    client.socket.write(all);
    targets[0]!.socket.resume();
    await until(() => targets[0]!.reads.reduce((sum, { length }) => sum + length, 0) >= all.length);
    expect(targets[0]!.bytes.equals(all)).toBe(true);
  });

  it("one by one are read apart", async () => {
    const { targets, connect } = await rig({ split: 1 });
    const client = connect();
    client.socket.write(STREAM);
    await until(() => targets[0]?.bytes.length === STREAM.length);
    expect(hex(targets[0]!.bytes)).toBe(hex(STREAM));
    expect(targets[0]!.reads.length).toBeGreaterThan(1);
  });
});

describe("a connection", () => {
  it("half closed by one end still carries what the other says", async () => {
    const { targets, connect } = await rig();
    const client = connect();
    client.socket.end("bye");
    await until(() => targets[0]?.ended === true);
    expect(targets[0]!.bytes.toString()).toBe("bye");
    targets[0]!.socket.end("bye, you");
    await until(() => client.ended);
    expect(client.bytes.toString()).toBe("bye, you");
  });

  it("is reset after any byte: both ends know, and no byte beyond went through", async () => {
    for (let bytes = 0; bytes <= STREAM.length; bytes++) {
      const { targets, connect } = await rig({ breaks: { how: "reset", bytes } });
      const client = connect();
      client.socket.write(STREAM);
      await until(() => client.closed);
      expect(client.error).toBe("ECONNRESET");
      if (bytes === 0) continue;
      // Node may read the last bytes and the reset as one, and then calls it an end.
      await until(() => targets[0]?.closed || targets[0]?.ended === true);
      expect(hex(targets[0]!.bytes)).toBe(hex(STREAM.subarray(0, bytes)));
    }
  });

  it("is half open after any byte: the target knows, the client does not", async () => {
    for (let bytes = 1; bytes <= STREAM.length; bytes += 3) {
      const { targets, connect } = await rig({ breaks: { how: "half-open", bytes } });
      const client = connect();
      client.socket.write(STREAM);
      await until(() => targets[0]?.closed || targets[0]?.ended === true);
      expect(hex(targets[0]!.bytes)).toBe(hex(STREAM.subarray(0, bytes)));
      // It can go on talking, and nothing comes of it.
      await new Promise<void>((done) => client.socket.write("more", () => done()));
      expect([client.closed, client.ended, client.error]).toEqual([false, false, ""]);
    }
  });

  it("stalls after any byte: nobody knows, the end included", async () => {
    for (let bytes = 1; bytes <= STREAM.length; bytes += 3) {
      const { targets, connect } = await rig({ breaks: { how: "stall", bytes } });
      const client = connect();
      client.socket.write(STREAM);
      await until(() => targets[0]?.bytes.length === bytes);
      targets[0]!.socket.write("nobody hears this");
      await new Promise<void>((done) => client.socket.end("nor that", () => done()));
      const other = connect();
      other.socket.write(STREAM);
      // What the proxy did for a later connection it would have done for this one.
      await until(() => targets[1]?.bytes.length === bytes);
      expect(hex(targets[0]!.bytes)).toBe(hex(STREAM.subarray(0, bytes)));
      expect([targets[0]!.ended, targets[0]!.closed, client.bytes.length]).toEqual([
        false,
        false,
        0,
      ]);
    }
  });

  it("to a target that is not there is reset", async () => {
    const { connect } = await rig({ target: { address: "127.0.0.1", family: 4, port: 1 } });
    const client = connect();
    await until(() => client.closed);
    expect(client.error).toBe("ECONNRESET");
  });

  it("beyond the limit is refused and counted", async () => {
    const { proxy, targets, connect } = await rig({ connectionsMax: 1 });
    const first = connect();
    await until(() => targets.length === 1);
    const second = connect();
    await until(() => second.closed);
    first.socket.write("x");
    await until(() => targets[0]!.bytes.length === 1);
    expect(proxy.report().faults).toContain("1 connections beyond the limit");
  });
});

describe("a scenario", () => {
  const text = (faults: string) =>
    `run: 1h\nfleet: [{group: a, transport: mqtt, link: lan}]\nfaults: [${faults}]`;

  it("cuts a connection: what was said meanwhile comes later", async () => {
    const scenario = parseScenario(text("{at: 0ms, do: cut, for: 150ms}"), "t.yaml");
    const startAt = performance.now();
    const { targets, connect } = await rig({ scenario, startAt });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const client = connect();
    client.socket.write("through");
    await until(() => targets[0]?.bytes.toString() === "through");
    expect(performance.now() - startAt).toBeGreaterThanOrEqual(150);
  });

  it("takes the broker away: connections are reset and refused until it is back", async () => {
    const scenario = parseScenario(text("{at: 150ms, do: broker, for: 100ms}"), "t.yaml");
    const { targets, connect } = await rig({ scenario });
    const first = connect();
    await until(() => first.closed);
    expect(first.error).toBe("ECONNRESET");
    for (;;) {
      const again = connect();
      const before = targets.length;
      again.socket.write("back");
      await until(() => again.closed || targets[before]?.bytes.toString() === "back");
      if (!again.closed) return;
    }
  });
});
