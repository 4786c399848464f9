// `nextbeat sim schema` and `nextbeat sim scenarios`: what a scenario may say, and those that come
// with the program.

import type { Command } from "commander";
import type { Streams } from "./commands.ts";
import { sayDuration } from "./duration.ts";
import { jsonSchema } from "./scenario/json-schema.ts";
import { loadScenario, shipped } from "./scenario/shipped.ts";
import { table } from "./tell.ts";

export function addSchema(program: Command, { out }: Streams): void {
  program
    .command("schema")
    .description("the JSON Schema of scenario files, for editors and programs")
    .action(() => out(`${JSON.stringify(jsonSchema(), null, 2)}\n`));
}

export function addScenarios(program: Command, { out }: Streams): void {
  program
    .command("scenarios")
    .description("the scenarios that come with the program, for `nextbeat sim run NAME`")
    .option("--json", "print JSON")
    .action(({ json }: { json?: boolean }) => {
      const scenarios = shipped().map((name) => {
        const { about, fleet, runMs, seeds, faults, expect } = loadScenario(name);
        return {
          name,
          about,
          boards: fleet.reduce((sum, { count }) => sum + count, 0),
          runMs,
          seeds: seeds.length,
          faults: faults.length,
          expectations: expect.length,
        };
      });
      const head = ["scenario", "boards", "run", "seeds", "faults", ""];
      const rows = scenarios.map(({ name, boards, runMs, seeds, faults, about }) =>
        [name, boards, sayDuration(runMs), seeds, faults, about].map(String),
      );
      out(json ? `${JSON.stringify({ scenarios })}\n` : `${table([head, ...rows]).join("\n")}\n`);
    });
}
