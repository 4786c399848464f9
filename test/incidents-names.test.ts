/** Tests of gateway.md, 5b, that concern incidents beside its 14 (incidents.test.ts). */

import { describe, expect, it } from "vitest";
import { Live, MINUTE_MS, ownAddress, Town } from "./incidents-rig.ts";

describe("5b.16, the core's half: an acknowledgement", () => {
  it("stands with the incident, over a restart too; what is closed or unknown is refused", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.run(10 * MINUTE_MS);
    const { core } = town.bench;
    town.bench.obey(core.requests.acknowledge(1, town.bench.now));
    const ackedAt = town.bench.now;
    expect(core.requests.incident(1)).toMatchObject({ ackedAt });
    town.restart(1_000);
    expect(town.bench.core.requests.incident(1)).toMatchObject({ ackedAt, away: 1 });
    expect(town.told()).toEqual(["opened 1"]);
    town.run(20 * MINUTE_MS);
    expect(town.told()).toEqual(["opened 1"]);
    town.plug([live!], 1);
    town.run(20 * MINUTE_MS);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
    const now = town.bench.now;
    expect(() => town.bench.core.requests.acknowledge(1, now)).toThrow("incident 1 is closed");
    expect(() => town.bench.core.requests.acknowledge(9, now)).toThrow("incident 9 is unknown");
  });
});

describe("5b.8: a new address before the old session dies", () => {
  it("is no event at all", () => {
    const town = new Town();
    const [live] = town.add(1);
    town.run(5 * MINUTE_MS);
    const before = town.bench.told.length;
    town.bench.pass(live!.nextAt - town.bench.now - 1_000);
    live!.from = ownAddress(99);
    town.beat(live!);
    // What the old session still had under way comes after it.
    town.bench.receive(
      live!.board.beat({ ...live!.words, seq: live!.board.seq - 1 }),
      ownAddress(1),
    );
    town.run(5 * MINUTE_MS);
    expect(town.bench.told.length).toBe(before);
    expect(town.bench.view(live!.board)).toMatchObject({ status: "present", tseq: 1 });
    expect(town.bench.view(live!.board).address).toBe(ownAddress(99).address);
  });
});

describe("5b.22: a removed device keeps beating", () => {
  it("it is a sender unknown, with a count; nothing rises from the dead", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.run(10 * MINUTE_MS);
    town.bench.obey(town.bench.core.remove(1, town.bench.now));
    town.boards.splice(0, 1);
    town.run(2_000);
    const told = town.bench.told.length;
    const ghost = new Live(1, {});
    for (let seq = 1; seq <= 1_000; seq++) {
      town.bench.receive(ghost.board.beat({ seq, epoch: live!.board.epoch }), live!.from);
      expect(town.bench.sent).toEqual([]);
      expect(town.bench.facts).toEqual([]);
    }
    expect(town.bench.told.length).toBe(told);
    expect([...town.bench.core.hints.values()]).toMatchObject([
      { id: 1, reason: "unknown", count: 1_000, address: live!.from.address },
    ]);
    expect(town.incidents()).toMatchObject([{ n: 1, away: 0 }]);
    expect(town.incidents()[0]!.closedAt).not.toBeNull();
  });
});
