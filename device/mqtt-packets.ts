// MQTT 3.1.1 as far as a beat needs it: four packets out, three in. Pure: byte strings and numbers.
//
// The idea: one client, one topic each way, QoS 0, a clean session, so there is nothing to keep, to
// repeat or to number, and most of each packet never varies. A packet is taken apart only as far as
// it can be ours. The alternative, Espruino's modules, takes a refused login for a connection, or
// expects exactly one packet in a chunk, and is two to six times as long.
//
// Strings are bytes, any byte: whoever writes the configuration has put names and passwords into
// UTF-8 (3.1.1, section 1.5.3).

import { u8, u16 } from "./bytes.ts";
import { FRAME_MAX } from "./wire.ts";

/** A string with its length in front; at most 65 535 bytes. */
function text(bytes: string): string {
  return u16(bytes.length) + bytes;
}

/** A packet: its first byte, the length of what follows (at most 16 383), and that. */
function packet(first: string, body: string): string {
  const n = body.length;
  return first + (n < 128 ? u8(n) : u8(n | 128) + u8(n >> 7)) + body;
}

/** `<id>` of client and topics: six lower-case hex digits. */
export function hexId(id: number): string {
  return (0x1000000 + id).toString(16).substr(1);
}

/** `nextbeat/<id>/up` and `nextbeat/<id>/down` as they stand in a packet. */
export function upTopic(id: string): string {
  return "\0\x12nextbeat/" + id + "/up";
}
export function downTopic(id: string): string {
  return "\0\x14nextbeat/" + id + "/down";
}

/**
 * CONNECT: clean session, keep-alive 0, no will. Without a user no login; else with a password,
 * which may be empty. Both together at most 16 000 bytes.
 */
export function connectPacket(id: string, user?: string, password?: string): string {
  const login = user ? text(user) + text(password || "") : "";
  const flags = login ? "\xc2" : "\x02";
  return packet("\x10", "\0\x04MQTT\x04" + flags + "\0\0\0\x0fnextbeat-" + id + login);
}

/** SUBSCRIBE to `downTopic` at QoS 0. */
export function subscribePacket(topic: string): string {
  return "\x82\x19\0\x01" + topic + "\0";
}

/** PUBLISH to `upTopic` at QoS 0, not retained. */
export function publishPacket(topic: string, payload: string): string {
  return packet("0", topic + payload);
}

export const DISCONNECT = "\xe0\0";

/** First bytes of what a broker sends; of a PUBLISH, at QoS 0 and new, or retained. */
export const CONNACK = "\x20";
export const SUBACK = "\x90";
export const PUBLISH = "0";
export const RETAINED = "1";

/** The code of a CONNACK or SUBACK, its last byte, 0 = granted; 255 for what is neither. */
export function codeOf(packet: string): number {
  return packet[0] === CONNACK || packet[0] === SUBACK ? packet.charCodeAt(packet.length - 1) : 255;
}

/** The payload of a PUBLISH to `topic`, "" for any other. */
export function payloadOf(packet: string, topic: string): string {
  const at = packet.indexOf(topic);
  // Behind a length of one byte or two, else it is a piece of something else.
  return at > 1 && at < 4 ? packet.substr(at + topic.length) : "";
}

/** The longest packet that is taken apart: a PUBLISH of FRAME_MAX bytes to our topic. */
const PACKET_MAX = 3 + 22 + FRAME_MAX;

/**
 * The whole length of the packet that `bytes` begin: NaN while that is not there yet, Infinity if
 * it is no length. It begins `at`, where a byte counts `unit` times its low seven bits.
 */
function sizeOf(bytes: string, at: number, unit: number): number {
  const byte = bytes.charCodeAt(at);
  if (byte < 128) return byte * unit + at + 1;
  return at > 3 ? byte + Infinity : (byte - 128) * unit + sizeOf(bytes, at + 1, unit * 128);
}

/**
 * A reader of a stream, to be fed with chunks, however it was cut or put together. Each whole
 * packet goes to `take`; "" says that what came is no packet, and that the stream is of no more
 * use. A longer one than we ever want passes unread: a retained one would else end each new
 * connection. Never keeps more than 281 bytes from one chunk to the next.
 */
export function reader(take: (packet: string) => void): (chunk: string) => void {
  let rest = "";
  /** What is left of a packet that is too long. */
  let skip = 0;
  return function (chunk) {
    rest += chunk;
    let size = skip || sizeOf(rest, 1, 1);
    while (rest.length >= size) {
      if (!skip && size <= PACKET_MAX) take(rest.substr(0, size));
      rest = rest.substr(size);
      skip = 0;
      size = sizeOf(rest, 1, 1);
    }
    if (size > PACKET_MAX) {
      if (size === Infinity) take("");
      skip = size - rest.length;
      rest = "";
    }
  };
}
