/**
 * One line for a person about any datagram, like tcpdump's: what it is, of whom, what it promises,
 * how the board feels.
 *
 * Beside the codec and not in a tool of its own, so that the words for a field change where its
 * layout changes. Never in a board's bundle. A refused frame gets a line too, with the reason and
 * whatever its first bytes still say, because those are the ones that somebody has to look at. What
 * lost: JSON, which is for programs, and they have `decodeUp`.
 */

import {
  type DownFrame,
  decodeDown,
  decodeUp,
  frameId,
  type Refusal,
  type UpFrame,
} from "./decode.ts";
import { countedExtensions, listExtensions } from "./extensions.ts";
import { ACK, COMMAND, DOWN, HEARTBEAT, HELLO, NUDGE, PROBE, RESULT, UP, WELCOME } from "./wire.ts";
import {
  codeText,
  extensionText,
  hex,
  idText,
  paceText,
  payloadText,
  promiseText,
  stateText,
  timeText,
  vitalsText,
} from "./words.ts";

const TYPES = ["HEARTBEAT", "ACK", "HELLO", "WELCOME", "COMMAND", "RESULT", "PROBE", "NUDGE"];
const REACHES = ["awake", "light sleep", "deep sleep"];
const CODES = ["done", "refused", "failed", "unknown", "interrupted, outcome unknown"];

/** What a receiver reads, then what it skips. `ext` is well-formed. */
function extensionsText(ext: string, direction: number): string {
  const all = listExtensions(ext) || [];
  const read = countedExtensions(all, direction);
  let text = "";
  for (const e of all) {
    if (read.indexOf(e) >= 0) text += "; " + extensionText(e);
    else text += "; skipped extension " + e.type + " " + (hex(e.value, 8) || "empty");
  }
  return text;
}

function upText(f: UpFrame): string {
  const reach = ", " + REACHES[f.reach];
  const who = TYPES[f.type] + " " + idText(f.id);
  switch (f.type) {
    case HEARTBEAT: {
      const said = promiseText(f.promise) + ", " + vitalsText(f.vitals) + reach;
      return who + " seq " + f.seq16 + ": " + said + extensionsText(f.ext, UP);
    }
    case HELLO: {
      const epoch = f.epoch === 0 ? "has no epoch" : "has epoch " + f.epoch;
      return who + ": " + epoch + ", nonce " + hex(f.nonce, 8) + reach;
    }
    case RESULT: {
      const code = CODES[f.code] || "code " + f.code;
      return (
        who +
        " seq " +
        f.seq16 +
        ": command " +
        f.cmd +
        " " +
        code +
        ", " +
        payloadText(f.payload) +
        reach
      );
    }
    case PROBE:
      return who + " seq " + f.seq16 + ": answer after " + codeText(f.delay) + reach;
  }
}

function downText(f: DownFrame): string {
  const name = TYPES[f.type];
  switch (f.type) {
    case ACK: {
      const said = paceText(f.pace) + ", mapped " + f.mapped + ", " + stateText(f.state);
      const more = f.more ? ", keep listening" : "";
      return name + " seq " + f.seq16 + ": " + said + more + extensionsText(f.ext, DOWN);
    }
    case WELCOME: {
      const said = timeText(f.time) + ", " + paceText(f.pace) + ", " + stateText(f.state);
      return name + " epoch " + f.epoch + ": " + said;
    }
    case COMMAND: {
      const more = f.more ? ", keep listening" : "";
      return name + " " + f.cmd + " after seq " + f.seq16 + ": " + payloadText(f.payload) + more;
    }
    case PROBE:
      return name + " seq " + f.seq16 + ": answered after " + codeText(f.delay);
    case NUDGE:
      return name + " seq " + f.seq16 + ": beat now";
  }
}

/**
 * What can still be said: the type and, of a frame up, the id, where the reason leaves them a
 * meaning.
 */
function refusedText(frame: string, direction: number, refusal: Refusal): string {
  const up = direction === UP;
  const size = frame.length + (frame.length === 1 ? " byte " : " bytes ") + (up ? "up" : "down");
  let what = "";
  if (frame !== "" && refusal !== "version") {
    what = ", " + TYPES[(frame.charCodeAt(0) >> 3) & 7];
    if (up && refusal !== "direction" && frame.length >= 4) what += " " + idText(frameId(frame));
  }
  return "refused (" + refusal + "): " + size + what + (frame === "" ? "" : ", " + hex(frame, 24));
}

/**
 * One line about a frame, also about one that is malformed. Says nothing about its tag.
 * @param direction 0 up, 1 down
 * @param tagBytes length of the tag under the device's suite, 8 or 2
 */
export function describe(frame: string, direction: number, tagBytes: number): string {
  if (direction === UP) {
    const up = decodeUp(frame, tagBytes);
    return typeof up === "string" ? refusedText(frame, direction, up) : upText(up);
  }
  const down = decodeDown(frame, tagBytes);
  return typeof down === "string" ? refusedText(frame, direction, down) : downText(down);
}
