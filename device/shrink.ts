// Two rewritings of the bundle that no minifier does, since they need to know our grammar.
//
// 1. A board has one sender. So the fields of the one object `s` become variables, `s.seq` becomes
//    `s_seq`, and no function passes `s` on. Bytes apart, the minifier can then see which fields never
//    change, and drops what a board of this variant cannot reach.
// 2. Function declarations become arrow functions held in constants: on the interpreter, which does
//    not hoist, the two are the same but for 16 bytes each.
//
// Both work on the text between esbuild and terser and refuse what they do not understand, naming
// it. The alternative, writing the sender as module variables in the first place, would leave the
// simulator with one device a process.

import { type AnyNode, parse } from "acorn";

interface Edit {
  start: number;
  end: number;
  text: string;
}

type Visit = (node: AnyNode, parents: readonly AnyNode[]) => void;

/** Calls `visit` on every node, parents first. */
export function walk(node: AnyNode, visit: Visit, parents: readonly AnyNode[] = []): void {
  visit(node, parents);
  const below = [node, ...parents];
  for (const child of Object.values(node).flat())
    if (child && typeof child === "object" && typeof child.type === "string")
      walk(child as AnyNode, visit, below);
}

function apply(source: string, edits: readonly Edit[]): string {
  let text = source;
  for (const e of [...edits].sort((a, b) => b.start - a.start || b.end - a.end))
    text = text.slice(0, e.start) + e.text + text.slice(e.end);
  return text;
}

function parsed(source: string): AnyNode {
  return parse(source, { ecmaVersion: 2015, sourceType: "script" });
}

/** The parameters of a function, none of anything else. */
function params(node: AnyNode): readonly AnyNode[] {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression"
    ? node.params
    : [];
}

/** esbuild numbers the names that it finds twice: `s`, `s2`, ... */
function isSender(node: AnyNode | undefined): boolean {
  return node?.type === "Identifier" && /^s\d*$/.test(node.name);
}

/** `, ` behind a list's first element goes with it. */
function firstOf(list: readonly AnyNode[]): Edit {
  return { start: list[0]!.start, end: list[1]?.start ?? list[0]!.end, text: "" };
}

/**
 * The declarations that take the place of `const s = createSender(c, m, now)`: those of fields that
 * nothing ever assigns and whose value is written out, which go first for the minifier to fold; and
 * those of the others.
 */
function fields(
  source: string,
  root: AnyNode,
  call: AnyNode,
  handed: readonly string[],
): { constants: string; variables: string } {
  let literal: AnyNode | undefined;
  const assigned = new Set<string>();
  walk(root, (node, parents) => {
    const made = parents.find((p) => p.type === "FunctionDeclaration");
    if (node.type === "ObjectExpression" && made?.id?.name === "createSender") literal ??= node;
    const to =
      node.type === "AssignmentExpression"
        ? node.left
        : node.type === "UpdateExpression"
          ? node.argument
          : undefined;
    if (to?.type === "MemberExpression" && isSender(to.object) && to.property.type === "Identifier")
      assigned.add(to.property.name);
  });
  if (literal?.type !== "ObjectExpression" || call.type !== "CallExpression")
    throw new Error("createSender: expected `return Object.assign({...}, c, m)`");
  const given = call.arguments.map((a) => source.slice(a.start, a.end));
  const constants: string[] = [];
  const variables = handed.map((name) => `s_${name} = c.${name}`);
  for (const name of ["epoch", "limit", "acked", "origin"]) variables.push(`s_${name} = m.${name}`);
  for (const p of literal.properties) {
    if (p.type !== "Property" || p.key.type !== "Identifier") throw new Error("a field by name");
    const text = `s_${p.key.name} = ${source.slice(p.value.start, p.value.end)}`;
    if (handed.includes(p.key.name)) continue;
    const fixed = !assigned.has(p.key.name) && !/\b(c|m|now)\b/.test(text);
    (fixed ? constants : variables).push(text);
  }
  return {
    constants: `const ${constants.join(", ")};\n`,
    variables:
      `const c = ${given[0]}, m = ${given[1]}, now = ${given[2]};\n` +
      `let ${variables.join(", ")};`,
  };
}

/**
 * Rewriting 1. `handed`: the fields that `createSender` takes from its configuration in this bundle.
 * Throws where `s` is used other than as `s.field` or as a first argument.
 */
export function flattenSender(source: string, handed: readonly string[]): string {
  const root = parsed(source);
  const edits: Edit[] = [];
  walk(root, (node, parents) => {
    const parent = parents[0];
    if (isSender(params(node)[0])) edits.push(firstOf(params(node)));
    if (node.type === "FunctionDeclaration" && node.id?.name === "createSender")
      edits.push({ start: node.start, end: node.end, text: "" });
    if (!isSender(node) || !parent) return;
    if (params(parent)[0] === node) return;
    if (parent.type === "MemberExpression" && parent.object === node && !parent.computed) {
      edits.push({ start: node.start, end: parent.property.start, text: "s_" });
    } else if (parent.type === "CallExpression" && parent.arguments[0] === node) {
      edits.push(firstOf(parent.arguments));
    } else if (parent.type === "VariableDeclarator" && parent.id === node && parent.init) {
      const statement = parents[1]!;
      const made = fields(source, root, parent.init, handed);
      edits.push({ start: statement.start, end: statement.end, text: made.variables });
      edits.push({ start: 0, end: 0, text: made.constants });
    } else {
      throw new Error(`a sender used in a way the build does not know, at ${node.start}`);
    }
  });
  return apply(source, edits);
}

/** Rewriting 2. */
export function arrows(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type !== "FunctionDeclaration") return;
    edits.push({
      start: node.start,
      end: node.params[0]?.start ?? node.body.start,
      text: `const ${node.id!.name} = (`,
    });
    if (!node.params.length)
      edits.push({ start: node.body.start, end: node.body.start, text: ") => " });
    else {
      const last = node.params[node.params.length - 1]!;
      edits.push({ start: last.end, end: node.body.start, text: ") => " });
    }
    edits.push({ start: node.end, end: node.end, text: ";" });
  });
  return apply(source, edits);
}
