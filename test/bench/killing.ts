/**
 * One kill of a gateway amid a fleet, and what the next one makes of it.
 *
 *   boards  | | | | | | | |  X                   | | | |
 *   gateway =================X   .....[replays]==========
 *
 * X: kill -9. Then the same data folder and ports again, with all beats older than the flush window
 * sent once more, before the boards themselves are let through.
 *
 * The ledger of what was acknowledged is kept from outside, by looking at the boards: the gateway
 * under test is not asked what it knows.
 */

import { createSocket } from "node:dgram";
import { idText } from "../../gateway/enrolment.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import { LIMITS } from "../../gateway/limits.ts";
import type { Member, SocketFleet } from "../../sim/sockets.ts";
import { devicesOf, framesOf } from "./api.ts";
import { acknowledgedBeat, sleep, until } from "./live.ts";
import { dice } from "./luck.ts";
import { type GatewayServer, startGatewayProcess, startStillborn } from "./process.ts";

/**
 * Between the end of the flush window and the kill: the sampling of ACKs below, and the kernel's
 * way.
 */
const MARGIN_MS = 300;
const SAMPLE_MS = 50;
/** The longest wait before a kill. */
const RUN_MAX_MS = 5_000;
/** Every third start is killed in its first so many ms. */
const YOUNG_MAX_MS = 400;
/** For the gateway to see all replays. */
const REPLAY_MAX_MS = 1_000;

/** An acknowledged beat: which, when at the latest, and its frame. */
interface Acked {
  readonly epoch: number;
  readonly seq: number;
  readonly at: number;
  readonly frame: string;
}

/** What each board was acknowledged lately, newest last. */
class Ledger {
  readonly acked = new Map<Member, Acked[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(fleet: SocketFleet) {
    this.#timer = setInterval(() => {
      for (const member of fleet.members) this.#look(member);
    }, SAMPLE_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The newest one that is older than `before`. */
  last(member: Member, before = Infinity): Acked | undefined {
    return this.acked.get(member)?.findLast(({ at }) => at <= before);
  }

  #look(member: Member): void {
    const frame = acknowledgedBeat(member);
    const list = this.acked.get(member) ?? [];
    this.acked.set(member, list);
    if (frame === undefined || list.at(-1)?.frame === frame) return;
    const { epoch, ackSeq } = member.board.sender!;
    list.push({ epoch, seq: ackSeq, at: performance.now(), frame });
    if (list.length > 16) list.shift();
  }
}

export interface Round {
  /**
   * Kill to the next start's first word, and from there to the first and the last board
   * acknowledged, ms.
   */
  readonly startMs: number;
  readonly firstMs: number;
  readonly allMs: number;
  /** Acknowledged beats that the crash took. */
  readonly forgotten: number;
  /** Of those, older than the flush window. */
  readonly forgottenOld: number;
  readonly replayed: number;
  readonly replayedFresh: number;
  readonly moved: number;
  readonly unheard: number;
}

/** Before `b`: an older epoch, or an older beat of the same one. */
const before = (a: Pick<Acked, "epoch" | "seq">, b: Pick<Acked, "epoch" | "seq">): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);

export interface KillingOptions {
  readonly fleet: SocketFleet;
  readonly server: GatewayServer;
  /** Its folder. */
  readonly data: string;
  /** Between two beats of a board, ms. */
  readonly interval: number;
  /** Within which every board must be acknowledged again, ms. */
  readonly heardWithin: number;
  readonly seed: number;
}

export class Killing {
  server: GatewayServer;
  readonly #options: KillingOptions;
  readonly #ledger: Ledger;
  readonly #below: (n: number) => number;

  constructor(options: KillingOptions) {
    this.#options = options;
    this.server = options.server;
    this.#below = dice(options.seed);
    this.#ledger = new Ledger(options.fleet);
  }

  /**
   * Lets it run for a while, kills it, starts it again within `downMaxMs`, and waits for every
   * board.
   */
  async round(number: number, downMaxMs: number): Promise<Round> {
    const { interval, heardWithin } = this.#options;
    const { members, links } = this.#options.fleet;
    await sleep(interval + this.#below(RUN_MAX_MS));
    this.server.kill("SIGKILL");
    const killedAt = performance.now();
    await this.server.ended;
    await sleep(SAMPLE_MS * 2);
    // Boards speak on into the void; from here on nothing of it arrives, so that only replays do.
    for (const { board } of members) links.setCut(board.path.up, true);
    await sleep(this.#below(downMaxMs));
    const startedAt = await this.#start(number % 3 === 2);
    const told = await this.#compare(killedAt);
    const ackedBefore = members.map(({ acked }) => acked);
    for (const { board } of members) links.setCut(board.path.up, false);
    const openAt = performance.now();
    const heard = () => members.filter(({ acked }, n) => acked > ackedBefore[n]!).length;
    await until(() => heard() > 0, heardWithin);
    const firstMs = performance.now() - openAt;
    await until(() => heard() === members.length, heardWithin);
    const allMs = performance.now() - openAt;
    return { ...told, startMs: startedAt, firstMs, allMs, unheard: members.length - heard() };
  }

  /** @returns ms until it listened; `young`: it is killed once on the way */
  async #start(young: boolean): Promise<number> {
    const ports = { udp: this.server.port, http: this.server.http };
    if (young) await startStillborn(this.#options.data, ports, this.#below(YOUNG_MAX_MS));
    const begun = performance.now();
    this.server = await startGatewayProcess(this.#options.data, ports);
    return performance.now() - begun;
  }

  /** What the gateway still knows, and what it makes of beats from before the flush window. */
  async #compare(
    killedAt: number,
  ): Promise<Omit<Round, "startMs" | "firstMs" | "allMs" | "unheard">> {
    const known = await devicesOf(this.server.url);
    const windowAt = killedAt - LIMITS.flushMs - MARGIN_MS;
    let forgotten = 0;
    let forgottenOld = 0;
    const replays: string[] = [];
    for (const member of this.#options.fleet.members) {
      const device = known.get(idText(member.board.id))!;
      const all = this.#ledger.acked.get(member) ?? [];
      forgotten += all.filter((acked) => before(device, acked)).length;
      const old = this.#ledger.last(member, windowAt);
      if (old && before(device, old)) forgottenOld++;
      for (const acked of all) if (acked.at <= windowAt) replays.push(acked.frame);
    }
    await replay(this.server, replays);
    const fresh = (await framesOf(this.server.url)).get("fresh") ?? -1;
    const after = await devicesOf(this.server.url);
    const moved = [...known].filter(([id, device]) => !sameBeat(device, after.get(id)!)).length;
    return { forgotten, forgottenOld, replayed: replays.length, replayedFresh: fresh, moved };
  }

  close(): void {
    this.#ledger.close();
  }
}

function sameBeat(a: DeviceJson, b: DeviceJson): boolean {
  return a.seq === b.seq && a.epoch === b.epoch && a.seenAt === b.seenAt && a.address === b.address;
}

/** Resolves when the gateway has seen all of them. */
async function replay(server: GatewayServer, frames: readonly string[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const [n, frame] of frames.entries()) {
    socket.send(Buffer.from(frame, "latin1"), server.port, "127.0.0.1");
    if (n % 64 === 63) await sleep(1);
  }
  const end = performance.now() + REPLAY_MAX_MS;
  const seen = async () =>
    [...(await framesOf(server.url)).values()].reduce((sum, n) => sum + n, 0);
  while ((await seen()) < frames.length && performance.now() < end) await sleep(20);
  socket.close();
}
