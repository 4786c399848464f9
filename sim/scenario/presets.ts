// The names of NATs, boards, batteries and clocks that a scenario may use.

import type { NatModel } from "../nat.ts";

const LINUX: NatModel = {
  name: "linux",
  mapping: "address-port",
  filtering: "address-port",
  unrepliedMs: 30_000,
  streamMs: 120_000,
  streamAfterMs: 2_000,
  inboundRefreshes: true,
  port: "preserve",
  ports: [1024, 65_535],
  blockPorts: 512,
  mappingsMax: 65_536,
  evict: "unassured",
  hairpin: false,
};

/** Names of presets. */
export const NATS: readonly string[] = ["linux", "cgn", "home-60", "cloud-350"];
export const BOARDS: readonly string[] = ["esp32", "esp32-c3", "esp8266"];
export const BATTERIES: readonly string[] = ["cr123a", "18650", "2xaa"];
export const CLOCKS: readonly string[] = ["xtal20", "rc-esp32", "rc-c3", "exact"];

/** @param name of a preset that there is */
export function natNamed(name: string): NatModel {
  return { ...LINUX, name };
}
