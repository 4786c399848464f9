/** What people write on the command line and read from it: durations, hosts, instants. */

import { describe, expect, it } from "vitest";
import {
  boardsBroker,
  boardsGateway,
  duration,
  gatewayUrl,
  port,
} from "../../gateway/cli/words.ts";
import { ago, span } from "../../gateway/durations.ts";

describe("the command line", () => {
  it("reads durations, hosts and the like as they are written", () => {
    const read = duration(100, 604_800_000, "100ms to 7d");
    const good = {
      "90s": 90_000,
      "5m": 300_000,
      "1h30m": 5_400_000,
      "250ms": 250,
      "7d": 604_800_000,
    };
    for (const [text, ms] of Object.entries(good)) expect(read(text)).toBe(ms);
    for (const bad of ["", "90", "s", "1.5h", "90 s", "-5m", "99ms", "8d", "5m!"]) {
      expect(() => read(bad), bad).toThrow("such as 90s, 5m or 1h30m, 100ms to 7d");
    }
    expect(boardsGateway("192.168.1.5")).toEqual({ host: "192.168.1.5", port: 7227 });
    expect(boardsGateway("gw.home-1.lan:99")).toEqual({ host: "gw.home-1.lan", port: 99 });
    const hosts = ["", ":1", "300.1.1.1", "1.2.3", "::1", "[::1]:7", "a b", "a:0", "a:65536", "-a"];
    for (const bad of [...hosts, "a..b", `${"a".repeat(64)}.lan`, 'x";evil']) {
      expect(() => boardsGateway(bad), bad).toThrow("boards do not speak IPv6");
    }
    expect(boardsBroker("10.0.0.9")).toEqual({ host: "10.0.0.9", port: 1883 });
    expect(port("0")).toBe(0);
    expect(() => gatewayUrl("ftp://x")).toThrow("http://127.0.0.1:8227");
  });

  it("tells instants in words", () => {
    expect([ago(7_900), ago(-60_000), ago(0)]).toEqual(["7 s ago", "in 60 s", "0 s ago"]);
    expect([span(125_000), span(7_200_000), span(26 * 3_600_000), span(5 * 86_400_000)]).toEqual([
      "2 min 5 s",
      "2 h",
      "26 h",
      "5 d",
    ]);
  });
});
