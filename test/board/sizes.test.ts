// The one table of what each client takes of a board (gateway/cli/sizes.ts): true, as bounds that
// are close. The client for a small board has a budget that no table may raise.
//
//     UPDATE=1 npx vitest run test/board/sizes.test.ts       writes the table anew

import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { jsVars } from "../../device/bundle/measure.ts";
import { interpreter } from "../../device/interpreter.ts";
import { SIZES } from "../../gateway/cli/sizes.ts";

/** Steps of the table, and how far below its bounds a client may lie before it says too much. */
const BYTES = 100;
const VARS = 20;
const STALE = 2;

/** Suite 1 over UDP, awake, without commands: 3 000 bytes and 520 JsVars. */
const LEAN = "udp-hmac";
const LEAN_MAX = [3_000, 520] as const;

const TABLE = new URL("../../gateway/cli/sizes.ts", import.meta.url);
const sources = new URL("../../device", import.meta.url).pathname;
const clients = VARIANTS.filter((variant) => variant.entry === "main.ts");
const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: JsVars are not counted");

const up = (x: number, step: number): number => Math.ceil(x / step) * step;

describe("the table of sizes", () => {
  if (process.env["UPDATE"] && espruino) {
    it("is written anew", async () => {
      const rows: string[] = [];
      for (const variant of clients) {
        const code = await bundle(variant, sources);
        const { used, bytes } = await jsVars(espruino, code);
        expect(bytes, "JsVars as on an ESP32: a 32-bit build first on the PATH").toBe(14);
        rows.push(`  "${variant.name}": [${up(code.length, BYTES)}, ${up(used, VARS)}],\n`);
      }
      const text = readFileSync(TABLE, "utf8");
      writeFileSync(TABLE, text.replace(/= \{[^}]*\};/, `= {\n${rows.join("")}};`));
    }, 120_000);
    return;
  }

  it("has a row for each client", () => {
    expect(Object.keys(SIZES).sort()).toEqual(clients.map(({ name }) => name).sort());
  });

  it.each(clients)("bounds the bytes of $name", async (variant) => {
    const { length } = await bundle(variant, sources);
    const [most] = SIZES[variant.name]!;
    expect(length).toBeLessThanOrEqual(most);
    expect(length).toBeGreaterThan(most - STALE * BYTES);
  });

  it.skipIf(!espruino).each(clients)("bounds the JsVars of $name", async (variant) => {
    const { used, bytes } = await jsVars(espruino!, await bundle(variant, sources));
    const [, most] = SIZES[variant.name]!;
    expect(used).toBeLessThanOrEqual(most);
    // Larger JsVars hold more each.
    if (bytes === 14) expect(used).toBeGreaterThan(most - STALE * VARS);
  });

  it("keeps the lean client within its budget", () => {
    const [bytes, vars] = SIZES[LEAN]!;
    expect(bytes).toBeLessThanOrEqual(LEAN_MAX[0]);
    expect(vars).toBeLessThanOrEqual(LEAN_MAX[1]);
  });
});
