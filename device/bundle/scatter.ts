// An object that is made in one place and of which only fields are read is so many variables: the
// key made ready for its suite, what the flash gave back.

import type { AnyNode } from "acorn";
import { properties } from "./flatten.ts";
import { apply, type Binding, bindings, type Edit, parsed, readers } from "./syntax.ts";

/** The statement that gives a variable its only value, an object that is written out there. */
function madeAt(binding: Binding): { statement: AnyNode; literal: AnyNode } | undefined {
  const { declaration, uses } = binding;
  if (declaration.type !== "VariableDeclarator") return undefined;
  const sets = uses.filter(({ node, parents: [set] }) => {
    return set!.type === "AssignmentExpression" && set!.left === node;
  });
  const declared = uses.find(({ parents }) => parents[0] === declaration)!.parents[1]!;
  if (declared.type !== "VariableDeclaration" || declared.declarations.length !== 1)
    return undefined;
  if (declaration.init?.type === "ObjectExpression" && sets.length === 0)
    return { statement: declared, literal: declaration.init };
  const [set, statement] = sets[0]?.parents ?? [];
  return !declaration.init &&
    sets.length === 1 &&
    set?.type === "AssignmentExpression" &&
    set.right.type === "ObjectExpression" &&
    statement?.type === "ExpressionStatement"
    ? { statement, literal: set.right }
    : undefined;
}

/** Where each field is read; undefined if the object is used for anything else. */
function reads(binding: Binding, made: AnyNode): Map<string, AnyNode[][]> | undefined {
  const found = new Map<string, AnyNode[][]>();
  for (const { node, parents } of readers(binding)) {
    const parent = parents[0]!;
    if (parents[1] === made && parent.type === "AssignmentExpression") continue;
    if (parent.type !== "MemberExpression" || parent.object !== node || parent.computed)
      return undefined;
    if (parent.property.type !== "Identifier") return undefined;
    const { name } = parent.property;
    found.set(name, [...(found.get(name) ?? []), [...parents]]);
  }
  return found;
}

/** `let x = o.field`, and no other reader: then the field is x. */
function onlyReader(source: string, places: readonly AnyNode[][]): [string, AnyNode] | undefined {
  const [member, declarator, declaration] = places[0]!;
  const alone =
    places.length === 1 &&
    declarator?.type === "VariableDeclarator" &&
    declarator.init === member &&
    declaration?.type === "VariableDeclaration" &&
    declaration.declarations.length === 1;
  return alone ? [source.slice(declarator.id.start, declarator.id.end), declaration] : undefined;
}

/** The script without objects of that kind. */
export function scattered(source: string): string {
  for (const binding of bindings(parsed(source))) {
    const at = madeAt(binding);
    const places = at && reads(binding, at.statement);
    if (!at || !places) continue;
    const edits: Edit[] = [];
    const replace = ({ start, end }: AnyNode, text: string): void => {
      edits.push({ start, end, text });
    };
    const names: string[] = [];
    const sets: string[] = [];
    for (const [field, text] of properties(source, at.literal)) {
      const readers_ = places.get(field);
      if (!readers_) continue;
      const literal = /^(-?[\d.]+|"[^"]*"|void 0)$/.test(text);
      const reader = literal ? undefined : onlyReader(source, readers_);
      const name = reader?.[0] ?? `${binding.name}_${field}`;
      if (reader) replace(reader[1], "");
      else for (const [member] of readers_) replace(member!, literal ? text : name);
      if (literal) continue;
      names.push(name);
      sets.push(`${name} = ${text};`);
    }
    const declared = binding.uses.find(({ parents }) => parents[0] === binding.declaration)!;
    const declaration = declared.parents[1]!;
    if (declaration === at.statement) replace(at.statement, sets.map((t) => `let ${t}`).join(""));
    else {
      replace(at.statement, sets.join(""));
      replace(declaration, names.map((n) => `let ${n};`).join(""));
    }
    return scattered(apply(source, edits));
  }
  return source;
}
