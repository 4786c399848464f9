// One direction of a TCP connection through the flaky path. TCP loses nothing, it is late instead:
// a segment that the link takes is sent again after 200 ms, then 400, and so on (RFC 6298, as Linux
// does), and all that comes behind it waits. So a bad path shows as stalls and bursts, and one that
// stays bad for a minute as a broken connection, which is what an MQTT client must live with.

import type { Socket } from "node:net";
import { LOST } from "../links.ts";
import type { Path } from "../path.ts";
import type { Stage } from "./stage.ts";
import type { Durations } from "./timing.ts";

/** Bytes of a segment, at most: what passes everywhere. */
const SEGMENT_MAX = 1_200;
/** Headers of IPv4 and TCP beyond those of a datagram, which the model counts. */
const MORE_HEADERS = 12;
const RTO_MIN = 200;
/** After so long without a segment through, the connection is broken. */
const GIVE_UP_MS = 60_000;
/** Between segments that were split on purpose, so that they are read apart. */
const SPLIT_GAP_MS = 1;
/** Bytes that wait in one direction before its source is not read any more. */
export const WAITING_MAX = 1_048_576;

export interface PipeOptions {
  readonly stage: Stage;
  readonly path: Path;
  readonly direction: "up" | "down";
  /** Of the connection: keys its luck on a path that it is not the first one to have. */
  readonly number: number;
  readonly source: Socket;
  readonly sink: Socket;
  /** Bytes of a segment, at most; undefined: as they come. */
  readonly split: number | undefined;
  /** By how much writes were late, ms. */
  readonly error: Durations;
  /** The path stayed bad for too long. */
  readonly broken: () => void;
}

export class Pipe {
  /** Bytes that came, and that went on; segments that were sent again. */
  received = 0;
  sent = 0;
  lost = 0;
  /** True: what comes vanishes, the end included. */
  hole = false;
  /** Bytes that go on, at most; `atLimit` is called once they have. */
  limit = Number.POSITIVE_INFINITY;
  atLimit: () => void = () => {};
  private readonly options: PipeOptions;
  private readonly segmentMax: number;
  /** Segments that have not yet passed the link; undefined: the end. */
  private readonly waiting: (Buffer | undefined)[] = [];
  private bytes = 0;
  private number = 0;
  private tries = 0;
  private triedAt = 0;
  private resting = false;
  private arrivedAt = 0;
  /** What has arrived and is to be written; and before when it must not, if it was split. */
  private readonly ready: { readonly segment: Buffer | undefined; readonly at: number }[] = [];
  private freeAt = 0;

  constructor(options: PipeOptions) {
    const { stage, path, direction, split } = options;
    this.options = options;
    const { mtu, overheadBytes } = stage.network.links.model(path[direction]);
    const room = mtu > 0 ? mtu - overheadBytes - MORE_HEADERS : SEGMENT_MAX;
    this.segmentMax = Math.max(1, Math.min(split ?? SEGMENT_MAX, SEGMENT_MAX, room));
  }

  take(bytes: Buffer): void {
    const chunk = bytes.subarray(0, this.limit - this.received);
    this.received += chunk.length;
    if (this.hole) return;
    for (let at = 0; at < chunk.length; at += this.segmentMax) {
      this.waiting.push(chunk.subarray(at, at + this.segmentMax));
    }
    this.bytes += chunk.length;
    if (this.bytes > WAITING_MAX) this.options.source.pause();
    this.pump();
  }

  end(): void {
    this.waiting.push(undefined);
    this.pump();
  }

  private pump(): void {
    const { stage, path, split } = this.options;
    while (this.waiting.length > 0 && !this.resting && !this.hole) {
      const [segment] = this.waiting;
      const { now } = stage;
      const arrival = path.ap && !path.ap.on ? LOST : this.submit(segment, now);
      if (arrival === LOST) {
        this.tryAgain(now);
        return;
      }
      this.waiting.shift();
      this.number++;
      this.tries = 0;
      this.arrivedAt = Math.max(arrival, this.arrivedAt + (split === undefined ? 0 : SPLIT_GAP_MS));
      const at = this.arrivedAt;
      stage.at(at, () => this.deliver(segment, at));
    }
  }

  /** @returns the arrival, or LOST: a flipped bit is found by TCP's own check sum */
  private submit(segment: Buffer | undefined, now: number): number {
    const { stage, path, direction, number } = this.options;
    const { links } = stage.network;
    const bytes = segment?.toString("latin1") ?? "";
    const low = ((this.number & 0xffffff) << 8) | Math.min(this.tries, 255);
    const arrival = links.submit(path[direction], bytes, now, number & 0x1fffffff, low);
    return links.frame === bytes ? arrival : LOST;
  }

  private tryAgain(now: number): void {
    if (this.tries++ === 0) this.triedAt = now;
    this.lost++;
    if (now - this.triedAt > GIVE_UP_MS) {
      this.options.broken();
      return;
    }
    this.resting = true;
    this.options.stage.at(now + RTO_MIN * 2 ** (this.tries - 1), () => {
      this.resting = false;
      this.pump();
    });
  }

  private deliver(segment: Buffer | undefined, at: number): void {
    this.ready.push({ segment, at });
    if (this.ready.length === 1) this.write();
  }

  /** Writes what is ready; pieces that were split on purpose one after the other, also if late. */
  private write(): void {
    const { stage, split } = this.options;
    for (let first = this.ready[0]; first && !this.hole; first = this.ready[0]) {
      const { now } = stage;
      if (split !== undefined && now < this.freeAt) {
        stage.at(this.freeAt, () => this.write());
        return;
      }
      this.freeAt = now + SPLIT_GAP_MS;
      this.ready.shift();
      this.options.error.add(now - first.at);
      this.pass(first.segment);
    }
  }

  private pass(segment: Buffer | undefined): void {
    const { source, sink } = this.options;
    if (sink.destroyed) return;
    if (!segment) {
      sink.end();
      return;
    }
    this.sent += segment.length;
    this.bytes -= segment.length;
    if (!sink.write(segment)) source.pause();
    else if (this.bytes < WAITING_MAX / 2 && source.isPaused()) source.resume();
    if (this.sent === this.limit) this.atLimit();
  }
}

/**
 * Ends a connection by RST alone. `resetAndDestroy` says goodbye first: the other end reads an
 * orderly end, and takes no notice of what comes after it. This is what it does without that.
 */
export function reset(socket: Socket): void {
  (socket as Socket & { resetAndClosing?: boolean }).resetAndClosing = true;
  socket.destroy();
}
