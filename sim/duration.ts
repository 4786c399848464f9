// Durations and instants for people to read. How they are written is in device/words.ts; those of
// the gateway, in whole seconds, in gateway/durations.ts. Inside, everything is ms.

import { twoUnits } from "../gateway/durations.ts";

/** A duration in at most two units: `61.3 s`, `1 h 2 min`, `40 ms`. */
export function sayDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${trim((ms / 1_000).toFixed(1))} s`;
  const minutes = Math.round(ms / 60_000);
  if (ms < 7_200_000) {
    const seconds = Math.round(ms / 1_000);
    return twoUnits(Math.floor(seconds / 60), "min", seconds % 60, "s");
  }
  if (minutes < 2 * 1_440) return twoUnits(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(ms / 3_600_000);
  return twoUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** An instant since the start: `1:02.345`, `1:00:02.345`; without `millis` down to seconds. */
export function sayInstant(ms: number, millis = true): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  const head = hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`;
  const tail = millis ? `.${String(Math.floor(ms) % 1_000).padStart(3, "0")}` : "";
  return `${head}:${two(seconds % 60)}${tail}`;
}

function trim(decimal: string): string {
  return decimal.replace(/\.0$/, "");
}
