// Boards that are always awake, with a beat a minute, from the bundles that are flashed.

import { bundle, VARIANTS } from "../../device/build.ts";
import { type Kind, Sleeper } from "./board-life.ts";

/** Their interval, ms. */
export const OWN = 60_000;
const sources = new URL("../../device", import.meta.url).pathname;

/** Makes boards of these variants, by name. */
export async function awakeOf(names: readonly string[]) {
  const made = ["wifi", ...names].map(async (name) => {
    const variant = VARIANTS.find((one) => one.name === name)!;
    return [name, await bundle(variant, sources)] as const;
  });
  const scripts = new Map(await Promise.all(made));
  return (name: string, kind: Kind = {}) =>
    new Sleeper(`${scripts.get("wifi")};\n${scripts.get(name)}`, {
      ...kind,
      config: { own: OWN, reach: 0 },
    });
}
