/** A site chooses its own false alarms: two boards with one past and two patiences. */

import { expect, it } from "vitest";
import type { ChangeFact } from "../../gateway/facts.ts";
import { Bench } from "./gateway-bench.ts";
import { Board } from "./gateway-rig.ts";

/** What the verdict on a board of `site` rested on, after 2 000 beats without a loss. */
function verdictAt(site: string): { k: unknown; alpha: unknown } {
  const bench = new Bench({ limits: { falseAlarms: 1, falseAlarmsAt: { hall: 1_000 } } });
  const board = new Board(1, 2, { site });
  bench.enrol(board);
  bench.meet(board);
  for (let n = 0; n < 2_000; n++) {
    bench.pass(57_000);
    bench.receive(board.beat());
  }
  for (let n = 0; n < 100; n++) {
    bench.now = Math.max(bench.now, bench.core.wakeAt);
    bench.obey(bench.core.expire(bench.now));
    const fact = bench.facts.find(
      (one): one is ChangeFact => one.kind === "change" && one.change.to === "absent",
    );
    if (fact) return { k: fact.evidence?.k, alpha: fact.evidence?.alpha };
  }
  throw new Error("it was never called absent");
}

it("is quicker where more false alarms are allowed", () => {
  const hall = verdictAt("hall");
  const field = verdictAt("field");
  expect([hall.alpha, field.alpha]).toEqual([1_000, 1]);
  expect(hall.k).toBe(1);
  expect(field.k).toBeGreaterThan(1);
});
