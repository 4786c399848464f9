/** Flags of the benches: `--name N`, whole numbers from 1, each with a default. */

import { parseArgs } from "node:util";

/** Ends the process with 2 and one line where something else was given. */
export function readFlags<Name extends string>(
  defaults: Record<Name, number>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const flags = { ...defaults };
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    const { values } = parseArgs({ options });
    for (const name of names) {
      const given = values[name];
      if (given === undefined) continue;
      if (!/^[1-9]\d{0,8}$/.test(given)) {
        throw new Error(`--${name}: given ${given}, expected a number from 1`);
      }
      flags[name] = Number(given);
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
  return flags;
}
