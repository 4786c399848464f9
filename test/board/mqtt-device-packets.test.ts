// The board's packets beside mqtt-packet, which others wrote: what we build it reads as it was
// meant, and what it builds we read, however the stream was cut or put together.

import { generate, type Packet, parser } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import {
  codeOf,
  connectPacket,
  DISCONNECT,
  downTopic,
  hexId,
  payloadOf,
  publishPacket,
  reader,
  subscribePacket,
  upTopic,
} from "../../device/mqtt-packets.ts";
import { stream } from "../../sim/random.ts";

const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 1883);
/** The longest PUBLISH to our topic: 3 + 22 + 256. */
const PACKET_MAX = 281;

const luck = stream(SEED, 1, "packets");
const below = (n: number): number => Math.floor(luck() * n);
const bytes = (n: number): string =>
  String.fromCharCode(...Array.from({ length: n }, () => below(256)));
const latin = (data: Buffer): string => data.toString("latin1");
const built = (packet: Packet): string => latin(generate(packet));

/** What the oracle makes of a stream; it must be nothing but whole packets. */
function parsed(text: string): Packet[] {
  const found: Packet[] = [];
  const oracle = parser({ protocolVersion: 4 });
  oracle.on("packet", (packet: Packet) => found.push(packet));
  oracle.on("error", (error: Error) => {
    throw error;
  });
  expect(oracle.parse(Buffer.from(text, "latin1"))).toBe(0);
  return found;
}

/** What the reader gives for a stream in chunks. */
function taken(chunks: readonly string[]): string[] {
  const found: string[] = [];
  const read = reader((packet) => found.push(packet));
  for (const chunk of chunks) read(chunk);
  return found;
}

function cut(text: string, most: number): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + 1 + below(most);
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

const publish = (topic: string, payload: string, retain = false, qos: 0 | 1 = 0): string => {
  const body = { topic, payload: Buffer.from(payload, "latin1"), retain, qos, dup: false };
  return built({ cmd: "publish", messageId: 7, ...body });
};

describe(`what the board sends (protocol, section 7; seed ${SEED})`, () => {
  it("is a CONNECT with a clean session, keep-alive 0, no will and its own name", () => {
    for (const id of [1, 0xbeef, 0xabcdef, 0xffffff]) {
      const hex = id.toString(16).padStart(6, "0");
      expect(hexId(id)).toBe(hex);
      expect(parsed(connectPacket(hexId(id)))).toMatchObject([
        {
          ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0 },
          ...{ clientId: `nextbeat-${hex}` },
        },
      ]);
      const [plain] = parsed(connectPacket(hexId(id)));
      expect(plain).not.toHaveProperty("will");
      expect(plain).not.toHaveProperty("username");
      expect(plain).not.toHaveProperty("password");
    }
  });

  it("has the login in it, of any bytes that are UTF-8, and of any length", () => {
    const logins = [
      ["user", "password"],
      ["ü€😀", "ÿ\u0001pass"],
      ["only a user", ""],
      ["u".repeat(60), "p".repeat(20)],
      ["u".repeat(8000), "p".repeat(8000)],
    ];
    for (const [user, password] of logins) {
      const raw = (text: string) => latin(Buffer.from(text, "utf8"));
      const [login] = parsed(connectPacket("00beef", raw(user!), raw(password!)));
      expect(login).toMatchObject({ username: user, password: Buffer.from(password!, "utf8") });
    }
    expect(parsed(connectPacket("00beef", "user"))[0]).toMatchObject({ password: Buffer.from("") });
    expect(parsed(connectPacket("00beef", "", "nobody's"))[0]).not.toHaveProperty("password");
  });

  it("subscribes to its own topic at QoS 0, and says goodbye", () => {
    expect(parsed(subscribePacket(downTopic("00beef")) + DISCONNECT)).toMatchObject([
      { cmd: "subscribe", subscriptions: [{ topic: "nextbeat/00beef/down", qos: 0 }] },
      { cmd: "disconnect" },
    ]);
  });

  it("publishes frames of any bytes at QoS 0, not retained", () => {
    for (let n = 0; n <= 256; n++) {
      const frame = bytes(n);
      const [packet] = parsed(publishPacket(upTopic("00beef"), frame));
      expect(packet).toMatchObject({
        ...{ cmd: "publish", qos: 0, retain: false, dup: false, topic: "nextbeat/00beef/up" },
        payload: Buffer.from(frame, "latin1"),
      });
    }
  });
});

/** A packet that a broker may send, and what the reader must give of it. */
function fromBroker(): { packet: string; whole: boolean } {
  const topic = below(4) ? "nextbeat/00beef/down" : `nextbeat/${below(9)}/x`;
  const size = [0, 14, 104, 105, 106, 256, 257, 300, 5000, 20_000, 70_000][below(11)]!;
  const packet = [
    () => built({ cmd: "connack", returnCode: below(6), sessionPresent: false }),
    () => built({ cmd: "suback", messageId: 1, granted: [below(2) ? 0 : 128] }),
    () => built({ cmd: "pingresp" }),
    () => publish(topic, bytes(size), below(4) === 0, below(9) ? 0 : 1),
    () => publish(topic, bytes(below(300))),
  ][below(5)]!();
  return { packet, whole: packet.length <= PACKET_MAX };
}

describe(`what the board hears (seed ${SEED})`, () => {
  it("is the same wherever one cut falls", () => {
    const packets = [
      built({ cmd: "connack", returnCode: 0, sessionPresent: false }),
      built({ cmd: "suback", messageId: 1, granted: [0] }),
      publish("nextbeat/00beef/down", bytes(14)),
      publish("nextbeat/00beef/down", bytes(256)),
      publish("nextbeat/00beef/down", bytes(400)),
      publish("nextbeat/00beef/down", bytes(106)),
    ];
    const whole = packets.join("");
    const expected = packets.filter((packet) => packet.length <= PACKET_MAX);
    expect(expected.length).toBe(5);
    for (let at = 0; at <= whole.length; at++)
      expect(taken([whole.slice(0, at), whole.slice(at)])).toEqual(expected);
    expect(taken(whole.split(""))).toEqual(expected);
  });

  it("is every packet that can be ours, and none that is too long, in any chunks", () => {
    let long = 0;
    for (let round = 0; round < 300; round++) {
      const sent = Array.from({ length: 1 + below(12) }, fromBroker);
      long += sent.filter(({ whole }) => !whole).length;
      const text = sent.map(({ packet }) => packet).join("");
      const expected = sent.filter(({ whole }) => whole).map(({ packet }) => packet);
      expect(taken(cut(text, [3, 60, 536, 5000][below(4)]!))).toEqual(expected);
    }
    expect(long).toBeGreaterThan(100);
  });

  it("tells each code", () => {
    for (let code = 0; code < 6; code++)
      expect(codeOf(built({ cmd: "connack", returnCode: code, sessionPresent: false }))).toBe(code);
    for (const code of [0, 128])
      expect(codeOf(built({ cmd: "suback", messageId: 1, granted: [code] }))).toBe(code);
    for (const other of ["", "\xd0\0", "HTTP/1.1 400 Bad Request\r\n"])
      expect(codeOf(other)).toBe(255);
  });

  it("is a frame only on its own topic", () => {
    const down = downTopic("00beef");
    for (const n of [1, 14, 105, 106, 128, 256]) {
      const frame = bytes(n);
      expect(payloadOf(publish("nextbeat/00beef/down", frame), down)).toBe(frame);
      for (const topic of ["nextbeat/00beef/up", "nextbeat/00bee0/down", "nextbeat/00beef/down/x"])
        expect(payloadOf(publish(topic, frame), down)).toBe("");
      expect(payloadOf(publish("another", down + frame), down)).toBe("");
    }
  });

  it("is no packet where four bytes of length do not end: then the stream is given up", () => {
    for (const first of ["0", "\x20", "\xff"])
      for (const chunks of [[`${first}\xff\xff\xff\xff\x01rest`], [first, ..."\xff\xff\xff\xff"]])
        expect(taken(chunks)).toEqual([""]);
    expect(taken(["0\xff\xff\xff\x7f", "x".repeat(5000)])).toEqual([]);
  });

  it("is never kept beyond what can be ours, however long it is going to be", () => {
    // Seen where its length is read again with each chunk.
    const { charCodeAt } = String.prototype;
    let most = 0;
    String.prototype.charCodeAt = function (this: string, at: number) {
      most = Math.max(most, this.length);
      return charCodeAt.call(this, at);
    };
    try {
      for (const size of [200, 256, 257, 400, 2_000, 20_000, 200_000]) {
        const packet = publish("nextbeat/00beef/down", "x".repeat(size));
        const chunks = packet.match(/[\s\S]{1,20}/g)!;
        expect(taken([...chunks, "\xd0\0"])).toEqual(size > 256 ? ["\xd0\0"] : [packet, "\xd0\0"]);
      }
    } finally {
      String.prototype.charCodeAt = charCodeAt;
    }
    expect(most).toBeGreaterThan(PACKET_MAX - 20);
    expect(most).toBeLessThanOrEqual(PACKET_MAX);
  });

  it("is the same of noise in chunks as of noise in one piece, and never longer than ours", () => {
    // Once it is no packet, it stays that: what comes after is only told again.
    const told = (chunks: readonly string[]) => {
      const found = taken(chunks);
      const end = found.indexOf("");
      return end < 0 ? found : found.slice(0, end + 1);
    };
    for (let round = 0; round < 3000; round++) {
      const noise = bytes(below(600));
      const found = told([noise]);
      expect(told(cut(noise, 30))).toEqual(found);
      for (const packet of found) expect(packet.length).toBeLessThanOrEqual(PACKET_MAX);
    }
  });
});
