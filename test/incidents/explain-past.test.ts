// Explanations of moments that are over: from changes, their evidence, history and deafness.

import { describe, expect, it } from "vitest";
import { Board } from "../gateway/gateway-rig.ts";
import { Desk, shed, told } from "./explain-rig.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

describe("a moment that is over", () => {
  /** Met at 12:00, silent from 12:30, back at 13:00. */
  async function story(): Promise<Desk> {
    const { desk, board } = await shed();
    await desk.live(board, 30);
    await desk.pass(30 * MINUTE);
    await desk.receive(board.beat());
    await desk.pass(10 * MINUTE);
    return desk;
  }
  const at = (time: string) => `?at=2026-11-22T${time}Z`;

  it("is told by its changes, their evidence, history, and what followed", async () => {
    const desk = await story();
    expect(await told(desk, at("12:20:30"))).toEqual([
      "At 12:20:30 UTC shed-07 was present, since 12:00:00 UTC (20 min 30 s). " +
        "It spoke for the first time.",
      "In the hour before, 21 beats were heard and 0 missed; the last minute with one began at " +
        "12:20:00 UTC. Of 39 minutes of it nothing is known.",
      "What followed: late at 12:31:03 UTC, a promise of 63 s broken. " +
        "Cause: its promise was broken; nothing is known that explains the silence.",
    ]);
    const answer = await desk.get(`shed-07/explain${at("12:45:00")}`);
    expect(answer).toMatchObject({
      status: "absent",
      cause: "promise-broken",
      ruledOut: ["Our own deafness: we could hear then, as far as is known."],
      next: [{ status: "present", at: "2026-11-22T13:00:00.000Z", cause: "returned" }],
      knownInMs: null,
      evidence: { seenAt: "2026-11-22T12:30:00.000Z", promiseMs: 63_035 },
    });
    expect(answer.sentences[0]).toMatch(
      /^At 12:45:00 UTC shed-07 was absent, since 12:3\d:\d\d UTC \(1\d min( \d+ s)?\)\.$/,
    );
    expect(answer.sentences[2]).toMatch(
      /^What the rule saw: last heard at 12:30:00 UTC; its next beat was due at 12:31:03 UTC; /,
    );
    expect(answer.sentences.at(-1)).toBe(
      "What followed: present at 13:00:00 UTC: it was away and is back.",
    );
  });

  it("is told from -2h back, in the zone of who asks, with the date of another day", async () => {
    const desk = await story();
    await desk.pass(13 * HOUR);
    const [first] = await told(desk, "?at=-13h40m&zone=Europe/Berlin");
    expect(first).toMatch(/^At 2026-11-22 13:30:00 shed-07 was present, since 2026-11-22 13:00:00/);
    expect((await told(desk, "?at=-1s")).at(-1)).toMatch(/^It still is: nothing changed for 1\d h/);
  });

  it("before its first change, and of which nothing is kept, is said to be so", async () => {
    const desk = await story();
    expect((await told(desk, at("11:00:00")))[0]).toBe(
      "At 11:00:00 UTC shed-07 was unknown. Its first change that is kept came at 12:00:00 UTC.",
    );
    await desk.enrol(new Board(5, 2, { name: "new" }));
    const { sentences } = await desk.get(`new/explain${at("12:30:00")}`);
    expect(sentences).toEqual([
      "At 12:30:00 UTC new was likely unknown. No change of it is kept.",
      "Of the hour before, its beats are not kept by the minute.",
    ]);
  });

  it("in which we could not hear, a stop among them, is told with that", async () => {
    const { desk, board } = await shed();
    await desk.live(board, 10);
    await desk.stop(2 * HOUR);
    await desk.receive(board.beat());
    const answer = await desk.get(`shed-07/explain${at("13:00:00")}`);
    expect(answer.status).toBe("present");
    expect(answer.ruledOut).toEqual([]);
    expect(answer.sentences).toContain(
      "We could not hear then (stopped), from 12:10:00 UTC until 14:10:00 UTC.",
    );
  });

  it.each([
    ["?at=tomorrow", /^at: given "tomorrow", expected an instant/],
    ["?at=2026-11-22T14:05", /expected an instant such as 2026-11-22T14:05:00Z, or -2h/],
    ["?at=2099-01-01T00:00:00Z", /expected no future instant/],
    ["?at=-2hours", /expected an instant/],
    ["?at=-99999999999h", /expected an instant/],
    ["?zone=Mars", /^zone: given "Mars", expected a time zone such as Europe\/Berlin/],
    ["?when=now", /"when" is not known here/],
  ])("asked for by %s is refused", async (query, words) => {
    const { desk } = await shed();
    const { status, detail } = await desk.get(`shed-07/explain${query}`);
    expect(status).toBe(400);
    expect(detail).toMatch(words);
  });

  it("of nobody is not found", async () => {
    const desk = await Desk.open();
    expect((await desk.get("nobody/explain")).status).toBe(404);
    expect((await desk.get("nobody/history")).status).toBe(404);
  });
});
