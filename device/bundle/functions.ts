// What the rewritings ask of a script's functions: who calls them, with what, and what may take the
// place of what.

import type { AnyNode } from "acorn";
import { quietFunctions } from "./collapse.ts";
import { type Binding, bindings, isFunction, parsed, readers, walk } from "./syntax.ts";

export type Use = Binding["uses"][number];

/** All that a rewriting asks about a script. */
export interface Script {
  source: string;
  all: Binding[];
  /** Names of properties that something in the script assigns. */
  assignedFields: Set<string>;
  /** Functions without effects. */
  quiet: Set<string>;
}

export function read(source: string): Script {
  const root = parsed(source);
  const assignedFields = new Set<string>();
  walk(root, (node) => {
    const to =
      node.type === "AssignmentExpression"
        ? node.left
        : node.type === "UpdateExpression"
          ? node.argument
          : undefined;
    if (to?.type === "MemberExpression" && to.property.type === "Identifier")
      assignedFields.add(to.property.name);
  });
  const all = bindings(root);
  return { source, all, assignedFields, quiet: quietFunctions(all) };
}

export function has(node: AnyNode, types: RegExp): boolean {
  let found = false;
  walk(node, (inner) => {
    if (types.test(inner.type)) found = true;
  });
  return found;
}

/** What has the same value wherever it stands, and is short: it may take a parameter's place. */
export function plain(script: Script, node: AnyNode): boolean {
  const { all, assignedFields } = script;
  if (node.type === "Literal") return true;
  if (node.type === "Identifier") return !all.find((b) => b.name === node.name)?.assigned;
  return (
    node.type === "MemberExpression" &&
    !node.computed &&
    node.property.type === "Identifier" &&
    !assignedFields.has(node.property.name) &&
    plain(script, node.object)
  );
}

/** The calls of a function that is used for nothing else; undefined if it is. */
export function calls(binding: Binding): Use[] | undefined {
  const uses = readers(binding);
  const called = uses.every(
    ({ node, parents }) => parents[0]!.type === "CallExpression" && parents[0]!.callee === node,
  );
  return called ? uses : undefined;
}

export function argumentsOf(use: Use): readonly AnyNode[] {
  const call = use.parents[0]!;
  return call.type === "CallExpression" ? call.arguments : [];
}

/** The statements of a function declaration. */
export function bodyOf(node: AnyNode): readonly AnyNode[] {
  if (node.type !== "FunctionDeclaration") throw new Error(`no declaration at ${node.start}`);
  return node.body.body;
}

/** Its `return` statements, those of functions within left out. */
export function returnsOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  walk(node, (inner, parents) => {
    if (inner.type === "ReturnStatement" && parents.find(isFunction) === node) found.push(inner);
  });
  return found;
}

/** The text from a node up to another one. */
export const cut = (source: string, from: AnyNode | undefined, to = from): string =>
  from && to ? source.slice(from.start, to.end) : "";
