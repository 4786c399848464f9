// Variables that only carry a value from one line to the next: readers of the sources like them,
// and so does inline.ts, which makes one of each parameter. A minifier keeps most of them, because
// it does not know which of our functions have no effects.
//
// `collapsed`: a value that is read once stands where it is read, if nothing on the way changes it;
// another name for a variable gives way to it. `unread`: what is never read is not kept.

import type { AnyNode } from "acorn";
import {
  apply,
  type Binding,
  bindings,
  type Edit,
  isFunction,
  parsed,
  readers,
  touching,
  walk,
} from "./syntax.ts";

/** Methods of strings; none changes anything. */
const METHODS = /^(charCodeAt|substr|substring|indexOf)$/;

const isEffect = (node: AnyNode): boolean => /^(Assignment|Update|Call|New)/.test(node.type);

/** Whether a call does nothing but give a value. */
function isQuietCall(node: AnyNode, quiet: ReadonlySet<string>): boolean {
  if (node.type !== "CallExpression") return false;
  const { callee } = node;
  if (callee.type === "Identifier") return quiet.has(callee.name);
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return false;
  const object = callee.object.type === "Identifier" ? callee.object.name : "";
  return object === "Math" || object === "String" || METHODS.test(callee.property.name);
}

/** One answer for each script. */
const known = new WeakMap<readonly Binding[], Set<string>>();

/** Names of the functions that change nothing but variables of their own. */
export function quietFunctions(all: readonly Binding[]): Set<string> {
  const quiet = known.get(all) ?? quietOf(all);
  known.set(all, quiet);
  return quiet;
}

function quietOf(all: readonly Binding[]): Set<string> {
  const functions = all.filter((b) => b.declaration.type === "FunctionDeclaration");
  const quiet = new Set(functions.map((b) => b.name));
  for (let before = -1; before !== quiet.size; ) {
    before = quiet.size;
    for (const { name, declaration } of functions)
      walk(declaration, (node) => {
        if (!isEffect(node) || isQuietCall(node, quiet)) return;
        const to = target(node);
        const own = all.find((b) => b.name === to)?.owner;
        if (own?.type !== declaration.type || own !== declaration) quiet.delete(name);
      });
  }
  return quiet;
}

/** The variable that an assignment changes; undefined: something else, or no assignment. */
function target(node: AnyNode): string | undefined {
  const to =
    node.type === "AssignmentExpression"
      ? node.left
      : node.type === "UpdateExpression"
        ? node.argument
        : undefined;
  return to?.type === "Identifier" ? to.name : undefined;
}

/** Without effects: it may stand anywhere between two of those. */
export function calm(node: AnyNode, quiet: ReadonlySet<string>): boolean {
  let found = true;
  walk(node, (inner) => {
    if (isFunction(inner) || (isEffect(inner) && !isQuietCall(inner, quiet))) found = false;
  });
  return found;
}

interface Place {
  all: readonly Binding[];
  quiet: ReadonlySet<string>;
  owner: AnyNode;
}

/** Whether an effect may change the value of `init`. */
function disturbs(effect: AnyNode, init: AnyNode, { all, quiet }: Place): boolean {
  if (isQuietCall(effect, quiet)) return false;
  let outer = false;
  const names = new Set<string>();
  walk(init, (node) => {
    if (node.type === "Identifier") names.add(node.name);
    if (/^(Call|Member)/.test(node.type)) outer = true;
  });
  const to = target(effect);
  if (to !== undefined && names.has(to)) return true;
  const ofProgram = (name: string) => all.find((b) => b.name === name)?.owner.type === "Program";
  if (to !== undefined) return outer && ofProgram(to);
  return outer || [...names].some((n) => ofProgram(n) && all.find((b) => b.name === n)!.assigned);
}

const LOOP = /^(For|While|DoWhile)/;

/** What stands in the place of a variable's readers; undefined: it stays. */
function replaced(source: string, binding: Binding, place: Place): Edit[] | undefined {
  const { declaration, owner } = binding;
  if (declaration.type !== "VariableDeclarator" || !declaration.init || binding.assigned)
    return undefined;
  const { init } = declaration;
  const at = binding.uses.find(({ parents }) => parents[0] === declaration)!.parents;
  const uses = readers(binding);
  const single = at[1]!.type === "VariableDeclaration" && at[1]!.declarations.length === 1;
  if (!single || !/^(Block|Program)/.test(at[2]!.type) || !calm(init, place.quiet))
    return undefined;
  const other = place.all.find((b) => init.type === "Identifier" && b.name === init.name);
  const alias = other && other.owner === owner && owner.type !== "Program";
  if (uses.length !== 1 && !alias) return undefined;
  const last = Math.max(...uses.map(({ node }) => node.start));
  const strange = uses.some(({ node, parents }) => {
    const inner = parents.slice(0, parents.indexOf(at[2]!));
    return node.start < declaration.end || inner.some((p) => isFunction(p) || LOOP.test(p.type));
  });
  if (strange) return undefined;
  let disturbed = false;
  walk(owner, (node) => {
    if (!isEffect(node) || node.start < declaration.end || node.end > last) return;
    if (disturbs(node, init, place)) disturbed = true;
  });
  if (disturbed) return undefined;
  const text = source.slice(init.start, init.end);
  const whole = /^(Identifier|Literal|Member|Call)/.test(init.type) ? text : `(${text})`;
  const edits = uses.map(({ node }) => ({ start: node.start, end: node.end, text: whole }));
  return [...edits, { start: at[1]!.start, end: at[1]!.end, text: "" }];
}

export function collapsed(source: string): string {
  const all = bindings(parsed(source));
  const quiet = quietFunctions(all);
  const edits: Edit[] = [];
  for (const binding of all) {
    const more = replaced(source, binding, { all, quiet, owner: binding.owner }) ?? [];
    if (!touching(edits, more)) edits.push(...more);
  }
  return edits.length ? collapsed(apply(source, edits)) : source;
}

/** The script without variables that are only assigned. */
export function unread(source: string): string {
  const all = bindings(parsed(source));
  const quiet = quietFunctions(all);
  const edits: Edit[] = [];
  for (const binding of all) {
    const { declaration } = binding;
    if (declaration.type !== "VariableDeclarator") continue;
    if (declaration.init && !calm(declaration.init, quiet)) continue;
    const at = binding.uses.find(({ parents }) => parents[0] === declaration)!.parents;
    if (at[1]!.type !== "VariableDeclaration" || at[1]!.declarations.length !== 1) continue;
    const statements = readers(binding).map(({ node, parents }) => {
      const [set, statement] = parents as AnyNode[];
      const written = set!.type === "AssignmentExpression" && set!.left === node;
      return written && statement!.type === "ExpressionStatement" && calm(set!.right, quiet)
        ? statement!
        : undefined;
    });
    if (statements.includes(undefined)) continue;
    const gone = [...statements, at[1]!].map((n) => ({ start: n!.start, end: n!.end, text: ";" }));
    if (!touching(edits, gone)) edits.push(...gone);
  }
  return edits.length ? unread(apply(source, edits)) : source;
}

/** `let x; { x = 1; }` as `let x = 1;`: left of a function whose other statements are gone. */
export function unblocked(source: string): string {
  const edits: Edit[] = [];
  walk(parsed(source), (node) => {
    if (node.type !== "Program" && node.type !== "BlockStatement") return;
    const list = node.body.filter((s) => s.type !== "EmptyStatement");
    list.forEach((statement, at) => {
      const block = list[at + 1];
      if (statement.type !== "VariableDeclaration" || block?.type !== "BlockStatement") return;
      const [only, more] = block.body.filter((s) => s.type !== "EmptyStatement");
      const [{ id, init } = { id: undefined, init: undefined }, other] = statement.declarations;
      if (more || other || init || !id || only?.type !== "ExpressionStatement") return;
      const set = only.expression;
      if (set.type !== "AssignmentExpression" || set.operator !== "=") return;
      const name = source.slice(id.start, id.end);
      if (source.slice(set.left.start, set.left.end) !== name) return;
      const value = source.slice(set.right.start, set.right.end);
      edits.push({ start: statement.start, end: block.end, text: `let ${name} = ${value};` });
    });
  });
  return apply(source, edits);
}
