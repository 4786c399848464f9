// Parameters that say nothing: what every call hands over alike is no parameter, and a function
// that only calls another one with its own parameters gives way to it. Names must be unique.

import { argumentsOf, bodyOf, calls, cut, plain, read } from "./functions.ts";
import { apply, type Edit, params, readers, walk, without } from "./syntax.ts";

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
      const own = script.all.find((b) => b.declaration === param)!;
      if (texts.size !== 1 || !value || own.assigned || !plain(script, value)) return false;
      // What only the caller has, `key` of `key.subkeys` too, is not there within.
      let local = false;
      walk(value, (node) => {
        if (node.type !== "Identifier") return;
        if (script.all.some((b) => b.name === node.name && b.owner.type !== "Program"))
          local = true;
      });
      return !local;
    });
    if (at < 0) continue;
    const text = cut(source, given[0]![at]);
    const own = script.all.find((b) => b.declaration === list[at])!;
    const edits = [list, ...given].map((nodes) => without(source, nodes, at));
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
