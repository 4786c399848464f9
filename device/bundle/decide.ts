// What a variant's defines decide: conditions that are known when the bundle is built, and with
// them whole branches and functions.
//
// Minifiers do this too, but they fold statements into expressions in the same go, and inline.ts
// has to see statements. So first this, then inline.ts, then the minifier.

import type { AnyNode } from "acorn";
import { apply, type Binding, bindings, type Edit, parsed, readers, walk } from "./syntax.ts";

type Value = string | number | boolean | undefined;
interface Known {
  value: Value;
}

/** The value of an expression, if it is known. */
function evaluated(node: AnyNode, all: readonly Binding[]): Known | undefined {
  if (node.type === "Literal") return { value: node.value as Value };
  if (node.type === "Identifier") {
    const binding = all.find((b) => b.name === node.name);
    const { declaration, assigned } = binding ?? {};
    if (declaration?.type !== "VariableDeclarator" || assigned || !declaration.init)
      return undefined;
    return evaluated(declaration.init, all);
  }
  if (node.type === "UnaryExpression") {
    const known = evaluated(node.argument, all);
    if (node.operator === "!" && known) return { value: !known.value };
    return node.operator === "typeof" && known ? { value: typeof known.value } : undefined;
  }
  if (node.type === "ConditionalExpression") {
    const test = evaluated(node.test, all);
    return test && evaluated(test.value ? node.consequent : node.alternate, all);
  }
  if (node.type !== "LogicalExpression" && node.type !== "BinaryExpression") return undefined;
  const left = evaluated(node.left, all);
  const right = evaluated(node.right, all);
  if (node.type === "LogicalExpression") {
    if (left && Boolean(left.value) !== (node.operator === "&&")) return left;
    return left && right;
  }
  if (!left || !right) return undefined;
  if (node.operator === "===") return { value: left.value === right.value };
  if (node.operator === "!==") return { value: left.value !== right.value };
  return node.operator === "<" ? { value: left.value! < right.value! } : undefined;
}

/** What takes the place of a condition's node; undefined if it is not known. */
function decision(node: AnyNode, all: readonly Binding[]): AnyNode | "" | undefined {
  if (node.type === "IfStatement" || node.type === "ConditionalExpression") {
    const test = evaluated(node.test, all);
    return test && ((test.value ? node.consequent : node.alternate) ?? "");
  }
  // Of a sum of numbers: strings are not multiplied.
  if (node.type === "BinaryExpression" && node.operator === "+") {
    const { left, right } = node;
    const zero = right.type === "Literal" && right.value === 0;
    return zero && left.type === "BinaryExpression" && left.operator === "*" ? left : undefined;
  }
  if (node.type !== "LogicalExpression") return undefined;
  const left = evaluated(node.left, all);
  if (!left) return undefined;
  return Boolean(left.value) === (node.operator === "&&") ? node.right : node.left;
}

/** The script without what is decided, and without the functions that nothing calls any more. */
export function decided(source: string): string {
  const root = parsed(source);
  const all = bindings(root);
  const edits: Edit[] = [];
  // What stands within another edit waits for the next round.
  const replace = ({ start, end }: AnyNode, text: string): void => {
    if (!edits.some((e) => start < e.end && e.start < end)) edits.push({ start, end, text });
  };
  for (const binding of all)
    if (binding.declaration.type === "FunctionDeclaration" && !readers(binding).length)
      replace(binding.declaration, "");
  walk(root, (node) => {
    const taken = decision(node, all);
    if (taken === undefined) return;
    const text = taken ? source.slice(taken.start, taken.end) : ";";
    replace(node, /Statement$/.test(node.type) ? text : `(${text})`);
  });
  return edits.length ? decided(apply(source, edits)) : source;
}
