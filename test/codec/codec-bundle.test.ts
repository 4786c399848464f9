/**
 * A board carries its half of the codec and one suite: no decoder, no frame it does not send,
 * nothing that runs at load.
 */

import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";

const device = new URL("../../device/", import.meta.url).pathname;

/**
 * The codec's exports named in `use` as esbuild alone leaves them, minified but with their names.
 */
function bundle(use: string, suite?: number): string {
  const result = buildSync({
    stdin: { contents: use, resolveDir: device, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2015",
    minifySyntax: true,
    minifyWhitespace: true,
    define: suite === undefined ? {} : { WITH_SUITE: String(suite) },
  });
  return result.outputFiles[0]!.text;
}

/** What of each suite would show in a bundle. */
const MARKS: readonly (readonly [suite: number, words: readonly string[]])[] = [
  [0, ["crc16"]],
  [1, [".sha256(", "92", "pad("]],
  [2, ["chaskey12", "chaskeySubkeys", "Int32Array"]],
];
const SEAL = `export { computeTag, makeTagKey } from "./tag.ts";`;

describe("a board's bundle", () => {
  it.each([0, 1, 2])("of suite %i has no code of another", (suite) => {
    const text = bundle(SEAL, suite);
    for (const [other, words] of MARKS) {
      for (const word of words)
        expect([word, text.includes(word)]).toEqual([word, other === suite]);
    }
  });

  it("without a choice has all three suites", () => {
    const text = bundle(SEAL);
    for (const [, words] of MARKS) for (const word of words) expect(text).toContain(word);
  });

  const encoders = [
    "encodeHeartbeat",
    "encodeHello",
    "encodeResult",
    "encodeProbeUp",
    "encodeAck",
    "encodeWelcome",
    "encodeCommand",
    "encodeProbeDown",
    "encodeNudge",
  ];

  it.each(encoders)("with %s has no other frame's encoder and no decoder", (name) => {
    const text = bundle(`export { ${name} } from "./wire.ts";`);
    for (const other of encoders) {
      expect([other, text.includes(`function ${other}(`)]).toEqual([other, other === name]);
    }
    for (const word of ["decode", "checkLayout", "xtensions", "too-short", "charCodeAt"]) {
      expect([word, text.includes(word)]).toEqual([word, false]);
    }
    expect(text.length).toBeLessThan(600);
  });

  const codec = ["bytes", "wire", "decode", "extensions", "interval", "words", "describe"];
  const files = [...codec, "tag", "chaskey", "crc16"];

  it.each(files)("gets nothing from %s.ts that it does not call", (file) => {
    expect(bundle(`import * as unused from "./${file}.ts"; void 0;`).trim()).toBe("");
  });
});
