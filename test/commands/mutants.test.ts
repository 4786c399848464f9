// The storms of commands must find plausible bugs of either half: each is put into the source text
// while the cores are bundled, as sim/mutant-rig.ts does it for the scenarios.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { runInThisContext } from "node:vm";
import { build, type PluginBuild } from "esbuild";
import { expect, test } from "vitest";
import type { drawn, ride } from "./storm.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ENTRY = 'export { drawn, ride } from "./test/commands/storm.ts";';
const STORMS_MAX = 150;
const BLOWS = 60;
const LOSS = 0.2;

interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Text of the file that is there once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** Invariants of which one must be the first to break; "ended": not all were told. */
  readonly caughtBy: readonly string[];
}

const MUTANTS: readonly Mutant[] = [
  {
    name: "a board begins again what it was asked again for",
    file: "device/commands.ts",
    from: "ahead ? BEGIN : s.cmd && AGAIN",
    to: "ahead ? BEGIN : s.cmd && BEGIN",
    caughtBy: ["at-most-once"],
  },
  {
    name: "a boot forgets what was begun",
    file: "sim/orders.ts",
    from: "sender.cmd = begun.cmd;",
    to: "sender.cmd = 0;",
    caughtBy: ["at-most-once"],
  },
  {
    name: "what was begun without a result is called done",
    file: "sim/orders.ts",
    from: "String.fromCharCode(INTERRUPTED)",
    to: '"\\0"',
    caughtBy: ["outcome-true"],
  },
  {
    name: "the result is not kept for the next command's repeat",
    file: "device/commands.ts",
    from: "s.todo = Math.max(s.todo, asked);",
    to: "s.todo = asked;",
    caughtBy: ["outcome-true", "at-most-once", "ended"],
  },
  {
    name: "COMMAND leaves before the disk knows",
    file: "gateway/commands/backlog.ts",
    from: "return ticket > ledger.durable ? ticket : 0;",
    to: "return 0;",
    caughtBy: ["earned-command"],
  },
  {
    name: "the end of a command is told before the disk knows",
    file: "gateway/commands/backlog.ts",
    from: "if (ticket === draft.ticket && ticket > ledger.durable) {",
    to: "queue.told = queue.all();\n    if (ticket === draft.ticket && ticket > ledger.durable) {",
    caughtBy: ["outcome-kept", "at-most-once", "outcome-true"],
  },
  {
    name: "not-after is looked at once",
    file: "gateway/commands.ts",
    from: "offer.sends < COMMAND_SENDS_MAX && now < offered.notAfterAt",
    to: "offer.sends < COMMAND_SENDS_MAX",
    caughtBy: ["earned-command"],
  },
  {
    name: "what was sent expires",
    file: "gateway/commands/backlog.ts",
    from: 'if (command.state === "queued") {',
    to: 'if (command.state === "queued" || queue.offer === undefined) {',
    caughtBy: ["at-most-once"],
  },
  {
    name: "a command with a key takes the place of one that was sent",
    file: "gateway/commands/orders.ts",
    from: 'c.state === "queued" && supersede',
    to: "supersede",
    caughtBy: ["at-most-once"],
  },
  {
    name: "what was sent is sent again in the next epoch",
    file: "gateway/commands.ts",
    from: 'this.backlog.end(queue, offered, { state: "failed", at: now }, draft);\n    queue.offer',
    to:
      'queue.put({ ...offered, state: "queued" }, draft);\n    this.backlog.offered--;\n' +
      "    queue.offer",
    caughtBy: ["at-most-once", "outcome-kept"],
  },
  {
    name: "a RESULT counts for whatever is on offer",
    file: "gateway/commands.ts",
    from: "offered === undefined || offered.cmd !== cmd",
    to: "offered === undefined",
    caughtBy: ["outcome-true", "at-most-once"],
  },
  {
    name: "numbers start at 1 after each restart",
    file: "gateway/commands/queue.ts",
    from: "sent === undefined || sent.epoch !== epoch",
    to: "sent === undefined || sent.doneAt !== null || sent.epoch !== epoch",
    caughtBy: ["outcome-true", "at-most-once", "ended"],
  },
  {
    name: "a NUDGE for each command",
    file: "gateway/nudge.ts",
    from: "if (nudged.has(slot)) return false;",
    to: "",
    caughtBy: ["rare-nudge"],
  },
];

interface Judge {
  readonly ride: typeof ride;
  readonly drawn: typeof drawn;
}

async function judgeOf(mutant?: Mutant): Promise<Judge> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT },
    ...{ bundle: true, packages: "external", format: "cjs", platform: "node", write: false },
    logLevel: "silent",
    plugins: mutant ? [{ name: "mutant", setup: (on) => replaces(on, mutant) }] : [],
  });
  const module = { exports: {} as Judge };
  const code = `(function (module, exports, require) {${outputFiles[0]!.text}\n})`;
  const require = createRequire(join(ROOT, "package.json"));
  runInThisContext(code)(module, module.exports, require);
  return module.exports;
}

function replaces(on: PluginBuild, { file, from, to }: Mutant): void {
  on.onLoad({ filter: /(device|gateway|sim)\/.+\.ts$/ }, ({ path }) => {
    if (path !== join(ROOT, file)) return undefined;
    const parts = readFileSync(path, "utf8").split(from);
    if (parts.length !== 2) {
      return { errors: [{ text: `${file} has it ${parts.length - 1} times: ${from}` }] };
    }
    return { contents: parts.join(to), loader: "ts" };
  });
}

test("without a bug, the same storms show nothing", async () => {
  const { ride, drawn } = await judgeOf();
  for (let seed = 1; seed <= 30; seed++) {
    const { violations, ended } = ride(seed, LOSS, drawn(seed, BLOWS));
    expect([seed, violations, ended]).toEqual([seed, [], true]);
  }
});

test.each(MUTANTS)("$name", async (mutant) => {
  const { ride, drawn } = await judgeOf(mutant);
  let found: string | undefined;
  for (let seed = 1; found === undefined && seed <= STORMS_MAX; seed++) {
    const { violations, ended } = ride(seed, LOSS, drawn(seed, BLOWS));
    found = violations[0]?.invariant ?? (ended ? undefined : "ended");
  }
  expect(mutant.caughtBy).toContain(found);
});
