/**
 * What the gateway counts, as Prometheus text. The names are promises (README); prom-client stays
 * behind this one file, since it has moved to another package that needs a later Node.
 *
 * Counters of the core are read when somebody asks, not copied at each beat: a beat pays for one
 * histogram alone, 0.2 us.
 */

import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "./clock.ts";
import type { Change, Fact } from "./facts.ts";
import type { Gateway } from "./gateway.ts";

export interface MetricsOptions {
  readonly core: Gateway;
  readonly clock: Clock;
  readonly version: string;
}

const LAG_RESOLUTION_MS = 20;
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const WAITS = [0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const LATENESS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

export class Metrics {
  readonly #registry = new Registry();
  readonly #lag: IntervalHistogram;
  readonly #ack: Histogram;
  readonly #lateness: Histogram;
  readonly #commit: Histogram;
  readonly #wait: Histogram;
  readonly #changes: Counter<"from" | "to" | "cause">;

  constructor({ core, clock, version }: MetricsOptions) {
    const registers = [this.#registry];
    this.#lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
    this.#lag.enable();
    this.#ack = new Histogram({
      name: "nextbeat_ack_seconds",
      help: "From a frame's receipt to its answer, in this process",
      buckets: SECONDS,
      registers,
    });
    this.#lateness = new Histogram({
      name: "nextbeat_verdict_lateness_seconds",
      help: "From the instant at which a device became late or absent to its telling",
      buckets: LATENESS,
      registers,
    });
    this.#commit = new Histogram({
      name: "nextbeat_store_commit_seconds",
      help: "Duration of durable writes; one may carry many commits",
      buckets: SECONDS,
      registers,
    });
    this.#wait = new Histogram({
      name: "nextbeat_command_wait_seconds",
      help: "From queueing a command to its RESULT",
      buckets: WAITS,
      registers,
    });
    this.#changes = new Counter({
      name: "nextbeat_changes_total",
      help: "Changes of status since the start",
      labelNames: ["from", "to", "cause"],
      registers,
    });
    new Gauge({
      name: "nextbeat_build_info",
      help: "Always 1",
      labelNames: ["version", "node"],
      registers,
    }).set({ version, node: process.version }, 1);
    countersOf(core, clock, registers);
    lagOf(this.#lag, registers);
    processOf(registers);
  }

  /** Facts that are durable: RESULTs among them. */
  answeredBy(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.kind !== "command" || fact.command === null || fact.command.code < 0) continue;
      const { queuedAt, doneAt } = fact.command;
      this.#wait.observe(Math.max(0, doneAt! - queuedAt) / 1000);
    }
  }

  /** Answers went out for a frame that came `ms` ago. */
  answered(ms: number): void {
    this.#ack.observe(ms / 1000);
  }

  committed(ms: number): void {
    this.#commit.observe(ms / 1000);
  }

  /** A change was told at `now`. */
  changed({ from, to, cause, at }: Change, now: number): void {
    this.#changes.inc({ from, to, cause });
    if (to === "late" || to === "absent") this.#lateness.observe(Math.max(0, now - at) / 1000);
  }

  /** More of them, by a part that counts for itself. */
  extend(add: (registers: Registry[]) => void): void {
    add([this.#registry]);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#lag.disable();
  }
}

function countersOf(core: Gateway, clock: Clock, registers: Registry[]): void {
  new Gauge({
    name: "nextbeat_devices",
    help: "Enrolled devices by status",
    labelNames: ["status"],
    registers,
    collect() {
      for (const [status, n] of Object.entries(core.counts(clock.now()))) this.set({ status }, n);
    },
  });
  new Counter({
    name: "nextbeat_beats_total",
    help: "Frames received, by what came of them",
    labelNames: ["transport", "result"],
    registers,
    collect() {
      this.reset();
      for (const transport of ["udp", "mqtt"] as const) {
        for (const [result, n] of Object.entries(core.frames[transport])) {
          this.inc({ transport, result }, n);
        }
      }
    },
  });
  new Counter({
    name: "nextbeat_deaf_seconds_total",
    help: "Time in which beats could not have been heard, the stop before this start included",
    labelNames: ["why"],
    registers,
    collect() {
      this.reset();
      for (const [why, ms] of core.requests.deafTotals(clock.now())) this.inc({ why }, ms / 1000);
    },
  });
  new Gauge({
    name: "nextbeat_commands",
    help: "Commands by state: queued and offered now, outcomes since the start",
    labelNames: ["state"],
    registers,
    collect() {
      for (const [state, n] of Object.entries(core.requests.commands)) this.set({ state }, n);
    },
  });
  new Counter({
    name: "nextbeat_acks_total",
    help: "Acknowledgements sent",
    registers,
    collect() {
      this.reset();
      this.inc(core.counters.acks ?? 0);
    },
  });
}

/** Since the last time somebody asked. */
function lagOf(lag: IntervalHistogram, registers: Registry[]): void {
  new Gauge({
    name: "nextbeat_loop_lag_seconds",
    help: "How late the event loop came to its timers since the last scrape",
    // Not "quantile": that label is for summaries alone.
    labelNames: ["percentile"],
    registers,
    collect() {
      for (const percentile of [50, 99, 100]) {
        const seconds = lag.count > 0 ? lag.percentile(percentile) / 1e9 : 0;
        this.set({ percentile }, Math.max(0, seconds - LAG_RESOLUTION_MS / 1000));
      }
      lag.reset();
    },
  });
}

function processOf(registers: Registry[]): void {
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
