/**
 * Log lines: one JSON object a line on stdout, `msg` first, so that a supervisor can keep them and
 * a script can wait for one. Twenty lines instead of a logging library: there is one stream, no
 * level to configure and nothing to rotate (journald does it).
 *
 * What strangers can cause goes through `few`: at most so many lines a minute and word, then one
 * that says how many were left out. A log that an attacker can fill is a full disk.
 */

export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  info(msg: string, fields?: Fields): void;
  warn(msg: string, fields?: Fields): void;
  error(msg: string, fields?: Fields): void;
  /** As `info`, at most `FEW_MAX` lines with this `msg` a minute. */
  few(msg: string, fields?: Fields): void;
}

export const FEW_MAX = 60;
const MINUTE_MS = 60_000;

export function createLog(
  write: (line: string) => void = (line) => process.stdout.write(line),
  wall: () => number = Date.now,
): Log {
  const counts = new Map<string, { since: number; lines: number; left: number }>();
  const line = (level: string, msg: string, fields: Fields = {}): void => {
    write(`${JSON.stringify({ msg, ...fields, level, time: new Date(wall()).toISOString() })}\n`);
  };
  return {
    info: (msg, fields) => line("info", msg, fields),
    warn: (msg, fields) => line("warn", msg, fields),
    error: (msg, fields) => line("error", msg, fields),
    few(msg, fields) {
      const now = wall();
      let count = counts.get(msg);
      if (count === undefined || now - count.since >= MINUTE_MS || now < count.since) {
        if (count?.left) line("info", `${msg}, more of them`, { left: count.left });
        count = { since: now, lines: 0, left: 0 };
        counts.set(msg, count);
      }
      if (count.lines < FEW_MAX) {
        count.lines++;
        line("info", msg, fields);
      } else {
        count.left++;
      }
    },
  };
}

/** Says nothing; for tests and for commands that print their own words. */
export const quiet: Log = { info() {}, warn() {}, error() {}, few() {} };
