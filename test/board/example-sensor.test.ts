// The worked example of an application: in the board's grammar, and on the virtual interpreter what
// its document says, as the gateway sees it. test/peers/ has it on the real one.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { decodeUp } from "../../device/decode.ts";
import { EXT_PAYLOAD, EXT_TEMPERATURE, readExtensions } from "../../device/extensions.ts";
import { coldBoot } from "../../device/state.ts";
import { checkSubset } from "../../device/subset.ts";
import { HEARTBEAT, UP } from "../../device/wire.ts";
import { stream } from "../../sim/random.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { PretendFlash } from "./board-flash.ts";
import { PretendBoard } from "./board-rig.ts";

const OWN = 60_000;
const APP = readFileSync(new URL("../../device/example-sensor.js", import.meta.url), "latin1");
const sources = new URL("../../device", import.meta.url).pathname;

/** Pins, and what is to be read at them. */
const PINS = { D26: 26, D32: 32, D34: 34, D35: 35 };
/** 25 degrees C halves 3.3 V; 3.75 V of a cell, behind a divider. */
const READ: Record<number, number> = { 32: 0.41, 34: 0.5, 35: 3.75 / 6.6 };

async function greenhouse(suite: 1 | 2) {
  const variant = VARIANTS.find((v) => v.suite === suite && v.name.endsWith("-commands"))!;
  const bench = new Bench();
  const pen = new Board(0xbeef, suite);
  bench.enrol(pen);
  const beats: { type: number; value: string }[][] = [];
  const written: [number, boolean][] = [];
  const read = { ...READ };
  const config = {
    ...{ id: pen.id, secret: pen.enrolment.key, own: OWN, ownMin: OWN / 10 },
    ...{ host: "10.0.0.1", port: 7227, salt: "saltsalt", extra: coldBoot(1, "test") },
  };
  const world = {
    dice: stream(7227, suite, "dice"),
    sends: () => true,
    replies: (frame: string, at: number) => {
      const up = decodeUp(frame, 8);
      if (typeof up !== "string" && up.type === HEARTBEAT)
        beats.push([...(readExtensions(up.ext, UP) ?? [])]);
      bench.pass(Math.max(0, at - bench.now));
      bench.receive(frame);
      const answers = [...bench.sent];
      bench.obey(bench.core.expire(bench.now));
      return [...answers, ...bench.sent].map(({ frame: reply }, n) => ({
        frame: reply,
        ms: 5 + n,
      }));
    },
  };
  const globals = {
    ...PINS,
    analogRead: (pin: number) => read[pin],
    digitalWrite: (pin: number, on: boolean) => written.push([pin, on]),
  };
  const script = `${await bundle(variant, sources)};\n${APP}`;
  const board = new PretendBoard(script, config, new PretendFlash(), world, { globals });
  const send = (payload: string) =>
    bench.obey(
      bench.core.requests.send(pen.id, { payload, notAfterMs: 1e6, supersede: "" }, bench.now),
    );
  const told = () =>
    bench.core.requests.commandsOf(pen.id, bench.now).map((c) => [c.state, c.result]);
  const view = () => bench.core.view(pen.id, bench.now)!;
  return { board, beats, written, read, send, told, view };
}

describe("the example of a sensor", () => {
  it("is in the board's grammar", () => {
    expect(checkSubset(APP)).toEqual([]);
  });

  it.each([1, 2] as const)(
    "tells what it measures and does what it is told, suite %d",
    async (suite) => {
      const { board, beats, written, read, send, told, view } = await greenhouse(suite);
      board.runTo(3 * OWN);
      // 25.00 degrees, in hundredths; half of the battery.
      const warm = beats.at(-1)!.find(({ type }) => type === EXT_TEMPERATURE)!;
      expect(Buffer.from(warm.value, "latin1").readInt16BE()).toBe(2_500);
      expect(view()).toMatchObject({ battery: 50, alert: false });

      send("pump on");
      send("soil");
      send("dance");
      board.runTo(8 * OWN);
      expect(written).toEqual([[PINS.D26, true]]);
      expect(told()).toEqual([
        ["done", "pump on"],
        ["done", ""],
        ["refused", ""],
      ]);
      const soil = beats.flat().filter(({ type }) => type === EXT_PAYLOAD);
      expect(soil.map(({ value }) => value)).toEqual(["soil 41"]);

      // Frost: told within ten seconds, and then every six.
      read[PINS.D34] = 0.77;
      const before = beats.length;
      board.runTo(8 * OWN + 10_500);
      expect(view().alert).toBe(true);
      board.runTo(9 * OWN);
      expect(beats.length - before).toBeGreaterThan(7);
      read[PINS.D34] = 0.5;
      board.runTo(9 * OWN + 10_500);
      expect(view().alert).toBe(false);
      expect(board.log.filter((line) => /uncaught|leaked/.test(line))).toEqual([]);
    },
  );
});
