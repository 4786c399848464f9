// Whatever stands in a scenario file, it is read, or refused in lines that have a place and say
// what was expected. Every value of a scenario that says all there is to say is replaced in turn.

import fc from "fast-check";
import { expect, it } from "vitest";
import { Usage } from "../../gateway/cli/errors.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";

const SEED = 20_260_802;

const WHOLE = {
  name: "all",
  about: "All there is to say",
  seeds: [1, "3..5"],
  run: "1d",
  calm: "20h",
  gateway: {
    commit: "1ms..5ms",
    flush: "1s",
    grace: "1s",
    clock: "none",
    socketQueue: 9,
    frame: 0,
  },
  fleet: [
    {
      group: "a",
      count: 9,
      suite: "hmac",
      interval: "60s",
      reach: "deep",
      transport: "mqtt",
      link: {
        preset: "lora",
        loss: { good: "1%", bad: 0.5, goodFor: "1s", badFor: "1s" },
        delay: { p0: "1ms", p50: "2ms", p100: "3ms" },
        up: {
          jitter: "1ms",
          wake: { after: "1s", delay: "1s..2s" },
          duplicate: "1%",
          reorder: { share: "1%", by: "1ms" },
          corrupt: "1%",
        },
        down: {
          outage: { every: "1h", for: "1m" },
          rate: "9600bit/s",
          queue: "4kB",
          overhead: 28,
          mtu: 100,
          netem: { p: "1%", r: "1%", lossBad: 1, lossGood: 0 },
          pattern: { per: "ms", steps: ["lost", 0, "5ms"] },
        },
      },
      nat: { preset: "cgn", name: "mine", mapping: "endpoint", ports: "2000..3000", hairpin: true },
      ap: "attic",
      board: "esp32",
      battery: 18_650,
      clock: "rc-c3",
      temperature: { mean: 5, swing: 5 },
      boot: { at: "1m", spread: "1m" },
      config: { rto: "1s", rtoMax: "8s", clockError: "2%", wake: "3s" },
    },
    { group: "b", link: "lan", nat: "linux", temperature: 5, boot: "1m", battery: undefined },
  ],
  faults: [
    { at: "1h", every: { random: "1m" }, until: "2h", where: ["a", "b-1"], do: "reboot" },
    { at: "1h", every: "1m", where: { names: ["attic"], share: "5%" }, do: "power", for: "1m" },
    { at: "1h", where: "fleet", do: "link", to: { loss: "5%" }, ramp: "1m", for: "end" },
    { at: "1h", do: "clock", by: "-1h" },
    { at: "1h", do: "crash", step: "after-commit", for: "1s" },
    { at: "1h", do: "disk", commit: "1s" },
    { at: "1h", do: "nat-set", to: "cgn" },
    { at: "1h", do: "replay", perSecond: 3, delay: "1s", for: "1m" },
  ],
  expect: [
    { metric: "alarms", where: "a", min: 0, max: 5 },
    { metric: "detect.p99", max: "1m" },
  ],
};

/** The paths of all values in it. */
function paths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key]))];
}

/** A copy with another value at a path. */
function changed(value: unknown, path: readonly string[], other: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return other;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  Object.assign(copy, { [key]: changed((value as Record<string, unknown>)[key], rest, other) });
  return copy;
}

/** The lines with which it is refused; none if it is read. */
function lines(scenario: unknown): string[] {
  try {
    parseScenario(JSON.stringify(scenario, null, 1), "s.json");
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Usage);
    return (error as Usage).message.split("\n");
  }
}

const LINE = /^s\.json:\d+:\d+: [^;]+; (expected |did you mean )[^\n]+$/;

it("reads what says all there is to say", () => {
  expect(lines(WHOLE)).toEqual([]);
});

it("refuses another value anywhere in lines with a place and an expectation", () => {
  const all = paths(WHOLE);
  let refused = 0;
  const other = fc.oneof(
    fc.constantFrom<unknown>(null, "", "x", "5%", "1h", "end", 0, -1, 0.5, 1e300, true, [], {}, [
      [],
    ]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...all), other, (path, value) => {
      const told = lines(changed(WHOLE, path, value));
      if (told.length > 0) refused++;
      for (const line of told) {
        // Text that was written may hold anything, so it is left out.
        expect(line.replace(/"(\\.|[^"\\])*"/g, "TEXT")).toMatch(LINE);
        expect(line).not.toMatch(/Invalid|undefined|\[object/);
      }
    }),
    { seed: SEED, numRuns: 1_500 },
  );
  expect(refused).toBeGreaterThan(1_000);
});

it("refuses a key that it does not know, wherever it stands", () => {
  for (const path of paths(WHOLE)) {
    const value = path.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown>)[key],
      WHOLE,
    );
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    for (const key of ["zzzz", "constructor", "__proto__x"]) {
      const told = lines(changed(WHOLE, [...path, key], 1));
      expect(told.join("\n"), path.join(".")).toMatch(/unknown key/);
    }
  }
});
