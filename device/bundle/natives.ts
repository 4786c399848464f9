// What a bundle calls of the interpreter, and hands to it.

import type { AnyNode } from "acorn";
import { apply, bindings, type Edit, isFunction, params, parsed, walk } from "./syntax.ts";

/** Natives worth a name of their own where a bundle calls them often. They are not methods. */
const NATIVES = [
  "Math.min",
  "Math.max",
  "Math.random",
  "E.CRC32",
  "setTimeout",
  "getTime",
  "require",
];

/** The names that the minifier gives have a letter or two. */
const NAME = 1.5;

/**
 * Functions handed to natives, out of the functions in which they stand: made there, they would
 * keep all of that call's variables. Those that use any of them stay.
 */
export function lifted(source: string): string {
  const root = parsed(source);
  const all = bindings(root);
  let edits: Edit[] = [];
  walk(root, (node, parents) => {
    const outer = parents.filter(isFunction).pop();
    if (edits.length || node.type !== "FunctionExpression" || !outer) return;
    const local = all.some(
      (b) =>
        b.owner.type !== "Program" &&
        b.owner !== node &&
        !within(b.owner, node) &&
        b.uses.some((u) => within(u.node, node)),
    );
    if (local) return;
    const name = `$call${node.start}`;
    const list = params(node).map((p) => source.slice(p.start, p.end));
    const body = source.slice(node.body.start, node.body.end);
    const text = `function ${name}(${list.join(", ")}) ${body}\n`;
    edits = [
      { start: outer.start, end: outer.start, text },
      { start: node.start, end: node.end, text: name },
    ];
  });
  return edits.length ? lifted(apply(source, edits)) : source;
}

function within(inner: AnyNode, outer: AnyNode): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** Natives that are named often, under a short name. */
export function aliased(source: string): string {
  const root = parsed(source);
  const edits: Edit[] = [];
  let head = "";
  for (const native of NATIVES) {
    const places: Edit[] = [];
    const name = native.replace(".", "_");
    walk(root, (node, parents) => {
      const whole = source.slice(node.start, node.end) === native;
      if (
        whole &&
        /^(Member|Identifier)/.test(node.type) &&
        parents[0]!.type !== "MemberExpression"
      )
        places.push({ start: node.start, end: node.end, text: `$${name}` });
    });
    if (places.length * (native.length - NAME) <= native.length + NAME + 2) continue;
    head += `let $${name} = ${native};`;
    edits.push(...places);
  }
  return head + apply(source, edits);
}

/** `a.charCodeAt(b)` as a call of a function of ours: no method of a string can be held. */
export function charCodes(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return;
    const { object, property } = node.callee;
    if (property.type !== "Identifier" || property.name !== "charCodeAt") return;
    edits.push({ start: node.start, end: node.start, text: "$at(" });
    edits.push({ start: object.end, end: node.arguments[0]!.start, text: ", " });
  });
  if (edits.length < 8) return source;
  return `function $at(bytes, at) { return bytes.charCodeAt(at); }\n${apply(source, edits)}`;
}
