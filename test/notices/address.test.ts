/** No request leaves for an address that is not public, in whatever form it is written. */

import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import {
  isPrivateHost,
  isPublic,
  PrivateAddress,
  publicLookup,
} from "../../gateway/notices/address.ts";
import { post } from "../../gateway/notices/request.ts";

const PRIVATE = [
  ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"],
  ...["127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
  ...["192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"],
  ...["203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
  ...["::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"],
  ...["::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "100::1"],
  ...["fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"],
  ...["2001:db8::1", "2001::1", "2002:a00:1::1", "3fff::1", "fd00:ec2::254", "[::1]"],
  ...["", "localhost", "1.2.3", "example.org"],
];
const PUBLIC = [
  ...["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"],
  ...["126.255.255.255", "128.0.0.0", "169.253.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1"],
  ...["192.167.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8"],
  ...["::ffff:808:808", "64:ff9b::808:808", "2606:4700::1111", "2a00:1450::1", "[2606:4700::1]"],
];

describe("an address", () => {
  it.each(PRIVATE)("%j is not public", (address) => expect(isPublic(address)).toBe(false));
  it.each(PUBLIC)("%j is public", (address) => expect(isPublic(address)).toBe(true));
});

describe("the host of a URL", () => {
  it.each([
    ...["2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x0"],
    ...["0x7f.1", "0xa9fea9fe", "2852039166", "[::ffff:127.0.0.1]", "[::ffff:0:0]", "[::]"],
    ...["127.0.0.1", "[fd00::1]", "192.168.1.1", "127。0。0。1", "１２７.0.0.1"],
  ])("%s is a private address", (host) => {
    expect(isPrivateHost(new URL(`http://${host}/`).hostname)).toBe(true);
  });

  it.each(["example.org", "localhost", "8.8.8.8", "[2606:4700::1111]", "127.0.0.1.nip.io"])(
    "%s is none: a name is looked up",
    (host) => expect(isPrivateHost(new URL(`http://${host}/`).hostname)).toBe(false),
  );
});

/** The look-up of a connection where the name service says this. */
function looked(addresses: readonly string[], all = true): Promise<unknown> {
  const found: LookupAddress[] = addresses.map((address) => {
    return { address, family: address.includes(":") ? 6 : 4 };
  });
  return new Promise((resolve, reject) => {
    const lookup = publicLookup((_name, _options, done) => done(null, found));
    lookup("receiver.test", { all }, (error, address) =>
      error ? reject(error) : resolve(address),
    );
  });
}

describe("the look-up of a connection", () => {
  it("hands on public addresses only, the same that it checked", async () => {
    const mixed = ["10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"];
    expect(await looked(mixed)).toEqual([
      { address: "8.8.8.8", family: 4 },
      { address: "2606:4700::1111", family: 6 },
    ]);
    expect(await looked(mixed, false)).toBe("8.8.8.8");
  });

  it.each([[["127.0.0.1"]], [["::ffff:10.1.2.3", "fe80::1"]], [["169.254.169.254"]]])(
    "refuses a name that is %j",
    async (addresses) => {
      await expect(looked(addresses)).rejects.toThrow(PrivateAddress);
      await expect(looked(addresses)).rejects.toThrow("not a public address");
    },
  );

  it("asks once a connection: a name that changes its answer gains nothing", async () => {
    let asked = 0;
    const answers = ["8.8.8.8", "127.0.0.1"];
    const lookup = publicLookup((_name, _options, done) =>
      done(null, [{ address: answers[asked++]!, family: 4 }]),
    );
    const address = await new Promise((resolve) =>
      lookup("rebind.test", { all: true }, (_error, found) => resolve(found)),
    );
    expect(address).toEqual([{ address: "8.8.8.8", family: 4 }]);
    expect(asked).toBe(1);
  });
});

it.each(["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://2130706433:9/"])(
  "a request to %s is refused before it leaves",
  async (url) => {
    const target = { url: new URL(url), allowPrivate: false, timeoutMs: 5_000 };
    const outcome = await post(target, {}, "{}", new AbortController().signal);
    expect(outcome.result).toBe("failed");
    expect(outcome.why).toMatch(/not a public address/);
  },
);
