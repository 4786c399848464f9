// Names that the interpreter does not know, or knows otherwise: what is absent from its library,
// and what looks the same and is not.
//
// A method is judged by its name where no other object of the interpreter has it, else by the
// object if that can be seen. A name that the script declares itself is its own affair.

import type { AnyNode } from "acorn";
import type { Refuse } from "../subset.ts";
import { type Binding, isFunction, walk } from "./syntax.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const GLOBALS = words(
  "Map Set WeakMap WeakSet WeakRef Symbol Proxy Reflect BigInt BigInt64Array BigUint64Array" +
    " TextEncoder TextDecoder structuredClone setImmediate clearImmediate queueMicrotask" +
    " SharedArrayBuffer Atomics Intl FinalizationRegistry AggregateError",
);
const STATICS: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: words("freeze seal isFrozen isSealed preventExtensions isExtensible hasOwn is groupBy"),
  Number: words("isInteger isSafeInteger MAX_SAFE_INTEGER MIN_SAFE_INTEGER EPSILON"),
  Math: words(
    "imul clz32 trunc log2 log10 log1p expm1 hypot fround cbrt sinh cosh tanh asinh acosh atanh",
  ),
  Array: words("from of fromAsync"),
  ArrayBuffer: words("isView"),
  String: words("raw fromCodePoint"),
  Promise: words("race allSettled any withResolvers try"),
};
const METHODS = words(
  "flat flatMap at reduceRight copyWithin codePointAt trimStart trimEnd matchAll localeCompare" +
    " normalize finally toSorted toReversed toSpliced findLast findLastIndex isWellFormed",
);
/** Absent from arrays, while `Object` and strings have them. */
const OF_ARRAYS = words("keys entries lastIndexOf");
const TYPED = /^(Uint8|Int8|Uint16|Int16|Uint32|Int32|Float32|Float64|Uint8Clamped)Array$/;
const BUILT_IN =
  /^(Object|Function|String|Number|Boolean|Date|RegExp|Promise|DataView)$|Error$|Array(Buffer)?$/;

/** The name of a property that is written out, "" otherwise. */
function property(node: AnyNode): string {
  if (node.type !== "MemberExpression") return "";
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return node.property.type === "Literal" ? String(node.property.value) : "";
}

const nameOf = (node: AnyNode | null | undefined): string =>
  node?.type === "Identifier" ? node.name : "";

interface Script {
  all: readonly Binding[];
  refuse: Refuse;
}

/** What a name stands for: where it is declared, if the script does so. */
function declared({ all }: Script, node: AnyNode): Binding | undefined {
  return all.find((b) => b.uses.some((u) => u.node === node));
}

/** What is made where an expression, or the variable that it names, gets its value. */
function madeOf(script: Script, node: AnyNode): AnyNode | undefined {
  if (node.type !== "Identifier") return node;
  const made = declared(script, node)?.declaration;
  return made?.type === "VariableDeclarator" ? (made.init ?? undefined) : made;
}

function checkMember(script: Script, node: AnyNode, parent: AnyNode): void {
  if (node.type !== "MemberExpression") return;
  const { refuse } = script;
  const { object } = node;
  const name = property(node);
  const made = madeOf(script, object as AnyNode);
  const ofGlobal = declared(script, object as AnyNode) ? "" : nameOf(object as AnyNode);
  const called = parent.type === "CallExpression" && parent.callee === node;
  if (STATICS[ofGlobal]?.has(name)) refuse("absent API", node, `${ofGlobal}.${name}`);
  if (TYPED.test(ofGlobal) && /^(from|of)$/.test(name)) refuse("absent API", node, name);
  if (called && METHODS.has(name)) refuse("absent API", node, `.${name}()`);
  if (called && OF_ARRAYS.has(name) && made?.type === "ArrayExpression")
    refuse("absent API", node, `.${name}() of an array`);
  if (name === "slice" && made?.type === "NewExpression") {
    if (TYPED.test(nameOf(made.callee))) refuse("slice of a typed array", node);
    if (nameOf(made.callee) === "ArrayBuffer") refuse("absent API", node, "slice of a buffer");
  }
  const base = object.type === "MemberExpression" && property(object) === "prototype";
  if (
    base &&
    BUILT_IN.test(nameOf(object.object as AnyNode)) &&
    nameOf(object.object as AnyNode) !== "Object"
  )
    refuse("method of a prototype", node);
  if (name === "length" && isWritten(node, parent)) refuse("assignment to length", node);
  if (node.computed && node.property.type === "UnaryExpression" && node.property.operator === "-")
    refuse("negative index", node);
  if (name === "name" && (made?.type === "CatchClause" || (made && isFunction(made))))
    refuse("name of an error or a function", node);
  checkStatic(script, node, made, name);
}

function isWritten(node: AnyNode, parent: AnyNode): boolean {
  return (
    (parent.type === "AssignmentExpression" && parent.left === node) ||
    parent.type === "UpdateExpression"
  );
}

/** `B.f` where only the class that B extends has a static f. */
function checkStatic(script: Script, node: AnyNode, made: AnyNode | undefined, name: string): void {
  if (made?.type !== "ClassDeclaration" && made?.type !== "ClassExpression") return;
  const has = (member: { type: string }): boolean =>
    "static" in member &&
    member.static === true &&
    nameOf((member as { key?: AnyNode }).key) === name;
  if (!made.superClass || made.body.body.some(has)) return;
  const base = madeOf(script, made.superClass as AnyNode);
  if (
    (base?.type === "ClassDeclaration" || base?.type === "ClassExpression") &&
    base.body.body.some(has)
  )
    script.refuse("inherited static", node, name);
}

function checkCall(script: Script, node: AnyNode): void {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return;
  const { refuse } = script;
  const args = node.arguments as AnyNode[];
  const callee = node.callee as AnyNode;
  const method = property(callee);
  const global = declared(script, callee) ? "" : nameOf(callee);
  if (method === "split" && args.length > 1) refuse("limit of split", node);
  if (callee.type === "MemberExpression" && nameOf(callee.object as AnyNode) === "JSON") {
    const second = args[1];
    const empty = !second || (second.type === "Literal" && second.value === null);
    if (!empty && nameOf(second) !== "undefined") refuse("reviver or replacer", node);
  }
  const text = args[0]?.type === "Literal" ? args[0].value : undefined;
  if (node.type === "NewExpression" && TYPED.test(global) && typeof text === "string")
    refuse("typed array of text", node);
  if (global === "RegExp") checkPattern(refuse, node, String(text ?? ""), "");
  if (!/^clear(Timeout|Interval)$/.test(global)) return;
  const timer = args[0] && declared(script, args[0])?.declaration;
  const unset = timer?.type === "VariableDeclarator" && !timer.init;
  const empty = !args[0] || nameOf(args[0]) === "undefined" || args[0].type === "UnaryExpression";
  if (empty || unset) refuse("clearTimeout without a number", node);
}

/**
 * What the interpreter's regular expressions take for something else: quantifiers other than `*`
 * and `+` of a character, `\b`, what a number stands for.
 */
function checkPattern(refuse: Refuse, node: AnyNode, pattern: string, flags: string): void {
  const bare = pattern.replace(/\\[^bBkpP\d]/g, "_").replace(/\[[^\]]*\]/g, "_");
  if (/\{\d|\?|\)[*+]|\\[bBkpP\d]/.test(bare) || flags.includes("y"))
    refuse("regular expression", node);
}

/** What a bundle names that is not there, or is other than it seems. */
export function namesUnknown(root: AnyNode, all: readonly Binding[], refuse: Refuse): void {
  const script: Script = { all, refuse };
  walk(root, (node, parents) => {
    const parent = parents[0]!;
    checkMember(script, node, parent);
    checkCall(script, node);
    if (node.type === "Identifier") {
      const free = parent.type !== "MemberExpression" || parent.object === node || parent.computed;
      const key = parent.type === "Property" && parent.key === node && !parent.shorthand;
      if (GLOBALS.has(node.name) && free && !key && !declared(script, node))
        refuse("absent API", node, node.name);
      if (node.name === "of" && free && !key) refuse("name of", node);
      const inner = parents.find(isFunction);
      if (node.name === "arguments" && free && inner?.type === "ArrowFunctionExpression")
        refuse("arguments of an arrow", node);
    }
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      const base = node.superClass && !declared(script, node.superClass as AnyNode);
      if (base && BUILT_IN.test(nameOf(node.superClass))) refuse("built-in base class", node);
    }
    if (node.type === "UnaryExpression" && node.operator === "delete")
      if (parent.type !== "ExpressionStatement") refuse("value of delete", node);
    if (node.type === "Property" && nameOf(node.key as AnyNode) === "writable")
      if (node.value.type === "Literal" && node.value.value === false)
        refuse("read-only property", node);
    if (node.type !== "Literal") return;
    if ("regex" in node && node.regex)
      checkPattern(refuse, node, node.regex.pattern, node.regex.flags);
    if (/^["'](?:[^\\]|\\[^0-7]|\\0(?!\d))*\\(?:[1-7]|0\d)/.test(node.raw ?? ""))
      refuse("octal escape", node);
  });
}
