/**
 * What a bench measures in its own process: memory that lives, and CPU. The collector is asked for
 * from within, so that nobody has to know a flag of Node; the wall clock would count other
 * programs.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Live bytes: heap, and the memory of typed arrays. */
export function live(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @returns ns of CPU for each of `n`, the collector's with it */
export function timed(n: number, work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1_000) / n;
}
