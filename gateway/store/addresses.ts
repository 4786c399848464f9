/**
 * Addresses as a beat's record keeps them: 4 bytes of IPv4, 16 of IPv6, else text with its length
 * (a zone index, a topic, a simulated place). Text for all of them lost: a beat is written once a
 * beat, and the address is a third of it.
 */

import { isIPv4, isIPv6 } from "node:net";

export type AddressForm = 0 | 1 | 2;

/** 0: IPv4, 1: IPv6 without zone and dots, 2: text of at most 255 bytes. */
export function addressForm(address: string): AddressForm {
  if (isIPv4(address)) return 0;
  return isIPv6(address) && !/[.%]/.test(address) ? 1 : 2;
}

export function addressBytes(form: AddressForm, address: string): Buffer {
  if (form === 0) return Buffer.from(address.split(".").map(Number));
  if (form === 1) return ipv6Bytes(address);
  const text = Buffer.from(address).subarray(0, 255);
  return Buffer.concat([Buffer.from([text.length]), text]);
}

/** Bytes that an address of this form takes at the start of `content`. */
export function addressLength(form: AddressForm, content: Buffer): number {
  return form === 0 ? 4 : form === 1 ? 16 : 1 + content.readUInt8(0);
}

export function addressText(form: AddressForm, bytes: Buffer): string {
  if (form === 0) return bytes.join(".");
  return form === 1 ? ipv6Text(bytes) : bytes.toString("utf8", 1);
}

function ipv6Bytes(address: string): Buffer {
  const [left = "", right] = address.split("::");
  const words = (part: string) =>
    part === "" ? [] : part.split(":").map((w) => Number.parseInt(w, 16));
  const head = words(left);
  const tail = right === undefined ? [] : words(right);
  const bytes = Buffer.alloc(16);
  for (const [at, word] of head.entries()) bytes.writeUInt16BE(word, 2 * at);
  for (const [at, word] of tail.entries()) bytes.writeUInt16BE(word, 16 - 2 * (tail.length - at));
  return bytes;
}

/**
 * The canonical text of RFC 5952, as the kernel writes it: `mapped` and the like compare addresses
 * as text.
 */
function ipv6Text(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  const zeros = words.join(":").match(/\b0(:0)+\b/g) ?? [];
  const longest = zeros.reduce((best, run) => (run.length > best.length ? run : best), "");
  const text = words.join(":");
  if (longest === "") return text;
  const at = text.search(new RegExp(`(^|:)${longest}(:|$)`));
  const head = text.slice(0, at).replace(/:$/, "");
  const tail = text.slice(at).replace(/^:/, "").slice(longest.length).replace(/^:/, "");
  return `${head}::${tail}`;
}
