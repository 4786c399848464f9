/** `doctor`: each thing that can be wrong is found, said in one line, and comes with what to do. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { examine } from "../../gateway/cli/doctor.ts";
import * as checks from "../../gateway/cli/doctor-checks.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { run } from "./rig.ts";

const NOW = "2027-01-01T12:00:00.000Z";

function facts(more: Partial<checks.Facts> = {}): checks.Facts {
  return {
    ...{ version: "0.1.0", now: NOW, startedAt: "2027-01-01T10:00:00.000Z", clockTrusted: true },
    ...{ stoppedMs: 0, generation: 1, cursor: 0, open: false, deaf: [], counters: {}, streams: 0 },
    ...{ udp: { port: 7227, addresses: ["0.0.0.0", "::"], receiveBuffer: 4 * 1024 * 1024 } },
    ...{ http: { port: 8227, host: "127.0.0.1" }, hints: [], quarantined: [] },
    devices: { unknown: 0, present: 1, late: 0, absent: 0, left: 0 },
    ...more,
  } as checks.Facts;
}

function machine(
  more: Partial<checks.Machine> = {},
  said: Record<string, string> = {},
): checks.Machine {
  return {
    ...{ node: "v20.19.0", wallMs: Date.parse(NOW), addresses: ["192.168.1.5"] },
    run: (command, ...given) => said[[command, ...given].join(" ")] ?? said[command],
    folder: () => ({ mode: 0o700, writable: true, freeBytes: 2 ** 31, hasStore: true }),
    bind: () => Promise.resolve(undefined),
    ...more,
  };
}

const deaf = (why: checks.Facts["deaf"][number]["why"], to: string | null = null) =>
  facts({ deaf: [{ n: 1, why, transport: null, from: "2027-01-01T11:58:00.000Z", to }] });
const hint = (reason: string) =>
  facts({ hints: [{ id: "0002bd", reason, address: "10.0.0.7", at: NOW, count: 3 }] });
const folder = (more: Partial<checks.Folder>) =>
  machine({
    folder: () => ({ mode: 0o700, writable: true, freeBytes: 2 ** 31, hasStore: true, ...more }),
  });

describe("what is wrong is said", () => {
  const cases: [string, checks.Finding[], checks.Verdict, RegExp, RegExp][] = [
    [
      "an old node",
      [checks.nodeVersion(machine({ node: "v20.18.1" }))],
      "fail",
      /v20.18.1/,
      /20.19/,
    ],
    ["no gateway", [checks.gateway(undefined, "http://x")], "fail", /nothing answers/, /start it/],
    [
      "one not ready",
      [checks.gateway(facts(), "x", "full")],
      "fail",
      /not ready: full/,
      /journalctl/,
    ],
    ["deafness", checks.ears(deaf("store")), "fail", /deaf for 2 min: store/, /disk|mounted/],
    ["a network that is down", checks.ears(deaf("network")), "fail", /network/, /Wi-Fi/],
    ["an overflow that is over", checks.ears(deaf("overflow", NOW)), "warn", /1 times/, /rmem_max/],
    [
      "a socket for this machine alone",
      checks.udp(facts({ udp: { port: 1, addresses: ["127.0.0.1"] } }), machine()),
      ...(["fail", /this machine alone/, /--udp-host/] as const),
    ],
    [
      "no network",
      checks.udp(facts(), machine({ addresses: [] })),
      "warn",
      /no address/,
      /connect/,
    ],
    [
      "a small buffer",
      checks.udp(facts({ udp: { port: 1, addresses: ["::"], receiveBuffer: 212_992 } }), machine()),
      ...(["warn", /208 KB/, /rmem_max=4194304/] as const),
    ],
    [
      "a clock that nobody sets",
      checks.clock(facts(), machine({}, { timedatectl: "no\n" })),
      ...(["warn", /not synchronised/, /set-ntp/] as const),
    ],
    [
      "a clock not trusted",
      checks.clock(facts({ clockTrusted: false }), machine()),
      "warn",
      /trust/,
      /set/,
    ],
    [
      "two clocks",
      checks.clock(facts(), machine({ wallMs: Date.parse(NOW) - 90_000 })),
      ...(["warn", /90 s ahead/, /synchronise/] as const),
    ],
    ["a full disk", checks.disk("d", folder({ freeBytes: 2 ** 20 })), "fail", /1 MB free/, /room/],
    ["one nearly full", checks.disk("d", folder({ freeBytes: 2 ** 27 })), "warn", /128 MB/, /soon/],
    ["keys for everybody", checks.disk("d", folder({ mode: 0o755 })), "warn", /755/, /chmod 700 d/],
    [
      "a folder of others",
      checks.disk("d", folder({ writable: false })),
      "warn",
      /written/,
      /sudo -u/,
    ],
    [
      "an empty folder",
      checks.disk("d", folder({ hasStore: false })),
      "warn",
      /no store/,
      /--data/,
    ],
    [
      "no folder",
      checks.disk("d", machine({ folder: () => undefined })),
      "warn",
      /no such/,
      /makes/,
    ],
    [
      "no folder, though a gateway runs",
      checks.disk("d", machine({ folder: () => undefined }), true),
      "warn",
      /no such/,
      /elsewhere.*--data/,
    ],
    [
      "ufw",
      [checks.firewall(machine({}, { ufw: "Status: active\n22/tcp ALLOW Anywhere\n" }), 7227)],
      ...(["warn", /ufw is on/, /ufw allow 7227\/udp/] as const),
    ],
    [
      "firewalld",
      [checks.firewall(machine({}, { "firewall-cmd --state": "running\n" }), 7227)],
      ...(["warn", /firewalld/, /add-port=7227\/udp/] as const),
    ],
    [
      "nftables",
      [
        checks.firewall(
          machine({}, { nft: "chain i { type filter hook input priority 0; policy drop; }" }),
          7227,
        ),
      ],
      ...(["warn", /nftables/, /dport 7227 accept/] as const),
    ],
    [
      "a broker that is away",
      checks.broker(
        facts({ mqtt: { url: "mqtt://b", connected: false, why: "refused" } } as never),
      ),
      ...(["fail", /mqtt:\/\/b: refused/, /password/] as const),
    ],
    ["a wrong key", checks.refused(hint("bad-tag")), "warn", /3 frames of 0002bd/, /flash/],
    ["a stranger", checks.refused(hint("unknown")), "warn", /unknown/, /device add/],
    ["two boards in one", checks.refused(hint("clash")), "warn", /clash/, /identity/],
    [
      "a damaged record",
      checks.store(facts({ quarantined: ["0002bd: bad sum"] })),
      "warn",
      /sum/,
      /anew/,
    ],
  ];
  it.each(cases)("%s", (_name, findings, verdict, found, advice) => {
    const wrong = findings.filter((each) => each.verdict !== "ok");
    expect(wrong).toEqual([
      expect.objectContaining({
        verdict,
        found: expect.stringMatching(found),
        advice: expect.stringMatching(advice),
      }),
    ]);
  });

  it("a port that is taken, and by whom", async () => {
    const taken = machine(
      { bind: () => Promise.resolve("it is in use") },
      { ss: 'UNCONN 0 0 0.0.0.0:7227 users:(("other",pid=7,fd=3))' },
    );
    expect(await checks.port(taken, 7227)).toMatchObject({
      ...{ verdict: "fail", found: "port 7227: it is in use, other has it" },
    });
  });
});

describe("what is right is not complained of", () => {
  it("in a healthy installation", () => {
    const said = { timedatectl: "yes\n", ufw: "Status: active\n7227/udp ALLOW Anywhere\n" };
    const here = machine({}, said);
    const all = [
      ...[checks.nodeVersion(here), checks.gateway(facts(), "x"), checks.firewall(here, 7227)],
      ...[...checks.ears(facts()), ...checks.udp(facts(), here), ...checks.clock(facts(), here)],
      ...[...checks.disk("d", here), ...checks.broker(facts()), ...checks.refused(hint("stale"))],
      ...checks.broker(facts({ mqtt: { url: "mqtt://b", connected: true, why: null } } as never)),
    ];
    expect(all.length).toBeGreaterThan(7);
    expect(all.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  });
});

describe("the command", () => {
  const gateways: RunningGateway[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  });

  it("looks at a running gateway, and at a board that it refuses", async () => {
    const gateway = await startHere(new Map());
    gateways.push(gateway);
    const url = new URL(`http://127.0.0.1:${gateway.httpPort}`);
    const socket = await BoardSocket.open();
    socket.send(new Board(0x2bd, 2).hello("nonce678"), gateway.udpPort);
    while ((gateway.core.counters["unknown"] ?? 0) === 0)
      await new Promise((w) => setTimeout(w, 5));
    socket.close();
    const findings = await examine({ url, data: "/nowhere" }, machine());
    const of = (what: string) => findings.find((each) => each.what === what);
    expect(of("gateway")).toMatchObject({ verdict: "ok", found: expect.stringContaining("ready") });
    expect(of("refused")).toMatchObject({ found: "1 frame of 0002bd from 127.0.0.1: unknown" });
    expect(of("udp")).toMatchObject({ verdict: "ok" });
  });

  it("ends with 1 where something must be mended, and prints JSON", async () => {
    const data = mkdtempSync(join(tmpdir(), "nextbeat-doctor-"));
    folders.push(data);
    const closed = createSocket("udp4").bind(0, "127.0.0.1");
    await once(closed, "listening");
    const url = `http://127.0.0.1:${closed.address().port}`;
    const plain = await run("doctor", "--url", url, "--data", data);
    expect(plain.code).toBe(1);
    expect(plain.out).toMatch(/^FAIL +gateway +nothing answers at .*\n {6}-> start it/m);
    const json = await run("doctor", "--json", "--url", url, "--data", data);
    expect(JSON.parse(json.out)).toContainEqual(
      expect.objectContaining({ what: "gateway", verdict: "fail" }),
    );
    closed.close();
  });
});
