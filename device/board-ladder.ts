// The ladder's rungs carried out (ladder.ts says when): a new socket, Wi-Fi left and joined again
// with the name resolved anew, the next gateway in the list, a reboot. A deep sleeper does all but
// the third at each wake, so of these it has only that one.
//
// ESP32's Wi-Fi module stops its radio after the third loss, and until then says "connected": no
// event finds that, silence does. What was climbed is on flash before a reboot: the beat that is
// acknowledged after it tells of it.

import { config } from "./board.ts";
import { chip, reboot } from "./board-chip.ts";
import { keep, turn } from "./board-kept.ts";
import { BACK_OFF, climb, GATEWAY, MAKE_UP, REBOOT, REJOIN, SOCKET, TRY } from "./ladder.ts";
import { dropMqtt } from "./mqtt.ts";
import type { Sender } from "./state.ts";
import { drop } from "./udp.ts";

declare const WITH_UDP: boolean;
declare const WITH_MQTT: boolean;
declare const WITH_SLEEP: boolean;

/** The rungs that this board has. */
export function rungsHere(): number {
  return (
    TRY |
    BACK_OFF |
    (config.more ? GATEWAY : 0) |
    (WITH_SLEEP && config.makeUps ? MAKE_UP : 0) |
    (WITH_SLEEP && chip && config.reach === 2 ? 0 : SOCKET | REBOOT | (config.rejoin ? REJOIN : 0))
  );
}

/** Without a ladder, for it would not fit: each time that so many sets of tries failed in a row. */
const FAILED_MAX = 8;

/** A new socket, and where there is Wi-Fi to join, that too: it costs a reply and some seconds. */
export function recover(s: Sender): void {
  if (s.failed > FAILED_MAX) {
    s.failed = 0;
    drop();
    if (config.rejoin) config.rejoin();
  }
}

/** Takes the rung that is due, if one is. */
export function takeRung(s: Sender, now: number): void {
  const rung = climb(s, now);
  if (rung & (SOCKET | REJOIN | GATEWAY)) {
    if (WITH_UDP) drop();
    if (WITH_MQTT) dropMqtt();
  }
  if (rung === GATEWAY) turn();
  if (rung & (REJOIN | GATEWAY) && config.rejoin) config.rejoin();
  if (rung) keep(s);
  if (rung === REBOOT) reboot();
}
