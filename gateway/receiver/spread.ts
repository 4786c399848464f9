/**
 * Extension 13: over how long the boards of this gateway spread their first beats after a power
 * cut.
 *
 * When the power of a street is back, all boards boot within three seconds. Ten thousand beats then
 * are a queue that overflows, tries that follow, and 94 s until the last one is heard; spread over
 * a minute they are 170 a second, and none is lost (protocol, section 6; simulated). The access
 * point suffers first, from joins, so even few boards wait a little. What lost: a number in the
 * configuration, which nobody changes when the fleet has grown tenfold.
 */

import { EXT_SPREAD, encodeExtension } from "../../device/extensions.ts";
import { intervalCode } from "../../device/interval.ts";
import { sealTag, type TagKey } from "../../device/tag.ts";
import { ACK, DOWN, encodeAck } from "../../device/wire.ts";

/** Up to so many devices are few. */
const FEW = 100;
const FEW_MS = 5_000;
const LEAST_MS = 30_000;
/** 200 first beats a second, of which a board of a dollar has answered many more, and a reserve. */
const EACH_MS = 6;

/** Over how long so many devices spread their first beats, ms. */
export function spreadMs(devices: number): number {
  return devices <= FEW ? FEW_MS : Math.max(LEAST_MS, devices * EACH_MS);
}

/**
 * The ACK to a beat that is the first after a boot, with its tag: it tells how to boot next time.
 * See `sealAck`.
 * @param devices how many are enrolled
 */
export function sealBootAck(
  key: TagKey,
  epoch: number,
  seq: number,
  pace: number,
  mapped: number,
  state: number,
  more: boolean,
  devices: number,
  bound: string,
  from: number,
): string {
  const spread = String.fromCharCode(intervalCode(spreadMs(devices)));
  const body = encodeAck(seq, pace, mapped, state, more, encodeExtension(EXT_SPREAD, spread));
  return body + sealTag(key, (DOWN << 7) | ACK, epoch, seq, body, bound, from);
}
