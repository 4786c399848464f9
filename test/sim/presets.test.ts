// What `sim presets` tells about all that has a name, and the lines that make Linux like a link.

import { expect, test } from "vitest";
import { netemAt, plainLink } from "../../sim/link.ts";
import { main } from "../../sim/main.ts";
import { netemOf } from "../../sim/netem.ts";
import { linkPreset } from "../../sim/presets.ts";

async function said(...flags: string[]): Promise<string> {
  let text = "";
  const say = (more: string) => {
    text += more;
  };
  expect(await main(["presets", ...flags], { out: say, err: say })).toBe(0);
  return text;
}

test("`sim presets` has a line for each name, and the JSON the same names with their figures", async () => {
  const text = await said();
  const all = JSON.parse(await said("--json")) as Record<string, { name: string; about: string }[]>;
  expect(Object.keys(all)).toEqual(["links", "nats", "boards", "batteries", "clocks"]);
  for (const rows of Object.values(all)) {
    expect(rows.length).toBeGreaterThan(3);
    for (const { name, about, ...figures } of rows) {
      expect(text.split("\n").filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1);
      expect(text).toContain(about);
      if (name !== "none") expect(Object.keys(figures).length).toBeGreaterThan(2);
      expect(JSON.stringify(figures)).not.toContain("null");
    }
  }
  expect(all["nats"]!.map(({ name }) => name)).toEqual(
    "none linux cgn home-60 cloud-350".split(" "),
  );
});

// p and r at 20 ms in the table that the presets come from.
test.each([
  ["wifi-good", 3.2e-4, 0.0645],
  ["wifi-congested", 2.5e-3, 0.0165],
  ["wifi-edge", 4.0e-3, 0.004],
  ["lte-m", 1.1e-5, 0.01],
  ["nb-iot", 3.3e-5, 0.004],
  ["leo", 1.4e-3, 0.0247],
  ["geo", 1.1e-5, 0.0007],
] as const)("netem's chain like %s, at 20 ms", (name, p, r) => {
  const chain = netemAt(linkPreset(name)!.up, 20);
  expect(chain.p / p).toBeCloseTo(1, 1);
  expect(chain.r / r).toBeCloseTo(1, 1);
});

test("a netem line says delay, loss in bursts, the odd frame and the rate", () => {
  const plain = plainLink(20);
  expect(netemOf(plain, 20)).toBe("netem limit 100000 delay 20ms");
  expect(netemOf({ ...plain, lossGood: 0.1 }, 20)).toBe(
    "netem limit 100000 delay 20ms loss random 10%",
  );
  const bursty = { ...plain, lossGood: 0.002, lossBad: 0.8, goodMs: 20_000, badMs: 500 };
  expect(netemOf(bursty, 1_000)).toBe(
    "netem limit 100000 delay 20ms loss gemodel 2.125% 85% 80% 0.2%",
  );
  const chain = { p: 0.01, r: 0.2, lossBad: 0.7, lossGood: 0.002 };
  const odd = { duplicate: 0.01, corrupt: 0.0002, bitsPerSecond: 256_000, jitterMs: 6 };
  for (const spacing of [20, 1_000]) {
    expect(netemOf({ ...plain, netem: chain, ...odd }, spacing)).toBe(
      "netem limit 100000 delay 23ms 1.732ms distribution normal loss gemodel 1% 20% 70% 0.2% " +
        "duplicate 1% corrupt 0.02% rate 256000bit",
    );
  }
});

test("`sim presets --netem` prints those lines, both ways where they differ", async () => {
  const lines = (await said("--netem")).trimEnd().split("\n");
  expect(lines.filter((line) => line.startsWith("netem "))).toHaveLength(2 * 10);
  expect(lines.filter((line) => line.startsWith("# lora "))).toHaveLength(2);
  expect(lines).toContain(netemOf(linkPreset("wifi-edge")!.down, 1_000));
});
