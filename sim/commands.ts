// The commands of `nextbeat sim`, one function each: what they take, what they refuse, what they
// run. A new one is another function here and a line in main.ts.

import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { withDevices } from "../gateway/cli/common.ts";
import type { Devices } from "../gateway/cli/devices.ts";
import { reason, Usage } from "../gateway/cli/errors.ts";
import { duration, gatewayUrl } from "../gateway/cli/words.ts";
import { DEMO_SECONDS_MIN, runDemo } from "./demo.ts";
import {
  broker,
  type HostPort,
  hostPort,
  interrupted,
  preset,
  SECONDS_MAX,
  SEED_MAX,
  whole,
} from "./flags.ts";
import { type FleetSettings, runFleet } from "./fleet.ts";
import { type LinkPreset, linkPreset } from "./presets.ts";
import { numbersOf } from "./scenario/ids.ts";
import { notEmulated } from "./scenario/modes.ts";
import { loadScenario } from "./scenario/shipped.ts";
import { Story } from "./story.ts";
import { runTranscript } from "./transcript.ts";

/** Where commands print. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

/** Told the exit code of a command that ran. */
export type Done = (code: number) => void;

const DEVICES_MAX = 100_000;
const SUITES = { crc16: 0, hmac: 1, chaskey: 2 } as const;

export function addDemo(program: Command, { out }: Streams, done: Done): void {
  program
    .command("demo")
    .description("a gateway, its dashboard and 12 boards on flaky links; one dies and is found")
    .option("--seconds <n>", "end by itself, with a summary", whole(DEMO_SECONDS_MIN, SECONDS_MAX))
    .option("--seed <n>", "of everything random", whole(0, SEED_MAX), 7)
    .action(async ({ seconds, seed }: { seconds?: number; seed: number }) => {
      const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
      const story = new Story(out, coloured);
      done(await runDemo({ seconds, seed, story, interrupted: interrupted() }));
    });
}

interface FleetFlags {
  readonly gateway?: HostPort;
  readonly mqtt?: string;
  readonly mqttPasswordFile?: string;
  readonly devices?: number;
  readonly link?: LinkPreset;
  readonly scenario?: string;
  readonly interval: number;
  readonly seconds?: number;
  readonly suite: keyof typeof SUITES;
  readonly seed?: number;
  readonly keys?: string;
  readonly url: URL;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export function addFleet(program: Command, streams: Streams, done: Done): void {
  program
    .command("fleet")
    .description("boards on real sockets, on flaky links, for a gateway that runs")
    .option("--gateway <host:port>", "where it hears beats", hostPort)
    .option("--mqtt <url>", "instead: a broker that it is at, mqtt://[USER@]HOST[:PORT]", broker)
    .option("--mqtt-password-file <file>", "a file with the boards' password at that broker")
    .option("--devices <n>", "how many boards", whole(1, DEVICES_MAX))
    .option("--link <preset>", "their links, see `nextbeat sim presets`", preset)
    .addOption(
      new Option("--interval <time>", "between beats")
        .argParser(duration(200, 7 * 86_400_000, "200ms to 7d"))
        .default(60_000, "60s"),
    )
    .option("--scenario <name or file>", "instead: its boards, and what goes wrong with them")
    .option("--seconds <n>", "end by itself", whole(1, SECONDS_MAX))
    .option("--keys <file>", "boards that are enrolled: JSON or CSV with ids and keys")
    .option("--url <url>", "enrol over this API", gatewayUrl, new URL("http://127.0.0.1:8227"))
    .option("--token-file <file>", "a file with the token, where the gateway wants one")
    .addOption(new Option("--suite <name>").choices(Object.keys(SUITES)).default("hmac"))
    .option("--seed <n>", "of everything random (default: a new one)", whole(0, SEED_MAX))
    .option("--json", "print JSON")
    .action(async (flags: FleetFlags) => {
      const settings = fleetSettings(flags, streams);
      const run = (registry: Devices) => runFleet({ ...settings, registry });
      done(await withDevices(flags, false, run));
    });
}

/** @throws Usage where they do not go together */
function fleetSettings(flags: FleetFlags, { out, err }: Streams): Omit<FleetSettings, "registry"> {
  const { gateway, mqtt, suite, keys, json, seconds } = flags;
  if (!gateway && !mqtt) throw new Usage("expected --gateway, or --mqtt");
  const password = mqtt && readPassword(flags.mqttPasswordFile);
  const scenario = flags.scenario === undefined ? undefined : loadScenario(flags.scenario);
  if (!scenario && (!flags.devices || !flags.link)) {
    throw new Usage("expected --devices and --link, or --scenario");
  }
  if (scenario && (flags.devices || flags.link || keys !== undefined)) {
    throw new Usage("--scenario: expected without --devices, --link and --keys");
  }
  const boards = scenario?.fleet.reduce((sum, group) => sum + numbersOf(group).length, 0);
  if (boards && boards > DEVICES_MAX) {
    throw new Usage(`--scenario: has ${boards} boards, expected at most ${DEVICES_MAX}`);
  }
  const left = (scenario ? notEmulated(scenario, "fleet") : []).filter(
    (line) => !mqtt || !line.includes("transport mqtt"),
  );
  if (scenario?.expect.length) left.push("fleet: expectations are judged in virtual time");
  for (const line of left) err(`not emulated: ${line}\n`);
  return {
    // Over a broker nobody asks where the gateway is.
    ...(gateway ?? { host: "127.0.0.1", port: 1 }),
    broker: mqtt ? { url: mqtt, password } : undefined,
    devices: boards ?? flags.devices!,
    link: flags.link ?? linkPreset("lan")!,
    intervalMs: flags.interval,
    scenario,
    seconds: seconds ?? (scenario && scenario.runMs / 1_000),
    suite: SUITES[suite],
    seed: flags.seed ?? scenario?.seeds[0] ?? randomInt(SEED_MAX),
    keys,
    json: json === true,
    out,
    err,
    interrupted: interrupted(),
  };
}

function readPassword(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Usage(`--mqtt-password-file: ${file}: ${reason(error)}`);
  }
}

export function addTranscript(program: Command, { out }: Streams, done: Done): void {
  program
    .command("transcript")
    .description("run a scenario of commands in virtual time, and print it with what happens")
    .argument("<file>", "its commands are the lines that begin with `> `")
    .option("--update", "write it into the file")
    .action((file: string, { update }: { update?: boolean }) => {
      let text: string;
      try {
        text = readFileSync(file, "utf8");
      } catch (error) {
        throw new Usage(`${file}: ${reason(error)}`);
      }
      let output: string;
      try {
        output = runTranscript(text);
      } catch (error) {
        throw new Usage(`${file}: ${(error as Error).message}`);
      }
      if (update) writeFileSync(file, output);
      else out(output);
      done(0);
    });
}
