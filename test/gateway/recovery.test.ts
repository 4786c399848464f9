// What the gateway says to a board about its next boot (extension 13), and what a board says about
// how it came back (extension 14): protocol section 6.

import { describe, expect, it } from "vitest";
import {
  EXT_FIRMWARE,
  EXT_RECOVERY,
  EXT_SPREAD,
  encodeExtension,
  readExtensions,
} from "../../device/extensions.ts";
import { intervalCode, intervalMs } from "../../device/interval.ts";
import { DOWN } from "../../device/wire.ts";
import { spreadMs } from "../../gateway/receiver/spread.ts";
import { last, reset, story } from "../incidents/causes-rig.ts";
import { shed } from "../incidents/explain-rig.ts";
import { MINUTE_MS } from "../incidents/rig.ts";
import { Bench, SUITES } from "./gateway-bench.ts";
import { Board, P_HOUR } from "./gateway-rig.ts";

const recovered = (bits: number) => encodeExtension(EXT_RECOVERY, String.fromCharCode(bits));

/** What the ACK of this beat tells beside its fixed part. */
function told(bench: Bench, board: Board, ext: string) {
  const beat = board.beat({ ext });
  const frame = bench.receive(beat);
  const ack = board.ackOf(frame, beat);
  expect(ack, "an ACK whose tag covers its extensions").toBeDefined();
  return { beat, frame: frame!, list: readExtensions(ack!.ext, DOWN) ?? [] };
}

describe("extension 13", () => {
  it.each([
    [1, 5_000],
    [100, 5_000],
    [101, 30_000],
    [5_000, 30_000],
    [5_001, 30_006],
    [10_000, 60_000],
    [100_000, 600_000],
  ])("of %i devices: %i ms", (devices, ms) => {
    expect(spreadMs(devices)).toBe(ms);
  });

  it.each(SUITES)(
    "is in the ACK of a beat that tells of a boot, and in no other, suite %i",
    (suite) => {
      const bench = new Bench({ pace: P_HOUR });
      const board = new Board(0x2bd, suite);
      bench.enrol(board);
      bench.meet(board);
      const boot = reset(1) + encodeExtension(EXT_FIRMWARE, "nb01");
      const { beat, frame, list } = told(bench, board, boot);
      const spread = String.fromCharCode(intervalCode(5_000));
      expect(list).toEqual([{ type: EXT_SPREAD, value: spread }]);
      expect(intervalMs(spread.charCodeAt(0))).toBeGreaterThanOrEqual(5_000);
      expect(board.ackOf(frame, beat)).toMatchObject({ pace: P_HOUR });
      for (const ext of ["", reset(2), encodeExtension(EXT_FIRMWARE, "nb01")]) {
        expect(told(bench, board, ext).list).toEqual([]);
      }
    },
  );

  it("rule 3: is not in the ACK of a duplicate, which is not longer than the beat", () => {
    const bench = new Bench();
    const board = new Board(0x2bd);
    bench.enrol(board);
    bench.meet(board);
    const { beat, frame } = told(bench, board, reset(4));
    const again = bench.receive(beat)!;
    expect(board.ackOf(again, beat)).toMatchObject({ ext: "" });
    expect(frame).toHaveLength(again.length + 2);
    expect(frame.length).toBeLessThanOrEqual(beat.length);
  });

  it("grows with the fleet", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 101 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards.slice(0, 100));
    const [board] = boards;
    bench.meet(board!);
    const value = () => told(bench, board!, reset(1)).list[0]!.value.charCodeAt(0);
    expect(value()).toBe(intervalCode(5_000));
    bench.enrol(boards[100]!);
    expect(value()).toBe(intervalCode(30_000));
  });
});

describe("extension 14", () => {
  it("is evidence of the return", () => {
    const { town, live } = story();
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    live.board.seq += 2;
    town.beat(live, { ext: recovered(1 | 4 | 8) });
    const { cause, evidence } = last(town, live, "present");
    expect(cause).toBe("returned");
    expect(evidence.recovery).toBe("tried again, new socket, Wi-Fi joined again");
  });

  it.each([
    ["only tried again", 1, "nat"],
    ["took a new socket", 1 | 4, "returned"],
    ["joined Wi-Fi again", 8, "returned"],
    ["turned to another gateway", 16, "returned"],
    ["rebooted", 32, "returned"],
    ["backed off", 1 | 64, "nat"],
  ])("of a board that %s, bits %i, and moved: %s", (_, bits, cause) => {
    const { town, live } = story();
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    live.board.seq += 2;
    live.from = { ...live.from, port: 9_999 };
    town.beat(live, { ext: recovered(bits) });
    expect(last(town, live, "present").cause).toBe(cause);
  });

  it("of nothing says nothing; bits from tomorrow are numbers", () => {
    const { town, live } = story();
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    town.beat(live, { ext: recovered(0) });
    expect(last(town, live, "present").evidence).not.toHaveProperty("recovery");
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    town.beat(live, { ext: recovered(4 | 128) });
    expect(last(town, live, "present").evidence.recovery).toBe("new socket, rung 7");
  });

  it("is told to whoever asks why the device is present", async () => {
    const { desk, board } = await shed();
    await desk.pass(12 * MINUTE_MS);
    await desk.receive(board.beat({ ext: recovered(4 | 8) }));
    const { sentences } = await desk.get("0002bd/explain");
    expect(sentences[0]).toBe(
      "shed-07 is present since 12:12:00 UTC (0 s), when it came back after 12 min of silence." +
        " It came back by itself: new socket, Wi-Fi joined again.",
    );
  });
});
