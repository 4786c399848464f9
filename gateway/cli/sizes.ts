/**
 * What each client takes of a board: bytes of script, and JsVars while it runs from RAM, the
 * dearest place, as on an ESP32. Upper bounds in steps of 100 and 20. test/board/sizes.test.ts
 * keeps them true, and writes them anew: `UPDATE=1 npx vitest run test/board/sizes.test.ts`.
 */
export const SIZES: Readonly<Record<string, readonly [bytes: number, jsVars: number]>> = {
  "udp-hmac": [3000, 520],
  "udp-chaskey": [3700, 540],
  "udp-hmac-commands": [4800, 720],
  "udp-chaskey-commands": [5500, 760],
  "udp-hmac-nat": [9600, 1200],
  "udp-chaskey-nat": [10200, 1220],
  "udp-hmac-sleep": [9400, 1120],
  "udp-chaskey-sleep": [10000, 1160],
  "mqtt-hmac": [7500, 940],
  "mqtt-chaskey": [8100, 980],
  "mqtt-hmac-sleep": [10200, 1200],
  "mqtt-chaskey-sleep": [10900, 1240],
  "both-hmac": [7800, 1000],
  "both-chaskey": [8400, 1020],
  "both-hmac-sleep": [10600, 1260],
  "both-chaskey-sleep": [11200, 1280],
  "udp-crc": [3000, 480],
  "udp-crc-sleep": [7700, 900],
};
