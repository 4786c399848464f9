/** The configuration: what a file may say, what is wrong with it and where, and what goes above. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Usage } from "../../gateway/cli/errors.ts";
import { parseConfig, readConfig } from "../../gateway/config.ts";
import { configJsonSchema } from "../../gateway/config-schema.ts";
import { LIMITS } from "../../gateway/limits.ts";

const KEY = randomBytes(32);
const WHSEC = `whsec_${KEY.toString("base64")}`;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with these files. */
function folder(files: Record<string, string>): string {
  const found = mkdtempSync(join(tmpdir(), "nextbeat-config-"));
  folders.push(found);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(found, name), text);
  return found;
}

/** The lines with which a text is refused. */
function refusal(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(Usage);
    return (error as Usage).message.split("\n");
  }
  throw new Error("it was accepted");
}

/** The one line with which a text is refused; its place is where the text has a `^`. */
function slip(marked: string): string {
  const before = marked.slice(0, marked.indexOf("^")).split("\n");
  const place = `c.yaml:${before.length}:${before.at(-1)!.length + 1}: `;
  const [line, ...more] = refusal(() => parseConfig(marked.replace("^", ""), "c.yaml", {}));
  expect(more).toEqual([]);
  expect(line!.slice(0, place.length), line).toBe(place);
  return line!.slice(place.length);
}

const withRoute = (fields: string) => `notices:\n  routes:\n    - ${fields}\n`;
const ROUTE = "{name: a, execute: {command: /bin/true}}";

describe("one slip", () => {
  it.each([
    ["^udpprot: 1", 'configuration: unknown key "udpprot"; did you mean udpPort?'],
    ["^colour: red", /^configuration: unknown key "colour"; expected one of data, udpPort, /],
    ["udpPort: ^70000", "udpPort: 70000; expected a port, 0 to 65535"],
    ["udpPort: ^yes", 'udpPort: "yes"; expected a port, 0 to 65535'],
    ["udpHost: ^localhost", 'udpHost: "localhost"; expected an IPv4 or IPv6 address'],
    ["open: ^1", "open: 1; expected true or false"],
    ["limits: {^deviceMax: 1}", 'limits: unknown key "deviceMax"; did you mean devicesMax?'],
    ["limits: {devicesMax: ^many}", /^limits.devicesMax: "many"; expected a whole number/],
    ["limits: {falseAlarmsAt: {hall: ^0}}", /falseAlarmsAt.hall: 0; expected a number above 0/],
    ["limits: {graceMs: ^250}", /^limits.graceMs: 250; expected a duration with its unit/],
    ["notices: {dashboard: ^ftp://x}", /^notices.dashboard: "ftp:\/\/x"; expected an address/],
    ["notices: {timeZone: ^Mars/Olympus}", /; expected a time zone such as Europe\/Berlin or UTC$/],
    [withRoute("^{name: a}"), /: a map; expected one of webhook, ntfy, execute, and not two$/],
    [withRoute("{name: ^a b, execute: {command: x}}"), /name: "a b"; expected a name: letters/],
    [
      withRoute("{^recoverie: true, name: b, execute: {command: x}}"),
      /"recoverie"; did you mean recovery\?$/,
    ],
    [withRoute("{name: a, causes: [^batery], execute: {command: x}}"), /did you mean battery\?$/],
    [withRoute("{name: a, repeat: ^30s, execute: {command: x}}"), /: "30s"; .*\(1m to 366d\)$/],
    [withRoute("{name: a, wait: ^10, execute: {command: x}}"), /: 10; .*\(0s to 1h\)$/],
    [withRoute("{name: a, ntfy: {url: ^https://ntfy.sh}}"), /an address that ends with a topic/],
    [
      withRoute("{name: a, ntfy: {url: ^http://192.168.1.9/x}}"),
      /url: "http:.*; expected a public address, or allowPrivate: true beside it$/,
    ],
    [withRoute("{name: a, webhook: {url: ^http://0x7f.1/, secret: x}}"), /expected a public/],
    [
      withRoute("{name: a, webhook: ^{url: https://example.org/, secret: hunter2hunter2}}"),
      "notices.routes[0].webhook: a map; its secret: expected whsec_ and 24 to 64 bytes in base64",
    ],
    [
      withRoute("{name: a, webhook: ^{url: https://example.org/, secret: {env: NO_SUCH}}}"),
      "notices.routes[0].webhook: a map; its secret: NO_SUCH is not set in the environment",
    ],
    [
      withRoute("{name: a, ntfy: ^{url: https://ntfy.sh/a, token: {file: /no/such}}}"),
      "notices.routes[0].ntfy: a map; its token: /no/such: there is no such file or folder",
    ],
    [
      withRoute(`${ROUTE}\n    - ${ROUTE.replace("name: a", "name: ^a")}`),
      'notices.routes[1].name: "a"; expected another name',
    ],
    ["^- 1\n", "configuration: a list; expected a map"],
  ])("%s", (marked, expected) => {
    const line = slip(marked);
    if (typeof expected === "string") expect(line).toBe(expected);
    else expect(line).toMatch(expected);
  });

  it("is told beside the others, all at once and in order", () => {
    const text = "udpPort: -1\nhttpPort: x\nopen: 3\n";
    const lines = refusal(() => parseConfig(text, "c.yaml", {}));
    expect(lines.map((line) => line.split(" ")[0])).toEqual([
      ...["c.yaml:1:10:", "c.yaml:2:11:", "c.yaml:3:7:"],
    ]);
  });

  it("in the syntax has its place too", () => {
    expect(refusal(() => parseConfig("udpPort: [1", "c.yaml", {}))[0]).toMatch(/^c\.yaml:1:\d+: /);
    expect(refusal(() => readConfig("/no/such.yaml", {}))).toEqual([
      "--config /no/such.yaml: there is no such file or folder",
    ]);
  });

  it("never shows a secret", () => {
    const told = refusal(() =>
      parseConfig(withRoute("{name: a, webhook: {url: x, secret: hunter2hunter2}}"), "c", {}),
    );
    expect(told.join()).not.toContain("hunter2");
  });
});

describe("a configuration", () => {
  it("says everything, in YAML or in JSON", () => {
    const at = folder({ "key.txt": `${WHSEC}\n`, "c.yaml": "", "empty.yaml": "# nothing\n" });
    const config = {
      ...{ data: "/var/x", udpPort: 0, udpHost: ["127.0.0.1", "::1"], httpPort: 1 },
      ...{ httpHost: "::1", tokenFile: "tokens", open: true },
      limits: { devicesMax: 5, graceMs: "500ms", promiseMax: "1d", falseAlarmsAt: { hall: 52 } },
      notices: {
        dashboard: "https://gw.example",
        timeZone: "Asia/Kolkata",
        routes: [
          {
            ...{ name: "hook", sites: ["farm"], labels: ["cold"], causes: ["battery"] },
            ...{ recovery: false, repeat: "4h", wait: "10s", timeout: "3s", allowPrivate: true },
            webhook: { url: "http://10.0.0.1/x", secret: { file: "key.txt" } },
          },
          { name: "phone", ntfy: { url: "https://ntfy.sh/t", token: { env: "TK" }, priority: 5 } },
          { name: "horn", execute: { command: "/bin/horn", arguments: ["-x", ""] } },
        ],
      },
    };
    writeFileSync(join(at, "c.yaml"), JSON.stringify(config));
    const { options, notices, unknown } = readConfig(join(at, "c.yaml"), { TK: "tk_1" });
    expect(options).toEqual({
      ...{ data: "/var/x", udpPort: 0, udpHost: ["127.0.0.1", "::1"], httpPort: 1 },
      ...{ httpHost: "::1", tokenFile: join(at, "tokens"), open: true },
      limits: { devicesMax: 5, graceMs: 500, promiseMax: 86_400_000, falseAlarmsAt: { hall: 52 } },
    });
    expect(unknown).toEqual([]);
    expect(notices.timeZone).toMatch(/^Asia\/(Kolkata|Calcutta)$/);
    expect(notices.routes).toEqual([
      {
        ...{ name: "hook", sites: ["farm"], labels: ["cold"], causes: ["battery"] },
        ...{ recovery: false, repeatMs: 14_400_000, waitMs: 10_000 },
        channel: {
          ...{ kind: "webhook", url: new URL("http://10.0.0.1/x"), secret: KEY },
          ...{ allowPrivate: true, timeoutMs: 3_000 },
        },
      },
      {
        ...{ name: "phone", sites: [], labels: [], causes: [], recovery: true },
        ...{ repeatMs: Infinity, waitMs: 10_000 },
        channel: {
          ...{ kind: "ntfy", url: new URL("https://ntfy.sh/"), topic: "t", token: "tk_1" },
          ...{ priority: 5, click: "https://gw.example/", allowPrivate: false, timeoutMs: 15_000 },
        },
      },
      {
        ...{ name: "horn", sites: [], labels: [], causes: [], recovery: true },
        ...{ repeatMs: Infinity, waitMs: 10_000 },
        channel: {
          ...{ kind: "execute", command: "/bin/horn", arguments: ["-x", ""], timeoutMs: 15_000 },
        },
      },
    ]);
    expect(readConfig(join(at, "empty.yaml"), {}).options).toEqual({ limits: {} });
    expect(readConfig(undefined, {}).notices.routes).toEqual([]);
  });

  it("gives way to the environment, name by name", () => {
    const at = folder({
      "c.yaml": "udpPort: 1\nhttpPort: 2\nlimits: {devicesMax: 3, openMax: 4}\n",
    });
    const env = {
      ...{ NEXTBEAT_CONFIG: join(at, "c.yaml"), NEXTBEAT_UDP_PORT: "5", NEXTBEAT_OPEN: "true" },
      ...{ NEXTBEAT_LIMITS_DEVICES_MAX: "6", NEXTBEAT_LIMITS_GRACE_MS: "1s", NEXTBEAT_DATA: "7" },
      ...{ NEXTBEAT_UDP_HOST: "127.0.0.1, ::1", NEXTBEAT_HTTP_HOST: "", HOME: "/x" },
      ...{ NEXTBEAT_NOTICES_TIME_ZONE: "UTC", NEXTBEAT_NOTICE_TEXT: "x" },
    };
    const { options, notices } = readConfig(undefined, env);
    expect(options).toEqual({
      ...{ data: "7", udpPort: 5, httpPort: 2, open: true, udpHost: ["127.0.0.1", "::1"] },
      limits: { devicesMax: 6, openMax: 4, graceMs: 1_000 },
    });
    expect(notices.timeZone).toBe("UTC");
  });

  it.each([
    [{ NEXTBEAT_UDP_PORT: "x" }, 'NEXTBEAT_UDP_PORT: "x"; expected a port, 0 to 65535'],
    [{ NEXTBEAT_UPD_PORT: "1" }, "NEXTBEAT_UPD_PORT is not known; did you mean NEXTBEAT_UDP_PORT?"],
    [{ NEXTBEAT_LIMITS_GRACE_MS: "9" }, /^NEXTBEAT_LIMITS_GRACE_MS: 9; expected a duration/],
    [{ NEXTBEAT_UDP_HOST: "here" }, 'NEXTBEAT_UDP_HOST: "here"; expected an IPv4 or IPv6 address'],
  ])("refuses an environment of %j", (env, expected) => {
    const [line] = refusal(() => readConfig(undefined, env));
    const said = line!.replace(/^environment: /, "");
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });

  it("names what in the environment it does not know", () => {
    expect(readConfig(undefined, { NEXTBEAT_FROBNICATE: "1" }).unknown).toEqual([
      "NEXTBEAT_FROBNICATE",
    ]);
  });

  it("reads the example of the manual", () => {
    const manual = readFileSync(new URL("../../gateway/notices.md", import.meta.url), "utf8");
    const [, example = ""] = /```yaml\n(.*?)```/s.exec(manual) ?? [];
    const at = folder({ "c.yaml": example.replace("secrets/ntfy", "ntfy"), ntfy: "tk_1" });
    const { notices, options } = readConfig(join(at, "c.yaml"), { OPS_SECRET: WHSEC });
    expect(notices.routes.map(({ name }) => name)).toEqual(["phone", "ops", "horn"]);
    expect(options.limits).toEqual({
      ...{ graceMs: 500, noticesMax: 2_000 },
      ...{ falseAlarms: 1, falseAlarmsAt: { workshop: 52 } },
    });
  });

  it("has a JSON Schema with every limit and every key", () => {
    const schema = configJsonSchema() as {
      additionalProperties: boolean;
      properties: Record<string, { properties: object }>;
    };
    expect(schema.additionalProperties).toBe(false);
    const limits = Object.keys(schema.properties.limits!.properties);
    expect(limits.sort()).toEqual(Object.keys(LIMITS).sort());
    expect(JSON.stringify(schema)).toContain('"allowPrivate"');
  });
});
