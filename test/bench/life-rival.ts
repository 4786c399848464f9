/**
 * What stands beside our boards in life.ts: a client that wakes at a fixed interval and says one
 * thing over MQTT and TLS, as most examples do it. Deep sleep loses its session: each wake joins,
 * opens TCP, shakes hands in full, says CONNECT and PUBLISH with QoS 1, waits for each answer, and
 * sleeps on. It has no promise to keep, no back-off, and no gateway that asks it to slow down.
 *
 * Boot, join, currents and time on air are those of the one energy model (sim/boards.ts), with the
 * same luck. Its own, with sources:
 *
 *   TLS  the whole of a full handshake on an ESP8266 2042 ms at 80 MHz (esp8266/Arduino, PR 5160);
 *        on an ESP32 ECDHE-ECDSA 0.5 to 1 s: 750 ms (estimate between the two)
 *   TCP  a segment that is lost is sent again: by the board after 1500 ms (CONFIG_LWIP_TCP_RTO_TIME
 *        of ESP-IDF; lwIP's own default is 3 s), by a Linux broker after 200 ms and its round trip
 *        (1 s for SYN-ACK, RFC 6298), doubled each time
 *   give up  30 s after it joined, or 10 s without a TCP connection: then it sleeps, nothing said
 *
 * Bytes with TLS 1.2, ECDSA and one certificate: ClientHello 250, ServerHello to Done 1100, key
 * exchange to Finished 130, Finished 60, then MQTT in records with 29 bytes more each.
 */

import { BOARDS } from "../../sim/boards.ts";
import { quantile } from "../../sim/exact.ts";
import { Power } from "../../sim/power.ts";
import { stream } from "../../sim/random.ts";

/** Handshake's work on the board, ms. */
const TLS_MS: Readonly<Record<string, number>> = { esp32: 750, esp8266: 2_042 };
const BOARD_RTO_MS = 1_500;
const SERVER_RTO_MS = 200;
const SYN_ACK_RTO_MS = 1_000;
const GIVE_UP_MS = 30_000;
const CONNECT_MAX_MS = 10_000;
/** Round trips: bytes up, bytes down, down's time-out, ms. */
const EXCHANGES = [
  [20, 20, SYN_ACK_RTO_MS],
  [250, 1_100, SERVER_RTO_MS],
  [130, 60, SERVER_RTO_MS],
  [29 + 40, 29 + 4, SERVER_RTO_MS],
  [29 + 44, 29 + 4, SERVER_RTO_MS],
] as const;

export interface Rival {
  readonly board: string;
  readonly intervalMs: number;
  /** Of frames, each way, and one way's delay, ms. */
  readonly loss: number;
  readonly delayMs: number;
  /** The broker's host is away: nobody answers. */
  readonly away: boolean;
}

/** What it takes, mAh a day, and the share of its wakes that said something. */
export function rivalLife(rival: Rival, wakes: number, seed: number): [mAh: number, said: number] {
  const board = BOARDS[rival.board]!;
  const power = new Power(board, undefined, 0);
  const luck = stream(seed, 1, `rival ${JSON.stringify(rival)}`);
  let [now, said] = [0, 0];
  power.enter("deep", 0);
  for (let n = 0; n < wakes; n++) {
    now = Math.max(now, n * rival.intervalMs);
    power.enter("join", now);
    now += board.bootMs + quantile(board.joinMs, luck());
    power.enter("awake", now);
    const end = rival.away ? now + CONNECT_MAX_MS : talk(rival, power, now, luck);
    if (end < now + GIVE_UP_MS && !rival.away) said++;
    now = end;
    power.enter("deep", now);
  }
  const days = (wakes * rival.intervalMs) / 86_400_000;
  power.left(wakes * rival.intervalMs);
  return [power.total / days, said / wakes];
}

/** @returns when it sleeps */
function talk(rival: Rival, power: Power, joinedAt: number, luck: () => number): number {
  const until = joinedAt + GIVE_UP_MS;
  let now = joinedAt;
  for (const [at, [up, down, rto]] of EXCHANGES.entries()) {
    const cross = (bytes: number, first: number, way: "up" | "down") => {
      for (let wait = first; now < until; now += wait, wait *= 2) {
        power.frame(way, bytes, now);
        if (luck() >= rival.loss) break;
      }
      now += rival.delayMs;
    };
    cross(up, BOARD_RTO_MS, "up");
    cross(down, rto, "down");
    if (at === 2) now += TLS_MS[rival.board]!;
    if (now >= until) return until;
  }
  return now;
}
