// What an application may take away from the bundle that is flashed: it sets the clock, and erases
// files that are not its own. Neither may stop the beats, or have the board break a promise.

import { describe, expect, it } from "vitest";
import { decodeUp } from "../../device/decode.ts";
import { intervalMs } from "../../device/interval.ts";
import { HEARTBEAT } from "../../device/wire.ts";
import { awakeOf, OWN } from "./awake-rig.ts";
import { HOUR, type Sleeper } from "./board-life.ts";

const NAMES = ["udp-chaskey", "udp-chaskey-commands", "udp-chaskey-sleep"];
const awake = await awakeOf(NAMES);

/** Beats, each with when it was sent first and until when it promised the next. */
function promises(s: Sleeper): { at: number; until: number }[] {
  const seen = new Set<string>();
  return s.frames.flatMap(({ at, type, frame }) => {
    const up = decodeUp(frame, 8);
    if (type !== HEARTBEAT || typeof up === "string" || up.type !== HEARTBEAT) return [];
    if (seen.has(frame)) return [];
    seen.add(frame);
    return [{ at, until: at + intervalMs(up.promise) }];
  });
}

/** Promises that the next beat broke, and by how many ms. */
const broken = (s: Sleeper): number[] => {
  const all = promises(s);
  return all.slice(1).flatMap(({ at }, n) => (at > all[n]!.until ? [at - all[n]!.until] : []));
};

describe.each(NAMES)("a board whose clock is set (%s)", (name) => {
  it.each([
    ["back by an hour", -HOUR],
    ["back by a second", -1_000],
    ["forward by a day", 24 * HOUR],
    ["forward by 56 years", 56 * 365 * 24 * HOUR],
  ])("%s, amid any wait, breaks no promise", (_, ms) => {
    const s = awake(name, { app: "" });
    s.live(5 * OWN);
    for (let n = 0; n < 40; n++) {
      s.live(OWN + n * 1_500);
      s.board.set += ms;
    }
    s.live(5 * OWN);
    expect(promises(s).length).toBeGreaterThan(55);
    expect(broken(s)).toEqual([]);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });
});

describe.each(NAMES)("a board whose files are taken away (%s)", (name) => {
  it.each(["erased", "overwritten", "a mark that is none"])("%s: it beats on", (how) => {
    const s = awake(name, { app: "" });
    s.live(40 * OWN);
    const nb = s.flash.files.get("nb")!;
    if (how === "erased") s.flash.files.clear();
    else if (how === "overwritten") s.flash.files.set("nb", "mine");
    else s.flash.files.set("nb", nb.replace(/\xff/, "\xfe"));
    // Past its next reservation.
    s.live(80 * OWN);
    expect(s.beatsAt.length).toBeGreaterThan(110);
    expect(s.view.status).toBe("present");
    // What it made anew holds over a power cut.
    s.powerOn();
    s.live(10 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });
});
