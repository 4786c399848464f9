/**
 * Which addresses a notice may be sent to: those of the public internet, and no other, unless its
 * route says so. A gateway stands inside a network that trusts it, and whoever may write its
 * configuration, or the name service that a host name goes through, must not thereby speak to the
 * printer, the router, or the metadata service of a cloud.
 *
 * What is checked is the address that is connected to: the check stands in the look-up of the very
 * connection, so a name that answers differently the second time (rebinding) gains nothing. What
 * lost: to resolve, check, and then connect by name, which asks twice.
 */

import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";

/** IANA's special-purpose registry: what is not globally reachable, and multicast. */
const PRIVATE_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];
/** Inside global unicast: protocol assignments with Teredo, documentation, 6to4. */
const PRIVATE_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const private4 = listOf(PRIVATE_4, "ipv4");
const private6 = listOf(PRIVATE_6, "ipv6");
const global6 = listOf(["2000::/3"], "ipv6");
/** Addresses of IPv4 behind a translator, and as a socket for both shows them. */
const translated = listOf(["64:ff9b::/96"], "ipv6");
const mapped = listOf(["::ffff:0:0/96"], "ipv6");

export const NOT_PUBLIC = "not a public address; allowPrivate: true on its route allows it";

/** The name is there, and none of its addresses may be connected to. */
export class PrivateAddress extends Error {}

/** Whether `address`, an IPv4 or IPv6 one, lies in the public internet. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (isIPv4(plain)) return !private4.check(plain, "ipv4");
  if (isIP(plain) !== 6) return false;
  if (mapped.check(plain, "ipv6") || translated.check(plain, "ipv6")) {
    return isPublic(lastFour(plain));
  }
  return global6.check(plain, "ipv6") && !private6.check(plain, "ipv6");
}

/** Whether the host of a URL is an address that may not be connected to; false for a name. */
export function isPrivateHost(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, "")) !== 0 && !isPublic(host);
}

type Resolve = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** The look-up of a connection that may go to public addresses only. */
export function publicLookup(resolve: Resolve = lookup): LookupFunction {
  return (name, options, done) => {
    resolve(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, "", 0);
      const allowed = found.filter(({ address }) => isPublic(address));
      if (allowed.length === 0) {
        const words = `${name} is ${found.map(({ address }) => address).join(", ")}`;
        return done(new PrivateAddress(`${words}: ${NOT_PUBLIC}`), "", 0);
      }
      return options.all
        ? done(null, allowed)
        : done(null, allowed[0]!.address, allowed[0]!.family);
    });
  };
}

function listOf(nets: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const net of nets) {
    const [address, bits] = net.split("/");
    list.addSubnet(address!, Number(bits), family);
  }
  return list;
}

/** The IPv4 address in the last 32 bits of an IPv6 one. */
function lastFour(address: string): string {
  const dotted = /:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  // The URL parser writes the shortest form: no "::" stands in the last two groups but as zeros.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(":");
  const [high, low] = groups.slice(-2).map((group) => Number.parseInt(group || "0", 16));
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join(".");
}
