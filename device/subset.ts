// Whether the board's interpreter runs a bundle: Espruino 2v29 takes much of ES2015 and some of
// what came later, and differs in the rest by an error at best, by another result at worst.
//
// Checked is the text that is flashed, since bundlers and minifiers bring constructs of their own.
// It is read as today's JavaScript, so that what is too new can be named; `ROWS` has one line for
// each construct that failed when 626 snippets were run on both engines, and the place in this
// check where it is found. What depends on values only (an index that is out of range, the order of
// keys) no check can see. esbuild's `supported` flags find a third of this.

import { type AnyNode, type Comment, parse } from "acorn";
import { namesUnknown } from "./bundle/subset-names.ts";
import { usedTooEarly } from "./bundle/subset-order.ts";
import { type Binding, bindings, isFunction, walk } from "./bundle/syntax.ts";

/** What is refused, by name: why. */
export const ROWS = {
  "call before the function": "functions are not hoisted",
  "use before the declaration": "variables are not hoisted, and an assignment makes a global",
  destructuring: "a syntax error",
  "default parameter": "a syntax error",
  "rest or spread": "a syntax error",
  "optional chaining": "a syntax error",
  exponent: "a syntax error: use Math.pow",
  "logical assignment": "a syntax error",
  async: "a syntax error: use then",
  generator: "a syntax error",
  "captured loop variable": "all closures see its last value: copy it in the body",
  label: "an error when it runs",
  "computed key": "a syntax error",
  "private name": "a syntax error",
  "static block": "a syntax error",
  "field without a value": "a syntax error",
  "field with this": "`this` is another object there: assign in the constructor",
  "this in an arrow of an arrow": "aborts builds with assertions",
  "case after default": "a syntax error",
  "line break after return": "the next line is returned",
  "line break before ++": "belongs to the line before",
  "tagged template": "an error",
  "new.target": "an error",
  with: "an error",
  "HTML comment": "an error",
  "not ASCII": "an error in a name, other bytes in a string",
  "module syntax": "an error",
  "built-in base class": "`super` fails",
  "inherited static": "undefined",
  "name of an error or a function": "undefined: errors have `type`",
  "name of": "a syntax error",
  "value of delete": "false where there is nothing to delete",
  "absent API": "the interpreter has none",
  "limit of split": "is ignored",
  "method of a prototype": "cannot be read as a value",
  "assignment to length": "an exception",
  "negative index": "an exception on a typed array",
  "typed array of text": "an exception",
  "slice of a typed array": "gives a plain array: use subarray",
  "regular expression": "?, {n}, a group repeated, \\b, \\1 and flag y never match",
  "clearTimeout without a number": "throws, or clears every timer of the board",
  "reviver or replacer": "is ignored",
  "read-only property": "an assignment to it throws",
  "arguments of an arrow": "are its own",
  "octal escape": "reads more digits than meant: write \\x01",
  "no JavaScript": "does not parse",
} as const;

export type Row = keyof typeof ROWS;
export type Refuse = (row: Row, at: { start: number }, detail?: string) => void;

const NODES: Partial<Record<AnyNode["type"], Row>> = {
  ObjectPattern: "destructuring",
  ArrayPattern: "destructuring",
  AssignmentPattern: "default parameter",
  RestElement: "rest or spread",
  SpreadElement: "rest or spread",
  ChainExpression: "optional chaining",
  AwaitExpression: "async",
  YieldExpression: "generator",
  LabeledStatement: "label",
  PrivateIdentifier: "private name",
  StaticBlock: "static block",
  TaggedTemplateExpression: "tagged template",
  MetaProperty: "new.target",
  WithStatement: "with",
  ImportExpression: "module syntax",
  ImportDeclaration: "module syntax",
  ExportNamedDeclaration: "module syntax",
  ExportDefaultDeclaration: "module syntax",
  ExportAllDeclaration: "module syntax",
};

/** What one node shows by itself, or with those around it. */
function checkSyntax(node: AnyNode, parents: readonly AnyNode[], refuse: Refuse): void {
  const row = NODES[node.type];
  if (row) refuse(row, node);
  const operator = "operator" in node ? node.operator : "";
  if (operator === "**" || operator === "**=") refuse("exponent", node);
  if (/^(\?\?|\|\||&&)=$/.test(operator)) refuse("logical assignment", node);
  if ("async" in node && node.async) refuse("async", node);
  if ("generator" in node && node.generator) refuse("generator", node);
  if (node.type === "ForOfStatement" && node.await) refuse("async", node);
  if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(node.type) && "computed" in node)
    if (node.computed) refuse("computed key", node);
  if (node.type === "PropertyDefinition") {
    if (!node.value) refuse("field without a value", node);
    else if (usesThis(node.value)) refuse("field with this", node);
  }
  if (node.type === "ThisExpression") {
    const above = parents.findIndex((p) => isFunction(p) && p.type !== "ArrowFunctionExpression");
    const within = above < 0 ? parents : parents.slice(0, above);
    if (within.filter(isFunction).length > 1) refuse("this in an arrow of an arrow", node);
  }
  if (node.type === "SwitchStatement") {
    const at = node.cases.findIndex((c) => !c.test);
    if (at >= 0 && at < node.cases.length - 1) refuse("case after default", node.cases[at + 1]!);
  }
}

function usesThis(node: AnyNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.type === "ThisExpression") found = true;
  });
  return found;
}

/** Where the interpreter does not end a statement at the end of its line. */
function checkLines(source: string, node: AnyNode, refuse: Refuse): void {
  if (!/^(Return|Expression)Statement$/.test(node.type) || /;$/.test(source.slice(0, node.end)))
    return;
  const next = /^(?:[^\S\n]|\/\*[^\n]*?\*\/)*(?:\/\/.*)?\n\s*(\S\S?)/.exec(source.slice(node.end));
  if (!next) return;
  if (node.type === "ReturnStatement" && !node.argument && !/^[})]/.test(next[1]!))
    refuse("line break after return", node);
  if (/^(\+\+|--)$/.test(next[1]!)) refuse("line break before ++", node);
}

/** A loop's own variables in a function that the loop makes. */
function checkLoops(all: readonly Binding[], refuse: Refuse): void {
  for (const { uses, declaration } of all) {
    const parents = uses.find(({ parents: p }) => p[0] === declaration)?.parents;
    const loop = parents?.[2];
    const head =
      loop && "init" in loop ? loop.init : loop && "left" in loop ? loop.left : undefined;
    if (!loop || !/^For/.test(loop.type) || head !== parents[1]) continue;
    for (const use of uses) {
      const inner = use.parents.slice(0, use.parents.indexOf(loop));
      if (inner.some(isFunction)) refuse("captured loop variable", use.node);
    }
  }
}

/**
 * What of a bundle the board does not run: one line for each place, with its offset; none if all is
 * well.
 */
export function checkSubset(code: string): string[] {
  const found = new Map<string, string>();
  const refuse: Refuse = (row, { start }, detail = "") => {
    const near = code.slice(start, start + 30).replace(/\s+/g, " ");
    const what = detail ? `${row} (${detail})` : row;
    found.set(`${start} ${row}`, `${what}: ${ROWS[row]}; at ${start}: ${near}`);
  };
  const comments: Comment[] = [];
  let root: AnyNode;
  try {
    root = read(code, comments);
  } catch (error) {
    refuse("no JavaScript", { start: (error as { pos?: number }).pos ?? 0 }, String(error));
    return [...found.values()];
  }
  const strange = /[^\n\r\t -~]/.exec(code);
  if (strange) refuse("not ASCII", { start: strange.index });
  for (const c of comments)
    if (/^(<!--|-->)/.test(code.slice(c.start, c.end))) refuse("HTML comment", c);
  walk(root, (node, parents) => {
    checkSyntax(node, parents, refuse);
    checkLines(code, node, refuse);
  });
  // Who declares what is only clear where there are no patterns.
  if (found.size) return [...found.values()];
  const all = bindings(root);
  checkLoops(all, refuse);
  usedTooEarly(root, all, refuse);
  namesUnknown(root, all, refuse);
  return [...found.values()];
}

/** A script; a module if it can only be one, so that `import` can be named. */
function read(code: string, onComment: Comment[]): AnyNode {
  const options = { ecmaVersion: "latest", allowHashBang: false, onComment } as const;
  try {
    return parse(code, { ...options, sourceType: "script" });
  } catch (error) {
    onComment.length = 0;
    if (!/import|export/.test(code)) throw error;
    return parse(code, { ...options, sourceType: "module" });
  }
}
