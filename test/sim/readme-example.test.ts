// The scenario in the README is run as a reader would run it: it must meet its expectations, and
// give the picture below it. After a change that was meant, `make transcripts` draws that anew:
// look at it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import { addRun } from "../../sim/run-command.ts";

const PICTURE = new URL("../../sim/report/example.svg", import.meta.url);
const README = new URL("../../README.md", import.meta.url);

it("the README's own fleet meets what it expects, and its picture is of that run", async () => {
  const [, yaml] = /^```yaml\n(# my-fleet\.yaml\n.*?)^```$/ms.exec(readFileSync(README, "utf8"))!;
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-readme-"));
  try {
    const [fleet, drawn] = [join(folder, "my-fleet.yaml"), join(folder, "example.svg")];
    writeFileSync(fleet, yaml!);
    let [said, code] = ["", -1];
    const hear = (text: string) => {
      said += text;
    };
    const program = new Command();
    addRun(program, { out: hear, err: hear }, (exit) => {
      code = exit;
    });
    const words = ["run", fleet, "--brief", "--svg", `detection=${drawn}`];
    await program.parseAsync(words, { from: "user" });
    expect(code, said).toBe(0);
    expect(said).toContain("expectations 4: all met, no invariant broken");
    const picture = readFileSync(drawn, "utf8");
    if (process.env.UPDATE) writeFileSync(PICTURE, picture);
    expect(picture === readFileSync(PICTURE, "utf8"), "the picture is of another run").toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
