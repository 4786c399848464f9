/** Connections: whoever holds many of them, and asks nothing, leaves some to others. */

import { once } from "node:events";
import type { Server } from "node:http";
import { connect, type Socket } from "node:net";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { portOf, serveHttp } from "../../gateway/http/serve.ts";

const sockets: Socket[] = [];
let http: Server | undefined;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((done) => http?.close(done));
});

function from(localAddress: string): Socket {
  const socket = connect({ host: "127.0.0.1", port: portOf(http!), localAddress });
  sockets.push(socket);
  return socket.on("error", () => {});
}

/** What is answered to it; "" where it was hung up on. */
async function asked(socket: Socket): Promise<string> {
  let said = "";
  socket.on("data", (bytes) => {
    said += bytes.toString();
  });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await new Promise((done) => socket.once("close", done));
  return said.slice(0, 12);
}

describe("connections", () => {
  it("of one address are so many and no more, and others are not disturbed", async () => {
    const app = new Hono().get("/", (c) => c.text("ok"));
    http = await serveHttp(app, 0, "0.0.0.0", 3);
    const idle = [1, 2, 3].map(() => from("127.0.0.1"));
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    expect(await asked(from("127.0.0.1"))).toBe("");
    expect(await asked(from("127.0.0.2"))).toBe("HTTP/1.1 200");
    // Whoever hangs up makes room.
    expect(await asked(idle[0]!)).toBe("HTTP/1.1 200");
    expect(await asked(from("127.0.0.1"))).toBe("HTTP/1.1 200");
    expect(await asked(from("127.0.0.1"))).toBe("HTTP/1.1 200");
  });
});
