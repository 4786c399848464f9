// Calls that cost more than what they call: on the interpreter a function takes four JsVars and its
// text beside its body, and each call 10 000 machine instructions or so.
//
// `inlineOnce`: a function that is called in one place only moves there, as statements. Minifiers
// know only how to move it as a function, which the interpreter would then make anew at each call.
// `foldParameters`: what every call hands over alike is no parameter.
// `unwrapped`: a function that only calls another one with its own parameters gives way to it.
//
// The sources stay cut into functions as readers want them. All three expect names that are unique
// in the script (`uniquelyNamed`).

import type { AnyNode } from "acorn";
import { calm, quietFunctions } from "./collapse.ts";
import {
  apply,
  type Binding,
  bindings,
  type Edit,
  isFunction,
  params,
  parsed,
  readers,
  walk,
} from "./syntax.ts";

type Use = Binding["uses"][number];

/** All that a rewriting asks about a script. */
interface Script {
  source: string;
  all: Binding[];
  /** Names of properties that something in the script assigns. */
  assignedFields: Set<string>;
  /** Functions without effects. */
  quiet: Set<string>;
}

function read(source: string): Script {
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

function has(node: AnyNode, types: RegExp): boolean {
  let found = false;
  walk(node, (inner) => {
    if (types.test(inner.type)) found = true;
  });
  return found;
}

/** What has the same value wherever it stands, and is short: it may take a parameter's place. */
function plain(script: Script, node: AnyNode): boolean {
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
function calls(binding: Binding): Use[] | undefined {
  const uses = readers(binding);
  const called = uses.every(
    ({ node, parents }) => parents[0]!.type === "CallExpression" && parents[0]!.callee === node,
  );
  return called ? uses : undefined;
}

function argumentsOf(use: Use): readonly AnyNode[] {
  const call = use.parents[0]!;
  return call.type === "CallExpression" ? call.arguments : [];
}

/** The statements of a function declaration. */
function bodyOf(node: AnyNode): readonly AnyNode[] {
  if (node.type !== "FunctionDeclaration") throw new Error(`no declaration at ${node.start}`);
  return node.body.body;
}

/** Its `return` statements, those of functions within left out. */
function returnsOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  walk(node, (inner, parents) => {
    if (inner.type === "ReturnStatement" && parents.find(isFunction) === node) found.push(inner);
  });
  return found;
}

const cut = (source: string, from: AnyNode | undefined, to = from): string =>
  from && to ? source.slice(from.start, to.end) : "";

/** A function's body with what each parameter becomes, and the declarations that it needs. */
interface Body {
  declarations: string;
  statements: string;
  /** What it returns at its end. */
  value: string;
}

function bodyWith(script: Script, declaration: AnyNode, given: readonly AnyNode[]): Body {
  const { source, all } = script;
  const statements = bodyOf(declaration);
  const last = statements[statements.length - 1];
  const returned = last?.type === "ReturnStatement" ? last : undefined;
  const edits: Edit[] = [];
  let declarations = "";
  // In an expression without effects, what is given may stand anywhere; a name also twice.
  const quiet =
    statements.length === 1 && returned?.argument && calm(returned.argument, script.quiet);
  params(declaration).forEach((param, at) => {
    const binding = all.find((b) => b.declaration === param)!;
    const value = given[at]!;
    const text = cut(source, value);
    const free =
      quiet &&
      calm(value, script.quiet) &&
      (value.type === "Identifier" || readers(binding).length < 2);
    if (binding.assigned || !(free || plain(script, value))) {
      declarations += `let ${binding.name} = ${text};`;
      return;
    }
    for (const { node, parents } of readers(binding)) {
      const short = parents[0]!.type === "Property" && parents[0]!.shorthand;
      const whole = /^(Identifier|Literal|MemberExpression)$/.test(value.type) ? text : `(${text})`;
      const replaced = short ? `${binding.name}: ${text}` : whole;
      edits.push({ start: node.start, end: node.end, text: replaced });
    }
  });
  const slice = (start: number, end: number): string => {
    const within = edits.filter((e) => e.start >= start && e.end <= end);
    const moved = within.map((e) => ({ ...e, start: e.start - start, end: e.end - start }));
    return apply(source.slice(start, end), moved);
  };
  const kept = returned ? statements.slice(0, -1) : statements;
  const end = kept[kept.length - 1]?.end;
  const value = returned?.argument;
  return {
    declarations,
    statements: end === undefined ? "" : slice(kept[0]!.start, end),
    value: value ? slice(value.start, value.end) : "void 0",
  };
}

/** The edit that puts a function's body in the place of its only call; undefined if it cannot. */
function moved(script: Script, binding: Binding, use: Use): Edit | undefined {
  const { source } = script;
  const { declaration } = binding;
  const [call, parent, second, third] = use.parents as AnyNode[];
  const returns = returnsOf(declaration);
  const statements = bodyOf(declaration);
  const body = bodyWith(script, declaration, argumentsOf(use));
  const text = body.declarations + body.statements;
  const atEnd = returns.length === 0 || (returns.length === 1 && returns[0] === statements.at(-1));
  // In the open of the program, what is local would live for ever, unless a function needs it.
  const open = /^(BlockStatement|SwitchCase)$/;
  const lives =
    has(declaration, /^(Function(?!Declaration)|Arrow)/) || bodyOf(declaration).some(isFunction);
  const block = (around: AnyNode): boolean =>
    around.type === "Program" ? !lives : !open.test(around.type);
  const put = (statement: AnyNode, around: AnyNode | undefined, replaced: string): Edit => ({
    start: statement.start,
    end: statement.end,
    text: block(around!) ? `{${replaced}}` : replaced,
  });
  if (parent!.type === "ReturnStatement")
    return put(parent!, second, `${text}${atEnd ? `return ${body.value};` : "return;"}`);
  if (statements.length === 1 && returns.length === 1 && !body.declarations)
    return { start: call!.start, end: call!.end, text: `(${body.value})` };
  if (!atEnd) return undefined;
  if (parent!.type === "ExpressionStatement") return put(parent!, second, text);
  if (parent!.type === "AssignmentExpression" && second!.type === "ExpressionStatement")
    return parent!.right === call && parent!.operator === "="
      ? put(second!, third, `${text}${cut(source, parent!.left)} = ${body.value};`)
      : undefined;
  if (parent!.type !== "VariableDeclarator" || second!.type !== "VariableDeclaration")
    return undefined;
  if (second!.declarations.length !== 1 || /^For/.test(third!.type)) return undefined;
  const name = cut(source, parent!.id);
  const replaced = block(third!)
    ? `let ${name};{${text}${name} = ${body.value};}`
    : `${text}let ${name} = ${body.value};`;
  return { start: second!.start, end: second!.end, text: replaced };
}

/** Moves each function that is called in one place only to that place, but those named in `not`. */
export function inlineOnce(source: string, not: readonly string[] = []): string {
  const script = read(source);
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration" || not.includes(binding.name)) continue;
    const use = calls(binding);
    if (use?.length !== 1 || use[0]!.parents.includes(declaration)) continue;
    if (argumentsOf(use[0]!).length !== params(declaration).length) continue;
    const edit = moved(script, binding, use[0]!);
    if (!edit) continue;
    const gone = { start: declaration.start, end: declaration.end, text: "" };
    return inlineOnce(apply(source, [edit, gone]), not);
  }
  return source;
}

/** Drops each parameter that every call gives the same plain value, and puts that value in. */
export function foldParameters(source: string, not: readonly string[] = []): string {
  const script = read(source);
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration" || not.includes(binding.name)) continue;
    const uses = calls(binding);
    if (!uses?.length) continue;
    const list = params(declaration);
    const given = uses.map(argumentsOf);
    const at = list.findIndex((param, i) => {
      const texts = new Set(given.map((args) => cut(source, args[i])));
      const value = given[0]![i];
      const global = !script.all.some(
        (b) => b.name === cut(source, value) && b.owner.type !== "Program",
      );
      const own = script.all.find((b) => b.declaration === param)!;
      return texts.size === 1 && value && global && plain(script, value) && !own.assigned;
    });
    if (at < 0) continue;
    const text = cut(source, given[0]![at]);
    const without = (nodes: readonly AnyNode[]): Edit => {
      const [node, next, before] = [nodes[at]!, nodes[at + 1], nodes[at - 1]];
      return next
        ? { start: node.start, end: next.start, text: "" }
        : { start: before?.end ?? node.start, end: node.end, text: "" };
    };
    const own = script.all.find((b) => b.declaration === list[at])!;
    const edits = [without(list), ...given.map(without)];
    for (const { node } of readers(own)) edits.push({ start: node.start, end: node.end, text });
    return foldParameters(apply(source, edits), not);
  }
  return source;
}

/** Puts what it calls in the place of each function that is `f(a, b) { return g(a, 1, b) }`. */
export function unwrapped(source: string): string {
  const script = read(source);
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration") continue;
    const uses = calls(binding);
    const [only, more] = bodyOf(declaration);
    if (!uses || more || only?.type !== "ReturnStatement") continue;
    const call = only.argument;
    if (call?.type !== "CallExpression" || call.callee.type !== "Identifier") continue;
    const named = call.arguments.filter((a) => a.type === "Identifier").map((a) => a.name);
    const own = params(declaration).map((p) => cut(source, p));
    if (named.join() !== own.join()) continue;
    if (call.arguments.some((a) => a.type !== "Identifier" && a.type !== "Literal")) continue;
    const edits: Edit[] = [{ start: declaration.start, end: declaration.end, text: "" }];
    for (const use of uses) {
      const given = argumentsOf(use).map((a) => cut(source, a));
      if (given.length !== own.length) throw new Error(`${binding.name}: too few arguments`);
      const args = call.arguments.map((a) =>
        a.type === "Identifier" ? given[own.indexOf(a.name)] : cut(source, a),
      );
      const { start, end } = use.parents[0]!;
      edits.push({ start, end, text: `${cut(source, call.callee)}(${args.join(", ")})` });
    }
    if (uses.some((u) => uses.some((v) => v !== u && u.parents.includes(v.parents[0]!)))) continue;
    return unwrapped(apply(source, edits));
  }
  return source;
}
