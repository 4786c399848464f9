/**
 * What each client takes of a board: bytes of script, and JsVars while it runs from RAM, the
 * dearest place, as on an ESP32. Upper bounds in steps of 50 and 10. test/sizes.test.ts keeps them
 * true, and writes them anew: `UPDATE=1 npx vitest run test/sizes.test.ts`.
 */
export const SIZES: Readonly<Record<string, readonly [bytes: number, jsVars: number]>> = {
  "udp-hmac": [3000, 510],
  "udp-chaskey": [3650, 540],
  "udp-hmac-commands": [4750, 710],
  "udp-chaskey-commands": [5400, 740],
  "udp-hmac-nat": [9900, 1210],
  "udp-chaskey-nat": [10500, 1230],
  "udp-hmac-sleep": [9250, 1090],
  "udp-chaskey-sleep": [9900, 1130],
  "mqtt-hmac": [7350, 920],
  "mqtt-chaskey": [8000, 950],
  "mqtt-hmac-sleep": [10050, 1170],
  "mqtt-chaskey-sleep": [10700, 1200],
  "both-hmac": [7650, 970],
  "both-chaskey": [8300, 1010],
  "both-hmac-sleep": [10400, 1230],
  "both-chaskey-sleep": [11050, 1260],
  "udp-crc": [3000, 490],
  "udp-crc-sleep": [7550, 880],
};
