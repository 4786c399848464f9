// What is asked of the kernel's NAT and of the model, and how their answers are made comparable: a
// word for each frame. Ports that were drawn at random cannot be compared, but whether a port is
// the endpoint's own, the same as before or another one can.

import { Nat, type NatModel, natPreset } from "../../sim/nat.ts";
import { stream } from "../../sim/random.ts";
import { type Flow, OUTER, remoteOf, type Script, type Seen, type Step } from "./conntrack-play.ts";

export const SEED = 20_241;
export const LINUX = natPreset("linux")!;
export const QUICK: NatModel = { ...LINUX, unrepliedMs: 1_000, streamMs: 3_000 };
/** Jiffies of 10 ms at most, and a loop that is held up between the clock and the socket. */
const MARGIN_MS = 40;

/** Pauses between the frames of a flow, ms: on both sides of 1 s, 2 s and 3 s. */
const PAUSES = [100, 450, 700, 850, 1_150, 1_400, 2_200, 2_700, 3_300];
const SCRIPT_MS = 12_000;

/**
 * 120 endpoints of their own, 40 pairs that want one port, 20 that talk to both remotes, 20 pairs
 * that want one port and have a remote each.
 */
function makeFlows(): Flow[] {
  const lone = Array.from({ length: 120 }, (_, n) => ({ host: n + 1, port: 5_000 + n, remote: 0 }));
  const pairs = Array.from({ length: 80 }, (_, n) => ({
    host: 200 + n,
    port: 6_000 + (n >> 1),
    remote: 0,
  }));
  const both = Array.from({ length: 40 }, (_, n) => ({
    host: 300 + (n >> 1),
    port: 7_000 + (n >> 1),
    remote: n & 1,
  }));
  const apart = Array.from({ length: 40 }, (_, n) => ({
    host: 400 + n,
    port: 8_000 + (n >> 1),
    remote: n & 1,
  }));
  return [...lone, ...pairs, ...both, ...apart];
}

export function makeScript(): Script {
  const flows = makeFlows();
  const steps = flows.flatMap((_, flow) => {
    const next = stream(SEED, flow, "script");
    const mine: Step[] = [{ at: next() * 1_000, flow, direction: "out" }];
    for (;;) {
      const at = mine.at(-1)!.at + PAUSES[Math.floor(next() * PAUSES.length)]!;
      if (at > SCRIPT_MS) return mine;
      mine.push({ at, flow, direction: next() < 0.5 ? "out" : "in" });
    }
  });
  return { flows, steps: steps.sort((a, b) => a.at - b.at), lives: false };
}

const WORDS = { own: "own port", same: "same port", other: "another port", none: "lost" } as const;

/** What an outgoing frame's outer port is to its flow. */
function portWord(port: number, innerPort: number, last: number): string {
  if (port <= 0) return WORDS.none;
  if (port === innerPort) return WORDS.own;
  return port === last ? WORDS.same : WORDS.other;
}

/** A word for each frame of what the kernel did. */
export function wordsOfKernel({ flows, steps }: Script, seen: readonly Seen[]): string[] {
  const last = flows.map(() => 0);
  return steps.map(({ flow, direction }, n) => {
    const { port, mine } = seen[n]!;
    if (direction === "in") return port ? (mine ? "in" : "in to another") : "dropped";
    const word = portWord(port, flows[flow]!.port, last[flow]!);
    last[flow] = port;
    return word;
  });
}

/** The same of the model, asked at these instants; and the outer ports it gave. */
export function wordsOfModel(model: NatModel, { flows, steps }: Script, at: readonly number[]) {
  const nat = new Nat(model, SEED, 1, OUTER);
  const last = flows.map(() => 0);
  const ports: number[] = [];
  const words = steps.map(({ flow, direction }, n) => {
    const { host, port, remote } = flows[flow]!;
    const now = Math.floor(at[n]! * 1_000) / 1_000;
    if (direction === "out") {
      const outer = nat.out(host, port, remoteOf(remote), now);
      const word = portWord(outer, port, last[flow]!);
      ports[n] = last[flow] = outer;
      return word;
    }
    if (!nat.in(last[flow]!, remoteOf(remote), now)) return "dropped";
    return nat.inner === host && nat.innerPort === port ? "in" : "in to another";
  });
  return { words, ports };
}

/**
 * Flows that met another one at a port that was drawn at random. The kernel's luck and the model's
 * are not the same, so nothing is claimed of these.
 */
function unlucky({ flows, steps }: Script, ports: readonly (number | undefined)[]): Set<number> {
  const holders = new Map<number, Set<number>>();
  const random = new Set<number>();
  const hold = (port: number, flow: number) =>
    holders.set(port, (holders.get(port) ?? new Set()).add(flow));
  for (const [flow, { port }] of flows.entries()) hold(port, flow);
  for (const [n, { flow, direction }] of steps.entries()) {
    if (direction === "in" || !ports[n]) continue;
    if (ports[n] !== flows[flow]!.port) random.add(ports[n]);
    hold(ports[n], flow);
  }
  const met = new Set<number>();
  for (const port of random) {
    const hosts = new Set([...holders.get(port)!].map((flow) => flows[flow]!.host));
    if (hosts.size > 1) for (const flow of holders.get(port)!) met.add(flow);
  }
  return met;
}

/**
 * The model's words, and undefined where a shift of its limits would change them, or somebody was
 * unlucky, in the model or, as these ports show, in the kernel.
 */
export function firmWords(
  model: NatModel,
  script: Script,
  at: readonly number[],
  ports: readonly number[] = [],
): (string | undefined)[] {
  const shifted = [-MARGIN_MS, 0, MARGIN_MS].flatMap((life) =>
    [-MARGIN_MS, 0, MARGIN_MS].map((after) => ({
      ...model,
      unrepliedMs: model.unrepliedMs + life,
      streamMs: model.streamMs + life,
      streamAfterMs: model.streamAfterMs + after,
    })),
  );
  const answers = shifted.map((other) => wordsOfModel(other, script, at).words);
  const said = wordsOfModel(model, script, at);
  const met = new Set([...unlucky(script, said.ports), ...unlucky(script, ports)]);
  return said.words.map((word, n) => {
    const sure = !met.has(script.steps[n]!.flow) && answers.every((words) => words[n] === word);
    return sure ? word : undefined;
  });
}

export const count = (words: readonly (string | undefined)[]) => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word ?? "unsure"] = (counts[word ?? "unsure"] ?? 0) + 1;
  return counts;
};

/** Bindings whose life is read from the kernel's table after each frame: direction and instant. */
export const LIVES: readonly (readonly (readonly ["out" | "in", number])[])[] = [
  // A beat and its ack, again soon, again after the 2 s.
  [
    ["out", 0],
    ["in", 50],
    ["out", 300],
    ["in", 350],
    ["out", 2_500],
    ["in", 2_550],
  ],
  // The first answer comes late, and a second one.
  [
    ["out", 10],
    ["in", 2_600],
    ["in", 2_700],
  ],
  // Nobody answers for long; the frame after the answer has the long life.
  [
    ["out", 20],
    ["out", 2_400],
    ["in", 2_450],
    ["out", 2_500],
  ],
];

export function livesScript(): Script {
  const flows = LIVES.map((_, n) => ({ host: n + 1, port: 5_000 + n, remote: n & 1 }));
  const steps = LIVES.flatMap((frames, flow) =>
    frames.map(([direction, at]) => ({ at, flow, direction })),
  );
  return { flows, steps: steps.sort((a, b) => a.at - b.at), lives: true };
}

/** Which life a binding has after each frame: is it there when the short one is over? */
export function livesOfModel(model: NatModel, script: Script, at: readonly number[]): string[] {
  return script.steps.map((step, n) => {
    const { host, port, remote } = script.flows[step.flow]!;
    const nat = new Nat(model, SEED, 1, OUTER);
    for (const [i, { flow, direction }] of script.steps.slice(0, n + 1).entries()) {
      const to = remoteOf(script.flows[flow]!.remote);
      const { host: from, port: own } = script.flows[flow]!;
      if (direction === "out") nat.out(from, own, to, at[i]!);
      else nat.in(own, to, at[i]!);
    }
    const past = at[n]! + model.unrepliedMs + 1;
    const long = nat.in(port, remoteOf(remote), past) && nat.inner === host;
    return long ? "long" : "short";
  });
}
