/** Webhook and ntfy against real receivers on loopback; signatures checked by hand. */

import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Message } from "../../gateway/notices/message.ts";
import { type Ntfy, readTopic, sendNtfy } from "../../gateway/notices/ntfy.ts";
import { readSecret, sendWebhook, signature } from "../../gateway/notices/webhook.ts";
import { MESSAGE } from "./rig.ts";

const SECRET = randomBytes(32);
const UNIX = 1_798_812_000;
const never = new AbortController().signal;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Request {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A receiver that keeps what it got. */
async function receiver(answer: (response: ServerResponse) => void) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      requests.push({ path: request.url!, headers: request.headers, body });
      answer(response);
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`);
  return { url, requests };
}

const answered = (status: number, headers: Record<string, string> = {}, body = "") =>
  receiver((response) => response.writeHead(status, headers).end(body));

const webhook = (url: URL, timeoutMs = 10_000) =>
  ({ url, secret: SECRET, allowPrivate: true, timeoutMs }) as const;

describe("a webhook", () => {
  it("is signed as Standard Webhooks says, and a receiver can check it", async () => {
    const { url, requests } = await answered(204);
    expect(await sendWebhook(webhook(url), MESSAGE, UNIX, never)).toEqual({ result: "delivered" });
    const [{ path, headers, body }] = requests as [Request];
    expect(path).toBe("/hook?x=1");
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["webhook-id"]).toBe(MESSAGE.id);
    expect(headers["webhook-timestamp"]).toBe(`${UNIX}`);
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const mac = createHmac("sha256", SECRET).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    const { type, timestamp, data } = MESSAGE;
    expect(JSON.parse(body)).toEqual({ type, timestamp, data });
  });

  it("signs as the example of the standard does", () => {
    // From the specification's own libraries: secret, id, timestamp, body and signature.
    const key = readSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const signed = signature(key, id, 1_614_265_330, '{"test": 2432232314}');
    expect(signed).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it.each([
    [200, {}, { result: "delivered" }],
    [299, {}, { result: "delivered" }],
    [
      302,
      { location: "http://127.0.0.1:9/" },
      { result: "failed", why: /302 \(redirects are not/ },
    ],
    [400, {}, { result: "failed", why: /^answered 400: no good$/ }],
    [410, {}, { result: "gone" }],
    [429, { "retry-after": "120" }, { result: "failed", retryMs: 120_000 }],
    [503, { "retry-after": "9999999" }, { result: "failed", retryMs: 86_400_000 }],
    [503, { "retry-after": "Fri, 01 Jan 1999 00:00:00 GMT" }, { result: "failed", retryMs: 0 }],
    [503, { "retry-after": "soon" }, { result: "failed" }],
    [500, { "retry-after": "120" }, { result: "failed" }],
  ])("answered with %d %j", async (status, headers, outcome) => {
    const { url, requests } = await answered(status, headers, status === 299 ? "" : "no\ngood\n");
    const { why, ...rest } = await sendWebhook(webhook(url), MESSAGE, UNIX, never);
    const { why: expected, ...same } = outcome as { why?: RegExp };
    expect(rest).toEqual(same);
    if (expected !== undefined) expect(why).toMatch(expected);
    expect(requests).toHaveLength(1);
  });

  it("without an answer ends at its time limit, and when the gateway stops", async () => {
    const { url } = await receiver(() => {});
    expect(await sendWebhook(webhook(url, 50), MESSAGE, UNIX, never)).toEqual({
      result: "failed",
      why: "no answer in 50 ms",
    });
    const stop = new AbortController();
    const sent = sendWebhook(webhook(url), MESSAGE, UNIX, stop.signal);
    stop.abort();
    expect((await sent).result).toBe("failed");
  });

  it("reads no more of an answer than it shows", async () => {
    const { url } = await receiver((response) => {
      response.writeHead(500);
      response.write("x".repeat(100_000));
    });
    const { why } = await sendWebhook(webhook(url), MESSAGE, UNIX, never);
    expect(why).toMatch(/^answered 500: x{100,600}$/);
  });

  it("to a port where nobody listens fails with its reason", async () => {
    const { url } = await answered(200);
    servers.pop()!.close();
    const { result, why } = await sendWebhook(webhook(url), MESSAGE, UNIX, never);
    expect([result, why]).toEqual(["failed", expect.stringContaining("ECONNREFUSED")]);
  });

  it.each([
    ["whsec_", undefined],
    [SECRET.toString("base64"), undefined],
    [`whsec_${randomBytes(23).toString("base64")}`, undefined],
    [`whsec_${randomBytes(65).toString("base64")}`, undefined],
    ["whsec_not base64 at all, though it is long", undefined],
    [`whsec_${SECRET.toString("base64")}`, SECRET],
  ])("has a secret such as %j", (text, key) => expect(readSecret(text)).toEqual(key));
});

describe("ntfy", () => {
  const ntfy = (url: URL, words: Partial<Ntfy> = {}): Ntfy => ({
    ...{ url: new URL("/", url), topic: "farm", priority: 5, allowPrivate: true, timeoutMs: 9_000 },
    ...words,
  });

  it("gets title, text, tags, priority, a click and its id, in UTF-8", async () => {
    const { url, requests } = await answered(200, {}, "{}");
    const click = "https://gw.example/";
    const opened = ntfy(url, { token: "tk_x", click });
    expect(await sendNtfy(opened, MESSAGE, never)).toEqual({ result: "delivered" });
    const [{ path, headers, body }] = requests as [Request];
    expect([path, headers.authorization]).toEqual(["/", "Bearer tk_x"]);
    expect(JSON.parse(body)).toEqual({
      ...{ topic: "farm", title: MESSAGE.title, message: MESSAGE.text, click },
      ...{ tags: ["rotating_light"], priority: 5, sequence_id: MESSAGE.id },
    });
  });

  it("a recovery comes softly, and what is late says so", async () => {
    const { url, requests } = await answered(200);
    const late: Message = { ...MESSAGE, kind: "closed", ageMs: 3_900_000, text: "x".repeat(9_000) };
    await sendNtfy(ntfy(url), late, never);
    const body = JSON.parse(requests[0]!.body);
    expect(body).toMatchObject({ priority: 3, tags: ["white_check_mark"] });
    expect(body.message).toMatch(/^\(This is 1 h 5 min old\.\) xxx/);
    expect(Buffer.byteLength(requests[0]!.body)).toBeLessThan(4_096);
    expect(body).not.toHaveProperty("click");
  });

  it.each([
    ["https://ntfy.sh/my-topic", ["https://ntfy.sh/", "my-topic"]],
    ["https://home.example/push/my-topic/", ["https://home.example/push/", "my-topic"]],
    ["https://ntfy.sh/", undefined],
    ["https://ntfy.sh/a.b", undefined],
  ])("%s", (url, expected) => {
    const found = readTopic(new URL(url));
    expect(found && [found.url.href, found.topic]).toEqual(expected);
  });
});
