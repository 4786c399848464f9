// The simulator built with a bug in one of the cores, and the scenarios in which bugs show.
//
// The bug is put into the source text while the simulator is bundled, so that the cores need no
// switches for it. Should the text not be found any more, the test says so, and the bug moves
// along.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { context, type PluginBuild } from "esbuild";
import type { shrink } from "../../sim/scenario/shrink.ts";
import type { swarm } from "../../sim/scenario/swarm.ts";
import type { firstWrong } from "../../sim/scenario/wrong.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const ENTRY = `
export { firstWrong } from "./sim/scenario/wrong.ts";
export { shrink } from "./sim/scenario/shrink.ts";
export { swarm } from "./sim/scenario/swarm.ts";
`;

export interface Mutant {
  readonly name: string;
  /** Of the protocol. */
  readonly rule: number;
  readonly file: string;
  /** Text of the file that is there once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** The scenario in which it shows. */
  readonly hunt: keyof typeof HUNTS;
  /** Invariants of which one must be the first to break. */
  readonly caughtBy: readonly string[];
}

/** The simulator's own judgement. */
export interface Judge {
  readonly firstWrong: typeof firstWrong;
  readonly shrink: typeof shrink;
  readonly swarm: typeof swarm;
}

/** Builds simulators one after the other; what has not changed is parsed once. */
export class Mutator {
  private mutant: Mutant | undefined;
  private readonly building = context({
    stdin: { contents: ENTRY, resolveDir: ROOT },
    bundle: true,
    packages: "external",
    format: "cjs",
    platform: "node",
    write: false,
    logLevel: "silent",
    plugins: [{ name: "mutant", setup: (on) => this.replaces(on) }],
  });

  /** The simulator with this bug, or with none. */
  async simulator(mutant?: Mutant): Promise<Judge> {
    this.mutant = mutant;
    const { outputFiles } = await (await this.building).rebuild();
    const module = { exports: {} as Judge };
    const code = `(function (module, exports, require) {${outputFiles![0]!.text}\n})`;
    const require = createRequire(join(ROOT, "package.json"));
    runInThisContext(code)(module, module.exports, require);
    return module.exports;
  }

  async close(): Promise<void> {
    await (await this.building).dispose();
  }

  private replaces(on: PluginBuild): void {
    on.onLoad({ filter: /(device|gateway)\/.+\.ts$/ }, ({ path }) => {
      const { mutant } = this;
      if (!mutant || path !== join(ROOT, mutant.file)) return undefined;
      const parts = readFileSync(path, "utf8").split(mutant.from);
      if (parts.length !== 2) {
        const text = `${mutant.file} has it ${parts.length - 1} times: ${mutant.from}`;
        return { errors: [{ text }] };
      }
      return { contents: parts.join(mutant.to), loader: "ts" };
    });
  }
}

/** Small scenarios in which bugs show. */
export const HUNTS = {
  trouble: `
run: 30m
calm: 20m
gateway: {commit: 100ms..900ms, clock: none}
fleet:
  - {group: a, count: 3, interval: 10s, link: {preset: wifi-good, loss: 20%}}
  - {group: b, count: 3, interval: 5s, suite: hmac, nat: linux, ap: house,
     link: {preset: lan, loss: 5%}}
faults:
  - {at: 40s, every: {random: 20s}, where: a-1, do: powercut, step: after-send, for: 8s}
  - {at: 40s, every: 50s, where: a-2, do: powercut, step: after-store, for: 1s}
  - {at: 1m, every: {random: 2m}, do: crash, for: 3s}
  - {at: 90s, every: 3m, do: crash, step: after-commit, for: 20s}
  - {at: 2m, every: 4m, where: b-1, do: forget}
  - {at: 3m, every: 5m, where: house, do: nat, change: rebind}
  - {at: 5m, every: 5m, where: [a-1, b-2], do: power, for: 2m}
  - {at: 15m, where: b-3, do: leave}
`,
  silence: `
run: 14h
fleet:
  - {group: a, count: 2, interval: 10m, link: lan}
  - {group: b, count: 2, interval: 10s, link: lan}
faults:
  - {at: 3h, do: stop, for: 5h}
  - {at: 5h, where: b-1, do: die}
  - {at: 9h, where: b-2, do: die}
`,
  nights: `
run: 26h
calm: 25h
fleet:
  - {group: a, count: 3, interval: 15m, reach: deep, board: esp32, clock: rc-esp32,
     config: {makeUps: 2, clockError: 6%, wake: 12s}, link: {preset: wifi-good, loss: 45%}}
  - {group: b, count: 2, interval: 5m, reach: deep, board: esp32, clock: rc-esp32,
     config: {makeUps: 1, clockError: 6%, wake: 12s}, link: lan}
faults:
  - {at: 2h, every: {random: 40m}, where: a-1, do: powercut, step: after-send, for: 8s}
  - {at: 2h, every: {random: 40m}, where: a-2, do: powercut, step: after-store, for: 1s}
  - {at: 3h, do: stop, for: 20h}
  - {at: 5h, where: b-1, do: die}
`,
  stranger: `
run: 30m
calm: 25m
gateway: {commit: 5ms}
fleet:
  - {group: a, count: 2, interval: 5s, link: {preset: wifi-good, corrupt: 1%}}
  - {group: b, count: 3, interval: 20s, suite: hmac, link: lan}
faults:
  - {at: 1m, do: replay, perSecond: 20, delay: 0, for: end}
  - {at: 2m, do: flood, perSecond: 5, for: end}
  - {at: 3m, where: [a-1, b-1], do: die}
  - {at: 5m, every: 4m, do: crash, for: 2s}
`,
  echo: `
run: 12m
fleet:
  - {group: a, interval: 10m, link: lan}
  - {group: b, count: 2, interval: 10s, link: {preset: lan, duplicate: 100%, down: {loss: 60%}}}
faults: [{at: 1m, do: replay, perSecond: 20, delay: 0, for: 5m}]
`,
  twins: `
run: 10m
fleet: [{group: a, count: 2, interval: 5s, link: lan}]
faults:
  - {at: 120s, where: a-1, do: power, for: 4s}
  - {at: 121s, where: a-1, do: clone}
`,
};
