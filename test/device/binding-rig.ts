// A board that looks for the life of its NAT binding, on the bench: the test plays the gateway,
// beat by beat and probe by probe.

import { answered, ask } from "../../device/binding.ts";
import { type Binding, createBinding, joined } from "../../device/binding-state.ts";
import { decodeUp, type ProbeUp } from "../../device/decode.ts";
import { intervalMs } from "../../device/interval.ts";
import { handle, poll, sent } from "../../device/sender.ts";
import { createSender, type Sender } from "../../device/state.ts";
import { computeTag, makeTagKey } from "../../device/tag.ts";
import { ACK, DOWN, encodeAck, encodeProbeDown, PROBE, tagInput } from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { HOUR } from "./probing-rig.ts";

const key = makeTagKey(1, "0123456789abcdef", sha256);

/** A board whose gateway the test plays: it answers beats with `mapped`, and probes as told. */
export class Bench {
  now = 0;
  mapped = 7;
  /** Whether beats are acknowledged, and which delays are answered. */
  hears = true;
  answers = (_delay: number): boolean => true;
  readonly probes: { at: number; delay: number; seq: number }[] = [];
  readonly beats: number[] = [];
  readonly s: Sender;
  readonly b: Binding;
  #due: { at: number; frame: string }[] = [];

  constructor(own = HOUR, known = "", network = "home") {
    const memory = { epoch: 7, limit: 0, acked: 1, origin: "salt" };
    this.s = createSender({ id: 5, key, own, random: () => 0 }, memory, 0);
    this.b = createBinding(known);
    joined(this.b, this.s, network, 0);
    ask(this.b, this.s, 0);
  }

  /** Lets time pass as the shell of a board does. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.turn();
      const next = Math.min(this.s.wakeAt, ...this.#due.map(({ at }) => at));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      const come = this.#due.filter(({ at }) => at <= this.now);
      this.#due = this.#due.filter(({ at }) => at > this.now);
      for (const { frame } of come) answered(this.b, this.s, frame, this.now);
    }
    this.now = until;
  }

  turn(): void {
    const { s, b } = this;
    for (let frame = poll(s, this.now); frame !== ""; frame = poll(s, this.now)) {
      this.beats.push(this.now);
      sent(s, this.now);
      if (!this.hears) continue;
      const body = encodeAck(s.seq, 0, this.mapped, 0, 0, "");
      const input = tagInput(DOWN, ACK, s.epoch, s.seq, body, s.tag);
      handle(s, body + computeTag(key, input), this.now);
    }
    const question = ask(b, s, this.now);
    if (question === "") return;
    const { delay, seq16 } = decodeUp(question, 8) as ProbeUp;
    this.probes.push({ at: this.now, delay, seq: seq16 });
    const copy = this.probes.filter((other) => other.delay === delay && other.seq === seq16);
    if (copy.length > 1 || !this.answers(delay)) return;
    this.#due.push({ at: this.now + intervalMs(delay), frame: this.answer(delay) });
  }

  answer(delay: number, bound = this.s.ackTag): string {
    const body = encodeProbeDown(this.s.ackSeq, delay);
    return body + computeTag(key, tagInput(DOWN, PROBE, this.s.epoch, this.s.ackSeq, body, bound));
  }

  /** Delays that were asked for beside the warm-ups, each once. */
  tried(): number[] {
    const firsts = this.probes.filter(
      ({ delay, seq }, n) =>
        delay > 3 && this.probes.findIndex((p) => p.delay === delay && p.seq === seq) === n,
    );
    return firsts.map(({ delay }) => delay);
  }
}

/** A router that keeps what is idle for less than `ms`. */
export const up = (ms: number) => (delay: number) => intervalMs(delay) < ms;
