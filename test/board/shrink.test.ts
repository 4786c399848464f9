// Each rewriting of the board's bundle on a few lines: what it does, and what it leaves alone.

import { describe, expect, it, test } from "vitest";
import { collapsed, unblocked, unread } from "../../device/bundle/collapse.ts";
import { decided } from "../../device/bundle/decide.ts";
import { flattenSender } from "../../device/bundle/flatten.ts";
import { inlineOnce } from "../../device/bundle/inline.ts";
import { aliased, charCodes, lifted } from "../../device/bundle/natives.ts";
import { scattered } from "../../device/bundle/scatter.ts";
import { uniquelyNamed } from "../../device/bundle/syntax.ts";
import { arrows, looselyCompared, shrunk } from "../../device/shrink.ts";
import { bare, rewrites } from "./shrink-rig.ts";

test("names become unique, also where a property is written short", () => {
  rewrites(
    uniquelyNamed,
    [
      "let a; function f(a) { return { a, b: a.a }; }",
      "let a; function f(a$2) { return { a: a$2, b: a$2.a }; }",
    ],
    [
      "function f(x) {} function g(y) { { let x; } }",
      "function f(x) {} function g(y) { { let x$2; } }",
    ],
    ["let a$2; function f(a$2) {} ", "let a$2; function f(a$2$2) {}"],
    ["a.b(c);"],
  );
});

test("what the defines decide is done with", () => {
  rewrites(
    decided,
    ['if (typeof 1 === "undefined" ? x === 1 : 1 === 1) f(); else g();', "f();"],
    ["const A = false; if (A) f(); h(A || x, A && y);", "const A = false;; h((x), (A));"],
    ["function f() { g(); } function g() {} h();", "h();"],
    ["x(a * 2 + 0, b + 0);", "x((a * 2), b + 0);"],
    ["let a = 1; a++; if (a === 2) f();"],
  );
});

describe("a function that is called once", () => {
  it("moves to where it is called, as statements", () => {
    rewrites(
      inlineOnce,
      ["function f(n) { a(n); b(); } function h() { f(1); }", "function h() { a(1); b(); }"],
      [
        "function f(n) { a(); return n + 1; } function h() { let x = f(y()); }",
        "function h() { let n = y(); a(); let x = n + 1; }",
      ],
      ["function f() { a(); return 1; } function h() { x = f(); }", "function h() { a(); x = 1; }"],
      [
        "function f() { if (a) return 1; b(); } function h() { return f(); }",
        "function h() { if (a) return 1; b(); return; }",
      ],
      [
        "function f() { a(); b(); } function h() { if (c) f(); }",
        "function h() { if (c) { a(); b(); } }",
      ],
      ["function f(n) { return n * 2; } function h() { g(f(3)); }", "function h() { g((3 * 2)); }"],
    );
  });

  it("leaves nothing of its own in the open of the program", () => {
    rewrites(inlineOnce, [
      "function f() { let n = a(); return n; } let x = f();",
      "let x; { let n = a(); x = n; }",
    ]);
  });

  it("gets what has effects, or changes, once and first", () => {
    rewrites(
      inlineOnce,
      [
        "let v = 1; function f(n) { v = 2; g(n); } function h() { f(v); }",
        "let v = 1; function h() { let n = v; v = 2; g(n); }",
      ],
      [
        "function f(n) { return n + n; } function h() { return f(g()); }",
        "function h() { let n = g(); return n + n; }",
      ],
    );
  });

  it("stays where its place has no room for it", () => {
    rewrites(
      inlineOnce,
      ["function f() { if (a) return; b(); } function h() { f(); c(); }"],
      ["function f() { a(); return 1; } function h() { g(f()); }"],
      ["function f(n) { if (n) f(n - 1); }"],
      ["function f() { a(); } f(); f();"],
      ["function f() { a(); } on(f);"],
    );
    rewrites((s) => inlineOnce(s, ["f"]), ["function f() { a(); } function h() { f(); }"]);
  });
});

test("an object that is only read is so many variables", () => {
  rewrites(
    scattered,
    ["let o = { a: f(), b: 2, c: 3 }; let x = o.a; g(o.b);", "let x = f(); g(2);"],
    ["let o; { o = { a: f() }; } g(o.a, o.a);", "let o_a; { o_a = f(); } g(o_a, o_a);"],
    ["let o = { a: f() }; g(o, o.a);"],
    ["let o = { a: f() }; g(o[k]);"],
  );
});

test("a value that is read once stands where it is read", () => {
  rewrites(
    collapsed,
    [
      "function f(n) { let a = n * 2; g(); return a + 1; }",
      "function f(n) { g(); return (n * 2) + 1; }",
    ],
    ["let v = 1; function f() { let a = v; v = 2; return a; }"],
    ["let v = 1; v++; function f() { let a = v; g(); return a; }"],
    ["function f(b) { let a = g(); h(); return a; }"],
    ["function f(b) { let a = b; while (c) h(a); }"],
    ["function f(b) { let a = b; b++; on(a); }"],
    [
      "function f() { let b = g(); let a = b; h(a); h(a); }",
      "function f() { let b = g(); h(b); h(b); }",
    ],
    [
      "function q(n) { return n.charCodeAt(0); } function f(s) { let a = q(s); x = a; }",
      "function q(n) { return n.charCodeAt(0); } function f(s) { x = q(s); }",
    ],
  );
});

test("what is never read is not kept", () => {
  rewrites(
    unread,
    ["function f() { let a = 1; a = 2; g(); }", "function f() { g(); }"],
    ["function f() { let a = g(); a = 2; }"],
    ["function f() { let a; x = a = 2; }"],
  );
  rewrites(unblocked, ["let x; { ; x = f(); }", "let x = f();"], ["let x; { g(); x = 1; }"]);
});

test("natives that are called often get a short name", () => {
  const calls = "Math.min(a, 1); ".repeat(4);
  const short = `let $Math_min = Math.min; ${"$Math_min(a, 1); ".repeat(4)}`;
  rewrites(aliased, [calls, short], ["Math.min(a, 1); Math.max(a, 1);"]);
  rewrites(
    charCodes,
    [
      "a.charCodeAt(0); ".repeat(4),
      `function $at(bytes, at) { return bytes.charCodeAt(at); } ${"$at(a, 0); ".repeat(4)}`,
    ],
    ["a.charCodeAt(0);"],
  );
});

test("a function handed to a native does not keep what surrounds it", () => {
  rewrites(
    lifted,
    [
      "let k; function f(n) { on(function (m) { k = m; }); }",
      "let k; function $call26(m) { k = m; } function f(n) { on($call26); }",
    ],
    ["function f(n) { on(function (m) { g(n); }); }"],
  );
});

test("functions are arrows, variables `let`, comparisons short", () => {
  rewrites(arrows, [
    "const a = 1; var b; function f(x, y) { return x; }",
    "let a = 1; let b; let f = (x, y) => { return x; };",
  ]);
  expect(() => arrows("function f() { return this.x; }")).toThrow("this");
  expect(looselyCompared('a===1&&b!=="==="')).toBe('a==1&&b!="==="');
});

test("all of it together keeps what a script does", () => {
  const script =
    "function twice(n) { return n * 2; } function once(n) { log(n); return n + 1; }" +
    "var total = 0; function add(n) { total += twice(n); } add(1); add(2); var last = once(total); log(last);";
  const run = (text: string): number[] => {
    const seen: number[] = [];
    new Function("log", text)((n: number) => seen.push(n));
    return seen;
  };
  expect(run(script)).toEqual([6, 7]);
  expect(run(shrunk(script))).toEqual([6, 7]);
});

describe("the one sender", () => {
  const maker =
    'function createSender(c, m, now) { return Object.assign({ seq: m.limit, at: now, gap: c.own, max: 3, tag: "" }, c, m); }';
  const script = (body: string): string =>
    `${maker} function step(s, n) { s.seq += n; ${body} } const m = recall(); const s = createSender({ own: NB.own }, m, 0); step(s, s.max);`;

  it("becomes variables, and what never changes a value", () => {
    expect(bare(flattenSender(script("s.tag = f(s.own, s.own, s.own, s.limit, s.at);")))).toBe(
      bare(
        "function step(n) { s_seq += n; s_tag = f(s_own, s_own, s_own, s_limit, 0); } const m = recall();" +
          'let s_own = NB.own; let s_limit = m.limit; let s_seq = s_limit; let s_gap = s_own; let s_tag = ""; step(3);',
      ),
    );
  });

  it("may begin undefined where nothing asks but for truth", () => {
    expect(flattenSender(script("if (s.tag) f(); s.tag = 1;"), ["tag"])).toContain("let s_tag;");
  });

  it.each([
    ["f(s);", /no function/],
    ["let t = s;", /does not know/],
    ["s[n] = 1;", /does not know/],
    ["s();", /does not know/],
    ["step(n, 1);", /without a sender/],
  ])("is not used as in %s", (body, error) => {
    expect(() => flattenSender(script(body))).toThrow(error);
  });
});
