// Calls that cost more than what they call: on the interpreter a function takes four JsVars and its
// text beside its body, and each call some 10 000 machine instructions.
//
// A function that is called in one place only moves there, as statements, and the sources stay cut
// into functions as readers want them. Minifiers know only how to move it as a function, which the
// interpreter would then make anew at each call. Names must be unique in the script: then nothing
// is captured.

import type { AnyNode } from "acorn";
import { calm } from "./collapse.ts";
import {
  argumentsOf,
  bodyOf,
  calls,
  cut,
  has,
  plain,
  read,
  returnsOf,
  type Script,
  type Use,
} from "./functions.ts";
import { apply, type Binding, type Edit, isFunction, params, readers, touching } from "./syntax.ts";

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
  // As many at once as do not touch each other: reading a script anew takes as long as all else.
  const edits: Edit[] = [];
  for (const binding of script.all) {
    const { declaration } = binding;
    if (declaration.type !== "FunctionDeclaration" || not.includes(binding.name)) continue;
    const use = calls(binding);
    if (use?.length !== 1 || use[0]!.parents.includes(declaration)) continue;
    if (argumentsOf(use[0]!).length !== params(declaration).length) continue;
    const edit = moved(script, binding, use[0]!);
    const gone = { start: declaration.start, end: declaration.end, text: "" };
    if (edit && !touching(edits, [edit, gone])) edits.push(edit, gone);
  }
  return edits.length ? inlineOnce(apply(source, edits), not) : source;
}
