// UDP on the board, and the guard without which its firmware leaks memory.
//
// After a failed `sendto` (no route, link down, out of buffers) the interpreter drops 7 bytes of
// the 8 + n it queued, takes what is left for the next header, and sends up to 64 KB of its stack
// to an address made of our payload, without any event. So: one datagram in flight, on an unbound
// socket; right after the first native attempt, which a resolved promise follows, the queue must be
// empty or whole; if it is neither, it is emptied and the socket closed before the second attempt.
// That order holds for what a timer's callback sends, not for what a socket's does.
//
// An empty datagram from anyone closes the socket: then the next frame opens a new one.

/** Where the gateway is. */
export interface Gateway {
  host: string;
  port: number;
}

let socket: EspruinoSocket | undefined;

/**
 * Gives the socket up: the next frame opens another, on another port. Not just before a frame: the
 * socket is there until its `close`, in the next pass of the interpreter's loop.
 */
export function drop(): void {
  if (socket) socket.close();
}

/** Whether the network has not taken the last frame yet. */
export function queued(): boolean {
  return !!(socket && socket.dSnd);
}

/** Sends one frame; what comes back from that very address and port goes to `hear`. */
export function transmit(frame: string, to: Gateway, hear: (frame: string) => void): void {
  if (!socket) {
    socket = require("dgram").createSocket("udp4");
    // An error that ends a socket is followed by its `close`.
    socket.on("close", function () {
      socket = undefined;
    });
    socket.on("message", function (message, from) {
      if (from.address === to.host && from.port === to.port) hear(message);
    });
  }
  // What is still queued from last time must leave alone: this try is lost, the next may not be.
  if (!socket.dSnd) {
    socket.send(frame, to.port, to.host);
    const queued = socket.dSnd;
    void Promise.resolve().then(function () {
      if (socket && socket.dSnd && socket.dSnd !== queued) {
        socket.dSnd = "";
        socket.close();
      }
    });
  }
}
