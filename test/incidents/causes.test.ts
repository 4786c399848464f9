/** Each cause of one board: a story that shows it, and one in which it must not be claimed. */

import { describe, expect, it } from "vitest";
import { dies, last, reset, shows, story, vitals } from "./causes-rig.ts";
import { MINUTE_MS, ownAddress, Town } from "./rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("promise-broken", () => {
  it("is what is known of a board that showed nothing", () => {
    const { town, live } = story();
    expect(dies(town, live)).toMatchObject({ cause: "promise-broken" });
  });
});

describe("battery", () => {
  it.each([
    ["empty", [3, 2, 1, 1]],
    ["at a tenth for ever", [1, 1, 1]],
    ["low and falling", [5, 4, 4, 3]],
    ["a cell that falls off its cliff", [10, 10, 9, 7, 5]],
  ])("is claimed: %s", (_, readings) => {
    const { town, live } = story();
    shows(
      town,
      live,
      readings.map((r) => vitals(r)),
    );
    const { cause, evidence } = dies(town, live);
    expect(cause).toBe("battery");
    expect(evidence.battery).toBe(readings.at(-1)! * 10);
    expect(evidence.confidence).toBeGreaterThanOrEqual(0.5);
  });

  it.each([
    ["full", [10, 10, 9]],
    ["low and steady", [3, 3, 3, 3]],
    ["replaced", [1, 1, 10, 10]],
    ["on external power, after a low one", [1, 1, 14]],
    ["unknown", [15, 15]],
  ])("is not claimed: %s", (_, readings) => {
    const { town, live } = story();
    shows(
      town,
      live,
      readings.map((r) => vitals(r)),
    );
    expect(dies(town, live).cause).toBe("promise-broken");
  });

  it("does not count a slow fall over weeks as one over a day", () => {
    const town = new Town();
    const [live] = town.add(1, { intervalMs: 6 * HOUR_MS });
    shows(
      town,
      live!,
      [9, 9, 8, 8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6, 5, 5].flatMap((r) => [vitals(r), vitals(r)]),
    );
    expect(dies(town, live!).cause).toBe("promise-broken");
  });

  it("is known over a restart of the gateway", () => {
    const { town, live } = story();
    shows(town, live, [vitals(1), vitals(1)]);
    town.unplug([live]);
    town.restart(1_000);
    town.run(2 * HOUR_MS);
    expect(last(town, live, "absent").cause).toBe("battery");
  });
});

describe("weak-signal", () => {
  it("is claimed where the signal fell far below the usual one", () => {
    const { town, live } = story();
    shows(town, live, [...Array(40).fill(vitals(15, 6)), vitals(15, 4), vitals(15, 3)]);
    const { cause, evidence } = dies(town, live);
    expect(cause).toBe("weak-signal");
    expect(evidence).toMatchObject({ signal: -74 });
    expect(evidence.signalBefore).toBeGreaterThan(-55);
  });

  it("is claimed where it is weak and beats are lost", () => {
    const { town, live } = story();
    shows(town, live, Array(30).fill(vitals(15, 1)));
    for (let n = 0; n < 40; n++) {
      // Every other beat never arrives.
      live.board.seq++;
      town.run(live.intervalMs);
    }
    expect(dies(town, live).cause).toBe("weak-signal");
  });

  it("is not claimed where it is good, or unknown, or always was weak and lost nothing", () => {
    for (const step of [5, 0, 2]) {
      const { town, live } = story();
      shows(town, live, Array(120).fill(vitals(15, step)));
      expect(dies(town, live).cause).toBe("promise-broken");
    }
  });
});

describe("reset-loop", () => {
  it("is claimed after boots in a row", () => {
    const { town, live } = story();
    for (const cause of [3, 3, 5]) {
      town.run(2 * MINUTE_MS);
      town.beat(live, { ext: reset(cause) });
    }
    const { cause, evidence } = dies(town, live);
    expect(cause).toBe("reset-loop");
    expect(evidence).toMatchObject({ resets: 3, resetsMs: 4 * MINUTE_MS, resetCause: "crash" });
  });

  it.each([
    ["wakes from deep sleep", 2, 2 * MINUTE_MS],
    ["presses of a button", 7, 2 * MINUTE_MS],
    ["boots that are hours apart", 3, 2 * HOUR_MS],
  ])("is not claimed after %s", (_, cause, apartMs) => {
    const { town, live } = story();
    for (let n = 0; n < 5; n++) {
      town.run(apartMs);
      town.beat(live, { ext: reset(cause) });
    }
    expect(dies(town, live).cause).toBe("promise-broken");
  });

  it("is forgotten when the board has run for an hour", () => {
    const { town, live } = story();
    for (let n = 0; n < 5; n++) town.beat(live, { ext: reset(3) });
    town.run(2 * HOUR_MS);
    expect(dies(town, live).cause).toBe("promise-broken");
  });
});

describe("refused", () => {
  it("is claimed where frames in its name come from its address under another key", () => {
    const { town, live } = story();
    town.unplug([live]);
    town.run(1_000);
    for (let n = 1; n <= 3; n++) {
      const frame = live.board.beat({ seq: live.board.seq + n, epoch: live.board.epoch + 1 });
      town.bench.receive(frame, { ...live.from, port: 9 });
    }
    expect(dies(town, live)).toMatchObject({ cause: "refused", evidence: { badTags: 3 } });
    expect(town.incidents()).toMatchObject([{ cause: "refused", scope: "device:000001" }]);
  });

  it("is not claimed for frames from elsewhere, or from before it was heard last", () => {
    const { town, live } = story();
    const wrong = (): string =>
      live.board.beat({ seq: live.board.seq, epoch: live.board.epoch + 1 });
    town.bench.receive(wrong(), live.from);
    town.run(2 * MINUTE_MS);
    town.unplug([live]);
    town.bench.receive(wrong(), ownAddress(77));
    expect(dies(town, live).cause).toBe("promise-broken");
  });

  it("stays its own in a house that goes dark", () => {
    const town = new Town();
    const house = town.add(6, { site: "house17" });
    town.run(5 * MINUTE_MS);
    town.unplug(house);
    const [live] = house;
    const frame = live!.board.beat({ seq: live!.board.seq + 1, epoch: live!.board.epoch + 1 });
    town.bench.receive(frame, live!.from);
    town.run(20 * MINUTE_MS);
    const scopes = town.incidents().map(({ scope, away }) => `${scope} ${away}`);
    expect(scopes.sort()).toEqual(["device:000001 1", "site:house17 5"]);
  });
});

describe("clash", () => {
  it("is claimed where another board used its numbers", () => {
    const { town, live } = story();
    town.beat(live);
    town.bench.receive(
      live.board.beat({ ...live.words, seq: live.board.seq, vitals: 0xe0 }),
      live.from,
    );
    expect(dies(town, live)).toMatchObject({ cause: "clash", evidence: { clashes: 1 } });
  });

  it("is not claimed for one long ago", () => {
    const { town, live } = story();
    town.beat(live);
    town.bench.receive(
      live.board.beat({ ...live.words, seq: live.board.seq, vitals: 0xe0 }),
      live.from,
    );
    town.run(30 * MINUTE_MS);
    expect(dies(town, live).cause).toBe("promise-broken");
  });
});
