/**
 * What Home Assistant demands of MQTT device discovery, and how it reads availability: from its
 * source as of 2026.9 (homeassistant/components/; each rule names its file) and its documentation.
 *
 * For one word that it does not know in the root, the device or the origin it refuses the whole
 * message (mqtt/schemas.py, DEVICE_DISCOVERY_SCHEMA); one in an entity it drops without a word
 * (REMOVE_EXTRA in mqtt/sensor.py and others). Either way only its own log tells, if anything: so
 * the words are checked here.
 */

import type { Reader } from "./rig.ts";

type Json = Readonly<Record<string, unknown>>;

const TOPIC = /^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/;
/** Abbreviations that we use, of those it knows. */
const SHORT: Record<string, string> = {
  ...{ dev: "device", o: "origin", cmps: "components", p: "platform" },
  ...{ ids: "identifiers", mf: "manufacturer", mdl: "model", sn: "serial_number" },
  ...{ sw: "sw_version", sa: "suggested_area" },
};
/** What entities have of the root unless they say it: mqtt/schemas.py, SHARED_OPTIONS. */
const SHARED = "availability availability_mode state_topic command_topic qos encoding".split(" ");
const ROOT = ["device", "origin", "components", ...SHARED];
const DEVICE = (
  "identifiers connections name manufacturer model model_id hw_version sw_version serial_number " +
  "suggested_area via_device configuration_url"
).split(" ");
const ORIGIN = ["name", "sw_version", "support_url"];
const ENTITY = (
  "platform unique_id name device_class entity_category enabled_by_default icon state_topic qos " +
  "value_template availability availability_mode json_attributes_topic json_attributes_template " +
  "force_update expire_after default_entity_id"
).split(" ");
const OWN: Record<string, string[]> = {
  sensor: "state_class unit_of_measurement options suggested_display_precision".split(" "),
  binary_sensor: ["payload_on", "payload_off", "off_delay"],
};
const CLASSES: Record<string, string[]> = {
  sensor: ["battery", "signal_strength", "timestamp", "duration", "enum", "temperature"],
  binary_sensor: ["connectivity", "problem", "running", "battery"],
};
/** sensor/const.py, DEVICE_CLASS_UNITS: another unit refuses the entity (mqtt/sensor.py). */
const UNITS: Record<string, string[]> = {
  battery: ["%"],
  signal_strength: ["dB", "dBm"],
  duration: ["d", "h", "min", "s", "ms", "\u03bcs"],
  temperature: ["\u00b0C", "\u00b0F", "K"],
};
const STATE_CLASSES = ["measurement", "measurement_angle", "total", "total_increasing"];
/** sensor/const.py, NON_NUMERIC_DEVICE_CLASSES: with a unit or a state class no state is taken. */
const WORDS = ["timestamp", "date", "enum"];

function long(given: Json): Json {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [SHORT[key] ?? key, value]),
  );
}

function inherited(root: Json, entity: Json): Json {
  const shared = SHARED.filter((key) => key in root).map((key) => [key, root[key]]);
  return { ...Object.fromEntries(shared), ...entity };
}

/** What is wrong with a discovery message; nothing: it is taken. */
export function problemsOf(topic: string, payload: string): string[] {
  const found: string[] = [];
  const say = (where: string, what: string): void => void found.push(`${where}: ${what}`);
  const only = (where: string, given: Json, known: readonly string[]): void => {
    for (const key of Object.keys(given)) if (!known.includes(key)) say(where, `unknown ${key}`);
  };
  if (!TOPIC.test(topic)) say(topic, "no discovery topic");
  const root = long(JSON.parse(payload) as Json);
  only("root", root, ROOT);
  for (const key of ["device", "origin", "components"]) {
    if (typeof root[key] !== "object") say("root", `no ${key}`);
  }
  const device = long((root["device"] ?? {}) as Json);
  only("device", device, DEVICE);
  const ids = [device["identifiers"] ?? []].flat();
  if (ids.length === 0 || !ids.every((id) => typeof id === "string"))
    say("device", "no identifier");
  // cv.string takes no null; the name is wanted by mqtt/entity.py, which else calls it "unnamed".
  if (typeof device["name"] !== "string") say("device", "no name");
  for (const [key, value] of Object.entries(device)) {
    if (value === null) say("device", `${key} is null`);
  }
  // helpers/device_registry.py, since 2026.9: all its entities fail.
  if (ids.some((id) => id === device["via_device"])) say("device", "its own via_device");
  const origin = long((root["origin"] ?? {}) as Json);
  only("origin", origin, ORIGIN);
  if (typeof origin["name"] !== "string") say("origin", "no name");
  const uniques = new Set<unknown>();
  for (const [name, each] of Object.entries((root["components"] ?? {}) as Record<string, Json>)) {
    // mqtt/discovery.py finds what is to be removed by a name without a space.
    if (/\s/.test(name)) say(name, "a space in its key");
    const entity: Json = inherited(root, long(each));
    found.push(...entityProblems(name, entity));
    if (uniques.has(entity["unique_id"])) say(name, "unique_id taken");
    uniques.add(entity["unique_id"]);
  }
  return found;
}

function entityProblems(name: string, entity: Json): string[] {
  const found: string[] = [];
  const say = (what: string): void => void found.push(`${name}: ${what}`);
  const platform = String(entity["platform"]);
  if (!(platform in OWN)) return [`${name}: platform ${platform}`];
  const known = [...ENTITY, ...OWN[platform]!];
  for (const key of Object.keys(entity)) if (!known.includes(key)) say(`unknown ${key}`);
  if (typeof entity["unique_id"] !== "string") say("no unique_id");
  const topics = [entity["state_topic"], entity["json_attributes_topic"] ?? "a"];
  const available = (entity["availability"] ?? []) as Json[];
  for (const topic of [...topics, ...available.map((one) => one["topic"])]) {
    if (typeof topic !== "string" || topic === "" || /[#+\0]/.test(topic)) say(`topic ${topic}`);
  }
  if (!["all", "any", "latest"].includes(String(entity["availability_mode"] ?? "latest"))) {
    say("availability_mode");
  }
  // sensor/__init__.py and binary_sensor/__init__.py do not add what only tells as `config`.
  if (!["diagnostic", undefined].includes(entity["entity_category"] as string)) {
    say("entity_category");
  }
  if ("availability_topic" in entity) say("availability_topic beside availability");
  const kind = entity["device_class"] as string | undefined;
  if (kind !== undefined && !CLASSES[platform]!.includes(kind)) say(`device_class ${kind}`);
  found.push(...measureProblems(entity, kind).map((what) => `${name}: ${what}`));
  if ("expire_after" in entity) say("expire_after, on a topic that is kept");
  for (const [key, value] of Object.entries(entity)) {
    if (key.endsWith("_template") && !/^\{\{ .* \}\}$/s.test(String(value))) say(key);
  }
  return found;
}

/** mqtt/sensor.py, validate_sensor_state_and_device_class_config; sensor/__init__.py, state. */
function measureProblems(entity: Json, kind: string | undefined): string[] {
  const found: string[] = [];
  const { unit_of_measurement: unit, state_class: counted, options } = entity;
  const units = UNITS[kind ?? ""];
  if (units !== undefined && entity["platform"] === "sensor" && !units.includes(unit as string)) {
    found.push("unit_of_measurement");
  }
  if (counted !== undefined && !STATE_CLASSES.includes(counted as string)) {
    found.push("state_class");
  }
  if (WORDS.includes(kind ?? "")) {
    if (counted !== undefined) found.push(`state_class of a ${kind}`);
    if (unit !== undefined) found.push(`unit of a ${kind}`);
  }
  if (options !== undefined && (kind !== "enum" || !Array.isArray(options) || !options.length)) {
    found.push("options");
  }
  return found;
}

/** Whether Home Assistant shows an entity as available, by what a reader of the broker has seen. */
export function available(reader: Pick<Reader, "now">, id: string, entity: string): boolean {
  const config = reader.now.get(`homeassistant/device/nextbeat_${id}/config`);
  if (config === undefined) return false;
  const root = JSON.parse(config);
  const { availability, availability_mode: mode } = inherited(root, root.cmps[entity]) as {
    availability: { topic: string }[];
    availability_mode: string;
  };
  if (mode !== "all") throw new Error(`mode ${mode}; expected all`);
  return availability.every(({ topic }) => reader.now.get(topic) === "online");
}

/** What the entity of the connection shows. */
export function shown(reader: Pick<Reader, "now">, id: string): "on" | "off" | "unavailable" | "?" {
  if (!available(reader, id, "connected")) return "unavailable";
  const { status } = JSON.parse(reader.now.get(`nextbeat/${id}/presence`) ?? "{}");
  if (status === "present" || status === "late") return "on";
  return status === "absent" || status === "left" ? "off" : "?";
}
