/**
 * What each client takes of a board: bytes of script, and JsVars while it runs from RAM, the
 * dearest place, as on an ESP32. Upper bounds in steps of 100 and 20. test/board/sizes.test.ts
 * keeps them true, and writes them anew: `UPDATE=1 npx vitest run test/board/sizes.test.ts`.
 */
export const SIZES: Readonly<Record<string, readonly [bytes: number, jsVars: number]>> = {
  "udp-hmac": [3000, 520],
  "udp-chaskey": [3700, 540],
  "udp-hmac-commands": [5200, 760],
  "udp-chaskey-commands": [5900, 780],
  "udp-hmac-nat": [9900, 1220],
  "udp-chaskey-nat": [10500, 1260],
  "udp-hmac-sleep": [9700, 1160],
  "udp-chaskey-sleep": [10300, 1180],
  "mqtt-hmac": [7800, 960],
  "mqtt-chaskey": [8400, 1000],
  "mqtt-hmac-sleep": [10500, 1240],
  "mqtt-chaskey-sleep": [11200, 1260],
  "both-hmac": [8100, 1020],
  "both-chaskey": [8700, 1060],
  "both-hmac-sleep": [10900, 1280],
  "both-chaskey-sleep": [11500, 1320],
  "udp-crc": [3000, 480],
  "udp-crc-sleep": [7700, 900],
};
