/** The terminal that a live table is drawn on: its size, its colours, its keys one by one. */

/** Where it draws, and what it is told by keys; tests bring their own. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
  write(text: string): void;
  /** @returns what stops it */
  listen(onKey: (key: string) => void, onResize: () => void): () => void;
}

const ESCAPE = "\u001b";
const KEY = new RegExp(`${ESCAPE}(?:\\[[\\d;]*|O)[A-Za-z~]|.`, "gsu");

/** What a terminal sent in one piece, key by key: text that was pasted, or typed while we drew. */
export function keysOf(text: string): string[] {
  return text.match(KEY) ?? [];
}

/** This process's terminal; undefined: there is none. */
export function ownTerminal(): Terminal | undefined {
  const { stdin, stdout, env } = process;
  if (!stdout.isTTY) return undefined;
  return {
    get columns() {
      // A terminal that was given no size says 0.
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    colours: !env.NO_COLOR,
    write: (text) => stdout.write(text),
    listen(onKey, onResize) {
      const hear = (bytes: Buffer) => keysOf(bytes.toString()).forEach(onKey);
      if (stdin.isTTY) stdin.setRawMode(true).resume().on("data", hear);
      stdout.on("resize", onResize);
      return () => {
        if (stdin.isTTY) stdin.off("data", hear).pause().setRawMode(false);
        stdout.off("resize", onResize);
      };
    },
  };
}
