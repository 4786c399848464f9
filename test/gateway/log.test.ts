/** Log lines and clocks of the gateway's shell. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { builtAt, systemClock } from "../../gateway/clock.ts";
import { createLog, FEW_MAX } from "../../gateway/log.ts";
import { clearUp, temporaryFolder } from "./socket-rig.ts";

afterEach(clearUp);

describe("the log", () => {
  it("writes one JSON object a line, the message first", () => {
    const lines: string[] = [];
    const log = createLog(
      (line) => void lines.push(line),
      () => 0,
    );
    log.info("listening", { udp: 7227, http: 8227 });
    log.warn("two\nlines");
    expect(lines[0]).toBe(
      '{"msg":"listening","udp":7227,"http":8227,"level":"info",' +
        '"time":"1970-01-01T00:00:00.000Z"}\n',
    );
    expect(lines[1]?.split("\n")).toHaveLength(2);
  });

  it("writes at most FEW_MAX lines of a kind a minute, and how many it left out", () => {
    const lines: string[] = [];
    let now = 0;
    const log = createLog(
      (line) => void lines.push(JSON.parse(line).msg),
      () => now,
    );
    for (let n = 0; n < FEW_MAX; n++) log.few("change");
    expect(lines).toHaveLength(FEW_MAX);
    log.few("change");
    log.few("change");
    expect(lines).toHaveLength(FEW_MAX);
    log.few("other");
    expect(lines).toHaveLength(FEW_MAX + 1);
    now = 60_000;
    log.few("change");
    expect(lines.slice(FEW_MAX + 1)).toEqual(["change, more of them", "change"]);
  });
});

describe("the clock", () => {
  it("gives one instant one date, and follows a step", () => {
    const clock = systemClock(0);
    const at = clock.now();
    const wall = clock.wallAt(at);
    expect(Math.abs(wall - Date.now())).toBeLessThan(1_000);
    expect(clock.wallAt(at)).toBe(wall);
    expect(clock.wallAt(at + 250)).toBe(wall + 250);
    const real = Date.now;
    try {
      Date.now = () => real() + 3_600_000;
      expect(Math.abs(clock.wallAt(at) - wall - 3_600_000)).toBeLessThan(200);
    } finally {
      Date.now = real;
    }
  });

  it("is trusted from the day on which the program was built", () => {
    expect(systemClock(Date.now() - 1_000).trusted()).toBe(true);
    expect(systemClock(Date.now() + 60_000).trusted()).toBe(false);
    const folder = temporaryFolder();
    const url = pathToFileURL(`${folder}/`);
    const oldest = builtAt(url);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "build.json"), `{"at":${oldest + 5}}`);
    expect(builtAt(url)).toBe(oldest + 5);
    writeFileSync(join(folder, "build.json"), '{"at":1}');
    expect(builtAt(url)).toBe(oldest);
    writeFileSync(join(folder, "build.json"), "torn");
    expect(builtAt(url)).toBe(oldest);
  });
});
