// The table of `watch`, as a person reads it, on terminals of any size; and its keys.

import { describe, expect, it } from "vitest";
import { keysOf } from "../../gateway/cli/terminal.ts";
import { chosen, screen, type Watched } from "../../gateway/cli/watch-table.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";

const NOW = Date.UTC(2027, 0, 1, 12);

function device(more: Partial<DeviceJson>): DeviceJson {
  return {
    ...{ id: "000001", name: "shed-07", site: "garden", labels: [], suite: 2, status: "present" },
    ...{ cause: "first-beat", tseq: 1, seenAt: new Date(NOW - 20_000).toISOString() },
    ...{ dueAt: new Date(NOW + 40_000).toISOString(), deadlineAt: null, absentAt: null },
    ...{ knownInMs: null, promiseMs: 60_000, reach: 0, transport: "udp", address: "10.0.0.2:1" },
    ...{ epoch: 1, seq: 7, battery: 80, signal: -58, alert: false, lossUp: 0.012, lossDown: 0 },
    ...{ waiting: 0, clashes: 0, clashAt: null, promiseLong: false, open: false },
    ...more,
  } as DeviceJson;
}

const FLEET = [
  device({}),
  device({ id: "000002", name: "barn", site: "", battery: 10, signal: -90, waiting: 2 }),
  device({
    ...{ id: "000003", name: "well", status: "absent", cause: "battery", battery: null },
    dueAt: new Date(NOW - 130_000).toISOString(),
  }),
  device({ id: "000004", name: "tank", status: "unknown", cause: null, seenAt: null, dueAt: null }),
  device({ id: "000005", name: "gate", alert: true, battery: "external", labels: ["north"] }),
];

function watched(more: Partial<Watched> = {}): Watched {
  return {
    ...{ devices: FLEET, now: NOW, gateway: "127.0.0.1:8227", order: "attention", filter: "" },
    ...{ top: 0, lostAt: undefined, deaf: "", columns: 120, rows: 12, colours: false },
    ...more,
  };
}

describe("the table", () => {
  it("has those first who want attention, and everything that is known", () => {
    const lines = screen(watched());
    expect(lines[0]).toBe("127.0.0.1:8227: 1 unknown, 3 present, 1 absent");
    expect(lines[1]).toBe("by attention");
    expect(lines[2]).toMatch(
      /^ {3}NAME +STATUS +NEXT DUE +SITE +BATTERY +SIGNAL +LOSS +CMDS +CAUSE$/,
    );
    expect(lines[3]).toMatch(/^X {2}well +absent +2 min 10 s over +garden +- .* battery$/);
    expect(lines.slice(3, 8).map((line) => line.split(/ {2,}/)[1])).toEqual([
      "well",
      "barn",
      "gate (alert)",
      "shed-07",
      "tank",
    ]);
    expect(lines[4]).toMatch(/^\* {2}barn +present +in 40 s +- +10 % +-90 dBm +1.2 % +2$/);
    expect(lines[5]).toContain("mains");
    expect(lines[7]).toMatch(/^\? {2}tank +unknown +- /);
  });

  it("fits a terminal of any size, and shows where in the list it is", () => {
    for (const columns of [10, 40, 55, 80, 200]) {
      for (const rows of [1, 3, 6, 24]) {
        const lines = screen(watched({ columns, rows }));
        expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
        expect(lines).toHaveLength(Math.max(5, rows));
      }
    }
    const long = "the pump in the far meadow behind the old mill, left";
    const devices = [device({ name: long }), device({ id: "000002", name: "barn" })];
    const [barn, pump] = screen(watched({ devices, columns: 60 })).slice(3);
    expect(pump).toMatch(/^\* {2}the pump in .*… {2}present {2}in 40 s/);
    const sited = [device({ site: "the long field north of the river" }), ...FLEET.slice(1)];
    expect(screen(watched({ devices: sited, columns: 80 }))[6]).toMatch(
      /^\* {2}shed-07 +present +in 40 s +the l.*… +80 % +-58 dBm$/,
    );
    expect(barn).toMatch(/^\* {2}barn +present {2}in 40 s/);
    expect(screen(watched({ devices, columns: 130 }))[4]).toContain(`${long}  present`);
    const lines = screen(watched({ rows: 6, top: 2 }));
    expect(lines[1]).toBe("by attention  3-4 of 5");
  });

  it("can be put into other orders, and narrowed to a word", () => {
    const names = (more: Partial<Watched>) => chosen(watched(more)).map(({ name }) => name);
    expect(names({ order: "name" })).toEqual(["barn", "gate", "shed-07", "tank", "well"]);
    expect(names({ order: "due" })[0]).toBe("well");
    expect(names({ order: "battery" })[0]).toBe("barn");
    expect(names({ order: "signal" })[0]).toBe("barn");
    expect(names({ filter: "GARD" })).toEqual(["well", "gate", "shed-07", "tank"]);
    expect(names({ filter: "nor" })).toEqual(["gate"]);
    expect(names({ filter: "00000" })).toHaveLength(5);
  });

  it("hears keys one by one, also of what was pasted", () => {
    expect(keysOf("/shed\r")).toEqual(["/", "s", "h", "e", "d", "\r"]);
    expect(keysOf("\u001b[A\u001b[5~\u001bOBé")).toEqual([
      ...["\u001b[A", "\u001b[5~", "\u001bOB", "é"],
    ]);
    expect(keysOf("\u001b")).toEqual(["\u001b"]);
  });

  it("says why it is empty", () => {
    expect(screen(watched({ devices: [] }))[3]).toContain("nextbeat device add NAME");
    expect(screen(watched({ filter: "zz" }))[3]).toContain('none of 5 has "zz"');
  });

  it("says when it no longer knows, and when the gateway does not hear", () => {
    expect(screen(watched({ lostAt: NOW - 65_000 }))[0]).toMatch(/: no contact for 65 s; last: /);
    expect(screen(watched({ deaf: "network" }))[0]).toMatch(/; the gateway is deaf \(network\)$/);
    expect(screen(watched({ colours: true }))[3]).toMatch(/^\u001b\[31mX/);
  });
});
