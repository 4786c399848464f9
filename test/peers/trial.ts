// A board's whole trial, live: the very bundle that is flashed, on the board's interpreter, behind
// the flaky path, while its gateway stops, its path breaks for minutes and its broker dies;
// commands come all along. What it tells: how soon beats came back each time, what the board did
// with the commands, and the interpreter's memory before and after.
//
//   interpreter -- proxy, a fifth of loss each way --+-- gateway              over UDP
//                                                    '-- Mosquitto -- gateway over MQTT
//
// The clock is the machine's, so nothing here is asserted at an instant: each trouble begins at its
// time, and how long it took to be over is measured.

import { setTimeout as pause } from "node:timers/promises";
import type { CommandState } from "../../gateway/affairs.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { settings } from "../mqtt/rig.ts";
import { type Mosquitto, mosquitto } from "./mosquitto.ts";
import { client, TrialBoard } from "./trial-board.ts";
import { openPath } from "./trial-path.ts";

export interface TrialOptions {
  readonly espruino: string;
  readonly way: "udp" | "mqtt";
  readonly suite: 1 | 2;
  readonly seconds: number;
  /** Of beats, and from one command to the next. */
  readonly intervalMs: number;
  readonly commandMs: number;
}

export interface TrialReport {
  readonly name: string;
  /** Beats that were heard. */
  readonly heard: number;
  /** Frames that the path lost, or, over MQTT, TCP's segments that it had to send again. */
  readonly lost: number;
  /** Each trouble, and ms from its end until a beat was heard; Infinity: none was. */
  readonly recoveredMs: readonly (readonly [trouble: string, ms: number])[];
  /** Called absent while nothing was wrong but the path's usual loss. */
  readonly falseAbsents: number;
  readonly reboots: number;
  readonly sent: number;
  /** Commands by how they ended; `queued` and `offered`: they did not. */
  readonly ended: Readonly<Partial<Record<CommandState, number>>>;
  /** Payloads that the board acted on more than once; and those called done that it never did. */
  readonly twice: readonly string[];
  readonly never: readonly string[];
  /** The least JsVars in use, before the first trouble and in the end. */
  readonly used: readonly [before: number, after: number];
}

const ID = 1;
const KEYS = ["", "a key of sixteen", "another, sixteen"] as const;
/** Parts of the run: when a trouble begins, and how long it lasts. */
const GATEWAY = [0.2, 0.03] as const;
const PARTITION = [0.4, 0.1] as const;
const BROKER = [0.7, 0.03] as const;
/** No command is sent behind this one. */
const LAST_COMMAND = 0.9;

export async function trial(options: TrialOptions): Promise<TrialReport> {
  const run = new Trial(options);
  try {
    await run.begin();
    return await run.play();
  } finally {
    await run.end();
  }
}

class Trial {
  readonly #options: TrialOptions;
  readonly #ms: number;
  readonly #disk: MemoryDisk = new Map();
  readonly #states = new Map<string, CommandState>();
  readonly #recovered: [string, number][] = [];
  #broker: Mosquitto | undefined;
  #gateway: RunningGateway | undefined;
  #path: Awaited<ReturnType<typeof openPath>> | undefined;
  #board: TrialBoard | undefined;
  #udpPort = 0;
  #begun = 0;
  #sent = 0;
  #heard = 0;
  #falseAbsents = 0;
  /** Troubles that are not over: begun, and no beat was heard since they ended. */
  #troubles = 0;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#ms = options.seconds * 1_000;
  }

  async begin(): Promise<void> {
    const { way, suite } = this.#options;
    const code = await client(this.#options);
    if (way === "mqtt") {
      this.#broker = await mosquitto();
      await this.#broker.start();
    }
    await this.#startGateway();
    const key = KEYS[suite];
    await this.#gateway!.registry.add({ id: ID, name: "it", site: "", labels: [], suite, key });
    const [cutAt, cutMs] = [PARTITION[0] * this.#ms, PARTITION[1] * this.#ms];
    const target = this.#broker?.port ?? this.#udpPort;
    this.#path = await openPath({ way, port: target, seed: suite, cutAt, cutMs });
    const { port } = this.#path;
    this.#begun = performance.now();
    this.#board = new TrialBoard(code, { ...this.#options, id: ID, key, port });
  }

  async play(): Promise<TrialReport> {
    await Promise.all(
      [this.#watch(), this.#command(), this.#gatewayStops(), this.#partition()].concat(
        this.#broker ? [this.#brokerDies(this.#broker)] : [],
      ),
    );
    return this.#report();
  }

  async end(): Promise<void> {
    this.#board?.stop();
    await this.#path?.close();
    await this.#gateway?.stop();
    await this.#broker?.end();
  }

  async #startGateway(): Promise<void> {
    const { port } = this.#broker ?? {};
    const mqtt = port === undefined ? undefined : settings(`mqtt://127.0.0.1:${port}`);
    this.#gateway = await startHere(this.#disk, { udpPort: this.#udpPort, mqtt });
    this.#udpPort = this.#gateway.udpPort;
  }

  /** Ms since the begin. */
  #now(): number {
    return performance.now() - this.#begun;
  }

  async #until(part: number): Promise<void> {
    await pause(Math.max(0, part * this.#ms - this.#now()));
  }

  #view() {
    return this.#gateway?.core.view(ID, performance.now());
  }

  async #watch(): Promise<void> {
    let status: string | undefined;
    let seenAt: number | null = null;
    while (this.#now() < this.#ms) {
      await pause(50);
      const view = this.#view();
      if (!view) continue;
      if (view.status === "absent" && status !== "absent" && this.#troubles === 0) {
        this.#falseAbsents++;
      }
      if (view.seenAt !== seenAt) this.#heard++;
      ({ status, seenAt } = view);
      const told = this.#gateway!.core.requests.commandsOf(ID, performance.now());
      for (const { payload, state } of told) this.#states.set(payload, state);
    }
  }

  async #command(): Promise<void> {
    const { commandMs } = this.#options;
    while (this.#now() < LAST_COMMAND * this.#ms) {
      await pause(commandMs);
      const { httpPort } = this.#gateway ?? {};
      if (httpPort === undefined) continue;
      const url = `http://127.0.0.1:${httpPort}/api/v1/devices/${ID.toString(16).padStart(6, "0")}`;
      const body = JSON.stringify({ payload: `do ${this.#sent}`, ttl: "30s" });
      const headers = { "content-type": "application/json" };
      const asked = fetch(`${url}/commands`, { method: "POST", headers, body });
      // Of a gateway that stops just now nobody knows whether it took the command.
      const answer = await asked.catch(() => undefined);
      if (answer?.ok) this.#states.set(`do ${this.#sent}`, "queued");
      this.#sent++;
    }
  }

  async #gatewayStops(): Promise<void> {
    await this.#until(GATEWAY[0]);
    await this.#trouble("gateway", async () => {
      const gateway = this.#gateway!;
      this.#gateway = undefined;
      await gateway.stop();
      await this.#until(GATEWAY[0] + GATEWAY[1]);
      await this.#startGateway();
    });
  }

  async #partition(): Promise<void> {
    await this.#until(PARTITION[0]);
    await this.#trouble("path", () => this.#until(PARTITION[0] + PARTITION[1]));
  }

  async #brokerDies(broker: Mosquitto): Promise<void> {
    await this.#until(BROKER[0]);
    await this.#trouble("broker", async () => {
      await broker.kill();
      await this.#until(BROKER[0] + BROKER[1]);
      await broker.start();
    });
  }

  async #trouble(name: string, happens: () => Promise<void>): Promise<void> {
    this.#troubles++;
    await happens();
    const ended = performance.now();
    while ((this.#view()?.seenAt ?? 0) <= ended && this.#now() < this.#ms) await pause(20);
    const heard = this.#view()?.seenAt ?? 0;
    this.#recovered.push([name, heard > ended ? heard - ended : Number.POSITIVE_INFINITY]);
    this.#troubles--;
  }

  #report(): TrialReport {
    const { way, suite } = this.#options;
    const { acted, reboots } = this.#board!;
    const least = (from: number, to: number) =>
      this.#board!.leastUsed(this.#begun + from * this.#ms, this.#begun + to * this.#ms);
    const times = (payload: string) => acted.filter((each) => each === payload).length;
    const ended: Partial<Record<CommandState, number>> = {};
    for (const state of this.#states.values()) ended[state] = (ended[state] ?? 0) + 1;
    const { up, down } = this.#path!.progress();
    return {
      name: `${way}, suite ${suite}`,
      heard: this.#heard,
      lost: up.lost + down.lost,
      recoveredMs: this.#recovered,
      falseAbsents: this.#falseAbsents,
      reboots,
      sent: this.#sent,
      ended,
      twice: [...new Set(acted)].filter((payload) => times(payload) > 1),
      never: [...this.#states].flatMap(([payload, state]) =>
        state === "done" && times(payload) === 0 ? [payload] : [],
      ),
      used: [least(0.1, GATEWAY[0]), least(LAST_COMMAND, 1)],
    };
  }
}
