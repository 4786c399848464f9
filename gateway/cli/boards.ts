/**
 * What each board can do, in one place: `device bundle` and `flash` refuse by it, and README's
 * table is printed from it (`boardsTable`, checked by test/board/boards.test.ts).
 *
 * Facts are of Espruino's sources, 2v29: boards/*.py (memory, flash, libraries), libs/network,
 * targets/. Asking the board itself would be better and is what `flash` does besides; but a bundle
 * is made where no board is, and what it would say too late is a board that never beats.
 */

/** Reach classes of the protocol. */
export type Reach = 0 | 1 | 2;
export const REACHES = ["awake", "light", "deep"] as const;
export const SUITES = ["crc16", "hmac-sha256-64", "chaskey12-64"] as const;

export interface BoardFacts {
  readonly name: string;
  readonly about: string;
  /** `process.env.BOARD` of the builds that are meant. */
  readonly ids: readonly string[];
  /** Suite 2 and 0 run anywhere; a reason: its firmware has no SHA-256. */
  readonly noSuite1?: string;
  readonly noUdp?: string;
  readonly noLight?: string;
  readonly noDeep?: string;
  /** Without which it never wakes from deep sleep. */
  readonly wiring?: string;
  /** The piece that joins its Wi-Fi; none: the network is there. */
  readonly wifi?: "wifi" | "wifi-espruino";
  /** Storage of the firmware, in bytes; one page of it, which compaction keeps free. */
  readonly storage: number;
  readonly page: number;
  /** JsVars that a program finds, at least, and the bytes of each. */
  readonly vars: number;
  readonly varBytes: number;
  /** Error of its clock, of the interval: awake (a crystal), and in deep sleep. */
  readonly clockError: number;
  readonly sleepError: number;
  /** Boot, and joining Wi-Fi at the slowest, in ms, with an address from DHCP or a fixed one. */
  readonly wakeMs: number;
  readonly wakeFixedMs: number;
  /** Why a fixed address is none there. */
  readonly noFixed?: string;
}

const KB = 1024;

export const BOARDS: readonly BoardFacts[] = [
  {
    name: "esp32",
    about: "ESP32, ESP32-C3, ESP32-S3",
    // ESP32_IDF4 has no SHA-256: `flash` asks the board.
    ids: ["ESP32", "ESP32_CYD", "ESP32C3_IDF4", "ESP32S3_IDF4", "ESP32_IDF4"],
    wifi: "wifi",
    storage: 896 * KB,
    page: 4 * KB,
    // 16 383 are compiled in; at boot it takes what the heap leaves beside Wi-Fi and Bluetooth.
    vars: 4_000,
    varBytes: 14,
    clockError: 0.01,
    // Asleep it runs on a resistor and a capacitor: fast by 0.7 % on average, and 200 ppm a kelvin.
    sleepError: 0.03,
    wakeMs: 8_100,
    wakeFixedMs: 8_100,
    noFixed: "no effect on an ESP32 in 2v29, which asks for an address all the same",
  },
  {
    name: "esp8266",
    about: "ESP8266 with 4 MB of flash (NodeMCU, WeMos D1)",
    ids: ["ESP8266_4MB"],
    noSuite1: "its crypto module has SHA-1 only",
    wiring: "GPIO16 must be wired to RST",
    wifi: "wifi",
    storage: 192 * KB,
    page: 4 * KB,
    vars: 1_600,
    varBytes: 12,
    clockError: 0.01,
    // Fast by 4 to 6 % in deep sleep, and the count is not calibrated.
    sleepError: 0.07,
    wakeMs: 9_100,
    wakeFixedMs: 6_100,
  },
  {
    name: "esp8266-512k",
    about: "ESP8266 with 512 kB of flash (ESP-01)",
    ids: ["ESP8266_BOARD"],
    noSuite1: "its firmware has no crypto module",
    wiring: "GPIO16 must be wired to RST, which an ESP-01 does not bring out",
    wifi: "wifi",
    storage: 16 * KB,
    page: 4 * KB,
    vars: 1_700,
    varBytes: 12,
    clockError: 0.01,
    sleepError: 0.07,
    wakeMs: 9_100,
    wakeFixedMs: 6_100,
  },
  {
    name: "espruino-wifi",
    about: "Espruino WiFi",
    ids: ["ESPRUINOWIFI"],
    noUdp:
      "its network driver, written in JavaScript, goes deaf for ever when two datagrams arrive " +
      "in one read: give --mqtt HOST alone",
    noLight: "its radio is a module of its own, without a power save that a program can set",
    noDeep: "its firmware has no deep sleep that a timer ends, only a stop mode between timers",
    wifi: "wifi-espruino",
    storage: 64 * KB,
    // One page: compaction keeps it whole in memory meanwhile.
    page: 0,
    vars: 8_190,
    varBytes: 13,
    clockError: 0.01,
    sleepError: 0.01,
    wakeMs: 10_300,
    wakeFixedMs: 10_300,
  },
  {
    name: "linux",
    about: "Linux, Raspberry Pi: the interpreter as a program",
    ids: ["LINUX", "RASPBERRYPI"],
    noDeep: "a program cannot turn its computer off and on",
    storage: 256 * KB,
    page: 4 * KB,
    // It takes more as it needs them.
    vars: Number.POSITIVE_INFINITY,
    varBytes: 16,
    clockError: 0.01,
    sleepError: 0.01,
    wakeMs: 0,
    wakeFixedMs: 0,
  },
];

/** Boards that people ask for, and why they cannot beat. */
const UNABLE: readonly (readonly [RegExp, string])[] = [
  [
    /^(ESPR_)?(RP2040|RP2350|PICO-?2?-?W?$)/i,
    "Espruino's build for the Raspberry Pi Pico, the W included, has no network and no Wi-Fi driver",
  ],
  [
    /^(PICO_R1_3|ESPRUINO(BOARD|-ORIGINAL|-PICO)|PICO_R)/i,
    "it has no network of its own, and which modem it was given no bundle can know",
  ],
  [
    /^(PUCKJS|PIXLJS|BANGLEJS|MDBT42Q|JOLTJS|MICROBIT|NRF5)/i,
    "it speaks Bluetooth only: a keepalive over IP has nobody to speak to",
  ],
];

/** The board of that name, or of that `process.env.BOARD`; else why there is none, in words. */
export function boardNamed(name: string): BoardFacts | string {
  const found = BOARDS.find((b) => b.name === name.toLowerCase() || b.ids.includes(name));
  if (found) return found;
  const unable = UNABLE.find(([names]) => names.test(name));
  if (unable) return `${name} cannot run it: ${unable[1]}`;
  return `there is no board ${name}: expected ${BOARDS.map((b) => b.name).join(", ")}`;
}

/** What a bundle would do on a board. */
export interface Demand {
  readonly suite: number;
  readonly udp: boolean;
  readonly reach: Reach;
  readonly wifi: boolean;
}

/** Why a board cannot do it, in words; undefined: it can. */
export function refusal(
  board: BoardFacts,
  { suite, udp, reach, wifi }: Demand,
): string | undefined {
  const no = (what: string, why: string): string => `${board.name} cannot do ${what}: ${why}`;
  if (suite === 1 && board.noSuite1)
    return no("suite 1", `${board.noSuite1}; enrol the device with --suite 2`);
  if (udp && board.noUdp) return no("UDP", board.noUdp);
  if (reach === 1 && board.noLight) return no("light sleep", board.noLight);
  if (reach === 2 && board.noDeep) return no("deep sleep", board.noDeep);
  if (wifi && !board.wifi) return no("--wifi", "the computer joins its networks itself");
  return undefined;
}

/** README's table. */
export function boardsTable(): string {
  const mark = (why: string | undefined): string => (why ? "no" : "yes");
  const rows = BOARDS.map((b) =>
    [
      b.about,
      `\`${b.name}\``,
      b.noSuite1 ? "2" : "1 or 2",
      b.noUdp ? "MQTT" : "UDP, MQTT",
      `${mark(b.noLight)}, ${mark(b.noDeep)}`,
      `${b.storage / KB} KB`,
      Number.isFinite(b.vars) ? `${b.vars} of ${b.varBytes} bytes` : "as needed",
    ].join(" | "),
  );
  const head = "board | `--board` | suite | transports | light, deep sleep | Storage | JsVars";
  const rule = head.replace(/[^|]+/g, "---");
  return [`| ${head} |`, `|${rule}|`, ...rows.map((row) => `| ${row} |`)].join("\n");
}
