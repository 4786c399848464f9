/**
 * Devices as Home Assistant discovers them: one message for each device, kept by the broker, with
 * all of its entities (MQTT device discovery, Home Assistant 2024.11 and later).
 *
 * Whether a device is connected is what we know best, so that entity is unavailable only while this
 * gateway does not run: it lists the gateway's status alone. Values that the device told are of no
 * use when it is gone: their entities list both, and need both. Nothing expires by a timer of Home
 * Assistant's (`expire_after`): a device that sleeps within its promise is here, and only the
 * gateway knows how long that is. An entity for each number that we have lost: what nobody looks at
 * is disabled until somebody does; and so are the instants, which change with each beat: Home
 * Assistant writes a row for each change, and 2 000 boards that beat once a minute would be 33 a
 * second.
 *
 * The site is where Home Assistant puts a device that is new to it (`suggested_area`); where it is
 * then is its owner's business there, also when we call the site otherwise.
 */

import { VERSION } from "./about.ts";
import type { Clock } from "./clock.ts";
import { idText } from "./enrolment.ts";
import type { Enrolment, Status } from "./facts.ts";
import { deviceJson } from "./http/present.ts";
import { STATUS_TOPIC } from "./mqtt/settings.ts";
import type { DeviceView } from "./view.ts";

export type Availability = "online" | "offline";

/** Late is still here: it has until its deadline. */
export function availabilityOf(status: Status): Availability {
  return status === "present" || status === "late" ? "online" : "offline";
}

/** What of a device is told to everybody who reads the broker: not where it is, nor its numbers. */
const TOLD = [
  ...["id", "name", "site", "status", "cause", "tseq", "seenAt", "dueAt", "promiseMs", "reach"],
  ...["transport", "battery", "signal", "alert", "lossUp", "lossDown", "waiting"],
] as readonly (keyof ReturnType<typeof deviceJson>)[];

/** `nextbeat/<id>/presence`. */
export function presenceJson(view: DeviceView, clock: Clock): object {
  const device = deviceJson(view, clock);
  return Object.fromEntries(TOLD.map((name) => [name, device[name]]));
}

export function configTopic(prefix: string, id: number | "gateway"): string {
  return `${prefix}/device/nextbeat_${id === "gateway" ? id : idText(id)}/config`;
}

const ORIGIN = { name: "nextbeat", sw: VERSION };
const GATEWAY = "nextbeat_gateway";

/** The gateway as a device of its own, through which all others are connected. */
export function gatewayConfig(): object {
  return {
    dev: { ids: [GATEWAY], name: "nextbeat gateway", mf: "nextbeat", mdl: "gateway", sw: VERSION },
    o: ORIGIN,
    cmps: {
      running: {
        p: "binary_sensor",
        unique_id: `${GATEWAY}_running`,
        name: "Running",
        device_class: "running",
        entity_category: "diagnostic",
        state_topic: STATUS_TOPIC,
        payload_on: "online",
        payload_off: "offline",
      },
    },
  };
}

/** Values of `nextbeat/<id>/presence`; null there is "None" here, which Home Assistant knows. */
const value = (name: string) => `{{ value_json.${name} }}`;
/** A number only: what runs on mains says "external". */
const number = (name: string) =>
  `{{ value_json.${name} if value_json.${name} is number else None }}`;
const CONNECTED =
  "{{ {'present': 'ON', 'late': 'ON', 'absent': 'OFF', 'left': 'OFF'}" +
  ".get(value_json.status, 'None') }}";
const ATTRIBUTES =
  "{{ {'status': value_json.status, 'cause': value_json.cause, 'site': value_json.site} | tojson }}";

const diagnostic = { entity_category: "diagnostic" };
const hidden = { ...diagnostic, enabled_by_default: false };
const measured = { state_class: "measurement" };
const percent = { ...measured, unit_of_measurement: "%" };
const instant = { p: "sensor", device_class: "timestamp" };

const ENTITIES: Readonly<Record<string, object>> = {
  battery: {
    ...{ p: "sensor", name: "Battery", device_class: "battery" },
    ...{ ...percent, ...diagnostic, value_template: number("battery") },
  },
  signal: {
    ...{ p: "sensor", name: "Signal", device_class: "signal_strength" },
    ...{ ...measured, unit_of_measurement: "dBm", ...diagnostic, value_template: number("signal") },
  },
  alert: {
    ...{ p: "binary_sensor", name: "Alert", device_class: "problem" },
    value_template: "{{ 'ON' if value_json.alert else 'OFF' }}",
  },
  seen: { ...instant, name: "Last beat", ...hidden, value_template: value("seenAt") },
  due: { ...instant, name: "Next beat due", ...hidden, value_template: value("dueAt") },
  loss: {
    ...{ p: "sensor", name: "Beats lost" },
    ...{ ...percent, ...hidden },
    value_template:
      "{{ (value_json.lossUp * 100) | round(1) if value_json.lossUp is number else None }}",
  },
  waiting: {
    ...{ p: "sensor", name: "Commands waiting", ...measured, ...hidden },
    value_template: number("waiting"),
  },
};

/** The message at `configTopic`. */
export function deviceConfig({ id, name, site }: Pick<Enrolment, "id" | "name" | "site">): object {
  const text = idText(id);
  const own = `nextbeat_${text}`;
  const gateway = { topic: STATUS_TOPIC };
  const both = {
    availability: [gateway, { topic: `nextbeat/${text}/availability` }],
    availability_mode: "all",
  };
  const presence = `nextbeat/${text}/presence`;
  const connected = {
    ...{ p: "binary_sensor", name: "Connected", device_class: "connectivity", ...diagnostic },
    ...{ value_template: CONNECTED, availability: [gateway], availability_mode: "all" },
    ...{ json_attributes_topic: presence, json_attributes_template: ATTRIBUTES },
  };
  const entities = { connected, ...ENTITIES };
  return {
    dev: {
      ...{ ids: [own], name, sn: text, mf: "nextbeat", mdl: "Espruino" },
      ...(site !== "" && { sa: site }),
      via_device: GATEWAY,
    },
    o: ORIGIN,
    state_topic: presence,
    cmps: Object.fromEntries(
      Object.entries(entities).map(([key, entity]) => [
        key,
        { ...(key !== "connected" && both), ...entity, unique_id: `${own}_${key}` },
      ]),
    ),
  };
}
