// For each construct that the board's interpreter does not run, or runs otherwise: scripts that
// have it, and their near misses.

import type { Row } from "../../device/subset.ts";

/** Of each row: scripts that are refused for it, and near misses that are not refused at all. */
export const CASES: Record<Row, { refused: string[]; accepted: string[] }> = {
  "call before the function": {
    refused: [
      "f(); function f() {}",
      "function g() { return f(); } g(); function f() {}",
      "function h() { f(); function f() {} } h();",
      "if (x) { f(); function f() {} }",
      "(function () { f(); function f() {} })();",
      "function f() {} function k() { g(); } f(k()); function g() {}",
    ],
    accepted: [
      "function f() {} f();",
      "function g() { return f(); } function f() {} g();",
      "setTimeout(function () { f(); }, 0); function f() {}",
      "function f(n) { if (n) f(n - 1); } f(2);",
    ],
  },
  "use before the declaration": {
    refused: [
      "function f() { x = 5; var x; }",
      "var r = x; var x = 2;",
      "const f = () => b; let a = f(); let b = 1;",
      "typeof y; let y;",
      "let z = z + 1;",
    ],
    accepted: [
      "function f() { var x; x = 5; }",
      "let f = () => x; let x = 2; f();",
      "on(() => { n++; }); let n = 0;",
    ],
  },
  destructuring: {
    refused: [
      ..."let { a } = b;|[a, b] = [b, a];|function f({ x }) {}".split("|"),
      ...["for (const [k] of list) {}", "try { f(); } catch ({ message }) {}"],
    ],
    accepted: ["let a = b.a;", "let t = [a, b];", "for (const k of list) {}"],
  },
  "default parameter": {
    refused: ["function f(a = 1) {}", "let f = (a, b = 2) => a;"],
    accepted: ["function f(a) { if (a == null) a = 1; }"],
  },
  "rest or spread": {
    refused: "function f(...a) {}|f(...a);|let b = [...a];|let c = { ...a };|new F(...a);".split(
      "|",
    ),
    accepted: ["f.apply(null, a);", "let b = a.concat(c);", "let c = Object.assign({}, a);"],
  },
  "optional chaining": {
    refused: ["a?.b;", "a?.();", "a?.[0];"],
    accepted: ["a && a.b;", "a ?.5 : 1;"],
  },
  exponent: { refused: ["a ** 2;", "a **= 2;"], accepted: ["Math.pow(a, 2);", "a * +2;"] },
  "logical assignment": {
    refused: ["a ??= 1;", "a ||= 1;", "a &&= 1;"],
    accepted: ["a = a ?? 1;", "a |= 1;", "a &= 1;"],
  },
  async: {
    refused: ["async function f() {}", "let f = async () => 1;", "let o = { async f() {} };"],
    accepted: ["p.then(() => 1);", "let async = 1;"],
  },
  generator: {
    refused: ["function* f() {}", "let o = { *f() {} };"],
    accepted: ["a * f();"],
  },
  "captured loop variable": {
    refused: [
      "for (let i = 0; i < 3; i++) list.push(() => i);",
      "for (let v of a) on(function () { f(v); });",
      "for (const k in o) { let g = () => k; g(); }",
    ],
    accepted: [
      "for (let i = 0; i < 3; i++) { const j = i; list.push(() => j); }",
      "for (let i = 0; i < 3; i++) f(i);",
      "let i; for (i = 0; i < 3; i++) on(() => i);",
    ],
  },
  label: {
    refused: ["a: for (;;) break a;", "a: for (;;) continue a;"],
    accepted: ["for (;;) break;"],
  },
  "computed key": {
    refused: ["let o = { [k]: 1 };", "class A { [k]() {} }", 'class A { ["x"] = 1; }'],
    accepted: ["let o = {}; o[k] = 1;", "let o = { k };", 'let o = { "k": 1 };'],
  },
  "private name": {
    refused: ["class A { #x = 1; }", "class A { #f() {} }"],
    accepted: ["class A { _x = 1; }"],
  },
  "static block": {
    refused: ["class A { static { f(); } }"],
    accepted: ["class A { static f() {} }"],
  },
  "field without a value": { refused: ["class A { x; }"], accepted: ["class A { x = 0; }"] },
  "field with this": {
    refused: ["class A { y = this.x + 1; }", "class A { f = () => this.x; }"],
    accepted: ["class A { constructor() { this.y = this.x + 1; } }", "class A { y = 1 + 1; }"],
  },
  "this in an arrow of an arrow": {
    refused: ["function f() { return () => () => this.x; }"],
    accepted: [
      "function f() { return () => this.x; }",
      "function f() { return () => function () { return this.x; }; }",
    ],
  },
  "case after default": {
    refused: ["switch (a) { default: f(); case 1: g(); }"],
    accepted: ["switch (a) { case 1: g(); default: f(); }"],
  },
  "line break after return": {
    refused: ["function f() { return\n 1; }"],
    accepted: ["function f() { return 1;\n } function g() { if (a) return;\n b(); return\n}"],
  },
  "line break before ++": { refused: ["a\n++b", "a = 1\n--b"], accepted: ["a;\n++b;", "a++\nb++"] },
  "tagged template": { refused: ["f`x`;", "String.raw`x`;"], accepted: ["f(`x`);"] },
  "new.target": { refused: ["function F() { return new.target; }"], accepted: ["new F().target;"] },
  with: { refused: ["with (a) { b; }"], accepted: ["a.with = 1;"] },
  "HTML comment": { refused: ["a; <!-- b", "a;\n--> b"], accepted: ["a < !--b;", "/* <!-- */ a;"] },
  "not ASCII": {
    refused: ["let \u00e9 = 1;", 'f("\u00b5");'],
    accepted: ['f("\\xb5");', "f('~');"],
  },
  "module syntax": {
    refused: ['import a from "a";', "export let b = 1;", 'import("a");', "export default 1;"],
    accepted: ['let a = require("a");', "exports.b = 1;"],
  },
  "built-in base class": {
    refused: [
      "class A extends Error {}",
      "class A extends Array {}",
      "f(class extends Promise {});",
    ],
    accepted: ["class B {} class A extends B {}", "class Error {} class A extends Error {}"],
  },
  "inherited static": {
    refused: ["class A { static f() {} } class B extends A {} B.f();"],
    accepted: [
      "class A { static f() {} } class B extends A {} A.f();",
      "class A {} class B extends A { static f() {} } B.f();",
    ],
  },
  "name of an error or a function": {
    refused: [
      "try { f(); } catch (e) { g(e.name); }",
      ...["function f() {} g(f.name);", "let f = () => 1; g(f.name);"],
    ],
    accepted: [
      "try { f(); } catch (e) { g(e.type, e.message); }",
      "let o = { name: 1 }; g(o.name);",
    ],
  },
  "name of": {
    refused: ["let of = 1;", "of();"],
    accepted: ["for (const a of b) {}", "a.of;", "let o = { of: 1 };"],
  },
  "value of delete": {
    refused: ["let a = delete o.b;", "if (delete o.b) f();"],
    accepted: ["delete o.b;"],
  },
  "absent API": {
    refused: [
      ..."Object.freeze(o) Object.seal(o) Object.isFrozen(o) Object.hasOwn(o,k)".split(" "),
      ..."Number.isInteger(a) Number.MAX_SAFE_INTEGER Number.EPSILON Math.imul(a,b)".split(" "),
      ..."Math.clz32(a) Math.trunc(a) Math.log2(a) Math.log10(a) Math.hypot(a,b)".split(" "),
      ..."Math.fround(a) Math.cbrt(a) Array.from(a) Array.of(1) a.flat() a.at(-1)".split(" "),
      ..."a.flatMap(f) [1].keys() [1].entries() [1].lastIndexOf(1) a.reduceRight(f)".split(" "),
      ..."Uint8Array.from(a) Uint8Array.of(1) a.copyWithin(0,1) ArrayBuffer.isView(a)".split(" "),
      ..."a.codePointAt(0) a.trimStart() a.matchAll(b) a.localeCompare(b) a.finally(f)".split(" "),
      "new ArrayBuffer(4).slice(1)",
      "let b = new ArrayBuffer(4); b.slice(1)",
      ..."Promise.race(a) Promise.allSettled(a) Promise.any(a) Symbol() BigInt(1)".split(" "),
      ..."Map Set WeakMap Proxy TextEncoder".split(" ").map((name) => `new ${name}()`),
      ..."Reflect.ownKeys(a) structuredClone(a) setImmediate(f) queueMicrotask(f)".split(" "),
      'Math["trunc"](a)',
    ].map((text) => `${text};`),
    accepted: [
      "Object.assign(o, p);",
      "Math.floor(a);",
      "Array.isArray(a);",
      "Object.keys(o);",
      'let s = "aba"; s.lastIndexOf("a");',
      "let Map = 1; f(Map);",
      "o.Map;",
      "let o = { Set: 1, freeze: 2 };",
      "o.freeze();",
      "Promise.all(a);",
    ],
  },
  "limit of split": { refused: ['a.split(",", 2);'], accepted: ['a.split(",");'] },
  "method of a prototype": {
    refused: ["Array.prototype.slice.call(a, 1);", "let f = String.prototype.charCodeAt;"],
    accepted: ["Object.prototype.hasOwnProperty.call(o, k);", "F.prototype.f = function () {};"],
  },
  "assignment to length": {
    refused: ["a.length = 0;", "a.length--;"],
    accepted: ["b = a.length;", "a = [];"],
  },
  "negative index": { refused: ["a[-1];", "a[-n] = 0;"], accepted: ["a[n - 1];", "a[~n];"] },
  "typed array of text": {
    refused: ['new Uint8Array("12");'],
    accepted: ["new Uint8Array(12);", 'new F("12");'],
  },
  "slice of a typed array": {
    refused: ["new Uint8Array(4).slice(1);", "let u = new Int32Array(4); u.slice(1);"],
    accepted: ["new Uint8Array(4).subarray(1);", "let u = [1]; u.slice(1);"],
  },
  "regular expression": {
    refused: [
      ..."/a{2}/ /a{2,3}/ /(?:a)/ /(?=a)/ /(?!a)/ /(?<=a)b/ /a*?/ /a+?/ /(?<n>a)/ /a/y".split(" "),
      ..."/ab?/ /(ab)+/ /\\bab/ /(a)\\1/ /\\p{L}/u RegExp('a{2}')".split(" "),
    ],
    accepted: "/a*b+c/ /[{?]/ /(a|b)/i /\\{2/ /\\*\\?/ /\\d+$/ RegExp('a+')".split(" "),
  },
  "clearTimeout without a number": {
    refused: [
      ..."clearTimeout() clearInterval() clearTimeout(undefined)".split(" "),
      ...["clearTimeout(void 0);", "let t; clearTimeout(t);"],
    ],
    accepted: ["let t = setTimeout(f, 1); clearTimeout(t);", "let t; if (t) f(t);"],
  },
  "reviver or replacer": {
    refused: ["JSON.parse(a, f);", "JSON.stringify(a, f);"],
    accepted: ["JSON.parse(a);", "JSON.stringify(a, null, 2);"],
  },
  "read-only property": {
    refused: ['Object.defineProperty(o, "a", { value: 1, writable: false });'],
    accepted: [
      'Object.defineProperty(o, "a", { get() { return 1; } });',
      "let o = { writable: true };",
    ],
  },
  "arguments of an arrow": {
    refused: ["function f() { return () => arguments[0]; }"],
    accepted: ["function f() { return arguments[0]; }"],
  },
  "octal escape": {
    refused: ['f("\\1");', 'f("\\01");'],
    accepted: 'f("\\0"); f("\\x01"); f("\\\\1"); f("\\0a");'.split(" "),
  },
  "no JavaScript": { refused: ["let = ;", "class A { accessor x = 1; }"], accepted: [";"] },
};
