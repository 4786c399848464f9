/**
 * What `doctor` looks at, one function a thing: each tells what it found, and what to do about it.
 * They ask a `Machine`, so that tests can have any.
 */

import type { z } from "zod";
import { span } from "../durations.ts";
import { isLoopback } from "../http/access.ts";
import type { About } from "../http/answers.ts";
import { RECEIVE_BUFFER } from "../udp.ts";

export type Verdict = "ok" | "warn" | "fail";

export interface Finding {
  readonly what: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; "" where there is nothing. */
  readonly advice: string;
}

/** What is asked of this machine. Everything may be unknown: undefined. */
export interface Machine {
  readonly node: string;
  readonly wallMs: number;
  /** Output of a program; undefined: it is not there, or failed. */
  run(command: string, ...given: string[]): string | undefined;
  /** Of the data folder. */
  folder(path: string): Folder | undefined;
  /** IPv4 addresses by which boards may reach this machine. */
  readonly addresses: readonly string[];
  /** Whether a UDP port can be opened: undefined, or why not. */
  bind(port: number): Promise<string | undefined>;
}

export interface Folder {
  /** Permissions, e.g. 0o700. */
  readonly mode: number;
  readonly writable: boolean;
  readonly freeBytes: number;
  readonly hasStore: boolean;
}

/** What a running gateway tells of itself; undefined: none answers. */
export type Facts = z.infer<typeof About>;

const MB = 1024 * 1024;
const FREE_MIN = 50 * MB;
const FREE_FEW = 500 * MB;
const NODE_MIN = [20, 19] as const;
/** Clocks that differ by less are the same, ms. */
const APART_MS = 2_000;

const ok = (what: string, found: string): Finding => ({ what, verdict: "ok", found, advice: "" });
const warn = (what: string, found: string, advice: string): Finding => {
  return { what, verdict: "warn", found, advice };
};
const fail = (what: string, found: string, advice: string): Finding => {
  return { what, verdict: "fail", found, advice };
};

export function nodeVersion({ node }: Machine): Finding {
  const [major = 0, minor = 0] = node.replace(/^v/, "").split(".").map(Number);
  const fits = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (fits) return ok("node", node);
  return fail("node", node, `install ${NODE_MIN.join(".")} or later`);
}

/** @param readyWhy why it is not ready; undefined: it is */
export function gateway(facts: Facts | undefined, url: string, readyWhy?: string): Finding {
  if (facts === undefined) {
    const advice = "start it (nextbeat gateway), or say where it is with --url";
    return fail("gateway", `nothing answers at ${url}`, advice);
  }
  if (readyWhy !== undefined) {
    return fail("gateway", `not ready: ${readyWhy}`, "its log says more: journalctl -u nextbeat");
  }
  const up = span(Date.parse(facts.now) - Date.parse(facts.startedAt));
  return ok("gateway", `version ${facts.version}, up for ${up}, ready`);
}

export function ears({ deaf, now }: Facts): Finding[] {
  const open = deaf.filter(({ to }) => to === null);
  const findings = open.map(({ why, from }) => {
    const since = span(Date.parse(now) - Date.parse(from));
    return fail("hearing", `deaf for ${since}: ${why}`, DEAF_ADVICE[why]);
  });
  const overflows = deaf.filter(({ why }) => why === "overflow").length;
  if (overflows > 0) {
    const found = `${overflows} times the kernel dropped datagrams`;
    findings.push(warn("hearing", found, DEAF_ADVICE.overflow));
  }
  return findings.length > 0 ? findings : [ok("hearing", "beats of its own are acknowledged")];
}

const DEAF_ADVICE: Readonly<Record<Facts["deaf"][number]["why"], string>> = {
  stopped: "",
  suspended: "this machine sleeps: keep it from that",
  overflow: "give the socket more room: sysctl -w net.core.rmem_max=4194304, then start again",
  broker: "is the broker up, and are its address and password right?",
  network: "no network interface is up: look at cable, Wi-Fi, addresses",
  store: "nothing gets to disk: is it full, worn, or mounted read-only?",
  clock: "",
  "self-beat": "its own socket is silent: is port or address taken by a firewall or container?",
};

export function udp(
  { udp: { port, addresses, receiveBuffer } }: Facts,
  machine: Machine,
): Finding[] {
  const findings = [ok("udp", `listens on port ${port} of ${addresses.join(", ")}`)];
  if (addresses.length > 0 && addresses.every(isLoopback)) {
    const advice = "no board can reach it: leave --udp-host out, or give an address of the network";
    findings.push(fail("udp", "listens on this machine alone", advice));
  } else if (machine.addresses.length > 0) {
    const places = machine.addresses.map((address) => `${address}:${port}`).join(" or ");
    findings.push(ok("boards", `find the gateway at ${places}`));
  } else findings.push(warn("boards", "this machine has no address in a network", "connect it"));
  if (typeof receiveBuffer === "number" && receiveBuffer < RECEIVE_BUFFER) {
    const found = `room for ${Math.round(receiveBuffer / 1024)} KB of datagrams`;
    const more = `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER}`;
    const advice = `enough for some hundred boards; more: ${more}`;
    findings.push(warn("buffer", found, advice));
  }
  return findings;
}

/** Where no gateway runs: whether it could. */
export async function port(machine: Machine, number: number): Promise<Finding> {
  const why = await machine.bind(number);
  if (why === undefined) return ok("udp", `port ${number} is free`);
  const holder = machine.run("ss", "-Hulnp", `sport = :${number}`)?.match(/\(\("([^"]+)"/)?.[1];
  const found = `port ${number}: ${why}${holder ? `, ${holder} has it` : ""}`;
  return fail("udp", found, "end what holds it, or choose another with --udp-port");
}

export function clock(facts: Facts | undefined, machine: Machine): Finding[] {
  const synced = machine
    .run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    ?.trim();
  const findings: Finding[] = [];
  if (synced === "no") {
    const advice = "timedatectl set-ntp true; a Raspberry Pi without a network forgets the time";
    findings.push(warn("time", "not synchronised", advice));
  } else if (synced === "yes") findings.push(ok("time", "synchronised"));
  if (facts === undefined) return findings;
  if (!facts.clockTrusted) {
    const advice = "verdicts do not need it, times in notices do: set the clock, then start again";
    findings.push(warn("time", "the gateway does not trust its clock", advice));
  }
  const apart = Date.parse(facts.now) - machine.wallMs;
  if (Math.abs(apart) > APART_MS) {
    const where = apart > 0 ? "ahead of" : "behind";
    const found = `the gateway's clock is ${span(Math.abs(apart))} ${where} ours`;
    findings.push(warn("time", found, "synchronise both machines"));
  }
  return findings;
}

/** @param runs whether a gateway does */
export function disk(path: string, machine: Machine, runs = false): Finding[] {
  const folder = machine.folder(path);
  if (folder === undefined) {
    if (!runs)
      return [warn("data", `${path}: there is no such folder yet`, "the gateway makes it")];
    const advice = "the gateway that runs has its data elsewhere: say where with --data";
    return [warn("data", `${path}: there is no such folder`, advice)];
  }
  const findings: Finding[] = [];
  const { mode, writable, freeBytes, hasStore } = folder;
  if (!writable) {
    const advice = "only its owner may; run this as the gateway's user (sudo -u nextbeat)";
    findings.push(warn("data", `${path}: cannot be written by whoever asks`, advice));
  }
  if ((mode & 0o077) !== 0) {
    const found = `${path}: others may look into it (${mode.toString(8)})`;
    findings.push(warn("data", found, `it holds the keys of all boards: chmod 700 ${path}`));
  }
  const free = `${Math.round(freeBytes / MB)} MB free`;
  if (freeBytes < FREE_MIN) findings.push(fail("disk", free, "make room: beats cannot be kept"));
  else if (freeBytes < FREE_FEW) findings.push(warn("disk", free, "make room soon"));
  else findings.push(ok("disk", `${path}: ${free}`));
  if (!hasStore) findings.push(warn("data", `${path}: no store in it`, "is --data right?"));
  return findings;
}

/** A firewall that is up may keep boards out; which rules it has only root can see. */
export function firewall(machine: Machine, udpPort: number): Finding {
  const ufw = machine.run("ufw", "status");
  if (ufw?.includes("Status: active")) {
    const open = new RegExp(`^${udpPort}(/udp)?\\s+ALLOW`, "m").test(ufw);
    if (open) return ok("firewall", `ufw lets port ${udpPort} through`);
    return warn("firewall", "ufw is on, without a rule for us", `ufw allow ${udpPort}/udp`);
  }
  if (machine.run("firewall-cmd", "--state")?.trim() === "running") {
    const ports = machine.run("firewall-cmd", "--list-ports") ?? "";
    if (ports.includes(`${udpPort}/udp`)) return ok("firewall", "firewalld lets beats through");
    const advice = `firewall-cmd --permanent --add-port=${udpPort}/udp && firewall-cmd --reload`;
    return warn("firewall", "firewalld is on, without a rule for us", advice);
  }
  const rules = machine.run("nft", "list", "ruleset");
  if (rules && /hook input[^}]*policy drop/s.test(rules) && !rules.includes(`${udpPort}`)) {
    const advice = `nft add rule inet filter input udp dport ${udpPort} accept`;
    return warn("firewall", "nftables drops what no rule lets in", advice);
  }
  return ok("firewall", "none was found that keeps boards out");
}

export function broker(facts: Facts): Finding[] {
  const { mqtt } = facts as {
    mqtt?: { url: string; connected: boolean; why: string | null } | null;
  };
  if (!mqtt) return [];
  if (mqtt.connected) return [ok("broker", `connected to ${mqtt.url}`)];
  return [fail("broker", `${mqtt.url}: ${mqtt.why ?? "no connection"}`, DEAF_ADVICE.broker)];
}

/** Whom the gateway had to refuse, by sender. */
export function refused({ hints }: Facts): Finding[] {
  return hints
    .filter(({ reason }) => reason in REFUSED_ADVICE)
    .slice(-10)
    .map(({ id, reason, address, count }) => {
      const frames = count === 1 ? "frame" : "frames";
      const found = `${count} ${frames} of ${id} from ${address}: ${reason}`;
      return warn("refused", found, REFUSED_ADVICE[reason]!);
    });
}

const REFUSED_ADVICE: Readonly<Record<string, string>> = {
  "bad-tag": "its key is not the one enrolled: flash it anew (nextbeat flash), or somebody guesses",
  unknown: "enrol it (nextbeat device add), or it belongs to somebody else",
  clash: "two boards have one identity, or one has an old image: flash it with one of its own",
};

export function store({ quarantined }: Facts): Finding[] {
  return quarantined.map((why) => {
    const advice = "the record was set aside, nothing else is touched; enrol that device anew";
    return warn("store", why, advice);
  });
}
