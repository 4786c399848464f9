// The model of a Linux NAT beside the kernel's own. Some hundred inner endpoints exchange frames
// with two remotes through MASQUERADE, in a network namespace that has nothing but a loopback, for
// a dozen seconds with lives of 1 and 3 s; and then a few with the kernel's own lives, as its table
// tells them. The model is asked afterwards, at the instants that were measured: a frame sent late
// is a frame at another instant and no failure. Only where the model itself would say something
// else MARGIN_MS earlier or later is nothing claimed.
//
// This test waits because the kernel's clock cannot be handed in. It needs no root: a user
// namespace will do. Without namespaces, nft or a kernel with conntrack it says so and is skipped;
// the script and what the model makes of it are tested anyway.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import type { NatModel } from "../../sim/nat.ts";
import { OUTER, type Script, type Seen } from "./conntrack-play.ts";
import {
  count,
  firmWords,
  LINUX,
  LIVES,
  livesOfModel,
  livesScript,
  makeScript,
  QUICK,
  SEED,
  wordsOfKernel,
  wordsOfModel,
} from "./conntrack-script.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const RULES = `
table ip nat {
  chain out { type nat hook output priority -100; }
  chain post {
    type nat hook postrouting priority 100;
    ip saddr 10.9.0.0/16 ip daddr 203.0.113.0/24 masquerade;
  }
}
table ip filter {
  chain out { type filter hook output priority 0; ip daddr ${OUTER} ct state new drop; }
}`;

/** Runs a shell line in a namespace whose kernel masquerades; lives in whole seconds. */
function inNamespace(line: string, input: string, lives?: readonly [number, number]) {
  const proc = "/proc/sys/net/netfilter/nf_conntrack_udp_timeout";
  const steps = [
    "ip link set lo up",
    `ip addr add ${OUTER}/24 dev lo`,
    "ip addr add 10.9.0.1/16 dev lo",
    `echo '${RULES}' | nft -f -`,
    ...(lives ? [`echo ${lives[0]} > ${proc}`, `echo ${lives[1]} > ${proc}_stream`] : []),
    line,
  ];
  return spawnSync("unshare", ["-rn", "sh", "-c", steps.join(" && ")], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
  });
}

function missing(line: string): string | undefined {
  const { error, status, stderr } = inNamespace(line, "", [1, 3]);
  if (error) return `unshare: ${error.message}`;
  return status === 0 ? undefined : stderr.trim().split("\n").at(-1) || `status ${status}`;
}

const why = missing("true");
const whyTable = why ?? missing("cat /proc/net/nf_conntrack");
if (whyTable) console.warn(`no conntrack to compare with, tests are skipped: ${whyTable}`);

/** Has a script played for real. */
async function playForReal(script: Script, lives?: readonly [number, number]): Promise<Seen[]> {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-conntrack-"));
  try {
    const contents = `import { readFileSync } from "node:fs";
      import { play } from "./conntrack-play.ts";
      play(JSON.parse(readFileSync(0, "utf8"))).then((seen) => console.log(JSON.stringify(seen)));`;
    const made = await build({
      stdin: { contents, resolveDir: HERE, loader: "ts" },
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
    });
    const file = join(folder, "play.mjs");
    writeFileSync(file, made.outputFiles[0]!.text);
    const ran = inNamespace(`exec '${process.execPath}' ${file}`, JSON.stringify(script), lives);
    if (ran.status !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Seen[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the script of the exchanges", () => {
  const script = makeScript();
  const planned = script.steps.map((step) => step.at);
  const firm = firmWords(QUICK, script, planned);

  it(`gets every word from the model many times (seed ${SEED})`, () => {
    const counts = count(firm);
    for (const word of [
      "own port",
      "same port",
      "another port",
      "in",
      "in to another",
      "dropped",
    ]) {
      expect(counts[word], word).toBeGreaterThan(20);
    }
    expect(counts["unsure"] ?? 0).toBeLessThan(script.steps.length / 20);
  });

  it.each<[string, Partial<NatModel>]>([
    ["no rule of 2 s", { streamAfterMs: 0 }],
    ["one of 3 s", { streamAfterMs: 3_000 }],
    ["inbound frames that prolong nothing", { inboundRefreshes: false }],
    ["one life", { streamMs: 1_000 }],
    ["ports at random", { port: "random" }],
    ["a filter that knows addresses only", { filtering: "endpoint" }],
    ["no port shared", { mapping: "endpoint" }],
  ])("tells the model from one with %s", (_, wrong) => {
    const { words } = wordsOfModel({ ...QUICK, ...wrong }, script, planned);
    const strays = firm.filter((word, n) => word !== undefined && word !== words[n]);
    expect(strays.length).toBeGreaterThan(20);
  });

  it("has lives of both kinds, as they are in the kernel's source", () => {
    const lives = livesScript();
    const at = lives.steps.map((step) => step.at);
    expect(
      LIVES.map((_, flow) =>
        livesOfModel(LINUX, lives, at).filter((_life, n) => lives.steps[n]!.flow === flow),
      ),
    ).toEqual([
      ["short", "short", "short", "short", "long", "long"],
      ["short", "short", "long"],
      ["short", "short", "short", "long"],
    ]);
  });
});

describe.skipIf(why)("the kernel", () => {
  it(`treats 280 exchanges as the model does (seed ${SEED})`, async () => {
    const script = makeScript();
    const seen = await playForReal(script, [1, 3]);
    const at = seen.map((entry) => entry.at);
    const kernel = wordsOfKernel(script, seen);
    const model = firmWords(
      QUICK,
      script,
      at,
      seen.map((entry) => entry.port),
    );
    const strays = model.flatMap((word, n) =>
      word === undefined || word === kernel[n]
        ? []
        : [{ n, ...script.steps[n], at: at[n], kernel: kernel[n], model: word }],
    );
    expect(strays).toEqual([]);
    expect(count(model)["unsure"] ?? 0).toBeLessThan(model.length / 20);
    const [first, last] = LINUX.ports;
    const given = seen.filter((entry, n) => script.steps[n]!.direction === "out" && entry.port);
    expect(given.filter(({ port }) => port < first || port > last)).toEqual([]);
  });

  it.skipIf(whyTable)("gives the preset's lives by itself, each when the model does", async () => {
    const script = livesScript();
    const seen = await playForReal(script);
    const kernel = seen.map(({ life, assured }) => ({ life, assured }));
    const model = livesOfModel(
      LINUX,
      script,
      seen.map((entry) => entry.at),
    );
    for (const [n, { life, assured }] of kernel.entries()) {
      const lifeMs = model[n] === "long" ? LINUX.streamMs : LINUX.unrepliedMs;
      const shown = JSON.stringify({ ...script.steps[n], life, assured, model: model[n] });
      // The table shows whole seconds, rounded down.
      expect(lifeMs / 1_000 - life, shown).toBeGreaterThanOrEqual(0);
      expect(lifeMs / 1_000 - life, shown).toBeLessThanOrEqual(1);
      expect(assured, shown).toBe(model[n] === "long");
    }
  });
});
