/**
 * What each client takes of a board: bytes of script, and JsVars while it runs from RAM, the
 * dearest place, as on an ESP32. Upper bounds in steps of 50 and 10. test/sizes.test.ts keeps them
 * true, and writes them anew: `UPDATE=1 npx vitest run test/sizes.test.ts`.
 */
export const SIZES: Readonly<Record<string, readonly [bytes: number, jsVars: number]>> = {
  "udp-hmac": [2850, 490],
  "udp-chaskey": [3500, 520],
  "udp-hmac-commands": [3750, 590],
  "udp-chaskey-commands": [4400, 620],
  "udp-hmac-nat": [3900, 610],
  "udp-chaskey-nat": [4550, 650],
  "udp-hmac-sleep": [3950, 620],
  "udp-chaskey-sleep": [4600, 650],
  "mqtt-hmac": [3900, 610],
  "mqtt-chaskey": [4550, 650],
  "mqtt-hmac-sleep": [3950, 620],
  "mqtt-chaskey-sleep": [4600, 650],
  "both-hmac": [3900, 610],
  "both-chaskey": [4550, 650],
  "both-hmac-sleep": [3950, 620],
  "both-chaskey-sleep": [4600, 650],
  "udp-crc": [2850, 460],
  "udp-crc-sleep": [3050, 490],
};
