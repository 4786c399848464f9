/**
 * `doctor`: what is wrong with this installation, and what to do about it. It looks and touches
 * nothing. Exit code 1 if something must be mended; warnings alone leave it at 0.
 */

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Command, Option } from "commander";
import { hasStore } from "../store/level.ts";
import { request } from "./ask.ts";
import { clientToken, columns, type GatewayOptions, type Streams, withGateway } from "./common.ts";
import * as checks from "./doctor-checks.ts";
import { Failed, reason } from "./errors.ts";
import { dataFolder } from "./gateway.ts";
import { UDP_PORT } from "./words.ts";

interface Options extends GatewayOptions {
  readonly data?: string;
}

const COMMAND_MS = 3_000;

export function addDoctor(program: Command, streams: Streams): void {
  const command = program
    .command("doctor")
    .description("look for what is wrong with this installation, and say what to do")
    .addOption(new Option("--data <dir>", "the gateway's folder (default: as gateway has it)"));
  withGateway(command).action(async (options: Options) => {
    const findings = await examine(options, thisMachine());
    if (options.json) streams.out(`${JSON.stringify(findings)}\n`);
    else streams.out(text(findings));
    const failed = findings.filter(({ verdict }) => verdict === "fail").length;
    if (failed > 0) throw new Failed(`${failed} of ${findings.length} checks failed`);
  });
}

export async function examine(
  { url, tokenFile, data = dataFolder() }: Options,
  machine: checks.Machine,
): Promise<checks.Finding[]> {
  const facts = await factsOf(url, tokenFile);
  const ready = facts && (await readiness(url));
  const findings = [checks.nodeVersion(machine), checks.gateway(facts, url.origin, ready)];
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (facts) {
    findings.push(...checks.udp(facts, machine), ...checks.ears(facts), ...checks.broker(facts));
    findings.push(...checks.refused(facts), ...checks.store(facts));
  } else findings.push(await checks.port(machine, UDP_PORT));
  findings.push(...checks.clock(facts, machine));
  // Of another machine we see what it says, and nothing else.
  if (!local) return findings;
  findings.push(
    ...checks.disk(data, machine, facts !== undefined),
    checks.firewall(machine, facts?.udp.port ?? UDP_PORT),
  );
  return findings;
}

async function factsOf(url: URL, tokenFile: string | undefined): Promise<checks.Facts | undefined> {
  const token = clientToken(tokenFile);
  try {
    return (await request(url, token, "GET", "gateway")) as checks.Facts;
  } catch (error) {
    // Whoever answers and refuses us is no gateway that is down.
    if (error instanceof Failed && error.message.startsWith("no gateway answers")) return undefined;
    throw error;
  }
}

/** Why it is not ready; undefined: it is. */
async function readiness(url: URL): Promise<string | undefined> {
  const response = await fetch(new URL("readyz", url)).catch(() => undefined);
  if (response?.ok) return undefined;
  const told = (await response?.json().catch(() => ({}))) as { detail?: string } | undefined;
  return told?.detail ?? "it does not say why";
}

function text(findings: readonly checks.Finding[]): string {
  const words = { ok: "ok", warn: "warn", fail: "FAIL" };
  const rows = findings.map(({ verdict, what, found }) => [words[verdict], what, found]);
  const lines = columns(rows).trimEnd().split("\n");
  return findings
    .map(({ advice }, at) => `${lines[at]}\n${advice === "" ? "" : `      -> ${advice}\n`}`)
    .join("");
}

function thisMachine(): checks.Machine {
  return {
    node: process.version,
    wallMs: Date.now(),
    addresses: Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => address),
    run(command, ...given) {
      const ran = spawnSync(command, given, { encoding: "utf8", timeout: COMMAND_MS });
      return ran.status === 0 ? ran.stdout : undefined;
    },
    folder: folderAt,
    bind: (port) =>
      new Promise((done) => {
        const socket = createSocket("udp4");
        socket.once("error", (error) => done(reason(error)));
        socket.bind(port, () => socket.close(() => done(undefined)));
      }),
  };
}

function folderAt(path: string): checks.Folder | undefined {
  try {
    const { mode } = statSync(path);
    const { bavail, bsize } = statfsSync(path);
    return {
      mode: mode & 0o777,
      writable: canWrite(path),
      freeBytes: bavail * bsize,
      hasStore: hasStore(path),
    };
  } catch {
    return undefined;
  }
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
