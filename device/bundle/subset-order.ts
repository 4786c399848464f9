// What runs before the text that declares it: the interpreter reads a script from top to bottom and
// knows neither functions nor variables in advance.
//
// Seen are uses in the same run of text, and in functions that such text calls by name, however
// deep. A function that is called later, from a timer, may use what stands below it. A function
// handed to another one counts as called later.

import type { AnyNode } from "acorn";
import type { Refuse } from "../subset.ts";
import { type Binding, isFunction, readers, walk } from "./syntax.ts";

/** Whether a function is called where it stands. */
function isCalledHere(node: AnyNode, parent: AnyNode | undefined): boolean {
  return parent?.type === "CallExpression" && parent.callee === node;
}

/** The function, or the program, whose run comes by at the innermost of `parents`. */
function runner(parents: readonly AnyNode[]): AnyNode {
  const at = parents.findIndex((p, i) => isFunction(p) && !isCalledHere(p, parents[i + 1]));
  return parents[at < 0 ? parents.length - 1 : at]!;
}

/** The function that a name stands for, if it is but one. */
function functionOf({ declaration, assigned }: Binding): AnyNode | undefined {
  if (assigned) return undefined;
  if (declaration.type === "FunctionDeclaration") return declaration;
  const init = declaration.type === "VariableDeclarator" ? declaration.init : undefined;
  return init && isFunction(init) ? init : undefined;
}

/** From where on a name has its value. */
function known({ declaration }: Binding): number {
  return declaration.type === "VariableDeclarator" ? declaration.end : declaration.start;
}

interface Use {
  binding: Binding;
  node: AnyNode;
  called: boolean;
}

/** Reports each use of what is declared further down. */
export function usedTooEarly(root: AnyNode, all: readonly Binding[], refuse: Refuse): void {
  const runs = new Map<AnyNode, Use[]>();
  /** In whose run a name comes into being. */
  const owners = new Map<AnyNode, AnyNode>();
  walk(root, (node, parents) => {
    if (!isFunction(node) && node.type !== "Program") return;
    runs.set(node, []);
    owners.set(node, runner([node, ...parents]));
  });
  for (const binding of all) {
    if (!/^(Function|Variable|Class)/.test(binding.declaration.type)) continue;
    const read = new Set(readers(binding).map(({ node }) => node));
    for (const { node, parents } of binding.uses) {
      const written = /^(Assign|Update)/.test(parents[0]!.type);
      const called = isCalledHere(node, parents[0]);
      if (read.has(node) || written) runs.get(runner(parents))!.push({ binding, node, called });
    }
  }
  const check = (run: AnyNode, at: number, { binding }: Use, place: AnyNode): void => {
    if (owners.get(binding.owner) !== run || known(binding) <= at) return;
    const isFunctionToo = binding.declaration.type === "FunctionDeclaration";
    const row = isFunctionToo ? "call before the function" : "use before the declaration";
    refuse(row, place, binding.name);
  };
  for (const [run, uses] of runs)
    for (const use of uses) {
      const at = use.node.start;
      check(run, at, use, use.node);
      const reached = new Set<AnyNode>();
      const follow = ({ binding, called }: Use): void => {
        const body = called ? functionOf(binding) : undefined;
        if (!body || reached.has(body)) return;
        reached.add(body);
        for (const inner of runs.get(body)!) {
          check(run, at, inner, use.node);
          follow(inner);
        }
      };
      follow(use);
    }
}
