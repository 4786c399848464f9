// Who a board is and what it has. A million boards are a million of these objects, so one carries
// what every board has and nothing else: its sender and its flash are numbers in the roster, what
// few boards have stands in `Rare`, and its key is drawn from the seed whenever it is asked for.
//
// It is its own enrolment and its own address too, which the gateway and its disk keep of each
// device: what never changes of a board need not be copied. What lost: an object for each of them
// (board, flash, path, address, enrolment), 580 bytes a board with their strings, and five places
// in memory to visit for a beat.

import { makeTagKey, type TagKey } from "../device/tag.ts";
import type { Enrolment, Source } from "../gateway/facts.ts";
import type { BoardKind, BoardOptions, PowerCut } from "./board-kind.ts";
import { NO_LABELS } from "./board-kind.ts";
import type { Body } from "./body.ts";
import { Flash } from "./flash.ts";
import type { Path } from "./path.ts";
import { draw, purposeOf, randomBytes } from "./random.ts";
import type { Roster } from "./roster.ts";

const NOISE = purposeOf("noise");

/** What a board is told apart by. */
export type Identity = Pick<BoardOptions, "name" | "id" | "key" | "salt">;

/** Reset cause of extension 4. */
export const POWER_ON = 1;

/** What few boards have. */
class Rare {
  cutAt: PowerCut | undefined;
  offMs = 0;
  cause = POWER_ON;
  held = 0;
  body: Body | undefined;
  key: string | undefined;
  salt: string | undefined;
  signal: (() => number) | undefined;
}

export class Owner implements Enrolment, Source {
  readonly name: string;
  readonly kind: BoardKind;
  /** Its place in the roster, and among the boards of its world. */
  readonly number: number;
  /** Whether it has power: cheaper than asking for its sender. */
  on = false;
  /** What its path has beyond two links; undefined: nothing. Set by the network that it joins. */
  way: Path | undefined;
  readonly roster: Roster;
  protected rare: Rare | undefined;

  constructor({ name, key, salt }: Identity, kind: BoardKind, roster: Roster, number: number) {
    this.name = name;
    this.kind = kind;
    this.roster = roster;
    this.number = number;
    if (key !== undefined) this.have().key = key;
    if (salt !== undefined) this.have().salt = salt;
  }

  get id(): number {
    return this.roster.id(this.number);
  }

  get suite(): number {
    return this.kind.suite;
  }

  get site(): string {
    return this.kind.site ?? "";
  }

  get labels(): readonly string[] {
    return NO_LABELS;
  }

  /** Its 16 bytes, "" under suite 0. */
  get key(): string {
    if (this.kind.suite === 0) return "";
    return this.rare?.key ?? randomBytes(this.roster.seed, this.id, "key", 16);
  }

  get tagKey(): TagKey {
    return makeTagKey(this.kind.suite, this.key, this.roster.sha256);
  }

  /** Its enrolment alone, for a store that writes down whatever it is given. */
  get enrolment(): Enrolment {
    const { id, name, site, labels, suite, key } = this;
    return { id, name, site, labels, suite, key };
  }

  /** Its address, as long as nothing stands between it and the gateway. */
  get transport(): "sim" {
    return "sim";
  }

  get address(): string {
    return this.name;
  }

  get port(): number {
    return 1;
  }

  get flash(): Flash {
    return new Flash(this.roster.flashes, this.number);
  }

  /** What no earlier boot of this key had: salt, boot counter, physical noise. */
  get origin(): string {
    const { seed } = this.roster;
    const { boots, booted } = this.flash;
    const salt = this.rare?.salt ?? randomBytes(seed, this.id, "salt", 8);
    const noise = Math.floor(draw(seed, this.id, NOISE, booted) * 2 ** 32);
    return `${salt}${boots},${noise}`;
  }

  /** None: on mains, and the clock of its kind. */
  get body(): Body | undefined {
    return this.rare?.body;
  }

  set body(body: Body | undefined) {
    this.have().body = body;
  }

  /** Power goes when a send next comes to this point. */
  get cutAt(): PowerCut | undefined {
    return this.rare?.cutAt;
  }

  set cutAt(step: PowerCut | undefined) {
    if (step !== undefined || this.rare) this.have().cutAt = step;
  }

  /** How much later power is back that went by itself, ms. */
  get offMs(): number {
    return this.rare?.offMs ?? 0;
  }

  set offMs(ms: number) {
    this.have().offMs = ms;
  }

  /** Reset cause of its next boot. */
  get cause(): number {
    return this.rare?.cause ?? POWER_ON;
  }

  set cause(cause: number) {
    if (cause !== POWER_ON || this.rare) this.have().cause = cause;
  }

  /** Reasons why it has no power now, whatever it would like: see `World.hold`. */
  get held(): number {
    return this.rare?.held ?? 0;
  }

  set held(reasons: number) {
    this.have().held = reasons;
  }

  /** Whether it knows where the gateway is: what lost that name cannot send. */
  get resolved(): boolean {
    return this.way?.resolved ?? true;
  }

  set resolved(resolved: boolean) {
    if (this.way) this.way.resolved = resolved;
  }

  protected have(): Rare {
    this.rare ??= new Rare();
    return this.rare;
  }
}
