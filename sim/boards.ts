// The boards that people really buy, the clocks inside them, and all presets of both and of
// batteries by name. Each number is anchored to a measurement or a data sheet where there is one;
// "estimate" says that there is none, and your own multimeter beats both. Currents are those of the
// bare module: a development board's regulator and USB chip add 0.1 to 15 mA, which is what really
// empties most batteries.

import { ALL_BATTERIES } from "./batteries.ts";
import type { Battery } from "./battery.ts";
import type { BoardPower, PowerState } from "./board-power.ts";
import type { ClockModel } from "./clock.ts";
import type { Quantile } from "./exact.ts";

/** Currents as people write them, mA. What listens takes as much as what is awake. */
type Currents = Readonly<Record<Exclude<PowerState, "off" | "rx">, number>>;

function currents(mA: Currents): Record<PowerState, number> {
  const nA = (key: keyof Currents) => Math.round(mA[key] * 1e6);
  return {
    off: 0,
    deep: nA("deep"),
    light: nA("light"),
    boot: nA("boot"),
    join: nA("join"),
    awake: nA("awake"),
    tx: nA("tx"),
    rx: nA("awake"),
    tail: nA("tail"),
  };
}

/** The least, the median, the ninetieth and ninety-ninth hundredth, and the most. */
const spread = (least: number, p50: number, p90: number, p99: number, most: number): Quantile[] => [
  [0, least],
  [0.5, p50],
  [0.9, p90],
  [0.99, p99],
  [1, most],
];

const between = (least: number, most: number): Quantile[] => [
  [0, least],
  [1, most],
];

/** 802.11 at 6 Mb/s: 20 us of preamble, 54 bytes around IP and UDP; 0.15 ms a beat. Estimate. */
const WIFI_AIR = { frameUs: 20, byteUs: 8 / 6, overheadBytes: 82 };

/** What the board's own program bounds (device/board-sleep.ts). */
const WIFI_JOIN_MAX_MS = 10_000;

/**
 * Boot 70 ms and 3.3 mC; with WPA2 and a fixed address 734 ms and 100.2 mC in all (glenn20,
 * upy-esp32-experiments). Espruino adds 200 ms in which it waits (targets/esp32/main.c), at 30 mA
 * with the processor idle (data sheet): 270 ms and 9.3 mC. Deep sleep 10 uA (data sheet), awake 0.1
 * mC a ms, sending 240 mA. "light" is what Espruino has of it: the radio in power save, the
 * processor at full speed, 28.8 mA at DTIM 3 (Espressif); the 2.33 mA of automatic light sleep want
 * CONFIG_PM_ENABLE, which no build of it sets. A wake in a chain of sleeps is a boot and a mark on
 * flash, 9.6 mC; a join that fails costs
 * what a join costs for as long as it tries, 0.3 to 1.5 C. The spread of the joins: estimate.
 */
const esp32: BoardPower = {
  name: "esp32",
  about: "ESP32 module on Wi-Fi, WPA2, fixed address",
  nA: currents({ deep: 0.01, light: 28.8, boot: 34.4, join: 145.9, awake: 100, tx: 240, tail: 0 }),
  peakNA: 240e6,
  bootMs: 270,
  linkMs: 280,
  joinMaxMs: WIFI_JOIN_MAX_MS,
  attachMs: spread(550, 664, 1_000, 3_000, 5_000),
  joinMs: spread(550, 664, 1_000, 3_000, 5_000),
  joinAgainMs: spread(300, 700, 2_000, 5_000, 10_000),
  air: WIFI_AIR,
  tailMs: 0,
  brownOutV: 2.43,
};

/** 1626 ms and 204.3 mC in all (glenn20). */
const esp32Dhcp: BoardPower = {
  ...esp32,
  name: "esp32-dhcp",
  about: "ESP32 module on Wi-Fi, WPA2, address from DHCP: twice the charge of a wake",
  nA: { ...esp32.nA, join: 129_200_000 },
  attachMs: spread(1_300, 1_556, 2_200, 5_000, 8_000),
  joinMs: spread(1_300, 1_556, 2_200, 5_000, 8_000),
};

/** Deep sleep 4.8 uA, power save 20.7 mA at DTIM 3 (Espressif). Rest: estimate. */
const esp32C3: BoardPower = {
  ...esp32,
  name: "esp32-c3",
  about: "ESP32-C3 module on Wi-Fi: less in every state",
  nA: currents({ deep: 0.0048, light: 20.7, boot: 30, join: 110, awake: 80, tx: 335, tail: 0 }),
  peakNA: 335e6,
};

/**
 * 0.7 s at 78 mA, 55 mC a wake (cron.dk, ESP8266 on batteries for years, 5), of which 113 ms before
 * the program runs (pokewithastick.net); deep 20 uA, power save (modem sleep) 15 mA (Espressif),
 * sending 170 mA. A wake in a chain of sleeps 4 mC, its radio off: estimate.
 */
const esp8266: BoardPower = {
  ...esp32,
  name: "esp8266",
  about: "ESP8266 module on Wi-Fi, fixed address; its clock forgets in deep sleep",
  nA: currents({ deep: 0.02, light: 15, boot: 78, join: 78, awake: 78, tx: 170, tail: 0 }),
  peakNA: 170e6,
  bootMs: 113,
  linkMs: 51,
  attachMs: spread(450, 550, 1_000, 3_000, 6_000),
  joinMs: spread(450, 550, 1_000, 3_000, 6_000),
  brownOutV: 2.5,
};

/** Stop mode 0.03 mA with memory kept (Espruino), radio an ESP8266 of its own. Rest: estimate. */
const espruinoWifi: BoardPower = {
  ...esp8266,
  name: "espruino-wifi",
  about: "Espruino WiFi: an STM32 that keeps its memory, and an ESP8266 that is switched off",
  nA: currents({ deep: 0.03, light: 15, boot: 75, join: 100, awake: 100, tx: 190, tail: 0 }),
  peakNA: 300e6,
  bootMs: 300,
  linkMs: 0,
  attachMs: spread(1_200, 2_000, 3_500, 6_000, 10_000),
  joinMs: spread(1_200, 2_000, 3_500, 6_000, 10_000),
  brownOutV: 3.4,
};

/**
 * nRF9160. Wake and 200 bytes both ways 22 s and 0.152 mWh, 148 mC at 3.7 V; 14 uA at rest
 * (boaks/zephyr-coaps-client, POWERCONSUMPTION.md). Wake alone 1.5 s and 105 mJ, peak 300 mA,
 * eDRX 18 uA (Nordic, nRF9160 modem current consumption). Parts of the 148 mC: estimate.
 */
const lteMTracker: BoardPower = {
  name: "lte-m-tracker",
  about: "LTE-M modem with power saving: the network holds it for 18 s after each frame",
  nA: currents({ deep: 0.014, light: 0.032, boot: 5, join: 19, awake: 45, tx: 110, tail: 4.6 }),
  peakNA: 300e6,
  bootMs: 100,
  linkMs: 0,
  joinMaxMs: 300_000,
  attachMs: spread(3_000, 10_000, 30_000, 90_000, 180_000),
  joinMs: spread(1_000, 1_500, 3_000, 8_000, 15_000),
  joinAgainMs: spread(2_000, 5_000, 20_000, 60_000, 120_000),
  air: { frameUs: 20_000, byteUs: 30, overheadBytes: 50 },
  tailMs: 18_000,
  brownOutV: 3.0,
};

/** 11 s and 0.076 mWh, 74 mC, where the modem may let go at once (boaks). Its parts: estimate. */
const nbIotMeter: BoardPower = {
  ...lteMTracker,
  name: "nb-iot-meter",
  about: "NB-IoT modem in a meter: slow, deaf asleep, and ten years on one cell",
  nA: currents({ deep: 0.006, light: 0.043, boot: 5, join: 18, awake: 15, tx: 100, tail: 1.2 }),
  peakNA: 250e6,
  attachMs: spread(5_000, 20_000, 60_000, 180_000, 300_000),
  joinMs: spread(1_000, 1_500, 4_000, 15_000, 60_000),
  air: { frameUs: 100_000, byteUs: 300, overheadBytes: 50 },
  tailMs: 9_000,
  brownOutV: 2.1,
};

/** Anything on a wall plug; give it no battery. As an ESP32 that never sleeps. */
const mains: BoardPower = {
  ...esp32,
  name: "mains",
  about: "on a wall plug: what it takes is counted, and nothing runs out",
};

const CRYSTAL = between(-20, 20);

/** N(7000, 3000), cut at three standard deviations: points of the standard normal. */
const RC_ESP32 = [
  [0, -3],
  [0.01, -2.3263],
  [0.05, -1.6449],
  [0.1, -1.2816],
  [0.25, -0.6745],
  [0.5, 0],
  [0.75, 0.6745],
  [0.9, 1.2816],
  [0.95, 1.6449],
  [0.99, 2.3263],
  [1, 3],
].map(([share, deviations]): Quantile => [share!, 7_000 + 3_000 * deviations!]);

const ALL_CLOCKS: readonly ClockModel[] = [
  {
    name: "exact",
    about: "as right as the world's own",
    awakePpm: between(0, 0),
    asleepPpm: undefined,
    ppmPerKelvin: 0,
  },
  {
    name: "xtal20",
    about: "a crystal that runs asleep as well, off by 20 ppm at most",
    awakePpm: CRYSTAL,
    asleepPpm: undefined,
    ppmPerKelvin: 0,
  },
  // One board gained 33 to 38 s an hour, steadily (moonlight-systems.co.uk); others: estimate.
  {
    name: "rc-esp32",
    about: "ESP32 asleep: fast by 0.7 %, 0.3 % of spread, and 200 ppm a kelvin",
    awakePpm: CRYSTAL,
    asleepPpm: RC_ESP32,
    ppmPerKelvin: 200,
  },
  // 20 s an hour either way (forum.esp32.com 35490), the temperature's part in it.
  {
    name: "rc-c3",
    about: "ESP32-C3 asleep: off by 0.5 % at most, either way",
    awakePpm: CRYSTAL,
    asleepPpm: between(-5_000, 5_000),
    ppmPerKelvin: 0,
  },
  // 5 % (esp8266/Arduino#3867), 18 s early in 300 s (esphome, PR 1774). Spread: estimate.
  {
    name: "rc-esp8266",
    about: "ESP8266 asleep, not calibrated: fast by 4 to 6 %",
    awakePpm: CRYSTAL,
    asleepPpm: between(40_000, 60_000),
    ppmPerKelvin: 200,
  },
];

function byName<T extends { readonly name: string }>(all: readonly T[]): Record<string, T> {
  return Object.fromEntries(all.map((one) => [one.name, one]));
}

/** By name, in the order in which `nextbeat sim presets` prints them. */
export const BOARDS: Readonly<Record<string, BoardPower>> = byName([
  esp32,
  esp32Dhcp,
  esp32C3,
  esp8266,
  espruinoWifi,
  lteMTracker,
  nbIotMeter,
  mains,
]);
export const BATTERIES: Readonly<Record<string, Battery>> = byName(ALL_BATTERIES);
export const CLOCKS: Readonly<Record<string, ClockModel>> = byName(ALL_CLOCKS);
