/** What the dashboard says of incidents, commands, plots and new boards, without a browser. */

import { describe, expect, it } from "vitest";

// Browser modules without declarations: TypeScript checks them under gateway/tsconfig.web.json.
const web = (name: string) => import(new URL(`../../gateway/web/${name}`, import.meta.url).href);

const NOW = Date.UTC(2027, 0, 1, 12);
/** A no-break space holds number and unit together; here it is an ordinary one. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("what belongs together, and what waits", () => {
  it.each([
    [0, 0, ""],
    [1, 1, ""],
    [3, 1, "3 silent, 1 cause."],
    [3, 2, "3 silent, 2 causes."],
  ])("%i silent of %i causes: %j", async (silent, causes, said) => {
    const { causesSentence } = await web("affairs.js");
    expect(causesSentence(silent, causes)).toBe(said);
  });

  it("an incident is told by whom it is about", async () => {
    const { scopeWords } = await web("affairs.js");
    const of = (scope: string, joined = 3) =>
      scopeWords({ scope, joined, members: ["0002bd"] }, (id: string) => `<${id}>`);
    expect(of("device:0002bd", 1)).toBe("<0002bd>");
    expect(of("site:a:b")).toBe("3 devices at a:b");
    expect(of("address:10.0.0.1")).toBe("3 devices behind 10.0.0.1");
    expect(of("broker")).toBe("3 devices on the broker");
    expect(of("gateway")).toBe("the gateway itself");
  });

  it("a command is told by its state, its forecast and its outcome", async () => {
    const { stateWords } = await web("affairs.js");
    const of = (more: object) =>
      plain(
        stateWords({ forecastAt: null, result: null, resultHex: null, doneAt: null, ...more }, NOW),
      );
    const later = new Date(NOW + 90_000).toISOString();
    expect(of({ state: "queued", forecastAt: later })).toBe("waits, likely in 1 min 30 s");
    expect(of({ state: "queued", forecastAt: new Date(NOW - 1).toISOString() })).toBe(
      "waits, any moment",
    );
    expect(of({ state: "offered" })).toBe("sent, not answered yet");
    expect(of({ state: "done", result: "is on", resultHex: "00" })).toBe("done: is on");
    expect(of({ state: "failed", resultHex: "ff" })).toBe("failed: 0xff");
    expect(of({ state: "expired" })).toBe("expired");
  });

  it("the command that flashes a board is quoted as a shell needs it", async () => {
    const { flashCommand } = await web("affairs.js");
    const wish = { name: "shed-07", board: "esp32", reach: "awake", interval: "60s", ssid: "Farm" };
    expect(flashCommand(wish, "10.0.0.2", 7227)).toBe(
      "nextbeat flash shed-07 --port /dev/ttyUSB0 --gateway 10.0.0.2 --board esp32 " +
        "--interval 60s --reach awake --wifi Farm --wifi-pass-file pass.txt",
    );
    expect(flashCommand({ ...wish, name: "a'b", board: "linux" }, "h", 7000)).toBe(
      "nextbeat flash 'a'\\''b' --port tcp://127.0.0.1:2323 --gateway h:7000 --board linux " +
        "--interval 60s --reach awake",
    );
  });

  it("fills an empty gateway, wherever its page is", async () => {
    const { firstCommands } = await web("affairs.js");
    const fleet = "--devices 12 --link wifi-good --interval 10s";
    expect(firstCommands(7227, "http://127.0.0.1:8227")).toBe(
      `nextbeat device add shed-07\nnextbeat sim fleet --gateway 127.0.0.1:7227 ${fleet}`,
    );
    expect(firstCommands(7300, "http://pi:80").match(/ --url http:\/\/pi:80/g)).toHaveLength(2);
  });
});

describe("plots", () => {
  const frame = { from: 0, to: 320, low: 0, high: 100, gapMs: 50 };
  it("join what is near in time, and set apart what is not", async () => {
    const { pathsOf } = await web("trace.js");
    const points = [0, 40, 80, 200, 300, 320].map((at) => ({ at, value: at === 40 ? 100 : 0 }));
    expect(pathsOf(points, frame)).toEqual({
      trace: "M0 53L40 3L80 53M300 53L320 53",
      dots: "M200 53h0",
    });
    expect(pathsOf([], frame)).toEqual({ trace: "", dots: "" });
  });

  it("tell least and most, and loss where there were beats", async () => {
    const { lossOf, rangeWords, samplesOf } = await web("trace.js");
    const at = new Date(NOW).toISOString();
    const steps = [
      { at, heard: 3, missed: 1 },
      { at, heard: null, missed: null },
      { at, heard: 0, missed: 0 },
    ];
    expect(lossOf(steps)).toEqual([{ at: NOW, value: 25 }]);
    expect(
      samplesOf(
        [
          { at, battery: "external" },
          { at, battery: 70 },
        ],
        "battery",
      ),
    ).toEqual([{ at: NOW, value: 70 }]);
    expect(plain(rangeWords([{ value: -90.4 }, { value: -58 }], "dBm"))).toBe("−90 to −58 dBm");
    expect(plain(rangeWords([{ value: 5 }], "%"))).toBe("5 %");
  });
});
