// One scripted exchange, in the board's grammar: a board says HELLO, is welcomed, beats, loses
// acks, is paced, backs off, says HELLO again, is nudged, is told what to do and leaves. Prints
// each frame and instant. Node and the board's interpreter must print the same, byte for byte.

import { BEGIN, answer as resultFrame, resultOf } from "../../device/commands.ts";
import { handle, leave, poll, sent } from "../../device/sender.ts";
import { coldBoot, createSender, type Sender } from "../../device/state.ts";
import { computeTag, makeTagKey, type TagKey, tagBytes } from "../../device/tag.ts";
import {
  ACK,
  COMMAND,
  DOWN,
  encodeAck,
  encodeCommand,
  encodeNudge,
  encodeWelcome,
  NUDGE,
  tagInput,
  WELCOME,
} from "../../device/wire.ts";

function hex(bytes: string): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    const n = bytes.charCodeAt(at);
    text += (n < 16 ? "0" : "") + n.toString(16);
  }
  return text;
}

function seal(key: TagKey, type: number, epoch: number, seq: number, body: string, bound: string) {
  return body + computeTag(key, tagInput(DOWN, type, epoch, seq, body, bound));
}

/** What the gateway answers to the n-th frame, "" = nothing arrives. */
function answer(s: Sender, key: TagKey, frame: string, n: number): string {
  const tag = frame.substr(frame.length - tagBytes(key.suite));
  if ((frame.charCodeAt(0) >> 3) % 8 === 2) {
    if (n % 3 === 1) return "";
    const welcome = encodeWelcome(s.epoch + 41, 0, 0, 0);
    return seal(key, WELCOME, 0, 0, welcome, frame.substr(8, 8));
  }
  // From the 20th frame on the gateway is away, until the 45th.
  if ((n > 19 && n < 45) || n % 5 === 3) return "";
  const ack = encodeAck(
    s.seq,
    n === 12 ? 120 : 0,
    77,
    0x31,
    false,
    n % 4 ? "" : "\xa4\x01\x02\x03\x04",
  );
  return seal(key, ACK, s.epoch, s.seq, ack, tag);
}

/** Runs the script under a suite; `print` gets a line for each step. */
export function exchange(
  suite: number,
  sha256: (message: string) => string,
  print: (line: string) => void,
): void {
  const key = makeTagKey(suite, "0123456789abcdef", sha256);
  let dice = 7;
  const config = {
    id: 703710,
    key: key,
    own: 20000,
    reach: 0,
    extra: coldBoot(1, "xyz"),
    random: () => {
      dice = (dice * 16807) % 2147483647;
      return dice / 2147483647;
    },
  };
  const memory = { epoch: 9, limit: 64, acked: 0, origin: "a salt, boot 3" };
  const s = createSender(config, memory, 0);
  let now = 0;
  for (let n = 0; n < 70; n++) {
    now = Math.max(now, Math.ceil(s.wakeAt));
    if (n === 60) leave(s, now);
    const frame = poll(s, now);
    const line = n + " " + now + " " + hex(frame) + " " + s.dirty + " " + s.epoch + "/" + s.limit;
    s.dirty = 0;
    if (!frame) {
      print(line + " wake " + (s.wakeAt === Infinity ? "never" : Math.ceil(s.wakeAt)));
      if (s.wakeAt === Infinity) return;
      continue;
    }
    sent(s, now);
    const reply = answer(s, key, frame, n);
    const result = reply ? handle(s, reply, now + 30) : -1;
    print(line + " <- " + hex(reply) + " " + result + " rto " + Math.round(s.rto));
    if (n === 51 || n === 55 || n === 57) {
      const cmd = n === 57 ? 7 : 1;
      const body = encodeCommand(s.ackSeq, cmd, "led\xff\0", n > 51);
      const heard = handle(s, seal(key, COMMAND, s.epoch, s.ackSeq, body, s.ackTag), now + 400);
      if (s.todo === BEGIN) s.result = resultOf(n === 57 ? 1 : "done \xfe");
      print(
        "command " + heard + " " + s.todo + " " + s.cmd + " " + (s.todo ? hex(resultFrame(s)) : ""),
      );
    }
    if (n === 50) {
      const nudge = seal(key, NUDGE, s.epoch, s.ackSeq, encodeNudge(s.ackSeq), s.ackTag);
      print("nudge " + handle(s, nudge, now + 500));
    }
  }
}
