// The paths that boards really have, by name. Times are seconds of the real world, not packets (see
// link.ts). Each number is anchored to a measurement where there is one; "estimate" says that
// there is none, and your own trace beats both. Loss and delay are per direction: the tables of the
// literature give round trips, which are halved here.
//
// Gilbert-Elliott is known to under-fit Wi-Fi: the tails of indoor 802.11 losses are longer
// (Cardoso and de Rezende, IEEE Communications Letters 13(6), 2009). Whole outages lengthen them
// (`outageEveryMs`); no preset has any, since nobody has measured them for these.

import { type LinkModel, plainLink } from "./link.ts";

export interface LinkPreset {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  readonly up: LinkModel;
  readonly down: LinkModel;
}

const base = plainLink(0);

const both = (name: string, about: string, model: LinkModel): LinkPreset => ({
  name,
  about,
  up: model,
  down: model,
});

/** A cable and a switch. Estimate. */
const lan = both("lan", "a cable and a switch", {
  ...base,
  delay: [
    [0, 0.2],
    [0.5, 0.3],
    [1, 0.4],
  ],
});

/**
 * The Wi-Fi hop of a campus: round trip p50 3 ms, p90 20 ms, p99 250 ms (Sui et al.,
 * "Characterizing and improving WiFi latency in large-scale operational networks", MobiSys 2016).
 * 802.11 itself retries seven times, so little is lost: estimate.
 */
const wifiGood = both("wifi-good", "a home's Wi-Fi, board near the access point", {
  ...base,
  lossGood: 0.001,
  lossBad: 0.5,
  goodMs: 60_000,
  badMs: 300,
  delay: [
    [0, 0.6],
    [0.5, 1.5],
    [0.9, 10],
    [0.99, 125],
    [1, 200],
  ],
  duplicate: 0.0005,
});

/**
 * 2.4 GHz in a block of flats. The same study: more than half of the packets over 20 ms and a
 * tenth over 100 ms on the Wi-Fi hop of a busy network. Loss: estimate.
 */
const wifiCongested = both("wifi-congested", "2.4 GHz among many neighbours", {
  ...base,
  lossGood: 0.01,
  lossBad: 0.45,
  goodMs: 8_000,
  badMs: 1_200,
  delay: [
    [0, 1],
    [0.5, 10],
    [0.9, 50],
    [0.99, 250],
    [1, 400],
  ],
  duplicate: 0.001,
  reorder: 0.002,
  reorderMs: 30,
});

/** The garage: as often bad as good. Estimate. */
const wifiEdge = both("wifi-edge", "the garage: as long bad as good", {
  ...base,
  lossGood: 0.03,
  lossBad: 0.6,
  goodMs: 5_000,
  badMs: 5_000,
  delay: [
    [0, 1.5],
    [0.5, 15],
    [0.9, 150],
    [0.99, 800],
    [1, 1_200],
  ],
  duplicate: 0.002,
  reorder: 0.002,
  reorderMs: 50,
  corrupt: 0.0002,
});

/** 50 to 75 ms one way; the first frame after 10 s wakes the radio, 0.3 to 2 s. Estimate. */
const lteM = both("lte-m", "LTE-M modem, radio idle between beats", {
  ...base,
  lossGood: 0.002,
  lossBad: 0.9,
  goodMs: 1_800_000,
  badMs: 2_000,
  delay: [
    [0, 50],
    [1, 75],
  ],
  idleMs: 10_000,
  wake: [
    [0, 300],
    [0.5, 600],
    [1, 2_000],
  ],
});

/** NB-IoT in normal coverage (level 0): log-normal around 0.7 s, by its quantiles. Estimate. */
const nbIot = both("nb-iot", "NB-IoT modem in normal coverage", {
  ...base,
  lossGood: 0.005,
  lossBad: 0.8,
  goodMs: 600_000,
  badMs: 5_000,
  delay: [
    [0, 300],
    [0.1, 419],
    [0.5, 700],
    [0.9, 1_169],
    [0.99, 1_775],
    [1, 2_500],
  ],
  idleMs: 20_000,
  wake: [
    [0, 300],
    [1, 1_500],
  ],
});

/**
 * A low orbit: paths change every 15 s (arXiv 2310.09242), with losses up to
 * half of the packets around the change (IMC 2022); outages of 1 to 2 s are the most frequent.
 */
const leo = both("leo", "a low-orbit satellite terminal", {
  ...base,
  lossGood: 0.002,
  lossBad: 0.5,
  goodMs: 14_200,
  badMs: 800,
  delay: [
    [0, 12],
    [0.5, 20],
    [1, 28],
  ],
  jitterMs: 4,
});

/** 35 786 km up and down again is 239 ms; rain fades of half a minute: estimate. */
const geo = both("geo", "a geostationary satellite", {
  ...base,
  lossGood: 0.003,
  lossBad: 0.6,
  goodMs: 1_800_000,
  badMs: 30_000,
  delay: [
    [0, 240],
    [1, 260],
  ],
  jitterMs: 40,
});

/**
 * LoRa behind a network server: success is per frame and length hardly matters (slow Rayleigh
 * fading, hal-02316402), so loss is independent. Up: airtime 60 to 1500 ms by spreading factor and
 * a backhaul; down: after the receive window opens, one second later. Estimate.
 */
const lora: LinkPreset = {
  name: "lora",
  about: "LoRa behind a network server",
  up: {
    ...base,
    lossGood: 0.1,
    delay: [
      [0, 110],
      [0.5, 500],
      [1, 2_100],
    ],
  },
  down: {
    ...base,
    lossGood: 0.1,
    delay: [
      [0, 1_060],
      [0.5, 1_250],
      [1, 2_500],
    ],
  },
};

/** All presets, in the order in which `nextbeat sim presets` prints them. */
export const LINK_PRESETS: readonly LinkPreset[] = [
  lan,
  wifiGood,
  wifiCongested,
  wifiEdge,
  lteM,
  nbIot,
  leo,
  geo,
  lora,
];

/** The preset of that name, undefined if there is none. */
export function linkPreset(name: string): LinkPreset | undefined {
  return LINK_PRESETS.find((preset) => preset.name === name);
}
