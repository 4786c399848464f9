// `nextbeat sim fleet`: boards on real sockets for a gateway that runs already. It enrols them over
// HTTP and takes them out again at the end, so that nobody is alarmed by a fleet that never was; or
// it speaks for boards that are enrolled, with their keys from a file. The boards of a scenario are
// enrolled under the ids that they have in virtual time, since those key their luck.

import { randomBytes } from "node:crypto";
import type { Devices } from "../gateway/cli/devices.ts";
import type { BoardOptions } from "./board-kind.ts";
import { type Identity, identityOf, readKeys } from "./keys.ts";
import type { Broker } from "./live/clients.ts";
import { type Place, resolvePlace } from "./live/datagrams.ts";
import type { LinkPreset } from "./presets.ts";
import { boardName, firstIds, numbersOf } from "./scenario/ids.ts";
import type { Scenario } from "./scenario/types.ts";
import { SocketFleet } from "./sockets.ts";
import { sayMs, sayShare, summarise } from "./summary.ts";

export interface FleetSettings {
  readonly host: string;
  readonly port: number;
  /** undefined: over UDP, to the gateway itself. */
  readonly broker: Broker | undefined;
  /** How many, on which link, how often; the scenario says otherwise, where there is one. */
  readonly devices: number;
  readonly link: LinkPreset;
  readonly intervalMs: number;
  readonly suite: number;
  readonly scenario: Scenario | undefined;
  /** undefined: until interrupted. */
  readonly seconds: number | undefined;
  readonly seed: number;
  /** A file of identities; undefined: enrol over `registry`. */
  readonly keys: string | undefined;
  readonly registry: Devices;
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Resolves when the user wants it to end. */
  readonly interrupted: Promise<void>;
}

/** Requests to the gateway under way at once. */
const REQUESTS_MAX = 64;
/** Boots a second: HELLO of all at once is another test. */
const BOOTS_PER_SECOND = 1_000;
const LEAVE_MAX_MS = 3_000;
const PROGRESS_MS = 1_000;
const PROGRESS_PLAIN_MS = 10_000;

/** Runs a fleet. @returns the exit code: 0 if every board was acknowledged, else 1 */
export async function runFleet(settings: FleetSettings): Promise<number> {
  const { keys, devices } = settings;
  const gateway = await resolvePlace("--gateway", settings.host, settings.port);
  // What was enrolled goes again, also where the gateway refused in the middle.
  const enrolled: Identity[] = [];
  try {
    if (keys === undefined) await enrol(settings, enrolled);
    const identities = keys === undefined ? enrolled : readKeys(keys, devices);
    return await live(identities, gateway, settings);
  } finally {
    await remove(enrolled, settings);
  }
}

async function live(
  identities: readonly Identity[],
  { address, family, port }: Place,
  settings: FleetSettings,
): Promise<number> {
  const fleet = new SocketFleet({
    address,
    family,
    port,
    seed: settings.seed,
    boards: identities.map((identity) => boardOptions(identity, settings)),
    spreadMs: 1_000 / BOOTS_PER_SECOND,
    scenario: settings.scenario,
    broker: settings.broker,
  });
  try {
    await fleet.open();
    await watch(fleet, settings);
    await fleet.leave(LEAVE_MAX_MS);
  } finally {
    await fleet.close();
  }
  return report(fleet, settings);
}

/** A board to be: without an id the gateway gives one. */
interface Wanted {
  readonly name: string;
  readonly suite: number;
  readonly id?: string;
}

function wanted({ scenario, devices, suite }: FleetSettings): Wanted[] {
  const run = randomBytes(2).toString("hex");
  if (!scenario) {
    const digits = String(devices).length;
    const number = (n: number) => String(n + 1).padStart(digits, "0");
    return Array.from({ length: devices }, (_, n) => ({ name: `sim-${run}-${number(n)}`, suite }));
  }
  const firsts = firstIds(scenario.fleet);
  return scenario.fleet.flatMap((group, i) =>
    numbersOf(group).map((n) => ({
      name: `sim-${run}-${boardName(group, n)}`,
      suite: group.suite,
      id: (firsts[i]! + n - 1).toString(16).padStart(6, "0"),
    })),
  );
}

async function enrol(settings: FleetSettings, enrolled: Identity[]): Promise<void> {
  const { registry, err } = settings;
  const started = performance.now();
  const boards = wanted(settings);
  const tell = (done: string) => err(`enrolled ${done} boards\n`);
  await inParallel(boards.length, tell, async (n) => {
    const { name, suite, id: own } = boards[n]!;
    const asked = { name, suite: String(suite), id: own, labels: ["simulated"] };
    const { id, key } = await registry.add(asked);
    enrolled.push(identityOf({ id, key, name, suite }, "the gateway"));
  });
  enrolled.sort((a, b) => a.id - b.id);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  err(`enrolled ${boards.length} boards as ${boards[0]!.name} and so on in ${seconds} s\n`);
}

async function remove(
  identities: readonly Identity[],
  { registry, err }: FleetSettings,
): Promise<void> {
  const tell = (done: string) => err(`removed ${done} boards\n`);
  await inParallel(identities.length, tell, async (n) => {
    const { id } = identities[n]!;
    await registry.remove(id.toString(16).padStart(6, "0"));
  });
}

/** @param tell is told every ten seconds how far it is */
async function inParallel(
  count: number,
  tell: (done: string) => void,
  act: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  const ticker = setInterval(() => tell(`${next} of ${count}`), PROGRESS_PLAIN_MS);
  const workers = Array.from({ length: Math.min(REQUESTS_MAX, count) }, worker);
  await Promise.all(workers).finally(() => clearInterval(ticker));
}

function boardOptions(identity: Identity, { intervalMs, link }: FleetSettings): BoardOptions {
  return {
    ...identity,
    intervalMs,
    link,
    // A nonce never repeats for a key (rule 12), whatever the seed: salted anew in every run.
    salt: randomBytes(8).toString("latin1"),
  };
}

/** Shows how it goes until the time is up or the user has enough. */
async function watch(fleet: SocketFleet, settings: FleetSettings): Promise<void> {
  const live = process.stderr.isTTY === true && !settings.json;
  const started = performance.now();
  const line = () => {
    const { heard, boards, beats, acked, lossUp, lossDown, roundTripMs } = summarise(fleet);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const trip = sayMs(roundTripMs?.p50 ?? null);
    return (
      `${seconds} s: ${heard} of ${boards} boards acknowledged, ${acked} of ${beats} beats; ` +
      `loss ${sayShare(lossUp)} up, ${sayShare(lossDown)} down; round trip ${trip}`
    );
  };
  const ticker = setInterval(
    () => settings.err(live ? `\r${line()}\u001b[K` : `${line()}\n`),
    live ? PROGRESS_MS : PROGRESS_PLAIN_MS,
  );
  let timer: NodeJS.Timeout | undefined;
  const { seconds } = settings;
  const over =
    seconds === undefined
      ? []
      : [
          new Promise<void>((done) => {
            timer = setTimeout(done, seconds * 1_000);
          }),
        ];
  await Promise.race([settings.interrupted, ...over]);
  clearInterval(ticker);
  clearTimeout(timer);
  if (live) settings.err("\n");
}

function report(fleet: SocketFleet, settings: FleetSettings): number {
  const { json, out, err, link, seed, scenario } = settings;
  const path = scenario?.name ?? link.name;
  const summary = summarise(fleet);
  const { boards, heard, beats, acked, frames, lossUp, lossDown, roundTripMs } = summary;
  if (json) out(`${JSON.stringify({ link: path, seed, ...summary })}\n`);
  else {
    const trips = roundTripMs
      ? Object.entries(roundTripMs)
          .map(([part, ms]) => `${part} ${sayMs(ms)}`)
          .join(", ")
      : "none";
    out(
      [
        `boards      ${boards} on ${path}, ${summary.sockets} sockets; ${heard} acknowledged`,
        `beats       ${beats} in ${frames} frames, ${acked} acknowledged`,
        `loss        ${sayShare(lossUp)} up, ${sayShare(lossDown)} down, as the links made it`,
        `round trip  ${trips}`,
        `timers      late by ${sayMs(summary.timerErrorMs)} at most, 99 of 100; seed ${seed}`,
        "",
      ].join("\n"),
    );
  }
  if (heard === boards) return 0;
  const { wires } = fleet;
  const why = "problem" in wires && wires.problem !== undefined ? `; ${wires.problem}` : "";
  err(`error: ${boards - heard} of ${boards} boards were never acknowledged${why}\n`);
  return 1;
}
