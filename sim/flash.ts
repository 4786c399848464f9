// What the flash of every board holds (rules 10 and 12), in rows of 16 bytes: as an object it is
// four times that, and a million of them are what the collector has to walk.
//
//   u32 x 4  epoch, limit, spread << 24 | boots << 1 | acked, boots that really happened

const WORDS = 4;
const EPOCH = 0;
const LIMIT = 1;
const BOOTS = 2;
const BOOTED = 3;
/** Of the third: a boot a minute for fifteen years. */
const BOOTS_MASK = 0xfffffe;
const SPREAD_SHIFT = 24;

/** The last command begun; its result is "" until it is known. */
export interface Begun {
  readonly epoch: number;
  readonly cmd: number;
  readonly result: string;
}

export class Flashes {
  words: Uint32Array;
  /** Of the few that ever had a command. */
  readonly begun = new Map<number, Begun>();
  /** What deep sleepers keep of their senders. */
  readonly dozes = new Map<number, string>();
  /** Rungs climbed before a reboot that was one of them, to be told behind it. */
  readonly rungs = new Map<number, number>();

  /** @param capacity boards that there is room for; it grows by itself */
  constructor(capacity: number) {
    this.words = new Uint32Array(capacity * WORDS);
  }

  /** One more board, whose flash is empty. */
  place(board: number): void {
    if ((board + 1) * WORDS <= this.words.length) return;
    const words = new Uint32Array(Math.max(this.words.length * 2, WORDS));
    words.set(this.words);
    this.words = words;
  }

  /** What the gateway asked for with extension 13, if it is news. */
  spread(board: number, code: number): void {
    const at = board * WORDS + BOOTS;
    if (this.words[at]! >>> SPREAD_SHIFT === code) return;
    this.words[at] = (this.words[at]! & 0xffffff) | (code << SPREAD_SHIFT);
  }

  /** What a sender wants to be durable. */
  keep(board: number, epoch: number, limit: number, acked: number): void {
    const at = board * WORDS;
    this.words[at + EPOCH] = epoch;
    this.words[at + LIMIT] = limit;
    this.words[at + BOOTS] = (this.words[at + BOOTS]! & ~1) | acked;
  }
}

/** One board's flash, for whoever looks at it. */
export class Flash {
  private readonly all: Flashes;
  private readonly board: number;
  private readonly at: number;

  constructor(all: Flashes, board: number) {
    this.all = all;
    this.board = board;
    this.at = board * WORDS;
  }

  get epoch(): number {
    return this.all.words[this.at + EPOCH]!;
  }

  set epoch(epoch: number) {
    this.all.words[this.at + EPOCH] = epoch;
  }

  get limit(): number {
    return this.all.words[this.at + LIMIT]!;
  }

  set limit(limit: number) {
    this.all.words[this.at + LIMIT] = limit;
  }

  get acked(): number {
    return this.all.words[this.at + BOOTS]! & 1;
  }

  get boots(): number {
    return (this.all.words[this.at + BOOTS]! & BOOTS_MASK) >>> 1;
  }

  /** Extension 13 as last told, 0: never. */
  get spread(): number {
    return this.all.words[this.at + BOOTS]! >>> SPREAD_SHIFT;
  }

  /** What it slept with, "": nothing. */
  get doze(): string {
    return this.all.dozes.get(this.board) ?? "";
  }

  set doze(kept: string) {
    this.all.dozes.set(this.board, kept);
  }

  /** Boots that really happened, also those that a wiped flash has forgotten. */
  get booted(): number {
    return this.all.words[this.at + BOOTED]!;
  }

  set booted(booted: number) {
    this.all.words[this.at + BOOTED] = booted;
  }

  get begun(): Begun | undefined {
    return this.all.begun.get(this.board);
  }

  set begun(begun: Begun | undefined) {
    if (begun) this.all.begun.set(this.board, begun);
    else this.all.begun.delete(this.board);
  }

  /** What is to be told of the silence before this boot; once. */
  takeRungs(): number {
    const { rungs } = this.all;
    const found = rungs.get(this.board) ?? 0;
    rungs.delete(this.board);
    return found;
  }

  /** One boot more. */
  boot(): void {
    this.all.words[this.at + BOOTS]! += 2;
    this.all.words[this.at + BOOTED]!++;
  }

  /** The flash is wiped. */
  wipe(): void {
    this.all.words.fill(0, this.at, this.at + BOOTED);
    this.all.dozes.delete(this.board);
    this.begun = undefined;
  }

  /** The image of another one. */
  copy(other: Flash): void {
    const { all, at } = other;
    this.all.words.set(all.words.subarray(at, at + BOOTED), this.at);
    if (other.doze !== "") this.doze = other.doze;
    this.begun = other.begun;
  }
}
