// The commands of `nextbeat sim`, one function each: what they take, what they refuse, what they
// run. A new one is another function here and a line in main.ts.

import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { withDevices } from "../gateway/cli/common.ts";
import { reason, Usage } from "../gateway/cli/errors.ts";
import { duration, gatewayUrl } from "../gateway/cli/words.ts";
import { DEMO_SECONDS_MIN, runDemo } from "./demo.ts";
import { sayDuration } from "./duration.ts";
import { quantile } from "./exact.ts";
import {
  type HostPort,
  hostPort,
  interrupted,
  preset,
  SECONDS_MAX,
  SEED_MAX,
  whole,
} from "./flags.ts";
import { runFleet } from "./fleet.ts";
import { lossAfterLoss, meanLoss } from "./link.ts";
import { LINK_PRESETS, type LinkPreset } from "./presets.ts";
import { Story } from "./story.ts";
import { sayMs, sayShare } from "./summary.ts";
import { table } from "./tell.ts";
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
  readonly gateway: HostPort;
  readonly devices: number;
  readonly link: LinkPreset;
  readonly interval: number;
  readonly seconds?: number;
  readonly suite: keyof typeof SUITES;
  readonly seed: number;
  readonly keys?: string;
  readonly url: URL;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export function addFleet(program: Command, { out, err }: Streams, done: Done): void {
  program
    .command("fleet")
    .description("boards on real sockets, on flaky links, for a gateway that runs")
    .requiredOption("--gateway <host:port>", "where it hears beats", hostPort)
    .requiredOption("--devices <n>", "how many boards", whole(1, DEVICES_MAX))
    .requiredOption("--link <preset>", "their links, see `nextbeat sim presets`", preset)
    .option("--interval <time>", "between beats", duration(200, 7 * 86_400_000, "200ms to 7d"), 6e4)
    .option("--seconds <n>", "end by itself", whole(1, SECONDS_MAX))
    .option("--keys <file>", "boards that are enrolled: JSON or CSV with ids and keys")
    .option("--url <url>", "enrol over this API", gatewayUrl, new URL("http://127.0.0.1:8227"))
    .option("--token-file <file>", "a file with the token, where the gateway wants one")
    .addOption(new Option("--suite <name>").choices(Object.keys(SUITES)).default("hmac"))
    .option("--seed <n>", "of everything random (default: a new one)", whole(0, SEED_MAX))
    .option("--json", "print JSON")
    .action(async (flags: FleetFlags) => {
      const { gateway, interval, link, devices, suite, keys, seconds } = flags;
      const code = await withDevices(flags, false, (registry) =>
        runFleet({
          ...gateway,
          devices,
          link,
          intervalMs: interval,
          seconds,
          suite: SUITES[suite],
          seed: flags.seed ?? randomInt(SEED_MAX),
          keys,
          registry,
          json: flags.json === true,
          out,
          err,
          interrupted: interrupted(),
        }),
      );
      done(code);
    });
}

export function addPresets(program: Command, { out }: Streams): void {
  program
    .command("presets")
    .description("the links that there are: loss, delay, and how losses come together")
    .option("--json", "print JSON")
    .action(({ json }: { json?: boolean }) => {
      const links = LINK_PRESETS.map(({ name, about, up }) => ({
        name,
        about,
        loss: meanLoss(up),
        lossAfterLoss: { ms250: lossAfterLoss(up, 250), s2: lossAfterLoss(up, 2_000) },
        delayMs: { p50: quantile(up.delay, 0.5), p99: quantile(up.delay, 0.99) },
        badMs: up.badMs,
      }));
      out(json ? `${JSON.stringify({ links })}\n` : presetTable(links));
    });
}

interface LinkRow {
  readonly name: string;
  readonly about: string;
  readonly loss: number;
  readonly lossAfterLoss: { readonly ms250: number; readonly s2: number };
  readonly delayMs: { readonly p50: number; readonly p99: number };
  readonly badMs: number;
}

function presetTable(links: readonly LinkRow[]): string {
  const head = ["link", "loss", "again 250 ms on", "again 2 s on", "bad for", "p50", "p99", ""];
  const rows = links.map(({ name, about, loss, lossAfterLoss: again, delayMs, badMs }) => [
    name,
    sayShare(loss),
    sayShare(again.ms250),
    sayShare(again.s2),
    badMs === 0 ? "-" : sayDuration(badMs),
    sayMs(delayMs.p50),
    sayMs(delayMs.p99),
    about,
  ]);
  return [
    ...table([head, ...rows]),
    "",
    "  One way, up. `again`: of the frames that follow a lost one so much later, the lost ones.",
    "",
  ].join("\n");
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
