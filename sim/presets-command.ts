// `nextbeat sim presets`: all that can be named in a scenario, a line each with the figures that
// decide between them. The JSON has the same figures, and for each link the line that makes Linux
// its like; `--netem` prints those lines, which are too long to stand between the others.

import type { Command } from "commander";
import { BATTERIES, BOARDS, CLOCKS } from "./boards.ts";
import type { Streams } from "./commands.ts";
import { sayDuration } from "./duration.ts";
import { type Quantile, quantile } from "./exact.ts";
import { lossAfterLoss, meanLoss } from "./link.ts";
import { NAT_PRESETS, safeIntervalMs } from "./nat-presets.ts";
import { netemOf } from "./netem.ts";
import { LINK_PRESETS } from "./presets.ts";
import { sayMs, sayShare } from "./summary.ts";
import { table } from "./tell.ts";

/** The spacings of packets that netem lines are for: a stream's, and a device's retries. */
const SPACINGS = { ms20: 20, s1: 1_000 } as const;

export function addPresets(program: Command, { out }: Streams): void {
  program
    .command("presets")
    .description("the links, NATs, boards, batteries and clocks that there are, with their figures")
    .option("--netem", "print what makes Linux like these links: tc qdisc add dev DEVICE root ...")
    .option("--json", "print JSON")
    .action(({ netem, json }: { netem?: boolean; json?: boolean }) => {
      const all = figures();
      if (json) out(`${JSON.stringify(all)}\n`);
      else out(`${(netem ? netemLines() : tables(all)).join("\n")}\n`);
    });
}

type Figures = ReturnType<typeof figures>;

function figures() {
  return {
    links: LINK_PRESETS.map(({ name, about, up, down }) => ({
      name,
      about,
      loss: meanLoss(up),
      lossAfterLoss: { ms250: lossAfterLoss(up, 250), s2: lossAfterLoss(up, 2_000) },
      delayMs: { p50: quantile(up.delay, 0.5), p99: quantile(up.delay, 0.99) },
      badMs: up.badMs,
      netem: {
        up: { ms20: netemOf(up, SPACINGS.ms20), s1: netemOf(up, SPACINGS.s1) },
        down: { ms20: netemOf(down, SPACINGS.ms20), s1: netemOf(down, SPACINGS.s1) },
      },
    })),
    nats: NAT_PRESETS.map(({ name, about, model }) => ({
      name,
      about,
      ...(model && {
        unrepliedMs: model.unrepliedMs,
        streamMs: model.streamMs,
        streamAfterMs: model.streamAfterMs,
        port: model.port,
        mappingsMax: model.mappingsMax,
        safeIntervalMs: safeIntervalMs(model),
      }),
    })),
    boards: Object.values(BOARDS).map(({ name, about, nA, bootMs, joinMs, brownOutV }) => {
      const joinP50Ms = quantile(joinMs, 0.5);
      // nA times ms is pC.
      const wakeMC = (nA.boot * bootMs + nA.join * joinP50Ms) / 1e9;
      const deepUA = nA.deep / 1e3;
      const lightMA = nA.light / 1e6;
      return { name, about, deepUA, lightMA, wakeMC, joinP50Ms, brownOutV };
    }),
    batteries: Object.values(BATTERIES).map(({ name, about, mAh, selfDischargePerYear, volts }) => {
      const fullV = volts.at(-1)![1];
      return { name, about, mAh, selfDischargePerYear, fullV, emptyV: volts[0]![1] };
    }),
    clocks: Object.values(CLOCKS).map(({ name, about, awakePpm, asleepPpm, ppmPerKelvin }) => ({
      name,
      about,
      awakePpm: ends(awakePpm),
      asleepPpm: ends(asleepPpm ?? awakePpm),
      ppmPerKelvin,
    })),
  };
}

function tables({ links, nats, boards, batteries, clocks }: Figures): string[] {
  return [
    ...linkTable(links),
    "",
    "  One way, up. `again`: of the frames that follow a lost one so much later, the lost ones.",
    "",
    ...natTable(nats),
    "",
    "  `safe`: the longest interval of beats at which a binding is certainly kept.",
    "",
    ...boardTable(boards),
    "",
    "  `wake`: boot and a usual join after deep sleep; not what is sent, and not the awake time.",
    "",
    ...batteryTable(batteries),
    "",
    ...clockTable(clocks),
    "",
  ];
}

function linkTable(links: Figures["links"]): string[] {
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
  return table([head, ...rows]);
}

function natTable(nats: Figures["nats"]): string[] {
  const say = (ms: number | undefined) => (ms === undefined ? "-" : sayDuration(ms));
  const rows = nats.map(({ name, about, unrepliedMs, streamMs, ...more }) => [
    name,
    say(unrepliedMs),
    say(streamMs),
    more.streamAfterMs === 0 ? "a reply" : say(more.streamAfterMs),
    more.port ?? "-",
    say(more.safeIntervalMs),
    about,
  ]);
  return table([["NAT", "at first", "later", "from", "port", "safe", ""], ...rows]);
}

function boardTable(boards: Figures["boards"]): string[] {
  const rows = boards.map(({ name, about, deepUA, lightMA, wakeMC, joinP50Ms, brownOutV }) => [
    name,
    `${deepUA} uA`,
    `${lightMA} mA`,
    `${wakeMC.toFixed(1)} mC`,
    sayDuration(joinP50Ms),
    `${brownOutV} V`,
    about,
  ]);
  return table([["board", "deep sleep", "light", "wake", "join", "resets below", ""], ...rows]);
}

function batteryTable(batteries: Figures["batteries"]): string[] {
  const rows = batteries.map(({ name, about, mAh, selfDischargePerYear, fullV, emptyV }) => [
    name,
    `${mAh} mAh`,
    sayShare(selfDischargePerYear),
    `${fullV} V`,
    `${emptyV} V`,
    about,
  ]);
  return table([["battery", "charge", "lost a year", "full", "empty", ""], ...rows]);
}

function clockTable(clocks: Figures["clocks"]): string[] {
  const range = ([least, most]: readonly [number, number]) =>
    least === most ? `${least} ppm` : `${Math.round(least)} to ${Math.round(most)} ppm`;
  const rows = clocks.map(({ name, about, awakePpm, asleepPpm, ppmPerKelvin }) => [
    name,
    range(awakePpm),
    range(asleepPpm),
    ppmPerKelvin === 0 ? "-" : `${ppmPerKelvin} ppm`,
    about,
  ]);
  return table([["clock", "awake", "asleep", "a kelvin", ""], ...rows]);
}

function netemLines(): string[] {
  return LINK_PRESETS.flatMap(({ name, up, down }) =>
    (up === down ? [["", up] as const] : [[" up", up] as const, [" down", down] as const]).flatMap(
      ([direction, model]) => [
        `# ${name}${direction}, packets 20 ms apart, then 1 s apart`,
        netemOf(model, SPACINGS.ms20),
        netemOf(model, SPACINGS.s1),
      ],
    ),
  );
}

/** The least and the most of a distribution. */
function ends(table: readonly Quantile[]): [number, number] {
  return [table[0]![1], table.at(-1)![1]];
}
