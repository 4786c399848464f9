/**
 * Two small scenarios that between them have all that a run can be made of: every preset and every
 * kind of fault. Where two engines or processors could differ, one of these must show it.
 */

import { BATTERIES, BOARDS, CLOCKS } from "../../sim/boards.ts";
import { NAT_PRESETS } from "../../sim/nat.ts";
import { LINK_PRESETS } from "../../sim/presets.ts";

const LINKS = LINK_PRESETS.map(({ name }) => name);
const CLOCK_NAMES = Object.keys(CLOCKS);
const BOARD_NAMES = Object.keys(BOARDS);
const BATTERY_NAMES = Object.keys(BATTERIES);

/** Sleepers and wakers behind every link, NAT, clock, board and battery that has a name. */
const presets = `
run: 90m
gateway: {commit: 2ms..40ms}
fleet:
${LINKS.flatMap((link, i) =>
  ["awake", "deep"].map((reach, k) => {
    const of = (names: readonly string[]) => names[(2 * i + k) % names.length];
    const nat = of(NAT_PRESETS.map(({ name }) => name));
    return `
  - {group: ${link}-${reach}, count: 3, suite: ${of(["crc16", "hmac", "chaskey"])}, link: ${link},
     interval: ${["10s", "30s", "60s"][i % 3]}, reach: ${reach}, nat: ${nat}, boot: 20s,
     clock: ${of(CLOCK_NAMES)}, board: ${of(BOARD_NAMES)}, battery: ${of(BATTERY_NAMES)},
     temperature: {mean: ${5 * i - 10}, swing: ${k * 9}},
     config: {rto: 2s, rtoMax: 8s, clockError: 4%, wake: ${k * 8}s}}`;
  }),
).join("")}
`;

/** Everything that can go wrong, one after the other and some of it together. */
const faults = `
run: 150m
calm: 100m
gateway: {commit: 2ms..40ms, socketQueue: 60, frame: 0.2ms}
fleet:
  - {group: awake, count: 6, interval: 10s, link: wifi-congested, nat: linux, boot: 5s}
  - {group: sleepy, count: 6, suite: hmac, interval: 60s, reach: deep, link: wifi-good,
     nat: home-60, board: esp32, battery: cr123a, clock: rc-esp32, boot: 30s,
     temperature: {mean: 8, swing: 9}, config: {clockError: 4%, wake: 8s}}
  - {group: tower, count: 5, suite: crc16, interval: 20s, reach: light, link: lte-m, nat: cgn,
     ap: cell, board: esp32-c3, battery: 18650, clock: rc-c3,
     config: {rto: 2s, rtoMax: 8s, clockError: 3%}}
  - {group: far, count: 3, interval: 30s, link: geo, nat: cloud-350, config: {rto: 2s, rtoMax: 8s}}
  - {group: posted, count: 4, interval: 15s, transport: mqtt, link: wifi-good}
  - {group: custom, count: 4, suite: hmac, interval: 12s,
     link: {preset: wifi-edge, duplicate: 5%, corrupt: 2%, reorder: {share: 10%, by: 300ms},
       outage: {every: 10m, for: 20s}, rate: 9600bit/s, queue: 200, mtu: 90}}
faults:
  - {at: 4m, where: {names: [awake], share: 50%}, do: power, for: 90s, spread: 5s, back: 20s}
  - {at: 5m, where: tower-2, do: battery, share: 30%}
  - {at: 6m, every: {random: 9m}, where: {share: 20%}, do: reboot}
  - {at: 8m, where: awake-2, do: forget}
  - {at: 9m, where: posted-4, do: leave}
  - {at: 10m, every: 7m, where: [awake-1, sleepy-1], do: powercut, step: after-store, for: 30s}
  - {at: 11m, where: far-2, do: clone}
  - {at: 12m, where: awake-3, do: clock, by: 20s}
  - {at: 13m, where: sleepy, do: drift, ppm: 7000}
  - {at: 14m, where: far, do: link, to: nb-iot, ramp: 3m, for: 15m}
  - {at: 20m, where: custom, do: cut, direction: down, for: 2m}
  - {at: 22m, every: 11m, where: fleet, do: loss, share: 40%, direction: up, for: 3m}
  - {at: 24m, every: {random: 5m}, where: {share: 30%}, do: nat, change: rebind}
  - {at: 25m, where: cell, do: nat, change: readdress}
  - {at: 27m, where: cell, do: nat-full, for: 4m}
  - {at: 28m, where: [awake, cell], do: nat, change: reboot}
  - {at: 33m, where: sleepy, do: nat-deaf, for: 5m}
  - {at: 36m, where: far, do: nat-set, to: linux}
  - {at: 38m, where: cell, do: ap, for: 3m}
  - {at: 42m, where: awake, do: dns, for: 2m}
  - {at: 42m30s, where: awake, do: reboot}
  - {at: 46m, every: 6m, until: 60m, do: crash, step: after-commit, for: 20s}
  - {at: 49m, do: crash, for: 2m}
  - {at: 53m, do: crash, step: before-send, for: 10s}
  - {at: 55m, do: stop, for: 70s}
  - {at: 62m, do: disk, commit: 300ms..2s, for: 4m}
  - {at: 67m, do: stall, for: 50s}
  - {at: 70m, do: suspend, for: 40s}
  - {at: 73m, do: wall, by: -1h}
  - {at: 75m, do: broker, for: 3m}
  - {at: 80m, where: awake, do: replay, perSecond: 2, delay: 5s, for: 5m}
  - {at: 86m, where: fleet, do: flood, perSecond: 5, for: 3m}
  - {at: 95m, where: custom-4, do: die}
`;

export const SCENARIOS: Readonly<Record<string, string>> = { presets, faults };
