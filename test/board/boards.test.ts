// The boards' facts: README's table is printed from them, a board is known by its name and by what
// it says of itself, and what it cannot do has a reason.
//
//     UPDATE=1 npx vitest run test/board/boards.test.ts      writes README's table and sizes anew

import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BOARDS, boardNamed, boardsTable, refusal } from "../../gateway/cli/boards.ts";
import { TOOLS } from "../../gateway/cli/port.ts";
import { SIZES } from "../../gateway/cli/sizes.ts";

const README = new URL("../../README.md", import.meta.url);
const TABLE = /\| board \|[^\n]*(\n\|[^\n]*)+/;

describe("the boards", () => {
  it("stand in README's table", () => {
    const text = readFileSync(README, "utf8");
    if (process.env["UPDATE"])
      writeFileSync(
        README,
        text.replace(TABLE, () => boardsTable()),
      );
    expect(readFileSync(README, "utf8")).toContain(`${boardsTable()}\n\n`);
  });

  it("have clients whose sizes README tells", () => {
    const sizes = Object.values(SIZES);
    const all = (at: 0 | 1) => sizes.map((size) => size[at]).sort((a, b) => a - b);
    const [bytes, vars] = [all(0), all(1)];
    const kilo = (n: number) => (n / 1000).toFixed(1);
    const count = (n: number) => n.toString().replace(/(?=\d{3}$)/, n > 999 ? " " : "");
    const words =
      `Of ${sizes.length} clients the smallest that does what was asked is taken: ` +
      `${kilo(bytes[0]!)} to ${kilo(bytes.at(-1)!)} KB of script, ` +
      `${count(vars[0]!)} to ${count(vars.at(-1)!)}\nJsVars`;
    const text = readFileSync(README, "utf8");
    if (process.env["UPDATE"])
      writeFileSync(README, text.replace(/Of \d+ clients the smallest[^(]*JsVars/, words));
    expect(readFileSync(README, "utf8")).toContain(words);
  });

  it("are known by name, and by what they say of themselves", () => {
    for (const board of BOARDS) {
      expect(boardNamed(board.name)).toBe(board);
      for (const id of board.ids) expect(boardNamed(id)).toBe(board);
    }
    const ids = BOARDS.flatMap(({ ids: all }) => all);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(["pico-w", "pico2", "pico2-w", "RP2040_PICO", "ESPR_RP2040_PICO", "RP2350_PICO2"])(
    "refuse %s, which has no network",
    (name) => expect(boardNamed(name)).toContain("has no network and no Wi-Fi driver"),
  );

  it.each(["PICO_R1_3", "ESPRUINOBOARD", "PUCKJS", "BANGLEJS2", "MICROBIT1"])("refuse %s", (name) =>
    expect(boardNamed(name)).toMatch(/cannot run it: it (has no network of its own|speaks)/),
  );

  it("are flashed with the tools that the project names", () => {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    expect(TOOLS).toBe(`espruino@${JSON.parse(text).devDependencies.espruino}`);
  });

  it("can each do something, awake", () => {
    for (const board of BOARDS) {
      const udp = !board.noUdp;
      expect(refusal(board, { suite: 2, udp, reach: 0, wifi: !!board.wifi })).toBeUndefined();
    }
  });
});
