// MQTT on the board: a connection to the broker, opened when there is a frame to send, and the
// frames of one device on it. It keeps no session, sends no ping and has no will: whether the way to
// the gateway is there, the acks say, and nothing else does. So a half-open connection looks to the
// sender like loss, and the ladder's "new socket" is `dropMqtt`.
//
// One frame waits at a time, the newest: for the CONNACK, or for what the network has not taken
// yet. A try that finds the one before still queued is lost, as on a socket of udp.ts: TCP repeats
// what it has, and a second copy behind it would come no earlier. Nothing is sent ahead of the
// CONNACK, which 3.1.1 allows: a broker that refuses closes with our bytes unread, and the reset
// that follows may overtake its reason. It costs one round trip a connection.
//
// `NEXTBEAT.broker` tells people how it stands: 0 connected and subscribed, -1 no answer yet, or
// none; 1..5 the CONNACK's refusal (1 protocol version, 2 client id, 3 not available, 4 user or
// password, 5 not authorised), 128 no permission to subscribe. Whatever ends an attempt, the next
// is spaced, doubling from 1 s to 64 s, times 1..1.25; only a SUBACK sets it back. So a broker that
// was away is found at most about as late again as it was away, and a refused board does not knock
// more than once a minute. After a connection that had worked the next frame connects at once: a
// fleet's beats are spread already.
//
// What `net` does (2v29, run on Linux, read for the others):
// - `connect` throws where it fails at once (refused, no route, no socket left), prints a line, and
//   no event follows. On ESP32 and Linux it **blocks** until the peer answers or TCP gives up: the
//   board stands, 127 s on Linux where nothing answers at all (six repeated SYNs; the ESP32's
//   firmware is built for as many, its beta for twelve). A script cannot cut that short, so it is
//   bounded in number: an attempt that took longer than the spacing is followed by as long a pause,
//   and so the board stands half of the time at most. On ESP8266 and Espruino WiFi it returns at
//   once, and a failure is a `close`.
// - `write` may come before the connection is up: it queues. What has not left is `dSnd`, "" or
//   absent if nothing; at most 536 bytes leave in one pass of the idle loop. It throws after `end`.
// - A first write is followed by drain, connect, drain; `data` comes in chunks of at most 536 bytes,
//   all of them before the `close` that ends them. A reset is a `close` without an `error`; an
//   `error` is always followed by `close`. There is no `destroy`: `end` closes at once if nothing is
//   queued, and otherwise waits for it, as long as TCP tries.
// - An exception in a `data` listener is printed, and the socket lives on.

import { clock, config } from "./board.ts";
import {
  CONNACK,
  connectPacket,
  DISCONNECT,
  hexId,
  payloadOf,
  publishPacket,
  reader,
  SUBACK,
  subscribePacket,
  topicOf,
} from "./mqtt-packets.ts";
import type { Gateway } from "./udp.ts";

/** Spacing of attempts to connect, in ms: the first, and the longest. */
const GAP_MS = 1000;
const GAP_MAX_MS = 64000;

const id = hexId(config.id);
const up = topicOf(id, "up");
const down = topicOf(id, "down");

let socket: EspruinoStream | undefined;
let waiting = "";
let gap = GAP_MS;
let openAt = 0;

/** Gives the connection up, if there is one: the next frame opens another. */
export function dropMqtt(): void {
  if (socket) {
    const old = socket;
    const stuck = old.dSnd;
    socket = undefined;
    // What is stuck would hold the socket, for minutes.
    old.dSnd = "";
    old.end(stuck ? undefined : DISCONNECT);
  }
}

function open(to: Gateway, hear: (frame: string) => void): void {
  const mine = require("net").connect(to);
  socket = mine;
  mine.on("close", function () {
    if (socket === mine) socket = undefined;
  });
  const read = reader(function (packet) {
    const head = packet.substr(0, 2);
    if (socket !== mine) return;
    if (head === CONNACK || head === SUBACK) {
      config.broker = packet.charCodeAt(packet.length - 1);
      if (config.broker) dropMqtt();
      else if (head === CONNACK) mine.write(subscribePacket(down) + waiting);
      else {
        gap = GAP_MS;
        openAt = 0;
      }
    } else if (packet[0] === "0" || packet[0] === "1") {
      const frame = payloadOf(packet, down);
      if (frame) hear(frame);
    } else dropMqtt();
  });
  mine.on("data", read);
  mine.write(connectPacket(id, config.user, config.password));
}

/** Publishes one frame; what is published to this device goes to `hear`. */
export function transmitMqtt(frame: string, to: Gateway, hear: (frame: string) => void): void {
  const began = clock();
  waiting = publishPacket(up, frame);
  try {
    if (socket) {
      if (!config.broker && !socket.dSnd) socket.write(waiting);
    } else if (began >= openAt) {
      config.broker = openAt = -1;
      open(to, hear);
    }
  } catch {
    socket = undefined;
  }
  if (openAt < 0) {
    const now = clock();
    openAt = now + Math.max(gap, now - began) * (1 + Math.random() / 4);
    gap = Math.min(gap * 2, GAP_MAX_MS);
  }
}
