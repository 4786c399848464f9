// The bindings of one NAT: found by the inner host and by the outer port, forgotten the moment they
// expire, in constant time and without a timer.
//
// There is one queue for each duration in use (two, as a rule). A binding that is refreshed goes to
// the end of its duration's queue, so each queue stands in the order of expiry, and what has
// expired is at the heads: whoever looks at the table takes it off first, and everything that is
// left is alive. A heap lost (each frame would pay for a sift); sweeping now and then lost as well,
// since a full table must know at once whether it is full of the dead.
//
// The two hash tables are one array of chains that starts with one chain each: a house with one
// binding costs some hundred bytes, a carrier with 100 000 pays no scan. Two Maps lost: 400 bytes
// more for the house, and no faster for the carrier. Instants here are whole microseconds, so an
// expiry is exact on both sides.

import type { Dependence } from "./nat-presets.ts";

export interface Binding {
  readonly inner: number;
  readonly innerPort: number;
  readonly remote: string;
  /** Set before it comes into a table, and not changed there. */
  outerPort: number;
  readonly createdUs: number;
  /** Alive before this instant, dead at it. */
  expiresUs: number;
  /** A frame came back. */
  replied: boolean;
  /** It has the long life: ASSURED, in the words of conntrack. */
  stream: boolean;
  // The table's own.
  /** Place in `all`. */
  place: number;
  queue: Queue | undefined;
  before: Binding | undefined;
  after: Binding | undefined;
  /** Next in the chain of its inner host, and of its outer port. */
  nextOfInner: Binding | undefined;
  nextOfPort: Binding | undefined;
}

interface Queue {
  readonly lifeUs: number;
  head: Binding | undefined;
  tail: Binding | undefined;
  next: Queue | undefined;
}

/** A new binding, without a port and not yet in a table. */
export function binding(
  inner: number,
  innerPort: number,
  remote: string,
  createdUs: number,
): Binding {
  return {
    inner,
    innerPort,
    remote,
    outerPort: -1,
    createdUs,
    expiresUs: 0,
    replied: false,
    stream: false,
    place: 0,
    queue: undefined,
    before: undefined,
    after: undefined,
    nextOfInner: undefined,
    nextOfPort: undefined,
  };
}

export class BindingTable {
  /** In no order that means anything. */
  all: Binding[] = [];
  private queues: Queue | undefined;
  /** First half: chains of inner hosts; second half: chains of outer ports. */
  private chains: (Binding | undefined)[] = [undefined, undefined];

  /** First of a chain by `nextOfInner` that holds all bindings of this host, and others. */
  ofInner(inner: number): Binding | undefined {
    return this.chains[slot(inner, this.chains.length >> 1)];
  }

  /** First of a chain by `nextOfPort` that holds all bindings of this outer port, and others. */
  ofPort(outerPort: number): Binding | undefined {
    const half = this.chains.length >> 1;
    return this.chains[half + slot(outerPort, half)];
  }

  /** Takes off what has expired. @param nowUs not falling from call to call */
  expire(nowUs: number): void {
    for (let queue = this.queues; queue; queue = queue.next) {
      while (queue.head && queue.head.expiresUs <= nowUs) this.remove(queue.head);
    }
  }

  add(entry: Binding, nowUs: number, lifeUs: number): void {
    entry.place = this.all.length;
    // A literal has room for one; push makes room for seventeen.
    if (entry.place === 0) this.all = [entry];
    else this.all.push(entry);
    if (this.all.length * 2 > this.chains.length) this.grow();
    else this.chain(entry);
    this.refresh(entry, nowUs, lifeUs);
  }

  /** Gives a binding `lifeUs` more from now on. */
  refresh(entry: Binding, nowUs: number, lifeUs: number): void {
    entry.expiresUs = nowUs + lifeUs;
    leave(entry);
    const queue = this.queueOf(lifeUs);
    entry.queue = queue;
    entry.before = queue.tail;
    if (queue.tail) queue.tail.after = entry;
    else queue.head = entry;
    queue.tail = entry;
  }

  remove(entry: Binding): void {
    leave(entry);
    const last = this.all.pop()!;
    if (last !== entry) {
      this.all[entry.place] = last;
      last.place = entry.place;
    }
    const half = this.chains.length >> 1;
    const ofInner = slot(entry.inner, half);
    const ofPort = half + slot(entry.outerPort, half);
    let at = this.chains[ofInner];
    if (at === entry) this.chains[ofInner] = entry.nextOfInner;
    else {
      while (at!.nextOfInner !== entry) at = at!.nextOfInner;
      at!.nextOfInner = entry.nextOfInner;
    }
    at = this.chains[ofPort];
    if (at === entry) this.chains[ofPort] = entry.nextOfPort;
    else {
      while (at!.nextOfPort !== entry) at = at!.nextOfPort;
      at!.nextOfPort = entry.nextOfPort;
    }
  }

  /** The one that was refreshed longest ago. */
  oldest(): Binding | undefined {
    let oldest: Binding | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (let queue = this.queues; queue; queue = queue.next) {
      const { head, lifeUs } = queue;
      if (head && head.expiresUs - lifeUs < since) {
        since = head.expiresUs - lifeUs;
        oldest = head;
      }
    }
    return oldest;
  }

  private queueOf(lifeUs: number): Queue {
    let last: Queue | undefined;
    for (let queue = this.queues; queue; queue = queue.next) {
      if (queue.lifeUs === lifeUs) return queue;
      // A duration that nobody has any more goes, lest changes of the model pile up.
      if (queue.head) last = queue;
      else if (last) last.next = queue.next;
      else this.queues = queue.next;
    }
    const queue: Queue = { lifeUs, head: undefined, tail: undefined, next: undefined };
    if (last) last.next = queue;
    else this.queues = queue;
    return queue;
  }

  private chain(entry: Binding): void {
    const half = this.chains.length >> 1;
    const ofInner = slot(entry.inner, half);
    const ofPort = half + slot(entry.outerPort, half);
    entry.nextOfInner = this.chains[ofInner];
    this.chains[ofInner] = entry;
    entry.nextOfPort = this.chains[ofPort];
    this.chains[ofPort] = entry;
  }

  private grow(): void {
    this.chains = new Array<Binding | undefined>(this.chains.length * 2).fill(undefined);
    for (const entry of this.all) this.chain(entry);
  }
}

function leave(entry: Binding): void {
  const { queue, before, after } = entry;
  if (!queue) return;
  if (before) before.after = after;
  else queue.head = after;
  if (after) after.before = before;
  else queue.tail = before;
  entry.queue = entry.before = entry.after = undefined;
}

/** Fibonacci hashing: neighbours and strides spread alike. @param size a power of two */
function slot(key: number, size: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 12) & (size - 1);
}

/** Whole microseconds. */
export function us(ms: number): number {
  return Math.round(ms * 1000);
}

/** "address:port" without its port. */
export function addressOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(":"));
}

/** Whether a binding to one remote counts for the other. */
export function alike(kind: Dependence, a: string, b: string): boolean {
  if (kind === "endpoint" || a === b) return true;
  return kind === "address" && addressOf(a) === addressOf(b);
}
