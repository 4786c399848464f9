// A board that beats over UDP: the shell around the sender, put together. `device bundle` puts
// `var NEXTBEAT = {...}` in front, and board-wifi.ts between the two where there is Wi-Fi to join.
// Nothing here runs before its definition: the interpreter does not hoist functions.

import { clock, config, recall, remember, secret, sha256 } from "./board.ts";
import { act, recallCommand } from "./board-commands.ts";
import { run } from "./run.ts";
import { createSender } from "./state.ts";
import { makeTagKey } from "./tag.ts";
import { transmit } from "./udp.ts";

/** The suite that this bundle carries: build.ts says. */
declare const WITH_SUITE: 0 | 1 | 2;
/** And whether it takes commands. */
declare const WITH_COMMANDS: boolean;

const memory = recall();
// Left alone, every board of a fleet draws the same numbers from boot.
E.srand(E.CRC32(memory.origin));
const s = createSender(
  {
    id: config.id,
    key: makeTagKey(WITH_SUITE, secret, sha256),
    own: config.own,
    extra: config.extra,
    random: Math.random,
  },
  memory,
  0,
);
if (WITH_COMMANDS) recallCommand(s);
config.wake = run(s, clock, remember, act, config, transmit);
