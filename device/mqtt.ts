// MQTT on the board: a connection to the broker, opened when there is a frame to send, and the
// frames of one device on it. It keeps no session, sends no ping and has no will: whether the way
// to the gateway is there, the acks say, and nothing else does. So a half-open connection looks to
// the sender like loss, and the ladder's "new socket" is `dropMqtt`. A frame that finds another on
// this connection unanswered for 10 s takes a new one by itself: the ladder's rungs are an hour
// apart by the time a board says no more than a HELLO an hour.
//
// One frame waits at a time, the newest: for the CONNACK, or for what the network has not taken
// yet. A try that finds the one before still queued is lost, as on a socket of udp.ts: TCP repeats
// what it has, and a second copy behind it would come no earlier. Nothing is sent ahead of the
// CONNACK, which 3.1.1 allows: a broker that refuses closes with our bytes unread, and the reset
// that follows may overtake its reason. It costs one round trip a connection.
//
// `NEXTBEAT.broker` tells people how it stands: 0 connected, -1 no answer yet, or none; 1..5 the
// CONNACK's refusal (1 protocol version, 2 client id, 3 not available, 4 user or password, 5 not
// authorised), 128 no permission to subscribe, 255 what answers is no MQTT broker. Attempts are
// spaced, doubling from 1..2 s to 64..128 s, and only a SUBACK ends that. So a broker that was away
// is found about as late again as it was away, and a refused board knocks once in one to two
// minutes. After a connection that had lasted, the next frame connects at once: a fleet's beats are
// spread already, and so are its boards when a broker comes back.
//
// What `net` does (2v29; run on Linux, read for the others):
// - `connect` throws where it fails at once (refused, no route, no socket left), prints a line, and
//   no event follows. On ESP32 and Linux it **blocks** until the peer answers or TCP gives up: the
//   board stands: 134 s on Linux where nothing answers at all (seven SYNs; the ESP32's firmware is
//   built for seven too, its beta for thirteen). No script can cut that short, so it is bounded in
//   number: a pause as long as it stood follows each attempt, and the spacing on top, so that it
//   stands less than half of the time. On ESP8266 and Espruino WiFi it returns at once, and a
//   failure is a `close`.
// - `write` may come before the connection is up: it queues. What has not left yet is `dSnd`, ""
//   or absent if nothing; at most 536 bytes leave in one pass of the idle loop. After `end` it
//   throws.
// - A first write is followed by drain, connect, drain. `data` comes in chunks of at most 536
//   bytes, all of them before the `close`. A reset is a `close` without an `error`, and after an
//   `error` comes `close`. There is no `destroy`: `end` closes once nothing is queued.
// - An exception in a `data` listener is printed, and the socket lives on.

import { clock, config } from "./board.ts";
import {
  CONNACK,
  codeOf,
  connectPacket,
  DISCONNECT,
  downTopic,
  hexId,
  PUBLISH,
  payloadOf,
  publishPacket,
  RETAINED,
  reader,
  subscribePacket,
  upTopic,
} from "./mqtt-packets.ts";
import type { Gateway } from "./udp.ts";

/** Spacing of attempts to connect, in ms, times 1..2: the first, and the longest. */
const GAP_MS = 1000;
const GAP_MAX_MS = 64000;

/** A frame unanswered for so long, in ms, and no later one answered: the connection is dead. */
const DEAF_MS = 10000;

const id = /* @__PURE__ */ hexId(config.id);
const down = /* @__PURE__ */ downTopic(id);

let socket: EspruinoStream | undefined;
let waiting = "";
let gap = GAP_MS;
let openAt = 0;
/** When the connection has been deaf for too long; Infinity: nothing is owed. */
let deafAt = Infinity;

/** Gives the connection up, if there is one: the next frame opens another. */
export function dropMqtt(): void {
  if (socket) {
    // Instead of what may be queued there: it is stuck, or nobody wants it any more.
    socket.dSnd = DISCONNECT;
    socket.end();
    socket = undefined;
  }
}

function open(to: Gateway, hear: (frame: string) => void): void {
  const mine = require("net").connect(to);
  socket = mine;
  mine.on("close", function () {
    if (socket === mine) socket = undefined;
  });
  const read = reader(function (packet) {
    const kind = packet[0];
    const code = codeOf(packet);
    if (socket === mine) {
      if (kind === PUBLISH) {
        deafAt = Infinity;
        hear(payloadOf(packet, down));
      } else if (kind !== RETAINED) {
        config.broker = code;
        if (code) dropMqtt();
        else if (kind === CONNACK) mine.write(subscribePacket(down) + waiting);
        else gap = GAP_MS;
      }
    }
  });
  mine.on("data", read);
  mine.write(connectPacket(id, config.user, config.password));
}

/** Publishes one frame; what is published to this device goes to `hear`. */
export function transmitMqtt(frame: string, to: Gateway, hear: (frame: string) => void): void {
  const began = clock();
  waiting = publishPacket(upTopic(id), frame);
  if (began > deafAt) {
    deafAt = Infinity;
    dropMqtt();
  }
  deafAt = Math.min(deafAt, began + DEAF_MS);
  if (socket) {
    if (!config.broker && !socket.dSnd) socket.write(waiting);
  } else if (began >= openAt) {
    config.broker = -1;
    try {
      open(to, hear);
    } catch {
      // There is no connection to remember.
    }
    // As long again as it has blocked, and what spaces attempts.
    openAt = 2 * clock() - began + gap * (1 + Math.random());
    if (gap < GAP_MAX_MS) gap *= 2;
  }
}
