// From the text that esbuild puts together to one that terser makes small: rewritings that no
// minifier does, since they need to know our grammar, and that we are not read through `with` or
// `eval`, and that TypeScript has checked the types.

import type { AnyNode } from "acorn";
import { collapsed, unread } from "./collapse.ts";
import { decided } from "./decide.ts";
import { flattenSender, scattered } from "./flatten.ts";
import { foldParameters, inlineOnce, unwrapped } from "./inline.ts";
import {
  apply,
  bindings,
  type Edit,
  isFunction,
  params,
  parsed,
  uniquelyNamed,
  walk,
} from "./syntax.ts";

/** Fields of a sender that are only tested before they are assigned: undefined serves as well. */
const UNSET = ["dirty", "tag", "nonce", "frame", "ackTag", "tries", "sentAt", "retryAt"];

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

/** Function declarations as arrow functions held in variables, and every variable as `let`. */
export function arrows(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type === "VariableDeclaration")
      edits.push({ start: node.start, end: node.start + node.kind.length, text: "let" });
    if (node.type !== "FunctionDeclaration") return;
    const list = params(node).map((p) => source.slice(p.start, p.end));
    const text = `let ${node.id!.name} = (${list.join(", ")}) => `;
    edits.push({ start: node.start, end: node.body.start, text });
    edits.push({ start: node.end, end: node.end, text: ";" });
  });
  return apply(source, edits);
}

/**
 * Functions handed to natives, out of the functions in which they stand: made there, they would keep
 * all of that call's variables. Those that use any of them stay.
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
    const text = `function ${name}(${list.join(", ")}) ${source.slice(node.body.start, node.body.end)}\n`;
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

/** `===` as `==`: TypeScript lets only like be compared with like. */
export function looselyCompared(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type !== "BinaryExpression" || !/^[!=]==$/.test(node.operator)) return;
    const between = source.slice(node.left.end, node.right.start);
    const text = between.replace(/([!=]=)=/, "$1");
    edits.push({ start: node.left.end, end: node.right.start, text });
  });
  return apply(source, edits);
}

/** All of it, up to where the minifier takes over. */
export function shrunk(source: string): string {
  const keep = ["createSender"];
  let text = inlineOnce(decided(uniquelyNamed(source)), keep);
  if (text.includes("function createSender")) text = flattenSender(text, UNSET);
  for (let before = ""; before !== text; ) {
    before = text;
    text = scattered(inlineOnce(foldParameters(unwrapped(decided(text)))));
    text = unread(collapsed(text));
  }
  return arrows(charCodes(aliased(lifted(text))));
}
