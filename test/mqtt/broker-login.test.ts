// The login that the embedded broker asks of everybody, where it has one.

import { afterEach, describe, expect, it } from "vitest";
import { Rules } from "../../gateway/mqtt/rules.ts";
import type { Login } from "../../gateway/mqtt/settings.ts";
import { keptLog } from "../gateway/socket-rig.ts";
import { api, closeBrokers, start } from "./broker-rig.ts";
import { client } from "./rig.ts";

afterEach(closeBrokers);

describe("the embedded broker's login", () => {
  const login = { user: "farm", password: "open sesame" };

  it.each([
    ["a guest", "guest", undefined],
    ["a guest with another password", "guest", { username: "farm", password: "open" }],
    ["a guest with another name", "guest", { username: "barn", password: "open sesame" }],
    ["a board without one", "nextbeat-000002", undefined],
    [
      "the gateway's name with it",
      "nextbeat-gateway",
      { username: "farm", password: "open sesame" },
    ],
  ])("keeps out %s", async (_, clientId, given) => {
    const { url, lines } = await start(login);
    await expect(client(url, { clientId, reconnectPeriod: 0, ...given })).rejects.toThrow(
      /Not authorized/,
    );
    expect(lines.join("\n")).not.toContain("sesame");
  });

  it("lets in who has it, and the gateway", async () => {
    const { gateway, url } = await start(login);
    const given = { username: "farm", password: "open sesame" };
    const board = await client(url, { clientId: "nextbeat-000002", ...given });
    await expect(board.subscribeAsync("nextbeat/000002/down")).resolves.toBeDefined();
    const reader = await client(url, given);
    await expect(reader.subscribeAsync("nextbeat/+/presence")).resolves.toBeDefined();
    expect(await api(gateway, "/api/v1/gateway")).toMatchObject({ mqtt: { connected: true } });
  });

  it("is what commands from other machines want", () => {
    const options = {
      ...{ host: "::", port: 0, commands: true, discovery: undefined },
      ...{ devices: () => 0, log: keptLog([]) },
    };
    const few = { ...{ connections: 1, packet: 1, firstPacket: 1 }, retained: 0 };
    const limits = { ...few, filters: 1, filtersOfDevice: 0 };
    const refused = (remoteAddress: string, login?: Login) =>
      new Rules({ ...options, login }, limits, "secret").refuses(
        { id: "guest", conn: { remoteAddress } } as never,
        "nextbeat/000001/command",
        false,
        1,
      )?.message;
    expect(refused("::ffff:127.0.0.1")).toBeUndefined();
    expect(refused("192.168.1.9")).toMatch(/this machine alone, or want a login/);
    expect(refused("192.168.1.9", login)).toBeUndefined();
  });
});
