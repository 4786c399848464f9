/**
 * The yardstick: a bare echo server on Node's own sockets. It answers each datagram with its first
 * 14 bytes, as long as an ACK, and does nothing else; what a gateway costs above it is the
 * gateway's own.
 */

import { createSocket } from "node:dgram";
import { RECEIVE_BUFFER } from "../../gateway/udp.ts";

const ACK_BYTES = 14;

// Addresses are numbers: without a look-up the answer leaves in the same turn, as the gateway's do.
const socket = createSocket({
  type: "udp4",
  lookup: (host, _options, found) => found(null, host, 4),
});
socket.on("message", (message, from) => {
  socket.send(message.subarray(0, ACK_BYTES), from.port, from.address);
});
socket.bind(0, "127.0.0.1", () => {
  socket.setRecvBufferSize(RECEIVE_BUFFER);
  console.log(JSON.stringify({ msg: "listening", udp: socket.address().port }));
});
process.once("SIGTERM", () => process.exit(0));
