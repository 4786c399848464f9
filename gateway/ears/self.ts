/**
 * The self-beat: once a second a device of the gateway's own says, through the real socket, that it
 * is alive, and must be acknowledged. What no counter shows (a socket that was lost, an address
 * that went away, a store that no longer writes) then shows as a missing ACK.
 *
 * Its record stands in a gateway core of its own, beside the real one: the same code for tags and
 * presence, and nothing of it can appear in a list, a count, a metric or on disk. A hidden device
 * in the real core lost: it would have to be left out in a dozen places, and be forgotten in the
 * thirteenth. It is known by where it beats from, a socket of ours on this machine, so it takes no
 * id from anybody; its key is drawn anew at each start and never leaves the process.
 *
 * A beat need not go to disk (rule 8), so a self-beat does not wear it. Where nothing else was
 * written for a minute, the next one turns its alert bit, which must be on disk before its ACK: the
 * store then writes its stamp, and the ACKs wait for that as those of any device would.
 */

import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIPv4 } from "node:net";
import { decodeDown } from "../../device/decode.ts";
import { intervalCode } from "../../device/interval.ts";
import { computeTag, makeTagKey, SUITE_HMAC, type TagKey, tagBytes } from "../../device/tag.ts";
import { ACK, DOWN, encodeHeartbeat, HEARTBEAT, tagInput, UP } from "../../device/wire.ts";
import type { Clock } from "../clock.ts";
import type { Outgoing, Source, StoredDevice } from "../facts.ts";
import { Gateway } from "../gateway.ts";
import type { Log } from "../log.ts";
import { ALERT } from "../receiver/beats.ts";
import { sha256 } from "../sha256.ts";
import type { UdpTransport } from "../udp.ts";

/** The store is proven so often, in ms, where nothing else is written. */
export const PROVE_MS = 60_000;
/** A path counts as lost after so many beats in a row without an ACK, one a second. */
export const MISSES = 5;

const SUITE = SUITE_HMAC;
const PROMISE = intervalCode(2_000);

export interface SelfBeatOptions {
  readonly clock: Clock;
  readonly udp: Pick<UdpTransport, "port" | "addresses" | "send">;
  /** Writes to the store; resolves when that is on disk. */
  readonly alive: () => Promise<void>;
  readonly log: Log;
}

/** One socket of the gateway, seen from a device. */
interface Path {
  readonly id: number;
  readonly socket: Socket;
  readonly host: string;
  readonly port: number;
  readonly tagKey: TagKey;
  seq: number;
  vitals: number;
  /** Beats that wait for their ACK, by seq, with the instant at which they left. */
  readonly sent: Map<number, { readonly frame: string; readonly at: number }>;
  /** When the last beat left that was acknowledged, and how many left since. */
  goodAt: number;
  missed: number;
}

export class SelfBeat {
  /** When the store was last known to write. */
  provenAt: number;
  readonly #options: SelfBeatOptions;
  readonly #paths: readonly Path[];
  readonly #core: Gateway;
  /** The write that answers wait for. */
  #proof: Promise<void> = Promise.resolve();

  private constructor(options: SelfBeatOptions, paths: readonly Path[], core: Gateway) {
    this.#options = options;
    this.#paths = paths;
    this.#core = core;
    this.provenAt = options.clock.now();
    for (const path of paths) {
      path.socket.on("message", (message) => this.#heard(path, message.toString("latin1")));
    }
  }

  /** A path for each address that the gateway listens on; one that cannot be made is told of. */
  static async open(options: SelfBeatOptions): Promise<SelfBeat> {
    const { clock, udp, log } = options;
    const now = clock.now();
    const paths: Path[] = [];
    const devices: StoredDevice[] = [];
    for (const [n, address] of udp.addresses.entries()) {
      const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
      const socket = await bind(host).catch((error) => {
        log.warn("no self-beat", { to: address, why: (error as Error).message });
        return undefined;
      });
      if (socket === undefined) continue;
      const key = randomBytes(16).toString("latin1");
      const { port } = socket.address();
      const tagKey = makeTagKey(SUITE, key, sha256);
      const fresh = { seq: 0, vitals: 0, sent: new Map(), goodAt: now, missed: 0 };
      paths.push({ id: n + 1, socket, host, port, tagKey, ...fresh });
      devices.push(deviceOf(n + 1, key, { transport: "udp", address: host, port }, now));
    }
    const secret = randomBytes(16).toString("latin1");
    const words = { generation: 0, secret, sha256, unixSeconds: () => 0, stoppedMs: 0 };
    return new SelfBeat(options, paths, new Gateway(words, devices, now));
  }

  /** The next beats go out. Those before them should have been acknowledged long ago. */
  beat(writtenAt: number): void {
    const now = this.#options.clock.now();
    this.provenAt = Math.max(this.provenAt, writtenAt);
    const prove = now - this.provenAt >= PROVE_MS;
    for (const path of this.#paths) {
      if (path.sent.size > 0) path.missed++;
      for (const seq of path.sent.keys()) if (seq <= path.seq - MISSES) path.sent.delete(seq);
      if (prove && path.missed === 0) path.vitals ^= ALERT;
      const seq = ++path.seq;
      const body = encodeHeartbeat(path.id, seq, PROMISE, path.vitals, 0, "");
      const frame = body + computeTag(path.tagKey, tagInput(UP, HEARTBEAT, 1, seq, body, ""));
      path.sent.set(seq, { frame, at: now });
      path.socket.send(Buffer.from(frame, "latin1"), this.#options.udp.port, path.host, () => {});
    }
  }

  /** Whether a frame that came in at the gateway's socket is one of ours: it is then dealt with. */
  takes(frame: string, from: Source): boolean {
    const path = this.#paths.find(({ port, host }) => port === from.port && host === from.address);
    if (path === undefined) return false;
    const { clock, alive } = this.#options;
    const effects = this.#core.handle(frame, from, clock.now());
    this.#send(effects.send);
    if (effects.ticket === 0) return true;
    if (effects.commit.length > 0) this.#proof = alive();
    const durable = async (): Promise<void> => {
      await this.#proof;
      this.provenAt = clock.now();
      this.#core.committed(effects.ticket, this.provenAt);
      this.#send(effects.afterCommit.send);
    };
    // A store that cannot write ends the process.
    durable().catch(() => {});
    return true;
  }

  /** Since when a path has been lost; undefined: all are well. */
  get missingSince(): number | undefined {
    const lost = this.#paths.filter(({ missed }) => missed >= MISSES);
    return lost.length === 0 ? undefined : Math.min(...lost.map(({ goodAt }) => goodAt));
  }

  /** When the newest beat left that was acknowledged, on the path where that is longest ago. */
  get passedAt(): number {
    return Math.min(...this.#paths.map(({ goodAt }) => goodAt));
  }

  async close(): Promise<void> {
    const closed = ({ socket }: Path) => new Promise<void>((done) => socket.close(done));
    await Promise.all(this.#paths.map(closed));
  }

  #send(frames: readonly Outgoing[]): void {
    for (const { to, frame } of frames) this.#options.udp.send(to, frame);
  }

  /** An answer: the path is good if it is the ACK of a beat in flight, and we found it present. */
  #heard(path: Path, frame: string): void {
    const ack = decodeDown(frame, tagBytes(SUITE));
    if (typeof ack === "string" || ack.type !== ACK) return;
    for (const [seq, { frame: beat, at }] of path.sent) {
      const bound = beat.slice(beat.length - tagBytes(SUITE));
      const input = tagInput(DOWN, ACK, 1, seq, ack.body, bound);
      if (computeTag(path.tagKey, input) !== ack.tag) continue;
      if (this.#core.view(path.id, at)?.status !== "present") return;
      path.sent.clear();
      path.goodAt = at;
      path.missed = 0;
      return;
    }
  }
}

function deviceOf(id: number, key: string, from: Source, at: number): StoredDevice {
  const words = { name: `self-${id}`, site: "", labels: [], suite: SUITE, key };
  const beat = { id, epoch: 1, seq: 0, tag: "\0".repeat(8), promise: PROMISE, vitals: 0, reach: 0 };
  return {
    enrolment: { id, ...words },
    issued: 1,
    epoch: 1,
    beat: { kind: "beat", ...beat, ext: "", at, ...from },
    status: "present",
    cause: "first-beat",
    tseq: 1,
  };
}

function bind(host: string): Promise<Socket> {
  const type = isIPv4(host) ? "udp4" : "udp6";
  const socket = createSocket({
    type,
    lookup: (name, _options, found) => found(null, name, type === "udp4" ? 4 : 6),
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(0, host, () => {
      // From now on an error is a beat that does not come back.
      socket.removeAllListeners("error").on("error", () => {});
      resolve(socket);
    });
  });
}
