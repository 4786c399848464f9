// Who plays in the demo: twelve boards of one farm, most of them on some kind of Wi-Fi.

import type { SenderConfig } from "../device/state.ts";
import { SUITE_CHASKEY, SUITE_HMAC } from "../device/tag.ts";
import { type LinkPreset, linkPreset } from "./presets.ts";

export interface Role {
  readonly name: string;
  readonly site: string;
  readonly link: LinkPreset;
  readonly intervalMs: number;
  readonly suite: number;
  readonly config: Partial<SenderConfig>;
}

/** Vitals byte: battery in tenths (14 = external power), signal in 8 dBm steps from -90 (1..7). */
const vitals = (battery: number, dBm: number) =>
  (battery << 4) | Math.max(1, Math.min(7, Math.floor((dBm + 98) / 8)));

function role(
  name: string,
  site: string,
  link: string,
  intervalMs: number,
  battery: number,
  dBm: number,
): Role {
  const cellular = link === "lte-m" || link === "leo";
  return {
    name,
    site,
    link: linkPreset(link)!,
    intervalMs,
    suite: link.startsWith("wifi") ? SUITE_HMAC : SUITE_CHASKEY,
    config: {
      vitals: vitals(battery, dBm),
      ...(cellular ? { rto: 2_000, rtoMax: 8_000 } : {}),
    },
  };
}

/** The first one is the one that dies. */
export const CAST: readonly Role[] = [
  role("shed-07", "yard", "wifi-good", 1_500, 9, -61),
  role("shed-08", "yard", "wifi-good", 2_000, 10, -58),
  role("gate", "yard", "wifi-congested", 2_000, 14, -66),
  role("pump", "well", "wifi-congested", 1_500, 14, -70),
  role("cellar", "house", "wifi-congested", 2_500, 7, -74),
  role("attic", "house", "wifi-good", 3_000, 10, -50),
  role("barn-east", "barn", "wifi-edge", 2_000, 8, -86),
  role("barn-west", "barn", "wifi-edge", 2_500, 6, -88),
  role("greenhouse", "field", "wifi-congested", 2_000, 10, -72),
  role("field-03", "field", "lte-m", 3_000, 9, -80),
  role("weather-mast", "field", "leo", 3_000, 10, -64),
  role("tank-level", "well", "lan", 2_000, 14, -42),
];
