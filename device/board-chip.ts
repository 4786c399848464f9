// The chip beneath the interpreter: why it booted, and how it boots again. ESP32 tells why it woke,
// ESP8266 why it was reset; other boards tell nothing.

/** Extension 4: what this boot is told as, where the chip says. */
const POWER_ON = 1;
const TIMER = 2;
const WATCHDOG = 3;
const CRASH = 5;
export const SOFTWARE = 6;
const BUTTON = 7;

function chipOf(): EspruinoChip | undefined {
  if (typeof ESP32 !== "undefined") return ESP32;
  return typeof ESP8266 !== "undefined" ? ESP8266 : undefined;
}

/** Undefined where there is no deep sleep. */
export const chip = /* @__PURE__ */ chipOf();

/** Why the board booted, as extension 4 says it; 0 unknown, which on ESP32 is all but a wake. */
function causeOf(): number {
  if (chip && chip.getWakeupCause) return chip.getWakeupCause() === 4 ? TIMER : 0;
  if (!chip || !chip.getResetInfo) return 0;
  const reason = chip.getResetInfo().reason;
  if (reason === "deep sleep") return TIMER;
  if (reason === "power on") return POWER_ON;
  if (reason === "reset pin") return BUTTON;
  if (reason === "restart") return SOFTWARE;
  return reason === "exception" ? CRASH : WATCHDOG;
}

function isTimer(known: number): boolean {
  return known === TIMER;
}

/** See `causeOf`. */
export const cause = /* @__PURE__ */ causeOf();

/** Whether its own timer woke it from deep sleep: nobody touched it. */
export const timed = /* @__PURE__ */ isTimer(cause);

/**
 * What an application hands over, as a byte string. A text with a character beyond ASCII, be it a
 * degree sign, is of another kind on the interpreter: it counts characters, and so does all that it
 * is joined with. Arrays are bytes; anything else is told as print shows it.
 */
export function bytesOf(given: unknown): string {
  const text = typeof given === "object" ? "" + E.toString(given as ArrayBuffer) : "" + given;
  return E.fromUTF8 ? E.fromUTF8(text) : text;
}

/** Boots anew, where that is more than the end of a process. */
export function reboot(): void {
  if (chip) chip.reboot();
  else if (process.env.BOARD !== "LINUX") E.reboot();
}
