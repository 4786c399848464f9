// The board's connection to a broker, on a pretended `net`: what it writes when, what it tells, and
// how often it knocks.

import { generate } from "mqtt-packet";
import { beforeAll, describe, expect, it } from "vitest";
import { CONNACK, DOWN, latin, makeScript, publish, Rig, SUBACK, told } from "./mqtt-device-rig.ts";

beforeAll(makeScript);

describe("the board's connection to a broker (protocol, section 7)", () => {
  it("is opened by the first frame, which leaves behind the CONNACK, subscribed first", () => {
    const board = new Rig();
    expect(board.streams).toEqual([]);
    board.send("one");
    expect(told(board.stream.packets)).toEqual(["connect"]);
    expect(board.config.broker).toBe(-1);
    board.stream.hears(CONNACK(0));
    expect(told(board.stream.packets)).toEqual(["subscribe", "one"]);
    expect(board.config.broker).toBe(0);
    board.stream.hears(SUBACK(0));
    board.send("two");
    expect(told(board.stream.packets)).toEqual(["two"]);
    expect(board.streams.length).toBe(1);
  });

  it("has the login of the configuration", () => {
    const board = new Rig({ user: "board", password: "s\xc3\xa9cret" });
    board.send("one");
    expect(board.stream.packets).toMatchObject([
      { clientId: "nextbeat-00beef", username: "board", password: Buffer.from("sécret") },
    ]);
  });

  it("lets one frame wait, the newest", () => {
    const board = new Rig();
    board.send("one");
    board.send("two");
    board.send("three");
    expect(told(board.stream.packets)).toEqual(["connect"]);
    board.stream.hears(CONNACK(0));
    expect(told(board.stream.packets)).toEqual(["subscribe", "three"]);
  });

  it("loses a try while the one before is still queued: what is queued never grows", () => {
    const board = new Rig();
    const stream = board.up();
    stream.takes = false;
    board.send("one");
    const queued = stream.dSnd;
    for (let n = 0; n < 100; n++) board.send(`try ${n}`);
    expect(stream.dSnd).toBe(queued);
    stream.takes = true;
    stream.dSnd = "";
    board.send("again");
    expect(told(stream.packets)).toEqual(["again"]);
  });

  it("hears what is published to it, of any bytes, in any chunks; neither kept nor others'", () => {
    const board = new Rig();
    const stream = board.up();
    const frame = Array.from({ length: 256 }, (_, n) => String.fromCharCode(255 - n)).join("");
    const packet = latin(
      generate({
        ...{ cmd: "publish", topic: DOWN, qos: 0, dup: false, retain: false },
        payload: Buffer.from(frame, "latin1"),
      }),
    );
    for (const byte of packet) stream.hears(byte);
    stream.hears(publish(DOWN, "a") + publish(DOWN, "kept", true) + publish(DOWN, "b"));
    stream.hears(publish("nextbeat/00beee/down", "c") + publish(DOWN, "x".repeat(999)));
    stream.hears(publish(DOWN, "d"));
    expect(board.heard).toEqual([frame, "a", "b", "d"]);
    expect(stream.ended).toBe(false);
  });
});

describe("a broker that refuses", () => {
  it.each([1, 2, 3, 4, 5])("with CONNACK %d is told of, and given up", (code) => {
    const board = new Rig();
    board.send("one");
    board.stream.hears(CONNACK(code));
    expect(board.config.broker).toBe(code);
    expect(board.stream.ended).toBe(true);
    expect(told(board.stream.packets)).toEqual(["connect"]);
  });

  it("the subscription (128), or is none (255), likewise", () => {
    for (const [answer, code] of [
      [CONNACK(0) + SUBACK(128), 128],
      ["HTTP/1.1 400 Bad Request\r\n".padEnd(90, "."), 255],
      ["0\xff\xff\xff\xff", 255],
      [CONNACK(0) + latin(generate({ cmd: "pingresp" })), 255],
      [`${CONNACK(0)}2\x1c\0\x14${DOWN}\0\x07late`, 255],
    ] as const) {
      const board = new Rig();
      board.send("one");
      board.stream.hears(answer + publish(DOWN, "too late"));
      expect(board.config.broker, JSON.stringify(answer)).toBe(code);
      expect(board.stream.ended).toBe(true);
      expect(board.heard).toEqual([]);
    }
  });

  it("is asked again at once never, and less and less often", () => {
    for (const dice of [0, 0.999]) {
      const board = new Rig();
      board.dice = dice;
      for (; board.now < 3_600_000; board.now += 100) {
        board.send("beat");
        if (!board.stream.ended) {
          board.stream.hears(CONNACK(5));
          board.stream.closes();
        }
      }
      const gaps = board.knocks.slice(1).map((at, n) => at - board.knocks[n]!);
      const expected = [1, 2, 4, 8, 16, 32, 64, 64].map((s) => s * 1000 * (1 + dice));
      for (const [n, gap] of expected.entries()) {
        expect(gaps[n]).toBeGreaterThanOrEqual(gap);
        expect(gaps[n]).toBeLessThanOrEqual(gap + 100);
      }
      expect(Math.max(...gaps)).toBeLessThanOrEqual(64_100 * (1 + dice));
    }
  });
});

describe("a connection that fails", () => {
  it("at once is tried again after a while; until then frames are lost, none throws", () => {
    const board = new Rig();
    board.fails = true;
    for (; board.now < 20_000; board.now += 100) board.send("beat");
    expect(board.knocks.length).toBe(5);
    expect(board.config.broker).toBe(-1);
    board.fails = false;
    for (; board.streams.length === 0; board.now += 100) board.send("beat");
    // Found about as late again as it was away.
    expect(board.now).toBeLessThan(40_000);
  });

  it("slowly, with the whole board standing, does not stand more than half of the time", () => {
    const board = new Rig();
    board.fails = true;
    board.blocks = 127_000;
    for (; board.now < 7_200_000; board.now += 100) board.send("beat");
    const stood = board.knocks.length * board.blocks;
    expect(stood).toBeGreaterThan(0.3 * board.now);
    expect(stood).toBeLessThan(0.5 * board.now);
  });

  it("after it had lasted is opened anew by the next frame, and the spacing begins anew", () => {
    const board = new Rig();
    board.fails = true;
    for (; board.now < 60_000; board.now += 100) board.send("beat");
    board.fails = false;
    for (; board.streams.length === 0; board.now += 100) board.send("beat");
    board.stream.hears(CONNACK(0) + SUBACK(0));
    for (let round = 0; round < 5; round++) {
      board.now += 150_000;
      board.stream.closes();
      const before = board.streams.length;
      board.up(`round ${round}`);
      expect(board.streams.length).toBe(before + 1);
    }
    // Torn down as soon as it is up, it is spaced again.
    board.knocks.length = 0;
    for (const end = board.now + 60_000; board.now < end; board.now += 100) {
      if (!board.stream.ended) board.stream.closes();
      board.send("beat");
    }
    // After 1, 2, 4, 8, 16 s, and the one before which it had lasted.
    expect(board.knocks.length).toBe(6);
  });

  it("is not mourned by the next one: neither its end nor its bytes count any more", () => {
    const board = new Rig();
    const first = board.up();
    board.now += 10_000;
    board.drop();
    expect(told(first.packets)).toEqual([]);
    expect(first.dSnd).toBe(latin(generate({ cmd: "disconnect" })));
    expect(first.ended).toBe(true);
    board.send("one");
    expect(board.streams.length).toBe(2);
    first.hears(CONNACK(5) + publish(DOWN, "of the dead"));
    first.closes();
    expect(board.config.broker).toBe(-1);
    board.stream.hears(CONNACK(0) + SUBACK(0) + publish(DOWN, "alive"));
    expect(told(board.stream.packets)).toEqual(["connect", "subscribe", "one"]);
    expect(board.heard).toEqual(["alive"]);
    board.drop();
    board.drop();
  });

  it("half open is found by the answers that do not come, by a frame 10 s later", () => {
    const board = new Rig();
    const stream = board.up();
    stream.hears(publish(DOWN, "ack"));
    const dark = () => {
      for (const n of [1, 2, 3]) {
        board.send(`try ${n}`);
        board.now += 1_000;
      }
    };
    // However long it says nothing: an answer to the last try will do.
    for (let round = 0; round < 5; round++) {
      board.now += 600_000;
      dark();
      stream.hears(publish(DOWN, "ack"));
    }
    expect(board.streams.length).toBe(1);
    board.now += 600_000;
    dark();
    board.now += 6_900;
    board.send("in time");
    expect(board.streams.length).toBe(1);
    board.now += 200;
    board.send("too late");
    expect(board.streams.length).toBe(2);
    expect(stream.ended).toBe(true);
    expect(told(board.stream.packets)).toEqual(["connect"]);
    board.stream.hears(CONNACK(0));
    expect(told(board.stream.packets)).toEqual(["subscribe", "too late"]);
  });

  it("that never was one is given up likewise, also by a board that speaks once an hour", () => {
    const board = new Rig();
    for (let hour = 0; hour < 5; hour++) {
      board.now += 3_600_000;
      board.send("hello");
      board.stream.hears("\x20");
      expect(board.streams.length).toBe(hour + 1);
    }
  });

  it("is given up by the ladder, with what is stuck in it", () => {
    const board = new Rig();
    const stream = board.up();
    board.now += 10_000;
    stream.takes = false;
    board.send("stuck");
    expect(stream.dSnd).not.toBe("");
    board.drop();
    expect(stream.dSnd).toBe(latin(generate({ cmd: "disconnect" })));
    board.send("one");
    board.stream.hears(CONNACK(0));
    expect(told(board.stream.packets)).toEqual(["connect", "subscribe", "one"]);
  });
});
