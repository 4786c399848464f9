// From the text that esbuild puts together to the one that terser makes small: rewritings that no
// minifier does, since it would have to know what we know. Our grammar is small, there is one
// sender on a board, and TypeScript has checked the types. The sources stay as they read best; what
// is done to them stands in bundle/, one file an idea, and test/board/bundle.test.ts runs both
// beside each other.

import { collapsed, unblocked, unread } from "./bundle/collapse.ts";
import { decided } from "./bundle/decide.ts";
import { flattenSender } from "./bundle/flatten.ts";
import { inlineOnce } from "./bundle/inline.ts";
import { aliased, charCodes, lifted } from "./bundle/natives.ts";
import { foldParameters, unwrapped } from "./bundle/parameters.ts";
import { scattered } from "./bundle/scatter.ts";
import { apply, type Edit, params, parsed, uniquelyNamed, walk } from "./bundle/syntax.ts";

/**
 * Fields of a sender that are only tested before they are assigned: undefined serves as well. Not
 * where a sender is roused from deep sleep (`rouse`), amid an exchange that it never began.
 */
const UNSET = ["dirty", "tag", "nonce", "frame", "ackTag", "tries", "sentAt", "retryAt"];

/**
 * Function declarations as arrow functions held in variables, and every variable as `let`: shorter,
 * and one declaration for all. On the interpreter neither is hoisted.
 */
export function arrows(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type === "VariableDeclaration")
      edits.push({ start: node.start, end: node.start + node.kind.length, text: "let" });
    if (/^(This|Super)/.test(node.type)) throw new Error(`this, at ${node.start}`);
    if (node.type !== "FunctionDeclaration") return;
    const list = params(node).map((p) => source.slice(p.start, p.end));
    const text = `let ${node.id!.name} = (${list.join(", ")}) => `;
    edits.push({ start: node.start, end: node.body.start, text });
    edits.push({ start: node.end, end: node.end, text: ";" });
  });
  return apply(source, edits);
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
  let text = decided(inlineOnce(decided(uniquelyNamed(source)), keep));
  if (text.includes("function createSender"))
    text = flattenSender(text, /function rouse\(/.test(text) ? [] : UNSET);
  for (let before = ""; before !== text; ) {
    before = text;
    text = inlineOnce(foldParameters(unwrapped(decided(text))));
    text = scattered(unblocked(unread(collapsed(text))));
  }
  return arrows(charCodes(aliased(lifted(text))));
}
