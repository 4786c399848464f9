// The board's second socket, and the shell around the search for the life of a NAT binding
// (binding.ts): asked after each poll, in the same turn of the same timer.
//
// It has the guard of udp.ts: one datagram in flight, and right after the first native attempt the
// queue must be empty or whole, or the firmware would send its stack to an address made of our
// payload. A socket is made when probes begin and closed when they rest: 28 JsVars that are there
// for a quarter of an hour, and no datagram can come to one that wants none. A network is known by
// its name and its router's address. What was found is written when it is new (`nbn`, 5 to 20 bytes
// and 32 of the file's own): once for a network, and then when its router changed, so not worth a
// count.
//
// The alternative, a loop of its own with a timer of its own, is how one timer comes to be cleared
// for the other.

import { answered, ask } from "./binding.ts";
import { type Binding, createBinding, joined } from "./binding-state.ts";
import { clock, config, storage } from "./board.ts";
import { u32 } from "./bytes.ts";
import type { Sender } from "./state.ts";

const FILE = "nbn";

function recalled(): Binding {
  return createBinding(storage.read(FILE) || "");
}

const binding = /* @__PURE__ */ recalled();
let socket: EspruinoSocket | undefined;

/** Name of the network that the board is in: 4 bytes. */
function network(): string {
  let router = "";
  try {
    router = require("Wifi").getIP().gw;
  } catch {
    // A cable, or firmware that does not say.
  }
  return u32(E.CRC32(config.ssid + router));
}

function open(s: Sender): EspruinoSocket {
  const made = require("dgram").createSocket("udp4");
  made.on("close", function () {
    if (socket === made) socket = undefined;
  });
  made.on("message", function (message, from) {
    if (from.address === config.host && from.port === config.port) {
      answered(binding, s, message, clock());
      config.wake("");
    }
  });
  return made;
}

/**
 * To be called once before the loop begins, and in each of its turns after `poll`. Sends what is
 * due on the second socket.
 */
export function probe(s: Sender, now: number): void {
  if (!binding.phase) {
    const key = network();
    if (key !== binding.key) joined(binding, s, key, now);
  }
  const frame = ask(binding, s, now);
  if (binding.dirty) {
    binding.dirty = 0;
    try {
      storage.write(FILE, binding.known);
    } catch {
      // A full flash costs a search after the next boot, and no beat.
    }
  }
  if (!binding.phase) {
    if (socket) socket.close();
    socket = undefined;
  } else if (frame) {
    if (!socket) socket = open(s);
    const mine = socket;
    if (!mine.dSnd) {
      mine.send(frame, config.port, config.host);
      const queued = mine.dSnd;
      void Promise.resolve().then(function () {
        if (mine.dSnd && mine.dSnd !== queued) {
          mine.dSnd = "";
          mine.close();
        }
      });
    }
  }
}
