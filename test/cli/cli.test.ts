/** The command line: the registry over HTTP and in a folder, exit codes, one line for bad input. */

import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { dataFolder } from "../../gateway/cli/gateway.ts";
import { systemClock } from "../../gateway/clock.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { levelStore } from "../../gateway/store/level.ts";
import type { Store } from "../../gateway/store/store.ts";
import {
  buildGateway,
  clearUp,
  startChild,
  startHere,
  temporaryFolder,
} from "../gateway/socket-rig.ts";
import { refused, run, type Said } from "./rig.ts";

const KEY = "000102030405060708090a0b0c0d0eff";
const running: RunningGateway[] = [];
const stores: Store[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  await Promise.all(stores.splice(0).map((store) => store.close()));
  clearUp();
});

async function served(): Promise<string> {
  const gateway = await startHere(new Map());
  running.push(gateway);
  return `http://127.0.0.1:${gateway.httpPort}`;
}

describe.each([
  ["over HTTP", async () => ["--url", await served()]],
  ["in a folder", () => Promise.resolve(["--data", temporaryFolder()])],
])("device %s", (_where, place) => {
  it("adds, lists, shows and removes", async () => {
    const where = await place();
    const given = ["--id", "2bd", "--key", KEY, "--site", "south", "--label", "a", "--label", "b"];
    const added = await run("device", "add", "shed-07", ...given, "--suite", "chaskey", ...where);
    expect(added).toEqual({ code: 0, out: `id   0002bd\nkey  ${KEY}\n`, err: "" });
    const random = await run("device", "add", "x y", "--json", ...where);
    expect(JSON.parse(random.out)).toMatchObject({ name: "x y", key: /^[0-9a-f]{32}$/ });

    const listed = await run("device", "ls", ...where);
    expect(listed.out.split("\n")[0]).toMatch(/^ID +NAME +SITE +STATUS/);
    expect(listed.out).toMatch(/^0002bd +shed-07 +south +unknown +- +never/m);
    const json = JSON.parse((await run("device", "ls", "--json", "--label", "b", ...where)).out);
    expect(json).toMatchObject([{ id: "0002bd", suite: 2, labels: ["a", "b"], seenAt: null }]);

    for (const name of ["0002bd", "shed-07"]) {
      const shown = await run("device", "show", name, ...where);
      expect(shown.out).toMatch(/^suite +2 chaskey12-64$/m);
      expect(shown.out).not.toContain(KEY);
    }
    expect((await run("device", "rm", "shed-07", ...where)).out).toBe("removed 0002bd shed-07\n");
    await refused(
      1,
      'no device has the id or name "shed-07"',
      "device",
      "show",
      "shed-07",
      ...where,
    );
    await refused(where[0] === "--url" ? 2 : 1, "name", "device", "show", "", ...where);
    await refused(1, "enrolled before", "device", "add", "again", "--key", KEY, ...where);
  });

  it("refuses what cannot be, in one line, and changes nothing", async () => {
    const where = await place();
    await run("device", "add", "one", ...where);
    const add = (...more: string[]) => ["device", "add", ...more, ...where];
    await refused(2, 'name: given "", expected text of 1 to 64', ...add(""));
    await refused(2, "reads like an id", ...add("facade"));
    await refused(2, 'id: given "0", expected 1 to 6 hex digits', ...add("x", "--id", "0"));
    await refused(2, "key: given something else, expected 32", ...add("x", "--key", "12"));
    await refused(2, 'suite: given "9", expected 0 (crc16)', ...add("x", "--suite", "9"));
    await refused(1, 'the name "one" is taken by 000001', ...add("one"));
    await refused(1, "id 000001 is taken", ...add("x", "--id", "000001"));
    await refused(1, 'name "nobody"', "device", "rm", "nobody", ...where);
    await refused(2, "argument 'gone' is invalid", "device", "ls", "--status", "gone", ...where);
    expect(JSON.parse((await run("device", "ls", "--json", ...where)).out)).toHaveLength(1);
  });
});

describe("device in a folder", () => {
  it("makes a store only to add", async () => {
    const data = join(temporaryFolder(), "new");
    await refused(1, "there is no such folder", "device", "ls", "--data", data);
    await refused(2, 'id: given "zz"', "device", "add", "x", "--id", "zz", "--data", data);
    expect(existsSync(data)).toBe(false);
    expect((await run("device", "add", "x", "--data", data)).code).toBe(0);
    expect(statSync(join(data, "store")).mode & 0o777).toBe(0o700);
    expect((await run("device", "ls", "--data", data)).code).toBe(0);
  });

  it("is refused while a gateway runs on it, with the words to use --url", async () => {
    const data = temporaryFolder();
    const store = levelStore(data, { clock: systemClock(0) });
    stores.push(store);
    await store.open();
    await refused(
      1,
      "a gateway runs on this store; use --url",
      "device",
      "add",
      "x",
      "--data",
      data,
    );
  });

  it("speaks to a gateway or to a folder, not to both", async () => {
    const both = ["--data", "x", "--url", "http://127.0.0.1:1"];
    await refused(2, "cannot be used with option '--url", "device", "ls", ...both);
  });
});

describe("device over HTTP", () => {
  it("says where nobody answered", async () => {
    const url = await served();
    await running.pop()?.stop();
    const words = `no gateway answers at ${url} (ECONNREFUSED); give --url, or --data`;
    await refused(1, words, "device", "ls", "--url", url);
  });

  it("shows its token, from the gateway's own file or from one with nothing else", async () => {
    const gateway = await startHere(new Map(), {
      tokens: [
        { scope: "read", token: "read-token-of-the-test" },
        { scope: "write", token: "write-token-of-the-test" },
      ],
    });
    running.push(gateway);
    const folder = temporaryFolder();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return ["--token-file", join(folder, name), "--url", `http://127.0.0.1:${gateway.httpPort}`];
    };
    const both = file("both", "read read-token-of-the-test\nwrite write-token-of-the-test\n");
    const read = file("read", "read-token-of-the-test\n");
    const wrong = file("wrong", "wrong-token-of-the-test");
    expect((await run("device", "add", "x", ...both)).code).toBe(0);
    expect((await run("device", "ls", ...read)).code).toBe(0);
    await refused(1, "expected one with scope write", "device", "add", "y", ...read);
    await refused(1, "a token that is not known", "device", "ls", ...wrong);
    await refused(1, "no token", "device", "ls", ...both.slice(2));
    await refused(2, "line 1: expected", "device", "ls", ...file("bad", "two words"));
    const missing = join(folder, "none");
    await refused(2, "no such file", "device", "ls", "--token-file", missing);
  });
});

describe("gateway", () => {
  it.each([
    [["--udp-port", "x"], "'x' is invalid. Expected a port"],
    [["--http-port", "65536"], "'65536' is invalid. Expected a port"],
    [["--udp-host", "localhost"], "Expected an IPv4 or IPv6 address"],
    [["--udp-host", "127.0.0.1", "--udp-host", "127.0.0.2"], "at most one of each"],
    [["--http-host", "0.0.0.0"], "given 0.0.0.0, expected a loopback address, or --token-file F"],
    [["--token-file", "/nowhere"], "--token-file /nowhere: there is no such file or folder"],
    [["--mqtt", "http://x"], "--mqtt: expected an address such as mqtt://192.168.1.2"],
    [["--mqtt-commands"], "--mqtt-commands: expected --mqtt URL or --broker with it"],
    [["--broker-port", "x"], "'x' is invalid. Expected a port"],
    [["--config", "/nowhere"], "--config /nowhere: there is no such file or folder"],
    [["more"], "too many arguments"],
  ])("refuses %j with 2", async (flags, words) => {
    const data = join(temporaryFolder(), "never");
    await refused(2, words, "gateway", "--data", data, ...flags);
    expect(() => statSync(data)).toThrow();
  });

  it("reads config.yaml in the data folder where no other is named", async () => {
    const data = temporaryFolder();
    const [file, other] = [join(data, "config.yaml"), join(data, "other.yaml")];
    writeFileSync(file, "httpPort: 0\nudpPort: -1\n");
    writeFileSync(other, "open: 3\n");
    await refused(2, `${file}:2:10: udpPort: -1; expected`, "gateway", "--data", data);
    await refused(2, `${other}:1:7: open: 3`, "gateway", "--data", data, "--config", other);
  });

  it("fails with 1 where it cannot have what it needs", async () => {
    const data = temporaryFolder();
    const free = ["--udp-port", "0", "--http-port", "0", "--udp-host", "127.0.0.1"];
    const store = levelStore(data, { clock: systemClock(0) });
    stores.push(store);
    await store.open();
    await refused(1, "a gateway runs on this store already", "gateway", "--data", data, ...free);
    const other = temporaryFolder();
    const gateway = await startHere(new Map());
    running.push(gateway);
    const udp = `${gateway.udpPort}`;
    const http = `${gateway.httpPort}`;
    const taken = ["gateway", "--data", other, ...free];
    await refused(1, `--udp-port: ${udp} at 127.0.0.1 is in use`, ...taken, "--udp-port", udp);
    await refused(1, `--http-port: ${http} at 127.0.0.1 is in use`, ...taken, "--http-port", http);
    const tokens = join(other, "tokens");
    writeFileSync(tokens, "write a-token-of-the-test\n", { mode: 0o600 });
    // No name at all, so nobody is asked for it.
    const named = ["--token-file", tokens, "--http-host", "a..b"];
    await refused(1, "--http-host: no such name", ...taken, ...named);
    writeFileSync(join(other, "file"), "");
    const inFile = join(other, "file", "data");
    await refused(1, "a part of the path is no folder", "gateway", "--data", inFile, ...free);
  });

  it("keeps its data where the system wants it", () => {
    expect(dataFolder({ STATE_DIRECTORY: "/var/lib/nextbeat:/x" })).toBe("/var/lib/nextbeat");
    expect(dataFolder({ XDG_STATE_HOME: "/s" })).toBe("/s/nextbeat");
    expect(dataFolder({})).toMatch(/\/\.local\/state\/nextbeat$/);
  });
});

describe("gateway as a process", () => {
  beforeAll(buildGateway);

  it("runs with tokens, and its store is refused to a second one", async () => {
    const data = temporaryFolder();
    const file = join(data, "tokens");
    mkdirSync(data, { recursive: true });
    writeFileSync(file, "write write-token-of-the-test\n");
    const child = await startChild(data, "--token-file", file);
    const said: Said = await run("device", "ls", "--url", child.url, "--token-file", file);
    expect(said.code).toBe(0);
    await expect(startChild(data)).rejects.toThrow("ended with 1: error: --data");
    await refused(1, "use --url", "device", "ls", "--data", data);
    child.process.kill("SIGINT");
    expect(await child.ended).toBe(0);
  });
});

describe("the program", () => {
  it("helps, tells its version, and refuses what it does not know", async () => {
    for (const argv of [["--help"], ["device", "--help"], ["gateway", "--help"], ["help"]]) {
      const { code, out, err } = await run(...argv);
      expect([code, err]).toEqual([0, ""]);
      expect(out).toContain("Usage: nextbeat");
    }
    expect((await run("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run()).code).toBe(2);
    expect((await run("device")).code).toBe(2);
    await refused(2, "unknown command 'gatewy' (Did you mean gateway?)", "gatewy");
    await refused(2, "missing required argument 'name'", "device", "add");
  });
});
