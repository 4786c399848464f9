// `nextbeat sim demo`: the whole path in front of your eyes. A real gateway, twelve boards on flaky
// links over real sockets; one is unplugged, and nobody tells the gateway. It is found because it
// broke its own promise. Plain lines, so that a log of it reads as well as a terminal.

import { randomBytes } from "node:crypto";
import { overHttp } from "../gateway/cli/devices.ts";
import { follow } from "../gateway/cli/stream.ts";
import type { ChangeJson, DeviceJson } from "../gateway/http/answers.ts";
import { CAST } from "./cast.ts";
import { type GatewayChild, startGatewayChild } from "./gateway-child.ts";
import { identityOf } from "./keys.ts";
import { type Member, SocketFleet } from "./sockets.ts";
import { ending, type Loss, type Story } from "./story.ts";

export interface DemoSettings {
  /** undefined: until interrupted. */
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly story: Story;
  readonly interrupted: Promise<void>;
}

/** Below this there is no time for a board to be missed. */
export const DEMO_SECONDS_MIN = 20;
const PAUSE_MS = 3_000;
const BETWEEN_DEATHS_MS = 12_000;
const FOUND_MAX_MS = 60_000;
const STATUS_MS = 5_000;

/** @returns the exit code: 0 if the dead board was found and no living one was called absent */
export async function runDemo(settings: DemoSettings): Promise<number> {
  const { story } = settings;
  const gateway = await startGatewayChild();
  try {
    story.opens(gateway, Date.now());
    const demo = new Demo(gateway, settings);
    return await demo.run();
  } finally {
    await gateway.stop();
  }
}

class Demo {
  private readonly gateway: GatewayChild;
  private readonly settings: DemoSettings;
  private readonly story: Story;
  private readonly ids = new Map<string, Member>();
  private readonly losses: Loss[] = [];
  private falseAbsents = 0;
  private present = new Set<string>();
  private waiting: (() => void)[] = [];
  private over = false;

  constructor(gateway: GatewayChild, settings: DemoSettings) {
    this.gateway = gateway;
    this.settings = settings;
    this.story = settings.story;
  }

  async run(): Promise<number> {
    const { gateway, settings, story } = this;
    const fleet = await this.enrol();
    const stream = new AbortController();
    const following = follow(gateway.url, undefined, undefined, stream.signal, (happening) => {
      if (happening.event !== "change") return;
      this.changed(happening.data as ChangeJson).catch(() => {});
    });
    await fleet.open();
    const ticker = setInterval(() => story.status(fleet, this.present.size), STATUS_MS);
    const early = settings.interrupted.then(() => true);
    const end = Promise.race([early, this.timeIsUp().then(() => false), gateway.broken]);
    const play = this.play(fleet);
    let stopped = true;
    try {
      stopped = await Promise.race([end, play.then(() => end)]);
    } finally {
      this.over = true;
      clearInterval(ticker);
      stream.abort();
      await following.catch(() => {});
      await fleet.close();
    }
    return ending(story, fleet, this.losses, this.falseAbsents, !stopped);
  }

  private async enrol(): Promise<SocketFleet> {
    const registry = overHttp(this.gateway.url, undefined);
    const boards = [];
    for (const { name, site, link, intervalMs, suite, config } of CAST) {
      const added = await registry.add({ name, site, suite: String(suite) });
      const identity = identityOf({ ...added, suite, name }, "the gateway");
      const salt = randomBytes(8).toString("latin1");
      boards.push({ ...identity, link, intervalMs, config, salt });
    }
    await registry.close();
    const fleet = new SocketFleet({
      address: "127.0.0.1",
      family: 4,
      port: this.gateway.udpPort,
      seed: this.settings.seed,
      boards,
      spreadMs: 100,
    });
    for (const member of fleet.members) {
      this.ids.set(member.board.id.toString(16).padStart(6, "0"), member);
    }
    return fleet;
  }

  /** One death after the other; with an end in sight, one. */
  private async play(fleet: SocketFleet): Promise<void> {
    const { seconds } = this.settings;
    const first = seconds === undefined ? 8_000 : Math.min(8_000, seconds * 200);
    await this.pause(first);
    for (let n = 0; !this.over; n++) {
      await this.lose(fleet.members[(n * 5) % fleet.members.length]!, fleet);
      if (seconds !== undefined) return;
      await this.pause(BETWEEN_DEATHS_MS);
    }
  }

  /** Unplugs a board, waits until it is found, and plugs it in again. */
  private async lose(member: Member, fleet: SocketFleet): Promise<void> {
    const loss: Loss = { member, at: Date.now(), lateAt: 0, absentAt: 0, returnedAt: 0, dueAt: 0 };
    this.losses.push(loss);
    fleet.unplug(member);
    this.story.unplugged(member);
    await this.until(() => loss.absentAt > 0, FOUND_MAX_MS);
    await this.pause(PAUSE_MS);
    if (this.over) return;
    this.story.plugged(member);
    fleet.plug(member);
    await this.until(() => loss.returnedAt > 0, FOUND_MAX_MS);
  }

  private async changed(change: ChangeJson): Promise<void> {
    const member = this.ids.get(change.id);
    if (!member) return;
    if (change.to === "present") this.present.add(change.id);
    else this.present.delete(change.id);
    const loss = this.losses.findLast((each) => each.member === member);
    const mourned = loss !== undefined && loss.returnedAt === 0;
    if (change.to === "absent" && !mourned) this.falseAbsents++;
    const device = await this.show(change.id);
    this.note(mourned ? loss : undefined, change, device);
    this.story.changed(member, change, device, mourned ? loss : undefined);
    for (const wake of this.waiting.splice(0)) wake();
  }

  private note(loss: Loss | undefined, change: ChangeJson, device: DeviceJson): void {
    if (!loss) return;
    const at = Date.parse(change.at);
    if (change.to === "late") {
      loss.lateAt = at;
      loss.dueAt = Date.parse(device.dueAt ?? change.at);
    } else if (change.to === "absent") loss.absentAt = at;
    else if (change.to === "present" && loss.member.board.sender) loss.returnedAt = at;
  }

  private async show(id: string): Promise<DeviceJson> {
    const response = await fetch(new URL(`api/v1/devices/${id}`, this.gateway.url));
    return (await response.json()) as DeviceJson;
  }

  private timeIsUp(): Promise<void> {
    const { seconds } = this.settings;
    return seconds === undefined ? new Promise(() => {}) : this.pause(seconds * 1_000);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms).unref());
  }

  /** Resolves when `reached`, looked at after each change, or after `mostMs`. */
  private async until(reached: () => boolean, mostMs: number): Promise<void> {
    const end = this.pause(mostMs).then(() => true);
    while (!reached() && !this.over) {
      const next = new Promise<boolean>((resolve) => {
        this.waiting.push(() => resolve(false));
      });
      if (await Promise.race([next, end])) return;
    }
  }
}
