/**
 * What is wrong with a file in YAML, each in one line with its place:
 * `house.yaml:7:11: fleet[1].link: "wifi-bad"; expected one of lan, wifi-good, ...`. Scenarios and
 * the gateway's configuration are read by it.
 *
 * The validator knows paths and the YAML parser knows places; here they meet. Of the branches of a
 * union only the one that was meant is shown: who writes a map is not told that it is no text.
 */

import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node } from "yaml";
import type { z } from "zod";
import { nearest } from "./near.ts";

export type Path = readonly PropertyKey[];

/** Something wrong: where, and what was expected (or, of a key, what to do instead). */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The last step of the path is a key that should not be there. */
  readonly unknownKey?: boolean;
}

type Issue = z.core.$ZodIssue;

/** Characters of a value that a line shows. */
const VALUE_MAX = 40;

/** The validator's issues with `raw`, flat. */
export function problemsOf(issues: readonly Issue[], raw: unknown, base: Path = []): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = issue.message.split(", ");
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: unknownKey(key, known),
        unknownKey: true,
      }));
    }
    if (issue.code === "invalid_key") {
      return [{ path, message: issue.issues[0]!.message, unknownKey: true }];
    }
    if (issue.code !== "invalid_union" || issue.errors.length === 0) {
      return [{ path, message: issue.message }];
    }
    const value = at(raw, path);
    const meant = issue.errors.find((branch) => !branch.some((each) => isOtherKind(each, value)));
    if (meant) return problemsOf(meant, raw, path);
    const own = issue.message.startsWith("expected") ? [issue.message] : expectations(issue.errors);
    return [{ path, message: own.join(", or ") }];
  });
}

/** Whether this issue says that a value is not at all of the branch's kind: a map and no text. */
function isOtherKind(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_type") return true;
  if (issue.code === "invalid_value") return typeof value !== "string";
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return false;
  return issue.errors.every((branch) => branch.some((each) => isOtherKind(each, value)));
}

function expectations(branches: readonly (readonly Issue[])[]): string[] {
  const found = branches.flatMap((branch) => {
    const first = branch.find((each) => each.path.length === 0);
    if (!first) return [];
    const nested = first.code === "invalid_union" && !first.message.startsWith("expected");
    return nested ? expectations(first.errors) : [first.message];
  });
  return [...new Set(found)].map((text, i) => (i === 0 ? text : text.replace(/^expected /, "")));
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `expected one of ${known.join(", ")}` : `did you mean ${near}?`;
}

/** What stands at a path of the plain value. */
export function at(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** `fleet[1].link`; `whole` is what the file is, for what is wrong with all of it. */
export function pathText(path: Path, whole: string): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return text.join("").replace(/^\./, "") || whole;
}

/** The line without its place. */
export function problemText(
  { path, message, unknownKey }: Problem,
  raw: unknown,
  whole: string,
): string {
  if (unknownKey) {
    const place = pathText(path.slice(0, -1), whole);
    return `${place}: unknown key ${valueText(path.at(-1))}; ${message}`;
  }
  return `${pathText(path, whole)}: ${valueText(at(raw, path))}; ${message}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}...` : text;
}

/** Where in the text a path begins: of what is missing, the map that should have it. */
export function offsetOf(doc: Document, { path, unknownKey }: Problem): number {
  let node: Node | null = doc.contents;
  for (const [i, step] of path.entries()) {
    const inner = resolved(node, doc);
    let next: unknown;
    if (isSeq(inner)) next = inner.items[Number(step)];
    if (isMap(inner)) {
      const pair = inner.items.find(
        (each) => isScalar(each.key) && String(each.key.value) === step,
      );
      next = unknownKey && i === path.length - 1 ? pair?.key : pair?.value;
      if (isPair(pair) && next === null) next = pair.key;
    }
    if (!isNode(next)) break;
    node = next;
  }
  return node?.range?.[0] ?? 0;
}

function resolved(node: Node | null, doc: Document): Node | null {
  return isAlias(node) ? (node.resolve(doc) ?? null) : node;
}
