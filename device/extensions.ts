/**
 * Extensions: what a HEARTBEAT or an ACK carries beside its fixed part (protocol, section 6).
 *
 *  0 1 2 3 4 5 6 7
 * +-------+-------+-----------------+----------------------------+
 * |  type | length| length, if 15   |  length bytes              |  ... up to the tag
 * +-------+-------+-----------------+----------------------------+
 *
 * Two questions are kept apart. Is the list well-formed: that decides whether the frame lives, and
 * is asked of every frame. What does it say: types from tomorrow and values of a strange length are
 * skipped, so that an old gateway reads a new board. What lost: CBOR, which takes more bytes to say
 * the same, and a parser on the board.
 */

/** Uptime, interval code. Up. */
export const EXT_UPTIME = 1;
/** Battery in millivolt, u16. Up. */
export const EXT_BATTERY = 2;
/** Temperature in 0.01 degree C, i16. Up. */
export const EXT_TEMPERATURE = 3;
/** Reset cause, 0 unknown .. 7 button. Up; carried by every cold-boot beat. */
export const EXT_CAUSE = 4;
/** Signal in dBm, i8; optionally the channel, u8. Up. */
export const EXT_SIGNAL = 5;
/** Free memory in per cent, u8. Up. */
export const EXT_MEMORY = 6;
/** Firmware identity, 1..8 bytes. Up; carried by every cold-boot beat. */
export const EXT_FIRMWARE = 7;
/** Join time and last ACK round trip, two interval codes. Up. */
export const EXT_TIMES = 8;
/** Which of the last 16 beats were acknowledged, newest in bit 0, u16. Up. */
export const EXT_ACKED = 9;
/** Unix seconds, u32. Down. */
export const EXT_TIME = 10;
/** The application's own bytes. Both ways. */
export const EXT_PAYLOAD = 11;
/** Which of the last 16 beats the gateway heard, newest in bit 0, u16. Down. */
export const EXT_HEARD = 12;
/** First-beat spread, interval code. Down. */
export const EXT_SPREAD = 13;
/** Rungs of the recovery ladder climbed, u8: bits of ladder.ts. Up. */
export const EXT_RECOVERY = 14;

/** One extension: type 0..15, value as a byte string of 0..255. */
export interface Extension {
  readonly type: number;
  readonly value: string;
}

/** One extension's bytes. Type 1..15, value of 0..255 bytes. */
export function encodeExtension(type: number, value: string): string {
  const n = value.length;
  return (
    (n < 15 ? String.fromCharCode((type << 4) | n) : String.fromCharCode((type << 4) | 15, n)) +
    value
  );
}

/** Where the value of the extension at `at` begins. */
function valueAt(bytes: string, at: number): number {
  return at + ((bytes.charCodeAt(at) & 15) === 15 ? 2 : 1);
}

/**
 * Where the extension at `at` ends; beyond `end` if it runs past it. Reads nothing at or after
 * `end`.
 */
function extensionEnd(bytes: string, at: number, end: number): number {
  const n = bytes.charCodeAt(at) & 15;
  if (n < 15) return at + 1 + n;
  return at + 1 < end ? at + 2 + bytes.charCodeAt(at + 1) : end + 1;
}

/**
 * Whether the bytes from `at` up to `end` are one extension or more, the last of which ends at
 * `end`.
 */
export function wellFormedExtensions(bytes: string, at: number, end: number): boolean {
  if (at >= end) return false;
  while (at < end) at = extensionEnd(bytes, at, end);
  return at === end;
}

/**
 * The value, 1..254, of the first extension of one byte that has this type; 0 = none. The ones from
 * `at` up to `end` are well-formed.
 */
export function byteOf(bytes: string, at: number, end: number, type: number): number {
  let value = 0;
  while (at < end && !value) {
    const next = extensionEnd(bytes, at, end);
    if (bytes.charCodeAt(at) >> 4 === type && next - valueAt(bytes, at) === 1)
      value = bytes.charCodeAt(next - 1) % 255;
    at = next;
  }
  return value;
}

/**
 * Every extension as it stands, also those that `readExtensions` skips; undefined if the bytes are
 * ill-formed.
 */
export function listExtensions(ext: string): Extension[] | undefined {
  const list: Extension[] = [];
  let at = 0;
  while (at < ext.length) {
    const end = extensionEnd(ext, at, ext.length);
    if (end > ext.length) return undefined;
    list.push({ type: ext.charCodeAt(at) >> 4, value: ext.substring(valueAt(ext, at), end) });
    at = end;
  }
  return list;
}

/**
 * By type: ways in which it travels (1 up, 2 down, 3 both), shortest and longest value. Others are
 * unknown.
 */
const KNOWN: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [1, 1, 1],
  [1, 2, 2],
  [1, 2, 2],
  [1, 1, 1],
  [1, 1, 2],
  [1, 1, 1],
  [1, 1, 8],
  [1, 2, 2],
  [1, 2, 2],
  [2, 4, 4],
  [3, 0, 255],
  [2, 2, 2],
  [2, 1, 1],
  [1, 1, 1],
];

/** Whether a receiver reads an extension of a type and a length; what it does not read it skips. */
function isKnown(type: number, length: number, direction: number): boolean {
  const known = KNOWN[type];
  if (known === undefined || !(known[0] & (direction + 1))) return false;
  return length >= known[1] && length <= known[2];
}

/** Of a list, what counts in a frame going in `direction`; the rest is skipped. */
export function countedExtensions(list: readonly Extension[], direction: number): Extension[] {
  let seen = 0;
  return list.filter((e) => {
    const counts = isKnown(e.type, e.value.length, direction) && !(seen & (1 << e.type));
    if (counts) seen |= 1 << e.type;
    return counts;
  });
}

/**
 * The extensions that count in a frame going in `direction` (0 up, 1 down), in order. Skipped:
 * unknown types, a known type in the wrong direction or of a wrong length, and repetitions after
 * the first that counted. Undefined if the bytes are ill-formed; "" gives an empty list.
 */
export function readExtensions(ext: string, direction: number): Extension[] | undefined {
  const list = listExtensions(ext);
  return list === undefined ? undefined : countedExtensions(list, direction);
}

/**
 * Whether `readExtensions` would give one of this type, of the well-formed extensions from `at` up
 * to `end`: without making them, for who asks of every frame.
 */
export function hasExtension(
  bytes: string,
  at: number,
  end: number,
  type: number,
  direction: number,
): boolean {
  while (at < end) {
    const next = extensionEnd(bytes, at, end);
    const length = next - valueAt(bytes, at);
    if (bytes.charCodeAt(at) >> 4 === type && isKnown(type, length, direction)) return true;
    at = next;
  }
  return false;
}
