// UDP on the board, and the guard without which its firmware leaks memory.
//
// After a failed `sendto` (no route, link down, out of buffers) the interpreter drops 7 bytes of the
// 8 + n it queued, takes what is left for the next header, and sends up to 64 KB of its stack to an
// address made of our payload, without any event. So: one datagram in flight, on an unbound socket;
// right after the first native attempt, which a resolved promise follows, the queue must be empty
// or whole; if it is neither, it is emptied and the socket closed before the second attempt. That
// order holds for what a timer's callback sends, not for what a socket's does.
//
// An empty datagram from anyone closes the socket: then the next frame opens a new one.

/** Where the gateway is, and who takes what it says. */
export interface Gateway {
  host: string;
  port: number;
  wake: (frame: string) => void;
}

let socket: EspruinoSocket | undefined;

function gone(): void {
  socket = undefined;
}

/** Sends one frame; what comes back from that very address and port goes to `wake`. */
export function transmit(frame: string, to: Gateway): void {
  if (!socket) {
    socket = require("dgram").createSocket("udp4");
    socket.on("close", gone);
    socket.on("error", gone);
    socket.on("message", function (message, from) {
      if (from.address === to.host && from.port === to.port) to.wake(message);
    });
  }
  const open = socket;
  // Still queued from last time: this try is lost, the next one may not be.
  if (open.dSnd) return;
  open.send(frame, to.port, to.host);
  const queued = open.dSnd;
  void Promise.resolve().then(function () {
    if (open.dSnd && open.dSnd !== queued) {
      open.dSnd = "";
      open.close();
    }
  });
}
