// Frames on their topics, and presence at a broker by hand: what is taken, what is dropped, and in
// which order things are said.

import { describe, expect, it } from "vitest";
import { FRAME_MAX } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { Publisher } from "../../gateway/mqtt/publisher.ts";
import { MqttTransport } from "../../gateway/mqtt.ts";
import { OPTIONS } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { HandClock } from "../store/rig.ts";

const STATUS = "nextbeat/gateway/status";

function transport() {
  const frames: [string, Source][] = [];
  const sent: unknown[] = [];
  let refused = 0;
  const made = new MqttTransport({
    link: { publish: (...what) => void sent.push(what) },
    onFrame: (...what) => void frames.push(what),
    onRefused: () => void refused++,
  });
  return { made, frames, sent, refused: () => refused };
}

describe("frames over MQTT (protocol, section 7)", () => {
  const beat = new Board(0xabcdef).beat({ epoch: 1 });
  const bytes = Buffer.from(beat, "latin1");

  it("come from the topic of their id, as bytes, with the id for an address", () => {
    const { made, frames } = transport();
    expect(made.takes("nextbeat/abcdef/up", bytes, false)).toBe(true);
    expect(frames).toEqual([[beat, { transport: "mqtt", address: "abcdef", port: 0 }]]);
  });

  it("are dropped on the topic of another id, and where the broker kept them", () => {
    const { made, frames, refused } = transport();
    for (const topic of ["nextbeat/abcdee/up", "nextbeat/000000/up"]) {
      expect(made.takes(topic, bytes, false)).toBe(true);
    }
    expect(made.takes("nextbeat/abcdef/up", bytes, true)).toBe(true);
    expect(made.takes("nextbeat/abcdef/up", bytes.subarray(0, 3), false)).toBe(true);
    expect([frames, made.dropped, refused()]).toEqual([[], { retained: 1, topic: 3 }, 4]);
  });

  it("are none on any other topic", () => {
    const { made, frames } = transport();
    for (const topic of ["nextbeat/ABCDEF/up", "nextbeat/abcdef/down", "x/abcdef/up", "nextbeat"]) {
      expect(made.takes(topic, bytes, false), topic).toBe(false);
    }
    expect(frames).toEqual([]);
  });

  it("that are too long come one byte longer than the longest, and no more", () => {
    const { made, frames } = transport();
    made.takes("nextbeat/abcdef/up", Buffer.concat([bytes, Buffer.alloc(70_000)]), false);
    expect(frames[0]![0]).toHaveLength(FRAME_MAX + 1);
  });

  it("go to the topic of their id, not to be kept", () => {
    const { made, sent } = transport();
    made.send({ transport: "mqtt", address: "0002bd", port: 0 }, "\xff\0");
    expect(sent).toEqual([["nextbeat/0002bd/down", Buffer.from([0xff, 0]), false]]);
  });
});

/** A core with so many devices, a link by hand, and a publisher between. */
function publisher(devices: number) {
  const core = new Gateway({ ...OPTIONS, stoppedMs: 0 }, [], 0);
  for (let id = 1; id <= devices; id++) core.enrol(new Board(id).enrolment, 0);
  const said: [topic: string, text: string, retain: boolean][] = [];
  const link = {
    up: true,
    backlog: 0,
    left: [] as string[],
    publish: (topic: string, payload: Buffer | string, retain: boolean) =>
      void said.push([topic, String(payload), retain]),
    unsubscribe: (topics: string[]) => void link.left.push(...topics),
  };
  const clock = Object.assign(new HandClock(), { trusted: () => true });
  const quiet = () => Promise.resolve();
  const made = new Publisher({ core, clock: clock as never, link, discovery: "ha", quiet });
  made.stop();
  return { core, made, link, said };
}

/** Resolves when all is told. */
async function online({ said }: ReturnType<typeof publisher>): Promise<void> {
  while (!said.some(([topic, text]) => topic === STATUS && text === "online")) {
    await new Promise((wake) => setImmediate(wake));
  }
}

describe("presence", () => {
  it("says online when all is told, values before what describes them, and not again", async () => {
    const fleet = publisher(100);
    const { made, said } = fleet;
    made.up();
    await online(fleet);
    const topics = said.map(([topic]) => topic);
    expect(said[0]).toEqual([STATUS, "offline", true]);
    expect(said.at(-1)).toEqual([STATUS, "online", true]);
    expect(topics.filter((topic) => topic === STATUS)).toHaveLength(2);
    for (const id of ["000001", "000064"]) {
      const places = ["availability", "presence"].map((what) =>
        topics.indexOf(`nextbeat/${id}/${what}`),
      );
      const config = topics.indexOf(`ha/device/nextbeat_${id}/config`);
      expect(Math.min(...places)).toBeGreaterThan(0);
      expect(config).toBeGreaterThan(Math.max(...places));
    }
    expect(said.every(([, , retain]) => retain)).toBe(true);
  });

  it("waits for a broker that is slow, and tells what is so then", async () => {
    const fleet = publisher(40);
    const { core, made, link, said } = fleet;
    link.backlog = 10_000_000;
    made.up();
    expect(said.filter(([topic]) => topic.startsWith("nextbeat/0"))).toEqual([]);
    core.remove(7, 0);
    link.backlog = 0;
    await online(fleet);
    expect(said.at(-1)).toEqual([STATUS, "online", true]);
    expect(said.filter(([topic, text]) => topic.includes("000007") && text !== "")).toEqual([]);
  });

  it("answers the will of a connection that was found dead late, and none of its own words", async () => {
    const fleet = publisher(1);
    const { made, link, said } = fleet;
    made.up();
    made.takes(STATUS, Buffer.from("offline"), true);
    await online(fleet);
    const before = said.length;
    made.takes(STATUS, Buffer.from("online"), false);
    expect([said.length - before, link.left.length]).toEqual([0, 3]);
    made.takes(STATUS, Buffer.from("offline"), false);
    expect(said.slice(before)).toEqual([[STATUS, "online", true]]);
  });

  it("clears what is kept of strangers, and of nobody else", async () => {
    const fleet = publisher(1);
    const { made, said } = fleet;
    made.up();
    await online(fleet);
    said.length = 0;
    for (const id of ["000001", "000002"]) {
      for (const topic of [`nextbeat/${id}/presence`, `ha/device/nextbeat_${id}/config`]) {
        expect(made.takes(topic, Buffer.from("{}"), true)).toBe(true);
        expect(made.takes(topic, Buffer.from(""), true)).toBe(true);
        expect(made.takes(topic, Buffer.from("{}"), false)).toBe(true);
      }
    }
    expect(made.takes("ha/device/nextbeat_gateway/config", Buffer.from("{}"), true)).toBe(true);
    expect(made.takes("ha/device/lamp/config", Buffer.from("{}"), true)).toBe(false);
    expect(said).toEqual([
      ["nextbeat/000002/presence", "", true],
      ["ha/device/nextbeat_000002/config", "", true],
    ]);
  });
});
