// Parameters that say nothing: what every call hands over alike is no parameter, and a function
// that only calls another one with its own parameters gives way to it. Names must be unique.

import type { AnyNode } from "acorn";
import { argumentsOf, bodyOf, calls, cut, plain, read } from "./functions.ts";
import { apply, type Edit, params, readers } from "./syntax.ts";

/** Drops each parameter that every call gives the same plain value, and puts that value in. */
export function foldParameters(source: string, not: readonly string[] = []): string {
  const script = read(source);
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration" || not.includes(binding.name)) continue;
    const uses = calls(binding);
    if (!uses?.length) continue;
    const list = params(declaration);
    const given = uses.map(argumentsOf);
    const at = list.findIndex((param, i) => {
      const texts = new Set(given.map((args) => cut(source, args[i])));
      const value = given[0]![i];
      const global = !script.all.some(
        (b) => b.name === cut(source, value) && b.owner.type !== "Program",
      );
      const own = script.all.find((b) => b.declaration === param)!;
      return texts.size === 1 && value && global && plain(script, value) && !own.assigned;
    });
    if (at < 0) continue;
    const text = cut(source, given[0]![at]);
    const without = (nodes: readonly AnyNode[]): Edit => {
      const [node, next, before] = [nodes[at]!, nodes[at + 1], nodes[at - 1]];
      return next
        ? { start: node.start, end: next.start, text: "" }
        : { start: before?.end ?? node.start, end: node.end, text: "" };
    };
    const own = script.all.find((b) => b.declaration === list[at])!;
    const edits = [without(list), ...given.map(without)];
    for (const { node } of readers(own)) edits.push({ start: node.start, end: node.end, text });
    return foldParameters(apply(source, edits), not);
  }
  return source;
}

/** Puts what it calls in the place of each function that is `f(a, b) { return g(a, 1, b) }`. */
export function unwrapped(source: string): string {
  const script = read(source);
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration") continue;
    const uses = calls(binding);
    const [only, more] = bodyOf(declaration);
    if (!uses || more || only?.type !== "ReturnStatement") continue;
    const call = only.argument;
    if (call?.type !== "CallExpression" || call.callee.type !== "Identifier") continue;
    const named = call.arguments.filter((a) => a.type === "Identifier").map((a) => a.name);
    const own = params(declaration).map((p) => cut(source, p));
    if (named.join() !== own.join()) continue;
    if (call.arguments.some((a) => a.type !== "Identifier" && a.type !== "Literal")) continue;
    const edits: Edit[] = [{ start: declaration.start, end: declaration.end, text: "" }];
    for (const use of uses) {
      const given = argumentsOf(use).map((a) => cut(source, a));
      if (given.length !== own.length) throw new Error(`${binding.name}: too few arguments`);
      const args = call.arguments.map((a) =>
        a.type === "Identifier" ? given[own.indexOf(a.name)] : cut(source, a),
      );
      const { start, end } = use.parents[0]!;
      edits.push({ start, end, text: `${cut(source, call.callee)}(${args.join(", ")})` });
    }
    if (uses.some((u) => uses.some((v) => v !== u && u.parents.includes(v.parents[0]!)))) continue;
    return unwrapped(apply(source, edits));
  }
  return source;
}
