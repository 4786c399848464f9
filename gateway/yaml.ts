/**
 * A file in YAML, or in JSON (which is YAML), as plain values, with the places of what is wrong in
 * it. All errors are told at once: who has three slips in a file wants to know of three.
 */

import { LineCounter, parseDocument } from "yaml";
import { Usage } from "./cli/errors.ts";
import { offsetOf, type Problem, problemText } from "./problems.ts";

/** Characters of a file. */
export const TEXT_MAX = 1_000_000;
/** Times that aliases may be resolved: a text of aliases of aliases grows without end. */
const ALIASES_MAX = 1_000;
/** Errors that are told. */
const ERRORS_MAX = 50;

export interface Yaml {
  readonly raw: unknown;
  /** What to throw for these: one line an error, `FILE:LINE:COLUMN: where: what; expected ...`. */
  refusal(problems: readonly Problem[]): Usage;
}

/**
 * @param whole what the file is, for what is wrong with all of it
 * @throws Usage where the text is no YAML
 */
export function readYaml(text: string, fileName: string, whole: string): Yaml {
  if (text.length > TEXT_MAX) {
    throw new Usage(`${fileName}:1:1: ${whole}: expected at most ${TEXT_MAX} characters`);
  }
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const broken = [...doc.errors, ...doc.warnings];
  if (broken.length > 0) {
    throw told(
      broken.map((each) => [each.pos[0], each.message.replaceAll("\n", " ")]),
      place,
    );
  }
  let raw: unknown;
  try {
    raw = doc.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    throw told([[0, (error as Error).message]], place);
  }
  return {
    raw,
    refusal: (problems) =>
      told(
        problems.map((each) => [offsetOf(doc, each), problemText(each, raw, whole)]),
        place,
      ),
  };
}

function told(errors: [offset: number, text: string][], place: (at: number) => string): Usage {
  const first = errors.sort(([a], [b]) => a - b).slice(0, ERRORS_MAX);
  const more = errors.length > first.length ? [`and ${errors.length - first.length} more`] : [];
  return new Usage([...first.map(([at, text]) => `${place(at)}: ${text}`), ...more].join("\n"));
}
