// A board's client: the shell around the sender, put together as build.ts's defines say. `device
// bundle` puts `var NEXTBEAT = {...}` in front, and board-wifi.ts or its like between the two where
// there is Wi-Fi to join; behind it stands the application's script. Nothing here runs before its
// definition: the interpreter does not hoist functions.

import { COVERED, clock, config, recall, remember, secret, sha256 } from "./board.ts";
import { feel, serve, spare } from "./board-app.ts";
import { probe } from "./board-binding.ts";
import { act, recallCommand } from "./board-commands.ts";
import { keep, resume } from "./board-kept.ts";
import { recover, rungsHere, takeRung } from "./board-ladder.ts";
import { begin, rest, resumeChain } from "./board-sleep.ts";
import { transmitMqtt } from "./mqtt.ts";
import { run } from "./run.ts";
import { RESERVE } from "./schedule.ts";
import { createSender, type Sender } from "./state.ts";
import { makeTagKey } from "./tag.ts";
import { type Gateway, transmit } from "./udp.ts";

/** The suite that this bundle carries: build.ts says. */
declare const WITH_SUITE: 0 | 1 | 2;
/** Its transports. */
declare const WITH_UDP: boolean;
declare const WITH_MQTT: boolean;
/** Whether it takes commands, and has the application's hooks. */
declare const WITH_COMMANDS: boolean;
declare const WITH_APP: boolean;
/** Whether it sleeps; reads the extensions of ACKs, and so climbs the ladder. */
declare const WITH_SLEEP: boolean;
declare const WITH_EXTENSIONS: boolean;
/** Whether it may be of another reach class than awake, and then listens in windows. */
declare const WITH_WINDOW: boolean;
/** Whether it looks for the life of its NAT binding. */
declare const WITH_BINDING: boolean;

/** Without commands there is nothing to do. */
function noResult(): string {
  return "";
}

/** Sends a frame the way that the gateway in use is reached. */
function either(frame: string, to: Gateway, hear: (frame: string) => void): void {
  if (config.way) transmitMqtt(frame, to, hear);
  else transmit(frame, to, hear);
}

/** What a turn changed, made durable. */
function rememberAll(s: Sender): void {
  remember(s);
  // A sleeper's other bytes are written before it sleeps, in one go.
  if (WITH_EXTENSIONS && COVERED === RESERVE) keep(s);
  if (WITH_APP) spare();
}

if (WITH_SLEEP) resumeChain();
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
    reach: WITH_WINDOW ? config.reach || 0 : 0,
    reserve: COVERED,
    ladder: WITH_EXTENSIONS ? rungsHere() : 0,
    makeUps: WITH_SLEEP ? config.makeUps || 0 : 0,
    wakeMs: WITH_SLEEP ? config.wakeMs || 0 : 0,
    clockError: WITH_SLEEP ? config.clockError || 0.01 : 0.01,
    ownMin: WITH_APP ? config.ownMin || config.own : config.own,
    ownMax: WITH_APP ? config.ownMax || config.own : config.own,
    paceMin: WITH_EXTENSIONS ? config.paceMin || 34 : 34,
    paceMax: WITH_EXTENSIONS ? config.paceMax || 152 : 152,
  },
  memory,
  0,
);
const wait = WITH_EXTENSIONS ? resume(s) : 0;
if (WITH_COMMANDS) recallCommand(s);
if (WITH_APP) serve(s);
try {
  // RP2040 boards, the Pico W among them, have no network in this firmware at all, and ESP8266 and
  // beta builds no SHA-256: that is said once, and nothing more is done.
  if (WITH_UDP) require("dgram");
  if (WITH_MQTT) require("net");
  if (WITH_SUITE === 1) sha256("");
  if (WITH_EXTENSIONS) config.hold = wait;
  if (WITH_SLEEP) begin(s, wait);
  // The first beat knows already how soon the next must follow.
  if (WITH_BINDING) probe(s, 0);
  config.wake = run(
    s,
    clock,
    rememberAll,
    WITH_COMMANDS ? act : noResult,
    config,
    WITH_MQTT ? (WITH_UDP ? either : transmitMqtt) : transmit,
    // Behind a condition: what is named elsewhere, the bundle would carry.
    WITH_APP ? feel : remember,
    WITH_EXTENSIONS ? takeRung : recover,
    WITH_BINDING ? probe : recover,
    WITH_SLEEP ? rest : clock,
    wait,
  );
} catch (error) {
  print("nextbeat cannot run here: " + error);
}
