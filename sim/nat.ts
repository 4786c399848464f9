// A NAT between boards and the world. It decides whether a command can reach a board between two
// beats, and whether the gateway sees the same address at the next one.
//
// A binding belongs to one inner endpoint *and one remote*, with timers of its own, as in Linux.
// The kinds of RFC 4787 are rules on top of that: `mapping` says which bindings of an inner
// endpoint must share their outer port, `filtering` by which of them a frame from outside may come
// in. One timer for each NAT lost: conntrack gives the long life only to a binding on which a frame
// passes after a reply *and* more than 2 s after its creation, so a beat with its ack, over in a
// second, lives 30 s and not 120 s, which is what matters here.
//
// A frame is judged by what was seen before it, as in the kernel: the first reply still gives the
// short life, however late it comes. A binding is alive before its expiry and dead at it, to the
// microsecond. The search for a free port is the kernel's as well: windows of 128, 64, ... 8 ports
// from places drawn at random, then none; so a nearly full range may say no, at a bounded cost.

import type { NatModel } from "./nat-presets.ts";
import { addressOf, alike, type Binding, BindingTable, binding, us } from "./nat-table.ts";
import { draw, purposeOf } from "./random.ts";

export { NAT_PRESETS, type NatModel, natPreset } from "./nat-presets.ts";

/** Why a frame was dropped. */
export type NatDrop = "no-mapping" | "filtered" | "deaf" | "full" | "no-port" | "hairpin";

const PORT = purposeOf("nat port");
const EVICT = purposeOf("nat evict");

/** Bindings that "unassured" looks at: so many are in the kernel's 8 buckets when all are full. */
const EVICT_TRIES = 16;
const SEARCH_MOST = 128;
const SEARCH_LEAST = 16;
/** How far a preserved port is moved by a rebinding: a prime, so that two hosts rarely meet. */
const REBIND_STEP = 4_099;

export class Nat {
  /** As it is seen from outside. */
  address: string;
  /** Fault: nothing gets in. */
  deaf = false;
  /** Fault: no new binding, whatever could be evicted. */
  full = false;
  /** Where the frame that `in` let through goes. */
  inner = 0;
  innerPort = 0;
  /** Why the last frame that was dropped was. */
  why: NatDrop = "no-mapping";
  private model: NatModel;
  private readonly seed: number;
  private readonly entity: number;
  private table = new BindingTable();
  /** The next port of "sequential", counted from the first. */
  private next = 0;
  /** Rebindings of everybody, and those of one host on top. */
  private turns = 0;
  private turnsOf: Map<number, number> | undefined;
  private readonly home: string;
  private addresses = 0;

  /**
   * @param seed, entity key its luck; that of a binding is keyed by its host and its instant too
   * @param address any text that is nobody else's, "text~1" and so on included
   */
  constructor(model: NatModel, seed: number, entity: number, address: string) {
    this.model = model;
    this.seed = seed;
    this.entity = entity;
    this.home = this.address = address;
  }

  /**
   * A frame from inside.
   * @param inner a whole number for the host
   * @param remote "address:port"
   * @param now ms, here and below: not falling from call to call
   * @returns the outer port, or -1 for a frame that is dropped, see `why`
   */
  out(inner: number, innerPort: number, remote: string, now: number): number {
    const nowUs = us(now);
    this.table.expire(nowUs);
    for (let b = this.table.ofInner(inner); b; b = b.nextOfInner) {
      if (b.inner === inner && b.innerPort === innerPort && b.remote === remote) {
        this.pass(b, nowUs, false);
        return b.outerPort;
      }
    }
    if (!this.model.hairpin && addressOf(remote) === this.address) return this.refuse("hairpin");
    const entry = binding(inner, innerPort, remote, nowUs);
    if (this.full || !this.makeRoom(entry)) return this.refuse("full");
    entry.outerPort = this.portFor(entry);
    if (entry.outerPort < 0) return this.refuse("no-port");
    this.table.add(entry, nowUs, us(this.model.unrepliedMs));
    return entry.outerPort;
  }

  /** A frame from outside. True: it goes to `inner` and `innerPort`; false: dropped, see `why`. */
  in(outerPort: number, remote: string, now: number): boolean {
    const nowUs = us(now);
    this.table.expire(nowUs);
    let found: Binding | undefined;
    this.why = this.deaf ? "deaf" : "no-mapping";
    for (let b = this.deaf ? undefined : this.table.ofPort(outerPort); b; b = b.nextOfPort) {
      if (b.outerPort !== outerPort) continue;
      this.why = "filtered";
      if (b.remote === remote) {
        found = b;
        break;
      }
      if (!found && alike(this.model.filtering, b.remote, remote)) found = b;
    }
    if (!found) return false;
    this.pass(found, nowUs, true);
    this.inner = found.inner;
    this.innerPort = found.innerPort;
    return true;
  }

  /** Bindings that are alive. */
  mappings(now: number): number {
    this.table.expire(us(now));
    return this.table.all.length;
  }

  /** Fault: one host's bindings are gone, and a preserved port is another one from now on. */
  rebind(inner: number, now: number): void {
    this.table.expire(us(now));
    for (let b = this.table.ofInner(inner); b; ) {
      const next = b.nextOfInner;
      if (b.inner === inner) this.table.remove(b);
      b = next;
    }
    this.turnsOf ??= new Map();
    this.turnsOf.set(inner, (this.turnsOf.get(inner) ?? 0) + 1);
  }

  /** The same for everybody. */
  rebindAll(_now: number): void {
    this.table = new BindingTable();
    this.turns++;
  }

  /** Fault: another outer address, and with the old one all bindings are gone. */
  readdress(_now: number): void {
    this.address = `${this.home}~${++this.addresses}`;
    this.table = new BindingTable();
  }

  /** Fault: it has forgotten everything but its address. */
  reboot(_now: number): void {
    this.table = new BindingTable();
    this.next = 0;
  }

  /** Another model. What is bound stays, and gets its new life with its next frame. */
  set(model: NatModel, _now: number): void {
    this.model = model;
  }

  private refuse(why: NatDrop): -1 {
    this.why = why;
    return -1;
  }

  /** A frame passes: what conntrack makes of it. */
  private pass(b: Binding, nowUs: number, inbound: boolean): void {
    const { model } = this;
    const afterUs = us(model.streamAfterMs);
    const old = afterUs === 0 || nowUs - b.createdUs > afterUs;
    const promoted = !b.stream && old && (b.replied || (inbound && afterUs === 0));
    if (promoted) b.stream = true;
    if (inbound) b.replied = true;
    if (inbound && !model.inboundRefreshes && !promoted) return;
    this.table.refresh(b, nowUs, us(b.stream ? model.streamMs : model.unrepliedMs));
  }

  private makeRoom(entry: Binding): boolean {
    const { mappingsMax, evict } = this.model;
    const { all } = this.table;
    if (all.length < mappingsMax) return true;
    let victim: Binding | undefined;
    if (evict === "oldest") victim = this.table.oldest();
    else if (evict !== "refuse") {
      const from = Math.floor(this.luck(EVICT, entry, 0) * all.length);
      const tries = evict === "random" ? 1 : EVICT_TRIES;
      for (let i = 0; i < tries && !victim; i++) {
        const b = all[(from + i) % all.length];
        if (evict === "random" || !b?.stream) victim = b;
      }
    }
    if (victim) this.table.remove(victim);
    return victim !== undefined;
  }

  private portFor(entry: Binding): number {
    const { inner, innerPort } = entry;
    const { mapping, port, ports, blockPorts } = this.model;
    let kept = -1;
    for (let b = this.table.ofInner(inner); b; b = b.nextOfInner) {
      if (b.inner !== inner || b.innerPort !== innerPort) continue;
      if (alike(mapping, b.remote, entry.remote)) return b.outerPort;
      // The kernel likes to give an endpoint the port that it has already.
      if (port === "preserve" && this.isFree(b.outerPort, entry)) kept = b.outerPort;
    }
    if (kept >= 0) return kept;
    const [first, last] = ports;
    const count = last - first + 1;
    if (port === "preserve" && innerPort >= first && innerPort <= last) {
      const turn = this.turns + (this.turnsOf?.get(inner) ?? 0);
      const own = first + ((innerPort - first + turn * REBIND_STEP) % count);
      if (this.isFree(own, entry)) return own;
    }
    if (port !== "block") return this.search(first, count, entry);
    const blocks = Math.max(1, Math.floor(count / blockPorts));
    const start = first + (inner % blocks) * blockPorts;
    return this.search(start, Math.min(blockPorts, count), entry);
  }

  /** A free port of `count` ports, or -1: none was found, though one may be there. */
  private search(first: number, count: number, entry: Binding): number {
    const sequential = this.model.port === "sequential";
    for (let tries = Math.min(SEARCH_MOST, count); ; tries >>= 1) {
      const from = sequential ? this.next : Math.floor(this.luck(PORT, entry, tries) * count);
      for (let i = 0; i < tries; i++) {
        const at = (from + i) % count;
        if (sequential) this.next = (at + 1) % count;
        if (this.isFree(first + at, entry)) return first + at;
      }
      if (tries >= count || tries < SEARCH_LEAST) return -1;
    }
  }

  /**
   * Whether frames from this remote to this port could be meant for nobody else: by what bindings
   * share and by what the filter tells apart, whichever is coarser.
   */
  private isFree(outerPort: number, { inner, innerPort, remote }: Binding): boolean {
    const { mapping, filtering } = this.model;
    for (let b = this.table.ofPort(outerPort); b; b = b.nextOfPort) {
      if (b.outerPort !== outerPort || (b.inner === inner && b.innerPort === innerPort)) continue;
      if (alike(mapping, b.remote, remote) || alike(filtering, b.remote, remote)) return false;
    }
    return true;
  }

  /** In [0, 1): of this host at this instant, so that nobody else's frames change it. */
  private luck(purpose: number, { inner, createdUs }: Binding, n: number): number {
    // A draw counts in 32 bits, which are 72 minutes: the rest of the instant is added.
    const when = createdUs + Math.floor(createdUs / 0x100000000) + n;
    return draw(this.seed, this.entity, purpose, when + Math.imul(inner, 0x9e3779b1));
  }
}
