// That the rows of the subset check are true: small scripts that print "yes" in Node and do not on
// the interpreter, and neighbours that print it on both. When a later interpreter learns one of
// them, this test says so, and the row can go.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import { checkSubset, type Row } from "../../device/subset.ts";

const FAILS: Partial<Record<Row, string>> = {
  "call before the function": "f(); function f() { print('yes'); }",
  "use before the declaration": "var r = 'yes'; function f() { r = 1; var r; } f(); print(r);",
  destructuring: "let { a } = { a: 'yes' }; print(a);",
  "default parameter": "function f(a = 'yes') { print(a); } f();",
  "rest or spread": "print(...['yes']);",
  "optional chaining": "print({ a: 'yes' }?.a);",
  exponent: "if (2 ** 3 === 8) print('yes');",
  "logical assignment": "let a; a ??= 'yes'; print(a);",
  async: "async function f() {} print('yes');",
  generator: "function* f() { yield 'yes'; } print(f().next().value);",
  "captured loop variable":
    "let l = []; for (let i = 0; i < 3; i++) l.push(() => i); if (l[0]() === 0) print('yes');",
  label: "a: for (;;) { for (;;) break a; } print('yes');",
  "computed key": "print({ ['a']: 'yes' }.a);",
  "field without a value": "class A { x; } print('yes');",
  "case after default": "switch (1) { default: break; case 1: print('yes'); }",
  "tagged template": "let f = (s) => s[0]; print(f`yes`);",
  "name of": "let of = 'yes'; print(of);",
  "absent API": "print(Math.trunc(1.5) ? 'yes' : 'no');",
  "limit of split": "if ('a,b'.split(',', 1).length === 1) print('yes');",
  "method of a prototype": "if (typeof Array.prototype.slice === 'function') print('yes');",
  "assignment to length": "let a = [1, 2]; a.length = 1; print('yes');",
  "slice of a typed array": "if (new Uint8Array(4).slice(1).buffer) print('yes');",
  "regular expression": "if (/^a{2}$/.test('aa')) print('yes');",
  "reviver or replacer": "print(JSON.parse('\"no\"', () => 'yes'));",
};
const WORKS: readonly string[] = [
  "function f() { print('yes'); } f();",
  "let a = { a: 'yes' }.a; print(a ?? 'no');",
  "let l = []; for (let i = 0; i < 3; i++) { const j = i; l.push(() => j); } if (l[0]() === 0) print('yes');",
  "switch (1) { case 1: print('yes'); break; default: break; }",
  "{ let a = 'ye'; const f = (b) => a + b; print(f('s')); }",
  "let m = Math.max; print(m(1, 2) === 2 ? 'yes' : 'no');",
  "if (/^a+[^{]*(b|c)\\{$/.test('aab{')) print('yes');",
];

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: its tests are skipped");
const folder = mkdtempSync(join(tmpdir(), "nextbeat-subset-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether a line of the interpreter's output is "yes". */
function there(script: string): Promise<boolean> {
  writeFileSync(join(folder, "script.js"), `${script}\nquit();\n`);
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: 5000 };
    execFile(espruino!, ["script.js"], options, (_, out) => resolve(/^>?yes\r?$/m.test(out)));
  });
}

function here(script: string): boolean {
  let said = "";
  runInNewContext(script, {
    print: (text: string) => {
      said += text;
    },
  });
  return said === "yes";
}

describe.skipIf(!espruino)("on the interpreter", () => {
  it.each(Object.entries(FAILS))("%s does not run", async (row, script) => {
    expect(here(script)).toBe(true);
    expect(checkSubset(script).some((line) => line.startsWith(row))).toBe(true);
    expect(await there(script)).toBe(false);
  });

  it.each(WORKS)("%s runs", async (script) => {
    expect(here(script)).toBe(true);
    expect(checkSubset(script)).toEqual([]);
    expect(await there(script)).toBe(true);
  });
});
