// What the build knows of a script: its tree, who declares each name, and how to change its text.
//
// The rewritings of shrink.ts and inline.ts work on text by way of edits, and read the tree anew
// after each: the bundle has some ten thousand characters, and a tree that is patched in place has
// positions that lie. Only the grammar of our own sources is known here: names are declared by
// functions, parameters, `var`, `let`, `const` and `catch`, never by a pattern.

import { type AnyNode, parse } from "acorn";

export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Everything known of one declared name. */
export interface Binding {
  name: string;
  /** The function, declarator, parameter or catch clause that declares it. */
  declaration: AnyNode;
  /** The function or program in which it is visible. */
  owner: AnyNode;
  /** Where it is written or read: its parents, innermost first. */
  uses: { node: AnyNode; parents: readonly AnyNode[] }[];
  /** Whether anything but its declaration assigns it. */
  assigned: boolean;
}

export type Visit = (node: AnyNode, parents: readonly AnyNode[]) => void;

/** A rewriting that changes nothing hands on the text of the one before: half of all trees. */
let last: { source: string; root: AnyNode; all?: Binding[] } | undefined;

/** The tree of a script, which nobody changes. Throws on what is no ES2015. */
export function parsed(source: string): AnyNode {
  if (last?.source !== source)
    last = { source, root: parse(source, { ecmaVersion: 2015, sourceType: "script" }) };
  return last.root;
}

/** Calls `visit` on every node, parents first. */
export function walk(node: AnyNode, visit: Visit, parents: readonly AnyNode[] = []): void {
  visit(node, parents);
  let below: readonly AnyNode[] | undefined;
  const enter = (child: unknown): void => {
    if (typeof (child as AnyNode | null)?.type !== "string") return;
    below ??= [node, ...parents];
    walk(child as AnyNode, visit, below);
  };
  for (const key in node) {
    const child: unknown = node[key as keyof AnyNode];
    if (Array.isArray(child)) child.forEach(enter);
    else if (typeof child === "object") enter(child);
  }
}

/** The text with edits that do not overlap; at one place, those given later stand behind. */
export function apply(source: string, edits: readonly Edit[]): string {
  let text = source;
  const ordered = edits.map((edit, at) => ({ ...edit, at }));
  ordered.sort((a, b) => b.start - a.start || b.end - a.end || b.at - a.at);
  for (const e of ordered) text = text.slice(0, e.start) + e.text + text.slice(e.end);
  return text;
}

/** The edit that takes an element out of a list: its own brackets and one comma go with it. */
export function without(source: string, list: readonly AnyNode[], at: number): Edit {
  const { start, end } = list[at]!;
  const [next, before] = [list[at + 1], list[at - 1]];
  const head = source.slice(before?.end ?? 0, start);
  const tail = source.slice(end, next?.start);
  const open = /[(\s]*$/.exec(head)![0].replace(/\s/g, "").length;
  // The first element stands behind a bracket of the list's.
  const brackets = before ? open : open - 1;
  const opening = new RegExp(`(\\(\\s*){${brackets}}$`).exec(head)![0];
  const closing = new RegExp(`^(\\s*\\)){${brackets}}`).exec(tail)![0];
  const own = { start: start - opening.length, end: end + closing.length, text: "" };
  const comma = next
    ? /^\s*,\s*/.exec(tail.slice(closing.length))![0]
    : before && /,\s*$/.exec(head.slice(0, head.length - opening.length))![0];
  if (!comma) return own;
  return next
    ? { ...own, end: own.end + comma.length }
    : { ...own, start: own.start - comma.length };
}

/** Whether any of `more` changes what another edit changes: then it waits for the next reading. */
export function touching(edits: readonly Edit[], more: readonly Edit[]): boolean {
  return more.some((e) => edits.some((other) => e.start < other.end && other.start < e.end));
}

export function isFunction(node: AnyNode): boolean {
  return /^(Function|Arrow)/.test(node.type);
}

/** The parameters of a function, none of anything else. */
export function params(node: AnyNode): readonly AnyNode[] {
  return "params" in node ? node.params : [];
}

/** Whether an identifier stands for a variable, not for a property. */
function isReference(node: AnyNode, parent: AnyNode): boolean {
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (/^(MethodDefinition|PropertyDefinition)$/.test(parent.type))
    return (parent as { value?: AnyNode | null }).value === node;
  if (/^(Break|Continue|Labeled)Statement$/.test(parent.type)) return false;
  return parent.type !== "Property" || parent.value === node || parent.computed;
}

type Scope = Map<string, Binding>;

/** Every name that the script declares; what it only uses is the interpreter's. */
export function bindings(root: AnyNode): Binding[] {
  if (last?.root !== root) return found(root);
  last.all ??= found(root);
  return last.all;
}

function found(root: AnyNode): Binding[] {
  const scopes = new Map<AnyNode, Scope>();
  const all: Binding[] = [];
  const declare = (at: AnyNode, name: string, declaration: AnyNode, owner: AnyNode): void => {
    const scope = scopes.get(at) ?? new Map<string, Binding>();
    scopes.set(at, scope);
    if (scope.has(name)) return;
    const made: Binding = { name, declaration, owner, uses: [], assigned: false };
    scope.set(name, made);
    all.push(made);
  };
  const named = (node: AnyNode): string => {
    if (node.type !== "Identifier") throw new Error(`a pattern at ${node.start}`);
    return node.name;
  };
  walk(root, (node, parents) => {
    if (!/^(Function|Arrow|Class|Catch|VariableDeclarator)/.test(node.type)) return;
    const owner = parents.find((p) => isFunction(p) || p.type === "Program")!;
    const block = parents.find(
      (p) => isFunction(p) || /^(Program|BlockStatement|For)/.test(p.type),
    )!;
    if (isFunction(node)) for (const p of params(node)) declare(node, named(p), p, node);
    if (node.type === "FunctionDeclaration") declare(block, node.id!.name, node, owner);
    if (node.type === "ClassDeclaration") declare(block, node.id!.name, node, owner);
    if (node.type === "CatchClause" && node.param) declare(node, named(node.param), node, owner);
    if (node.type !== "VariableDeclarator") return;
    const kind = parents[0]?.type === "VariableDeclaration" ? parents[0].kind : "var";
    declare(kind === "var" ? owner : block, named(node.id), node, owner);
  });
  walk(root, (node, parents) => {
    if (node.type !== "Identifier" || !isReference(node, parents[0]!)) return;
    const binding = [...parents].map((p) => scopes.get(p)?.get(node.name)).find(Boolean);
    if (!binding) return;
    const parent = parents[0]!;
    binding.uses.push({ node, parents });
    if (parent.type === "AssignmentExpression" && parent.left === node) binding.assigned = true;
    if (parent.type === "UpdateExpression") binding.assigned = true;
  });
  return all;
}

/** The uses of a name, its own declaration left out. */
export function readers(binding: Binding): Binding["uses"] {
  return binding.uses.filter(({ node, parents }) => {
    const parent = parents[0]!;
    if (parent.type === "VariableDeclarator") return parent.id !== node;
    return !isFunction(parent) || ("body" in parent && parent.body === node);
  });
}

/** The names that a script uses and does not declare: the interpreter's. */
export function freeNames(source: string): Set<string> {
  const root = parsed(source);
  const own = new Set(bindings(root).flatMap((b) => b.uses.map(({ node }) => node)));
  const names = new Set<string>();
  walk(root, (node, parents) => {
    if (node.type === "Identifier" && isReference(node, parents[0]!) && !own.has(node))
      names.add(node.name);
  });
  return names;
}

/** The script with a name of its own for everything it declares: nothing can be captured. */
export function uniquelyNamed(source: string): string {
  const root = parsed(source);
  const taken = new Set<string>();
  walk(root, (node) => {
    if (node.type === "Identifier") taken.add(node.name);
  });
  const seen = new Set<string>();
  const edits: Edit[] = [];
  for (const binding of bindings(root)) {
    let name = binding.name;
    for (let n = 2; seen.has(name); n++)
      if (!taken.has(`${binding.name}$${n}`)) name = `${binding.name}$${n}`;
    seen.add(name);
    if (name === binding.name) continue;
    for (const { node, parents } of binding.uses) {
      const short = parents[0]?.type === "Property" && parents[0].shorthand;
      edits.push({
        start: node.start,
        end: node.end,
        text: short ? `${binding.name}: ${name}` : name,
      });
    }
  }
  return apply(source, edits);
}
