/** What a board's own program says: on disk before it is acknowledged, and readable by people. */

import { describe, expect, it } from "vitest";
import { EXT_ACKED, EXT_PAYLOAD, encodeExtension } from "../../device/extensions.ts";
import { payloadIn } from "../../gateway/receiver/payloads.ts";
import { Bench } from "./gateway-bench.ts";
import { Board } from "./gateway-rig.ts";
import { BoardSocket, startHere } from "./socket-rig.ts";

const said = (text: string) => encodeExtension(EXT_PAYLOAD, text);

describe("a payload", () => {
  it("is the newest of its device, kept before the ACK goes out (rule 8)", () => {
    const bench = new Bench();
    const board = new Board(7);
    bench.enrol(board);
    bench.meet(board);
    bench.hold = true;
    bench.receive(board.beat({ ext: said("20.5") }));
    expect(bench.sent).toEqual([]);
    bench.settle();
    expect(bench.sent).toHaveLength(1);
    expect(bench.disk.devices.get(7)!.payload).toEqual({ payload: "20.5", at: bench.now });
    bench.hold = false;
    bench.receive(board.beat());
    expect(bench.core.view(7, bench.now)).toMatchObject({ payload: "20.5" });
    bench.receive(board.beat({ ext: said("\x00\xff") }));
    const at = bench.now;
    expect(bench.core.view(7, at)).toMatchObject({ payload: "\x00\xff", payloadAt: at });
    bench.restart(1_000);
    expect(bench.core.view(7, bench.now)).toMatchObject({ payload: "\x00\xff" });
    bench.obey(bench.core.remove(7, bench.now));
    bench.enrol(new Board(7, 2, { key: "another, sixteen" }));
    expect(bench.core.view(7, bench.now)).toMatchObject({ payload: null, payloadAt: null });
  });

  it("of a duplicate, or of a frame that does not verify, is none", () => {
    const bench = new Bench();
    const board = new Board(7);
    bench.enrol(board);
    bench.meet(board);
    const beat = board.beat({ ext: said("a") });
    bench.receive(beat);
    bench.now += 500;
    bench.receive(beat);
    expect(bench.facts.filter(({ kind }) => kind === "payload")).toEqual([]);
    const forged = board.beat({ ext: said("b") });
    bench.receive(
      `${forged.slice(0, -1)}${String.fromCharCode(forged.charCodeAt(forged.length - 1) ^ 1)}`,
    );
    expect(bench.core.view(7, bench.now)).toMatchObject({ payload: "a" });
  });

  it("is found behind other extensions, and is not a byte that looks like it", () => {
    const head = "12345678";
    const acked = encodeExtension(EXT_ACKED, "\xb1\xb2");
    const found = (ext: string) =>
      payloadIn(`${head}${ext}tag`, head.length, head.length + ext.length);
    expect(found(acked + said("x"))).toBe("x");
    expect(found(said("") + acked)).toBe("");
    expect(found(said("y".repeat(200)))).toBe("y".repeat(200));
    expect(found(acked)).toBeUndefined();
    expect(found("")).toBeUndefined();
  });
});

it("is told in the device's facts and in the event stream, as text and as bytes", async () => {
  const gateway = await startHere(new Map());
  const url = `http://127.0.0.1:${gateway.httpPort}/api/v1/`;
  const socket = await BoardSocket.open();
  const board = new Board(0x2bd, 1, { name: "shed" });
  await gateway.registry.add(board.enrolment);
  await socket.hello(board, gateway.udpPort);
  const over = new AbortController();
  const events = await fetch(`${url}events`, { signal: over.signal });
  const beat = board.beat({ ext: said("21 \u00c2\u00b0C") });
  socket.send(beat, gateway.udpPort);
  await socket.next((frame) => board.ackOf(frame, beat));
  const payload = { payload: "21 °C", payloadHex: "323120c2b043" };
  const device = await (await fetch(`${url}devices/shed`)).json();
  expect(device).toMatchObject({ ...payload, payloadAt: expect.stringMatching(/Z$/) });
  let text = "";
  for await (const piece of events.body!) {
    text += Buffer.from(piece).toString();
    const data = /event: payload\ndata: (.*)\n/.exec(text)?.[1];
    if (data === undefined) continue;
    expect(JSON.parse(data)).toEqual({
      id: "0002bd",
      at: (device as { payloadAt: string }).payloadAt,
      ...payload,
    });
    break;
  }
  over.abort();
  const bytes = board.beat({ ext: said("\xff\x00") });
  socket.send(bytes, gateway.udpPort);
  await socket.next((frame) => board.ackOf(frame, bytes));
  expect(await (await fetch(`${url}devices/shed`)).json()).toMatchObject({
    ...{ payload: null, payloadHex: "ff00" },
  });
  socket.close();
  await gateway.stop();
});
