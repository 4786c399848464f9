// The loop that any board runs: ask, make durable, send, wait. A transport is a function that takes
// a frame; what it hears comes back through the function returned here.
//
// One timer, set anew after each turn: an interval timer catches up on every tick it missed when
// the clock steps, and two timers can be cleared one for the other. Frames leave from a timer's
// callback and never from a socket's, because the guard in udp.ts rests on the interpreter's order
// of work.

import { handle, poll, sent } from "./sender.ts";
import type { Sender } from "./state.ts";

/** Whether it takes commands, has an application, sleeps, searches: build.ts says. */
declare const WITH_COMMANDS: boolean;
declare const WITH_APP: boolean;
declare const WITH_SLEEP: boolean;
declare const WITH_BINDING: boolean;

/**
 * Never waits longer, in ms: as much of a wait is lost where an application sets the clock back
 * meanwhile, and every promise has room for it. A turn in which nothing is due takes an ESP32 some
 * 5 ms.
 */
const WAIT_MAX = 1000;
/** Where nothing will be due, since the board goes to sleep, or has left. */
const NEVER_MS = 3600000;

/** How long it rests, in ms, after a turn that could not end, or without a network. */
const REST_MS = 60000;

/**
 * Runs `s` for ever.
 * @param remember makes (epoch, limit, acked) durable if `dirty`
 * @param to where the gateway is; an empty `host` says that there is no network: then nothing is
 *   asked of the sender, and no beat is spent
 * @param act does what `todo` asks for, and returns the RESULT
 * @param transmit hands a frame to the transport; what the transport hears goes to its last
 *   argument
 * @param feel measures what a beat tells, just before it
 * @param climb takes the rung of the ladder that is due
 * @param probe looks for the life of the NAT binding, on a socket of its own
 * @param rest goes to sleep where it can; when to look again
 * @param wait ms before the first turn
 * @returns takes a frame that was heard; "" just wakes the loop
 */
export function run<Gateway extends { host: string }>(
  s: Sender,
  clock: () => number,
  remember: (s: Sender) => void,
  act: (s: Sender) => string,
  to: Gateway,
  transmit: (frame: string, to: Gateway, hear: (frame: string) => void) => void,
  feel: (s: Sender) => void,
  climb: (s: Sender, now: number) => void,
  probe: (s: Sender, now: number) => void,
  rest: (s: Sender, now: number) => number,
  wait: number,
): (frame: string) => void {
  function turn() {
    // Should anything below throw (a full flash), the next turn still comes.
    timer = setTimeout(turn, REST_MS);
    if (to.host) {
      // A RESULT goes first: whoever waits for it will ask again soon, a beat is due in a minute.
      const reply = WITH_COMMANDS && s.todo ? act(s) : "";
      if (WITH_APP && !reply && clock() >= s.beatAt) feel(s);
      const frame = reply || poll(s, clock());
      // What a frame heard has changed is made durable here too: before anything rests on it.
      remember(s);
      if (frame) {
        transmit(frame, to, wake);
        if (!(WITH_COMMANDS && reply)) sent(s, clock());
      }
      // Behind the frame: a rung may take the socket away, or the network.
      climb(s, clock());
      if (WITH_BINDING && !frame) probe(s, clock());
      wake("");
    }
  }
  function wake(frame: string) {
    handle(s, frame, clock());
    clearTimeout(timer);
    const at = WITH_SLEEP ? rest(s, clock()) : s.wakeAt;
    const most = WITH_SLEEP && at === Infinity ? NEVER_MS : WAIT_MAX;
    timer = setTimeout(turn, Math.min(at - clock(), most));
  }
  let timer = setTimeout(turn, wait);
  return wake;
}
