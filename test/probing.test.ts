// The search for the life of a NAT binding, in virtual time: the sender, the search, the gateway and
// the NATs are the real ones. Prints what it found.

import { afterAll, describe, expect, test } from "vitest";
import { NAT_PRESETS } from "../sim/nat-presets.ts";
import { DAY, found, home, HOUR, MINUTE, searched, SECOND } from "./probing-rig.ts";
import { printed } from "./trust-rig.ts";

const rows: string[][] = [];
afterAll(() => printed("lives found", ["NAT", "life, s", "probes", "minutes"], rows));

describe("presets", () => {
  test.each(NAT_PRESETS.map(({ name, model }) => ({ name, model })))("$name", ({ name, model }) => {
    const it = home(model, 7);
    const { done, probes, minutes } = searched(it);
    rows.push([name, `${found(it.board) / SECOND}`, `${probes}`, minutes.toFixed(1)]);
    expect(done).toBe(true);
    expect(probes).toBeLessThanOrEqual(8);
  });
});
void [DAY, HOUR, MINUTE];
