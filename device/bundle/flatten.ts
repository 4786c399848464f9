// A board has one sender, so it needs no object: on the interpreter `s.seq` is a search through a
// list of names, and takes two JsVars more than `s_seq`. The fields of the one object that
// `createSender` makes become variables, and no function passes it on. Bytes apart, the minifier
// then sees which fields never change, and drops what a board of this variant cannot reach. The
// alternative, writing the sender as module variables in the first place, would leave the simulator
// with one device a process.
//
// It refuses what it does not understand, naming it.

import type { AnyNode } from "acorn";
import {
  apply,
  type Binding,
  bindings,
  type Edit,
  params,
  parsed,
  readers,
  without,
} from "./syntax.ts";

const MAKER = "createSender";

/** What `createSender(c, m, now)` is given, and the fields' defaults: names and texts. */
interface Made {
  statement: AnyNode;
  sender: Binding;
  maker: AnyNode;
  handed: Map<string, string>;
  defaults: Map<string, string>;
  memory: string;
}

/** The fields of an object that is written out: names and texts. */
export function properties(source: string, node: AnyNode | undefined): Map<string, string> {
  if (node?.type !== "ObjectExpression") throw new Error(`expected {...} at ${node?.start}`);
  const found = new Map<string, string>();
  for (const p of node.properties) {
    if (p.type !== "Property" || p.key.type !== "Identifier") throw new Error("a field by name");
    found.set(p.key.name, source.slice(p.value.start, p.value.end));
  }
  return found;
}

/** `c.own` as the field that it becomes. */
function asFields(text: string, from: readonly string[]): string {
  const objects = from.map((name) => name.replace("$", "\\$"));
  return text.replace(new RegExp(`(?<![\\w$])(${objects.join("|")})\\.`, "g"), "s_");
}

function made(source: string, all: readonly Binding[]): Made {
  const makerOf = all.find((b) => b.name === MAKER);
  const maker = makerOf?.declaration;
  const use = makerOf && readers(makerOf);
  const call = use?.[0]?.parents[0];
  const declarator = use?.[0]?.parents[1];
  if (use?.length !== 1 || maker?.type !== "FunctionDeclaration") throw new Error(`one ${MAKER}`);
  if (call?.type !== "CallExpression" || declarator?.type !== "VariableDeclarator")
    throw new Error(`expected const s = ${MAKER}({...}, m, 0)`);
  const [c, m, now] = params(maker).map((p) => source.slice(p.start, p.end));
  const returned = maker.body.body[0];
  const merged = returned?.type === "ReturnStatement" ? returned.argument : undefined;
  if (merged?.type !== "CallExpression") throw new Error("expected Object.assign({...}, c, m)");
  const at = source.slice(call.arguments[2]!.start, call.arguments[2]!.end);
  const defaults = properties(source, merged.arguments[0]);
  for (const [name, text] of defaults)
    defaults.set(name, text === now ? at : asFields(text, [c!, m!]));
  return {
    statement: use[0]!.parents[2]!,
    sender: all.find((b) => b.declaration === declarator)!,
    maker,
    handed: properties(source, call.arguments[0]),
    defaults,
    memory: source.slice(call.arguments[1]!.start, call.arguments[1]!.end),
  };
}

/** `s`, and every parameter to which it is handed, with its place in the list of parameters. */
interface Senders {
  found: Set<Binding>;
  places: Map<Binding, number>;
}

/** Throws where such a parameter may be another object. */
function senders(all: readonly Binding[], first: Binding): Senders {
  const found = new Set([first]);
  const places = new Map<Binding, number>();
  for (const binding of found)
    for (const { node, parents } of readers(binding)) {
      const call = parents[0]!;
      const at = call.type === "CallExpression" ? call.arguments.indexOf(node as never) : -1;
      if (call.type !== "CallExpression" || at < 0) continue;
      const { callee } = call;
      const taker = all.find((b) => callee.type === "Identifier" && b.name === callee.name);
      const list = taker ? params(taker.declaration) : [];
      const param = all.find((b) => list.length > at && b.declaration === list[at]);
      if (!taker || !param || (places.get(taker) ?? at) !== at)
        throw new Error(`a sender handed to what is no function, at ${node.start}`);
      found.add(param);
      places.set(taker, at);
    }
  const names = new Set([...found].map((b) => b.name));
  for (const [taker, at] of places)
    for (const { node, parents } of readers(taker)) {
      const call = parents[0]!;
      const given =
        call.type === "CallExpression" && call.callee === node ? call.arguments[at] : undefined;
      if (given?.type !== "Identifier" || !names.has(given.name))
        throw new Error(`${taker.name} without a sender, at ${node.start}`);
    }
  return { found, places };
}

/** Whether a field is worth no variable: it never changes, and is short or seldom read. */
function isFixed(text: string, reads: number): boolean {
  return (
    /^(-?[\d.]+(e\d+)?|"[^"]*"|[A-Z_\d]+|Math\.\w+)$/.test(text) ||
    (/^\w+\.\w+$/.test(text) && reads < 3)
  );
}

/** How senders are used: edits that hand none over, where each field is read, what is assigned. */
interface Used {
  edits: Edit[];
  reads: Map<string, AnyNode[]>;
  assigned: Set<string>;
}

function used(source: string, all: readonly Binding[], sender: Binding): Used {
  const { edits, reads, assigned }: Used = { edits: [], reads: new Map(), assigned: new Set() };
  const { found, places } = senders(all, sender);
  for (const binding of found) {
    for (const { node, parents } of readers(binding)) {
      const [parent, above] = parents as AnyNode[];
      const at = parent!.type === "CallExpression" ? parent!.arguments.indexOf(node as never) : -1;
      if (parent!.type === "CallExpression" && at >= 0)
        edits.push(without(source, parent!.arguments, at));
      else if (
        parent!.type === "MemberExpression" &&
        parent!.object === node &&
        parent!.property.type === "Identifier" &&
        !parent!.computed
      ) {
        const { name } = parent!.property;
        if (above!.type === "AssignmentExpression" && above!.left === parent) assigned.add(name);
        if (above!.type === "UpdateExpression") assigned.add(name);
        reads.set(name, [...(reads.get(name) ?? []), parent!]);
      } else throw new Error(`a sender used in a way the build does not know, at ${node.start}`);
    }
    if (binding === sender) continue;
    const taker = all.find((b) => params(b.declaration).includes(binding.declaration))!;
    edits.push(without(source, params(taker.declaration), places.get(taker)!));
  }
  return { edits, reads, assigned };
}

/**
 * Fields of the one sender as variables; those named in `unset`, which nothing but a test looks at
 * before they are assigned, without the 0 or "" that they begin with elsewhere. Throws where the
 * sender is used in a way not known here.
 */
export function flattenSender(source: string, unset: readonly string[] = []): string {
  const root = parsed(source);
  const all = bindings(root);
  const { statement, sender, maker, handed, defaults, memory } = made(source, all);
  const { edits, reads, assigned } = used(source, all, sender);
  edits.push({ start: maker.start, end: maker.end, text: "" });
  const remembered = [...reads.keys()].filter((name) => !handed.has(name) && !defaults.has(name));
  const fields = new Map([
    ...handed,
    ...remembered.map((name) => [name, `${memory}.${name}`] as const),
    ...[...defaults].filter(([name]) => !handed.has(name)),
  ]);
  const variables: string[] = [];
  for (const [name, text] of fields) {
    const places = reads.get(name) ?? [];
    const begun = [...defaults.values()].some((t) => new RegExp(`\\bs_${name}\\b`).test(t));
    const fixed = !assigned.has(name) && !begun && isFixed(text, places.length);
    for (const { start, end } of places)
      edits.push({ start, end, text: fixed ? text : `s_${name}` });
    const given = unset.includes(name) && /^(0|"")$/.test(text) ? "" : ` = ${text}`;
    if (!fixed) variables.push(`let s_${name}${given};`);
  }
  edits.push({ start: statement.start, end: statement.end, text: variables.join("\n") });
  return apply(source, edits);
}
