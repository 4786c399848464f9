/** What is remembered of the last beats of a device, as the dashboard shows them to who comes. */

import { expect, it } from "vitest";
import { EXT_CAUSE, encodeExtension } from "../../device/extensions.ts";
import { Bench } from "./gateway-bench.ts";
import { Board } from "./gateway-rig.ts";

const BOOT = encodeExtension(EXT_CAUSE, "\x01");

it("remembers which of the last 30 beats were heard, and nothing from before a deafness", () => {
  const bench = new Bench({ limits: {} });
  const board = new Board(1);
  bench.enrol(board);
  bench.meet(board);
  const live = (beats: number) => {
    for (let n = 0; n < beats; n++) {
      bench.pass(57_000);
      bench.receive(board.beat());
    }
  };
  expect(bench.view(board).recent).toBe("1");
  live(2);
  bench.pass(120_000);
  board.seq++;
  bench.receive(board.beat());
  expect(bench.view(board).recent).toBe("11101");
  // A gap before a boot is none.
  board.seq += 3;
  bench.receive(board.beat({ ext: BOOT }));
  expect(bench.view(board).recent).toBe("111011");
  live(40);
  expect(bench.view(board).recent).toBe("1".repeat(30));
  board.seq += 40;
  bench.receive(board.beat());
  expect(bench.view(board).recent).toBe(`${"0".repeat(29)}1`);
  const from = bench.now;
  bench.pass(200_000);
  bench.obey(bench.core.requests.deaf("network", null, from, bench.now));
  board.seq += 3;
  bench.receive(board.beat());
  expect(bench.view(board).recent).toBe("1");
  live(3);
  expect(bench.view(board).recent).toBe("1111");
});
