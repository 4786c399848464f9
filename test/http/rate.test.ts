/**
 * One address may ask only so often, and guess tokens even less often; others are not disturbed.
 */

import { describe, expect, it } from "vitest";
import {
  ADDRESSES_MAX,
  BURST,
  PER_SECOND,
  Rate,
  WRONG_BURST,
  WRONG_PER_SECOND,
} from "../../gateway/http/rate.ts";
import { Tokens } from "../../gateway/http/tokens.ts";
import { ask, bench } from "./rig.ts";

const TOKEN = "a-token-of-the-test";

function rate(burst: number, perSecond: number) {
  let now = 0;
  const bucket = new Rate(burst, perSecond, { now: () => now });
  const takes = (address: string) => bucket.take(address) === undefined;
  return { bucket, takes, pass: (ms: number) => (now += ms) };
}

describe("a bucket", () => {
  it("gives its burst at once, and then its rate", () => {
    const { bucket, takes, pass } = rate(3, 2);
    expect([1, 2, 3, 4].map(() => takes("10.0.0.1"))).toEqual([true, true, true, false]);
    pass(499);
    const refused = bucket.take("10.0.0.1")!;
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    pass(1);
    expect([takes("10.0.0.1"), takes("10.0.0.1")]).toEqual([true, false]);
    pass(3_600_000);
    expect([1, 2, 3, 4].map(() => takes("10.0.0.1"))).toEqual([true, true, true, false]);
  });

  it("is each address's own, and one for a network of IPv6", () => {
    const { takes } = rate(1, 1);
    expect(takes("10.0.0.1")).toBe(true);
    expect(takes("10.0.0.2")).toBe(true);
    expect(takes("10.0.0.1")).toBe(false);
    expect(takes("2001:db8:1:2::1")).toBe(true);
    expect(takes("2001:db8:1:2:ffff:1:2:3")).toBe(false);
    expect(takes("2001:db8:1:3::1")).toBe(true);
    expect([takes("::1"), takes("::2")]).toEqual([true, false]);
    expect([takes("::ffff:10.0.0.9"), takes("::ffff:10.0.0.8")]).toEqual([true, true]);
  });

  it("is forgotten only by whoever was quiet for longest", () => {
    const { takes } = rate(1, 0.001);
    const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    for (let n = 0; n < ADDRESSES_MAX; n++) takes(address(n));
    expect(takes(address(0))).toBe(false);
    takes("192.168.1.1");
    expect(takes(address(1))).toBe(true);
    expect(takes(address(0))).toBe(false);
  });
});

describe("where tokens are needed", () => {
  const tokens = new Tokens([{ scope: "write", token: TOKEN }], "secret");
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const list = "/api/v1/devices";
  const clock = (now: { at: number }) => ({
    now: () => now.at,
    wallAt: () => 0,
    trusted: () => true,
  });

  it("wrong tokens are soon refused unread, the right one never", async () => {
    const now = { at: 0 };
    const { app } = await bench({ tokens, clock: clock(now) });
    const wrong = async () =>
      (await ask(app, "GET", list, undefined, bearer("not-the-token-of-the-test"))).status;
    for (let n = 0; n < WRONG_BURST; n++) expect(await wrong()).toBe(401);
    expect(await wrong()).toBe(429);
    expect((await ask(app, "POST", "/login", "token=no")).status).toBe(429);
    expect((await ask(app, "GET", list, undefined, bearer(TOKEN))).status).toBe(200);
    expect((await ask(app, "GET", "/")).status).toBe(401);
    now.at += 1000 / WRONG_PER_SECOND;
    expect([await wrong(), await wrong()]).toEqual([401, 429]);
  });

  it(`one address asks ${BURST} times at once, and health checks are never refused`, async () => {
    const now = { at: 0 };
    const { app } = await bench({ tokens, clock: clock(now) });
    const right = async () => (await ask(app, "GET", "/metrics", undefined, bearer(TOKEN))).status;
    for (let n = 0; n < BURST; n++) expect(await right()).toBe(200);
    expect(await right()).toBe(429);
    expect((await ask(app, "GET", "/livez")).status).toBe(200);
    now.at += 1000 / PER_SECOND;
    expect([await right(), await right()]).toEqual([200, 429]);
  });
});
