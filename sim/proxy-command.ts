// `nextbeat sim proxy`: the flaky path in front of a real gateway or broker. It says where it
// listens, how it goes every ten seconds, and at the end whether what it did is to be believed.

import { randomInt } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { Usage } from "../gateway/cli/errors.ts";
import type { Done, Streams } from "./commands.ts";
import {
  type HostPort,
  hostPort,
  interrupted,
  preset,
  SECONDS_MAX,
  SEED_MAX,
  whole,
} from "./flags.ts";
import type { Progress, ProxyReport, Traffic } from "./live/certify.ts";
import { cannotListen, resolvePlace } from "./live/datagrams.ts";
import { type Break, openTcpProxy } from "./live/proxy-tcp.ts";
import { openUdpProxy } from "./live/proxy-udp.ts";
import type { Figures } from "./live/timing.ts";
import { NAT_PRESETS, type NatModel, natPreset } from "./nat.ts";
import { type LinkPreset, linkPreset } from "./presets.ts";
import { notEmulated } from "./scenario/modes.ts";
import { loadScenario } from "./scenario/shipped.ts";
import type { Scenario } from "./scenario/types.ts";
import { sayMs, sayShare } from "./summary.ts";

const PROGRESS_MS = 10_000;
const SPLIT_MAX = 1_200;
const BREAK_MAX = 2 ** 31;

interface ProxyFlags {
  readonly listen: { readonly host?: string; readonly port: number };
  readonly target: HostPort;
  readonly link?: LinkPreset;
  readonly nat?: { readonly model: NatModel | undefined };
  readonly tcp?: boolean;
  readonly split?: number;
  readonly break?: Break;
  readonly scenario?: string;
  readonly seed?: number;
  readonly seconds?: number;
  readonly json?: boolean;
}

export function addProxy(program: Command, streams: Streams, done: Done): void {
  program
    .command("proxy")
    .description("a flaky path in front of a real gateway or broker; exit 1 if not to be believed")
    .requiredOption(
      "--listen <[host:]port>",
      "where boards send to; port 0 takes a free one",
      place,
    )
    .requiredOption("--target <host:port>", "the gateway, or with --tcp the broker", hostPort)
    .option("--link <preset>", "the path of each board, see `nextbeat sim presets`", preset)
    .option("--nat <preset>", "the NAT of each board", nat)
    .option("--scenario <name or file>", "paths by group, and what goes wrong with them and when")
    .option("--tcp", "connections instead of datagrams")
    .option(
      "--split <bytes>",
      "with --tcp: segments so long at most, 1: split at every byte",
      split,
    )
    .option("--break <how@bytes>", "with --tcp: reset, stall or half-open after so many up", breaks)
    .option("--seed <n>", "of everything random (default: a new one)", whole(0, SEED_MAX))
    .option("--seconds <n>", "end by itself", whole(1, SECONDS_MAX))
    .option("--json", "print JSON, a line when it listens and one at the end")
    .action(async (flags: ProxyFlags) => done(await runProxy(flags, streams)));
}

/** @returns the exit code: 0 if the run is certified */
async function runProxy(flags: ProxyFlags, streams: Streams): Promise<number> {
  check(flags);
  const scenario = flags.scenario === undefined ? undefined : loadScenario(flags.scenario);
  const seed = flags.seed ?? scenario?.seeds[0] ?? randomInt(SEED_MAX);
  const proxy = await open(flags, seed, scenario);
  tellStart(flags, seed, proxy.port, scenario, streams);
  const ticker = setInterval(() => streams.err(`${line(proxy.progress())}\n`), PROGRESS_MS);
  let timer: NodeJS.Timeout | undefined;
  const mostMs = flags.seconds === undefined ? scenario?.runMs : flags.seconds * 1_000;
  const over = new Promise<void>((end) => {
    if (mostMs !== undefined) timer = setTimeout(end, Math.min(mostMs, SECONDS_MAX * 1_000));
  });
  await Promise.race([interrupted(), over]);
  clearInterval(ticker);
  clearTimeout(timer);
  const report = proxy.report();
  await proxy.close();
  tellEnd(flags, seed, report, scenario, streams);
  return report.faults.length === 0 ? 0 : 1;
}

function check({ tcp, nat: behind, link, scenario, split: pieces, break: broken }: ProxyFlags) {
  if (link === undefined && scenario === undefined)
    throw new Usage("expected --link or --scenario");
  if (tcp && behind) throw new Usage("--nat: expected without --tcp");
  if (!tcp && pieces !== undefined) throw new Usage("--split: expected with --tcp");
  if (!tcp && broken) throw new Usage("--break: expected with --tcp");
}

async function open(flags: ProxyFlags, seed: number, scenario: Scenario | undefined) {
  const { listen, tcp, split: pieces, break: broken } = flags;
  const target = await resolvePlace("--target", flags.target.host, flags.target.port);
  const host =
    listen.host === undefined
      ? undefined
      : (await resolvePlace("--listen", listen.host, listen.port)).address;
  const link = flags.link ?? linkPreset("lan")!;
  const both = { port: listen.port, host, target, seed, link, scenario };
  try {
    if (tcp) return await openTcpProxy({ ...both, split: pieces, breaks: broken });
    return await openUdpProxy({ ...both, nat: flags.nat?.model });
  } catch (error) {
    throw cannotListen("--listen", listen.port, error);
  }
}

function tellStart(
  { target, link, tcp, json, scenario: name }: ProxyFlags,
  seed: number,
  port: number,
  scenario: Scenario | undefined,
  { out, err }: Streams,
): void {
  const transport = tcp ? "tcp" : "udp";
  if (json) out(`${JSON.stringify({ msg: "listening", [transport]: port, seed })}\n`);
  const to = `${target.host}:${target.port}`;
  err(`listens on ${transport} ${port} for ${to}, through ${name ?? link!.name}; seed ${seed}\n`);
  if (!scenario) return;
  for (const each of notEmulated(scenario, "proxy")) err(`not emulated: ${each}\n`);
}

function tellEnd(
  { json, link, scenario: name }: ProxyFlags,
  seed: number,
  report: ProxyReport,
  scenario: Scenario | undefined,
  { out, err }: Streams,
): void {
  const certified = report.faults.length === 0;
  if (json) {
    const lines = scenario ? notEmulated(scenario, "proxy") : [];
    const what = { msg: "report", link: link?.name, scenario: name, seed, certified };
    out(`${JSON.stringify({ ...what, ...report, notEmulated: lines })}\n`);
  } else out(`${text(report)}\n`);
  if (!certified) err(`not certified: ${report.faults.join("; ")}\n`);
}

function line({ seconds, clients, up, down, errorMs }: Progress): string {
  const { p50, p99, max } = errorMs;
  const late = `late by ${sayMs(p50)} p50, ${sayMs(p99)} p99, ${sayMs(max)} at most`;
  const traffic = `${up.received} up, ${down.received} down`;
  return `${Math.round(seconds)} s: ${clients} clients, ${traffic}; ${late}`;
}

function text(report: ProxyReport): string {
  const { transport, seconds, clients, up, down, errorMs, unreadMs, faults } = report;
  const share = ({ lost, received }: Traffic) =>
    received === 0 ? "none" : sayShare(lost / received);
  const figures = ({ p50, p99, max }: Figures) =>
    `p50 ${sayMs(p50)}, p99 ${sayMs(p99)}, at most ${sayMs(max)}`;
  const udp = transport === "udp";
  const unit = udp ? "frames" : "bytes";
  return [
    `clients    ${clients} in ${Math.round(seconds)} s`,
    `came       ${up.received} ${unit} up, ${down.received} down`,
    `went on    ${up.sent} ${unit} up, ${down.sent} down`,
    udp
      ? `lost       ${share(up)} up, ${share(down)} down, as the links made it`
      : `sent again ${up.lost} segments up, ${down.lost} down`,
    `late       ${figures(errorMs)}`,
    ...(udp ? [`unread     ${figures(unreadMs)}`] : []),
    `certified  ${faults.length === 0 ? "yes" : "no"}`,
  ].join("\n");
}

function place(given: string): { host?: string; port: number } {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(given) ?? [];
  const host = bracketed ?? plain;
  if (digits === undefined || Number(digits) > 65_535) {
    throw new InvalidArgumentError("Expected [HOST:]PORT, an IPv6 address in brackets.");
  }
  return { port: Number(digits), ...(host === undefined ? {} : { host }) };
}

function nat(name: string): { model: NatModel | undefined } {
  if (!NAT_PRESETS.some((each) => each.name === name)) {
    const names = NAT_PRESETS.map((each) => each.name).join(", ");
    throw new InvalidArgumentError(`Expected one of ${names}.`);
  }
  return { model: natPreset(name) };
}

const split = whole(1, SPLIT_MAX);

function breaks(given: string): Break {
  const [, how, bytes] = /^(reset|stall|half-open)@(\d+)$/.exec(given) ?? [];
  if (how === undefined || Number(bytes) > BREAK_MAX) {
    throw new InvalidArgumentError("Expected reset@N, stall@N or half-open@N, N bytes up.");
  }
  return { how: how as Break["how"], bytes: Number(bytes) };
}
