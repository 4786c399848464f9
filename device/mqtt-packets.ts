// MQTT 3.1.1 as far as a beat needs it: four packets out, three in. Pure: byte strings and numbers.
//
// The idea: one client, one topic each way, QoS 0, a clean session, so there is nothing to keep, to
// repeat or to number. A packet is taken apart only where it can be ours: a CONNACK or SUBACK is
// two bytes that never vary and a code at its end; a PUBLISH is ours if our topic stands where a
// topic must. The alternative, Espruino's modules, tells a refused login as connected, expects one
// packet a chunk or never forgets one, and is two to seven times as long.
//
// Strings are bytes, any byte: whoever writes the configuration has put names and passwords into
// UTF-8 (3.1.1 section 1.5.3).

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

/** The topic of a direction, "up" or "down", as it stands in a packet. */
export function topicOf(id: string, direction: string): string {
  return text("nextbeat/" + id + "/" + direction);
}

/**
 * CONNECT: clean session, keep-alive 0, no will. User and password together at most 16 000 bytes;
 * a password without a user does not exist in 3.1.1, and is not sent.
 */
export function connectPacket(id: string, user?: string, password?: string): string {
  const flags = user ? (password ? "\xc2" : "\x82") : "\x02";
  const login = user ? text(user) + (password ? text(password) : "") : "";
  return packet("\x10", "\0\x04MQTT\x04" + flags + "\0\0" + text("nextbeat-" + id) + login);
}

/** SUBSCRIBE to a topic at QoS 0. */
export function subscribePacket(topic: string): string {
  return packet("\x82", "\0\x01" + topic + "\0");
}

/** PUBLISH at QoS 0, not retained. */
export function publishPacket(topic: string, payload: string): string {
  return packet("0", topic + payload);
}

export const DISCONNECT = "\xe0\0";

/** What a CONNACK and a SUBACK to one topic begin with; the code is the last byte. */
export const CONNACK = "\x20\x02";
export const SUBACK = "\x90\x03";

/** The payload of a PUBLISH to `topic` that was not retained, undefined for any other. */
export function payloadOf(published: string, topic: string): string | undefined {
  // Behind a length of one byte or two, else it is a piece of something else.
  const at = published.indexOf(topic);
  return published[0] === "0" && at > 1 && at < 4 ? published.substr(at + topic.length) : undefined;
}

/** The longest packet that is taken apart: a PUBLISH of FRAME_MAX bytes to our topic. */
const PACKET_MAX = 3 + 22 + FRAME_MAX;

/** The whole length of the packet that `bytes` begin, 0 if it is not there yet, -1 if it is none. */
function sizeOf(bytes: string): number {
  let at = 0;
  let size = 0;
  let byte: number;
  do {
    byte = bytes.charCodeAt(++at);
    size += (byte & 127) << (7 * at - 7);
  } while (byte > 127 && at < 4);
  return byte > 127 ? -1 : byte >= 0 ? size + at + 1 : 0;
}

/**
 * A reader of a stream, to be fed with chunks, however it was cut or put together. Each whole
 * packet goes to `take`; "" says that what came is no packet, and that the stream is of no more
 * use. A longer one than we ever want passes unread, since a retained one would else end each new
 * connection. Never keeps more than 281 bytes from one chunk to the next.
 */
export function reader(take: (packet: string) => void): (chunk: string) => void {
  let rest = "";
  /** What is left of a packet that is too long. */
  let skip = 0;
  return function (chunk) {
    rest += chunk;
    let size = skip || sizeOf(rest);
    while (rest && size) {
      if (!skip && size <= PACKET_MAX) {
        if (rest.length < size) break;
        take(size < 0 ? "" : rest.substr(0, size));
      }
      skip = Math.max(0, size - rest.length);
      rest = size < 0 ? "" : rest.substr(size);
      size = skip || sizeOf(rest);
    }
  };
}
