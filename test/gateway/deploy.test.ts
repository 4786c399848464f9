/** What is shipped for other people's systems names what is really there. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runCommand } from "../../gateway/cli/program.ts";
import { parseConfig } from "../../gateway/config.ts";
import { CAUSES, STATUSES } from "../../gateway/facts.ts";
import { startHere } from "./socket-rig.ts";

const DEPLOY = new URL("../../gateway/deploy/", import.meta.url);
const shipped = (name: string) => readFileSync(new URL(name, DEPLOY), "utf8");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nextbeat-deploy-"));
  folders.push(made);
  return made;
}

async function service(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const streams = {
    out: (text: string) => (said.out += text),
    err: (text: string) => (said.err += text),
  };
  return { code: await runCommand(["service", ...argv], streams as never), ...said };
}

describe("service install", () => {
  const UNIT = "etc/systemd/system/nextbeat.service";
  const CONFIG = "etc/nextbeat/config.yaml";

  it("writes a unit that starts this very program, and a configuration once", async () => {
    const root = folder();
    expect((await service("install", "--root", root, "--user", "farm")).code).toBe(0);
    const unit = readFileSync(join(root, UNIT), "utf8");
    expect(unit).toMatch(/^User=farm$/m);
    expect(unit).not.toMatch(/@[A-Z]+@/);
    const [, node, main] =
      /^ExecStart="(.+)" "(.+)" gateway --config \/etc\/nextbeat\/config.yaml$/m.exec(unit)!;
    expect([existsSync(node!), main!.endsWith("main.js")]).toEqual([true, true]);
    writeFileSync(join(root, CONFIG), "udpPort: 7000\n");
    expect((await service("install", "--root", root)).out).toContain("kept as it is");
    expect(readFileSync(join(root, CONFIG), "utf8")).toBe("udpPort: 7000\n");
    expect((await service("uninstall", "--root", root)).code).toBe(0);
    expect([existsSync(join(root, UNIT)), existsSync(join(root, CONFIG))]).toEqual([false, true]);
    const again = await service("uninstall", "--root", root);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("no such unit") });
  });

  it("refuses a name that is none", async () => {
    const { code, err } = await service("install", "--root", folder(), "--user", "a b");
    expect([code, err]).toEqual([
      2,
      "error: --user: given a b, expected a name such as nextbeat\n",
    ]);
  });

  const systemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  if (!systemd) console.warn("no systemd-analyze on the PATH: the unit is not verified");
  it.skipIf(!systemd)("makes a unit that systemd finds no fault with", async () => {
    const root = folder();
    await service("install", "--root", root, "--user", "root");
    const unit = join(root, UNIT);
    // The program may not be built yet.
    writeFileSync(
      unit,
      readFileSync(unit, "utf8").replace(/^ExecStart=.*/m, "ExecStart=/bin/true"),
    );
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("the configuration that it writes", () => {
  it("is valid as it stands, and with its examples", () => {
    const text = shipped("config.yaml");
    expect(parseConfig(text, "config.yaml", {}).config).toEqual({});
    const live = text.replace(/^# (?=( *- )?\s*[a-z]\w*:)/gm, "");
    const { config, routes } = parseConfig(live, "config.yaml", {});
    expect(config).toMatchObject({ udpPort: 7227, httpPort: 8227, tokenFile: "tokens" });
    expect(routes).toHaveLength(1);
  });
});

describe("the names of metrics", () => {
  it("in the rules and the dashboard are those that the gateway has", async () => {
    const gateway = await startHere(new Map());
    const text = await (await fetch(`http://127.0.0.1:${gateway.httpPort}/metrics`)).text();
    await gateway.stop();
    const known = new Map(
      [...text.matchAll(/^# TYPE (nextbeat_\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]),
    );
    const queries = [
      ...`${shipped("prometheus.yml")}${shipped("grafana.json")}`.matchAll(/nextbeat_\w+/g),
    ];
    expect(queries.length).toBeGreaterThan(20);
    for (const [name] of queries) {
      const bare = name.replace(/_bucket$/, "");
      expect(known.get(bare), name).toBe(name === bare ? known.get(name) : "histogram");
      expect(known.has(bare), name).toBe(true);
    }
    for (const surface of [
      ...["devices", "beats_total", "acks_total", "ack_seconds", "changes_total"],
      ...["verdict_lateness_seconds", "commands", "command_wait_seconds", "deaf_seconds_total"],
      ...["store_commit_seconds", "loop_lag_seconds", "build_info"],
    ]) {
      expect([...known.keys()]).toContain(`nextbeat_${surface}`);
    }
    for (const status of STATUSES) expect(text).toContain(`nextbeat_devices{status="${status}"} 0`);
    expect(CAUSES).toContain("promise-broken");
  });
});
