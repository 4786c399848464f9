// Explain: for each status, each thing that can be wrong and each moment that can be asked about,
// the very sentences.

import { describe, expect, it } from "vitest";
import { Board } from "../gateway/gateway-rig.ts";
import { Desk, shed, told } from "./explain-rig.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const HEARS = "Our own deafness: we could hear all the time since its last beat.";
const KEY = "A wrong key: no frame in its name was refused lately.";
const ONE = "Two boards with one identity: no beat of it met another's number.";

describe("now", () => {
  it("unknown: never heard", async () => {
    const desk = await Desk.open();
    await desk.enrol(new Board(0x2bd, 2, { name: "shed-07" }));
    expect(await desk.get("shed-07/explain")).toEqual({
      id: "0002bd",
      name: "shed-07",
      at: "2026-11-22T12:00:00.000Z",
      status: "unknown",
      since: null,
      cause: null,
      sentences: ["shed-07 was never heard: nothing is promised, so nothing can be broken."],
      evidence: {},
      ruledOut: [KEY],
      next: [],
      knownInMs: null,
    });
  });

  it("present: the rule, its instants, and how soon its death would be known", async () => {
    const { desk } = await shed(0x84);
    await desk.pass(7_000);
    const answer = await desk.get("0002bd/explain");
    expect(answer).toEqual({
      id: "0002bd",
      name: "shed-07",
      at: "2026-11-22T12:00:07.000Z",
      status: "present",
      since: "2026-11-22T12:00:00.000Z",
      cause: "first-beat",
      sentences: [
        "shed-07 is present since 12:00:00 UTC (7 s), its first beat.",
        "It was last heard at 12:00:00 UTC, 7 s ago, and promised to be heard again within 63 s: " +
          "it is due at 12:01:03 UTC.",
        "With 1.26 s of grace it will be late at 12:01:04 UTC unless a beat comes, " +
          "and absent at 12:02:07 UTC, behind 2 promises broken in a row.",
        "If it died now you would know in 2 min.",
        expect.stringMatching(/^What the rule goes by: .*at most 1 false alarm a year/),
      ],
      evidence: expect.objectContaining({
        seenAt: "2026-11-22T12:00:00.000Z",
        dueAt: "2026-11-22T12:01:03.035Z",
        promiseMs: 63_035,
        graceMs: 1_260.7,
        k: 2,
      }),
      ruledOut: [
        HEARS,
        "A weak signal: its last beat said -66 dBm.",
        "An empty battery: its last beat said 80 %.",
        KEY,
        ONE,
      ],
      next: [
        { status: "late", at: "2026-11-22T12:01:04.296Z", cause: null },
        { status: "absent", at: "2026-11-22T12:02:07.331Z", cause: null },
      ],
      knownInMs: 120_331,
    });
    const view = await desk.get("shed-07");
    expect(view).toMatchObject({ knownInMs: 120_331, deadlineAt: answer.next[0].at });
  });

  it("late, then absent: by which promise, and what was ruled out", async () => {
    const { desk } = await shed();
    await desk.pass(65_000);
    expect(await told(desk)).toEqual([
      "shed-07 is late since 12:01:04 UTC (0 s).",
      "It was last heard at 12:00:00 UTC, 65 s ago, and promised to be heard again within 63 s: " +
        "that ended at 12:01:03 UTC, 1 s ago, and no beat came.",
      "Cause: its promise was broken; nothing is known that explains the silence.",
      "It will be absent at 12:02:07 UTC unless a beat comes, behind 2 promises broken in a row.",
      "If it is dead you will know in 62 s.",
    ]);
    await desk.pass(10 * MINUTE);
    const { sentences, ruledOut, next, knownInMs, cause } = await desk.get("shed-07/explain");
    expect({ next, knownInMs, cause }).toEqual({
      next: [],
      knownInMs: null,
      cause: "promise-broken",
    });
    expect(sentences[0]).toBe("shed-07 is absent since 12:02:07 UTC (8 min 57 s).");
    expect(sentences[3]).toBe("Its next beat makes it present again.");
    expect(sentences.join(" ")).toMatch(/It belongs to incident 1, open since 12:0\d:\d\d UTC\./);
    expect(ruledOut).toEqual([HEARS, "Its battery: it has external power.", KEY, ONE]);
  });

  it("a sleeper's promise broken (5b.5): silent at promise and grace, that is why", async () => {
    const { desk, board } = await shed();
    await desk.live(board, 1, { promise: 152, reach: 2 });
    await desk.pass(HOUR + 5 * MINUTE);
    const [is, promise, cause] = await told(desk);
    expect(is).toMatch(/^shed-07 is late since 13:0\d:\d\d UTC/);
    expect(promise).toMatch(/promised to be heard again within 1 h 2 min: that ended at 13:0\d/);
    expect(cause).toMatch(/^Cause: its promise was broken/);
  });

  it("returned, and how long it was silent", async () => {
    const { desk, board } = await shed();
    await desk.pass(12 * MINUTE);
    await desk.receive(board.beat());
    const [first] = await told(desk);
    expect(first).toBe(
      "shed-07 is present since 12:12:00 UTC (0 s), when it came back after 12 min of silence.",
    );
  });

  it("left", async () => {
    const { desk, board } = await shed();
    await desk.receive(board.beat({ promise: 255 }));
    await desk.pass(HOUR);
    expect(await told(desk)).toEqual([
      "shed-07 has left since 12:00:00 UTC (1 h): it said goodbye.",
      "It was last heard at 12:00:00 UTC, 1 h ago, and nothing is promised.",
      "A beat brings it back; its silence alarms nobody.",
    ]);
  });
});

describe("what else is the matter", () => {
  it("deafness", async () => {
    const { desk } = await shed();
    await desk.pass(30_000);
    await desk.obey(
      desk.core.requests.deaf("network", null, desk.clock.at - 10_000, desk.clock.at),
    );
    expect(await told(desk)).toContain(
      "We could not hear (network) from 12:00:20 UTC until 12:00:30 UTC, 10 s: " +
        "that is no silence of its own.",
    );
    expect((await desk.get("shed-07/explain")).ruledOut).not.toContain(HEARS);
  });

  it("a weak signal, and a low battery", async () => {
    const { desk } = await shed(0x11);
    const sentences = await told(desk);
    expect(sentences).toContain("Its signal is weak: its last beat said -90 dBm.");
    expect(sentences).toContain("Its battery is low: its last beat said 10 %.");
  });

  it("frames with a wrong key, and what rule 3 has to be shown of a clash", async () => {
    const { desk, board } = await shed();
    await desk.receive(board.beat({ epoch: 99, seq: 7 }));
    await desk.receive(board.beat({ epoch: 99, seq: 8 }));
    await desk.receive(board.beat({ seq: board.seq, vitals: 0 }));
    const sentences = await told(desk);
    expect(sentences).toContain(
      "Refused: 2 frames in its name, the last at 12:00:00 UTC from 192.0.2.7 (bad-tag).",
    );
    expect(sentences).toContain(
      "1 beat met another's number, the last at 12:00:00 UTC: two boards with one identity, or an old image.",
    );
  });

  it("its site", async () => {
    const desk = await Desk.open();
    const boards = [0x2bd, 1, 2, 3, 4].map(
      (id) => new Board(id, 2, { site: "farm", name: id === 0x2bd ? "shed-07" : `shed-0${id}` }),
    );
    await desk.enrol(...boards, new Board(9, 2, { name: "elsewhere" }));
    for (const board of boards) await desk.meet(board);
    const all = "Its site farm: 4 of the 4 other devices there are present.";
    expect((await desk.get("shed-07/explain")).ruledOut).toContain(all);
    await desk.pass(20 * MINUTE);
    await desk.receive(boards[1]!.beat());
    expect(await told(desk)).toContain(
      "At its site only 1 of the 4 other devices there is present.",
    );
  });

  it("maintenance of it, or of its site", async () => {
    const { desk } = await shed();
    const { requests } = desk.core;
    const until = desk.clock.at + 2 * HOUR;
    await desk.obey(requests.quiet("device:0002bd", "maintenance", until, desk.clock.at));
    expect((await told(desk)).at(-1)).toBe(
      "It is under maintenance until 14:00:00 UTC: nobody is told.",
    );
  });
});
