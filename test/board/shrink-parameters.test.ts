// Rewritings of the board's bundle: parameters that say nothing, and functions that only hand on.

import { test } from "vitest";
import { foldParameters, unwrapped } from "../../device/bundle/parameters.ts";
import { rewrites } from "./shrink-rig.ts";

test("what every call hands over alike is no parameter", () => {
  rewrites(
    foldParameters,
    ["function f(a, b) { g(a, b); } f(1, x); f(1, y);", "function f(b) { g(1, b); } f(x); f(y);"],
    [
      "let k = 1; function f(a) { g(a); } f(k); f(k);",
      "let k = 1; function f() { g(k); } f(); f();",
    ],
    ["let k = 1; k++; function f(a) { g(a); } f(k); f(k);"],
    ["function f(a) { a++; } f(1); f(1);"],
    ["function f(a) {} f(1); on(f);"],
    // Brackets of its own, and those of the next one, which a tree does not show.
    [
      "function f(a, b) { g(a, b); } f((1), (x)); f(1, (y));",
      "function f(b) { g(1, b); } f((x)); f((y));",
    ],
    [
      "function f(a, b) { g(a, b); } f((x), (1)); f(y, 1);",
      "function f(a) { g(a, 1); } f((x)); f(y);",
    ],
    ["function f(a) { g(a); } f((1)); f(1);", "function f() { g(1); } f(); f();"],
    // What only the caller has.
    ["function f(a) { g(a); } function h(k) { f(k.x); f(k.x); } on(h);"],
  );
});

test("a function that only calls another one gives way to it", () => {
  rewrites(
    unwrapped,
    [
      "function p(n, c) {} function u(n) { return p(n, 2); } f(u(a) + u(b));",
      "function p(n, c) {} f(p(a, 2) + p(b, 2));",
    ],
    ["function p(n, c) {} function u(a, b) { return p(b, a); } u(1, 2);"],
  );
});
