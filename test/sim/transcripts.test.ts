// Each file in test/transcripts, run again, must say what it says. After a change that was meant,
// `make transcripts` writes them anew: read the diff as you would read an assertion.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runTranscript } from "../../sim/transcript.ts";

const folder = new URL("../transcripts/", import.meta.url);

test.each(readdirSync(folder).sort())("%s", (name) => {
  const file = new URL(name, folder);
  const text = readFileSync(file, "utf8");
  expect(text.split("> ")[0]!.trim().length, "opens with a paragraph").toBeGreaterThan(200);
  const output = runTranscript(text);
  if (process.env.UPDATE) writeFileSync(file, output);
  else expect(output).toBe(text);
});

test("a command that cannot be is named", () => {
  const say =
    (...lines: string[]) =>
    () =>
      runTranscript(lines.map((line) => `> ${line}`).join("\n"));
  expect(say("fly a")).toThrow('"fly a": no command fly');
  expect(say("unplug a")).toThrow('"unplug a": no device a');
  expect(say("device a interval=soon")).toThrow("a duration like 90s, not soon");
  expect(say("device g interval=1s")).toThrow("a name, not g");
  expect(say("advance 1s", "world seed=2")).toThrow("the world is there already");
  expect(say("device a interval=1s", "await a left 10s")).toThrow('"await a left 10s": a is');
});
