// Discovery as Home Assistant wants it, and a checker that refuses what it would refuse.

import { describe, expect, it } from "vitest";
import {
  availabilityOf,
  configTopic,
  deviceConfig,
  gatewayConfig,
  presenceJson,
} from "../../gateway/homeassistant.ts";
import { problemsOf } from "./homeassistant-rules.ts";

const DEVICE = { id: 0x2bd, name: 'shed "07" {{ 1 }}', site: "garden" };
const TOPIC = configTopic("homeassistant", DEVICE.id);

type Entity = Record<string, unknown>;
type Config = { dev: Entity; o: Entity; cmps: Record<string, Entity>; [key: string]: unknown };
const config = () => deviceConfig(DEVICE) as Config;

describe("a device", () => {
  it("is described in Home Assistant's words, with and without a site", () => {
    expect(TOPIC).toBe("homeassistant/device/nextbeat_0002bd/config");
    expect(problemsOf(TOPIC, JSON.stringify(config()))).toEqual([]);
    const bare = deviceConfig({ ...DEVICE, site: "" }) as Config;
    expect(problemsOf(TOPIC, JSON.stringify(bare))).toEqual([]);
    expect([config().dev["sa"], bare.dev["sa"]]).toEqual(["garden", undefined]);
  });

  it("has a connection that hangs on the gateway alone, and all else on both", () => {
    const gateway = { topic: "nextbeat/gateway/status" };
    const { connected, ...others } = config().cmps;
    expect(connected).toMatchObject({ availability: [gateway], availability_mode: "all" });
    expect(Object.keys(others).length).toBeGreaterThan(4);
    for (const entity of Object.values(others)) {
      const both = [gateway, { topic: "nextbeat/0002bd/availability" }];
      expect(entity).toMatchObject({ availability: both, availability_mode: "all" });
    }
  });

  it("shows by default what changes seldom, not what changes with each beat", () => {
    const hidden = Object.entries(config().cmps).filter(
      ([, it]) => it["enabled_by_default"] === false,
    );
    expect(hidden.map(([name]) => name)).toEqual(["seen", "due", "loss", "waiting"]);
  });

  it("reads nothing from the presence that is not there", () => {
    const view = { id: 1, seenAt: null, dueAt: null, deadlineAt: null, absentAt: null };
    const clock = { now: () => 0, wallAt: (at: number) => at, trusted: () => true };
    const more = { clashAt: null, payload: null, payloadAt: null, address: null, port: null };
    const told = presenceJson({ ...view, ...more } as never, clock as never);
    const text = JSON.stringify(config());
    const read = [...text.matchAll(/value_json\.(\w+)/g)].map((found) => found[1]!);
    expect(read.length).toBeGreaterThan(8);
    expect(read.filter((name) => !(name in told))).toEqual([]);
  });

  it("is available while its promise holds and until its deadline, asleep or not", () => {
    const all = ["unknown", "present", "late", "absent", "left"] as const;
    expect(all.map(availabilityOf)).toEqual(["offline", "online", "online", "offline", "offline"]);
  });
});

it("the gateway is a device, through which the others are connected", () => {
  const gateway = gatewayConfig() as Config;
  expect(problemsOf(configTopic("homeassistant", "gateway"), JSON.stringify(gateway))).toEqual([]);
  expect([config().dev["via_device"]]).toEqual(gateway.dev["ids"]);
});

describe("the checker refuses", () => {
  const entity = (name: string, words: Entity) => (given: Config) => ({
    ...given,
    cmps: { ...given.cmps, [name]: { ...given.cmps[name], ...words } },
  });
  const dev = (words: Entity) => (given: Config) => ({ ...given, dev: { ...given.dev, ...words } });
  const CONFIG = { entity_category: "config" };
  const PERCENT = { unit_of_measurement: "%" };
  it.each<[string, string, (given: Config) => object]>([
    ["no origin", "root: no origin", ({ o: _, ...rest }) => rest],
    ["no device", "root: no device", ({ dev: _, ...rest }) => rest],
    ["no identifier", "device: no identifier", (given) => ({ ...given, dev: { name: "x" } })],
    ["a word of the root", "root: unknown colour", (given) => ({ ...given, colour: 1 })],
    ["a word of the device", "device: unknown id", (g) => ({ ...g, dev: { ...g.dev, id: 1 } })],
    ["no name", "device: no name", ({ dev: { name: _, ...dev }, ...rest }) => ({ ...rest, dev })],
    ["a null", "device: serial_number is null", dev({ sn: null })],
    ["its own via", "device: its own via_device", dev({ via_device: "nextbeat_0002bd" })],
    ["a key", "a b: a space in its key", entity("a b", {})],
    ["a setting that is none", "alert: entity_category", entity("alert", CONFIG)],
    ["two availabilities", "seen: availability_topic", entity("seen", { availability_topic: "a" })],
    ["a unit of an instant", "seen: unit of a timestamp", entity("seen", PERCENT)],
    ["options of a number", "battery: options", entity("battery", { options: ["full"] })],
    ["a platform", "battery: platform bulb", entity("battery", { p: "bulb" })],
    ["no unique_id", "seen: no unique_id", entity("seen", { unique_id: undefined })],
    ["two of one name", "unique_id taken", entity("seen", { unique_id: "nextbeat_0002bd_due" })],
    ["a word", "signal: unknown unit", entity("signal", { unit: "dBm" })],
    ["a unit", "signal: unit_of_measurement", entity("signal", PERCENT)],
    ["a class", "alert: device_class alarm", entity("alert", { device_class: "alarm" })],
    ["a mode", "alert: availability_mode", entity("alert", { availability_mode: "both" })],
    [
      "a topic",
      "topic nextbeat/+/a",
      entity("alert", { availability: [{ topic: "nextbeat/+/a" }] }),
    ],
    ["a template", "seen: value_template", entity("seen", { value_template: "{{ x }" })],
    ["a measured instant", "state_class of a", entity("seen", { state_class: "measurement" })],
    ["a timer on what is kept", "expire_after", entity("battery", { expire_after: 60 })],
  ])("%s", (_, problem, change) => {
    const text = JSON.stringify(change(config()));
    expect(problemsOf(TOPIC, text).join("\n")).toContain(problem);
  });

  it("a topic that Home Assistant does not read", () => {
    const text = JSON.stringify(config());
    expect(problemsOf("homeassistant/device/a b/config", text)[0]).toContain("no discovery topic");
  });
});
