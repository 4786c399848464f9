/**
 * Who falls silent together: counts of devices by what they have in common, a site, an address, the
 * broker, or nothing but us.
 *
 * One silent board is a board; most boards of a house silent at once are the house. Two signs say
 * so, each asked in constant time when a deadline falls: more than half of the group is silent; or
 * two became late and nobody was heard, in a time in which three beats fell due (the group's rate,
 * the sum of one beat a promise, is kept as promises change). The second finds a dead access point
 * long before half of its boards are late. Both want two silent boards at least: alone, a board is
 * a board.
 *
 * The widest group that is silent is what broke, but only if it is silent beside the narrower one
 * too: a house with most of the fleet is not the fleet.
 *
 * What lost: looking through the boards of a site at each deadline, which for a hundred thousand at
 * one instant is ten thousand million looks; and windows of fixed length, which fit no fleet.
 */

import type { Source, Status } from "../facts.ts";
import type { Records } from "../records.ts";
import * as row from "../rows.ts";
import { Group, isSilent, rateOf, spellMs } from "./crowd-group.ts";
import { Paths } from "./paths.ts";

/** Addresses of one's own network: private, link-local, loopback (RFC 1918, 3927, 4193, 4291). */
const OWN_NETWORK =
  /^(::ffff:)?(10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.|^(::1$|fe[89ab]|f[cd])/i;

export class Crowd {
  readonly fleet: Group;
  readonly #broker: Group;
  readonly #records: Records;
  readonly #named = new Map<string, Group>();
  readonly #sites: (Group | undefined)[] = [];
  readonly #paths: Paths<Group>;
  /** By slot: those of one address, or the broker. */
  readonly #path: (Group | undefined)[] = [];
  #now: number;

  constructor(records: Records, now: number) {
    this.#records = records;
    this.#now = now;
    this.fleet = new Group("fleet", "", now);
    this.#broker = new Group("broker", "", now);
    this.#paths = new Paths(
      (slot) => records.source[slot]!.address,
      (address) => new Group("address", address, this.#now),
    );
  }

  /** A device joined the table, with the status of its record. */
  joined(slot: number, now: number): void {
    this.#now = now;
    this.#path[slot] = undefined;
    this.#enter(this.fleet, slot);
    this.amended(slot);
    const source = this.#records.source[slot];
    if (source !== undefined) this.#arrives(slot, source);
  }

  /** A device is about to leave the table. */
  removed(slot: number): void {
    this.#leave(this.fleet, slot);
    this.#leaveSite(slot);
    const source = this.#records.source[slot];
    if (source !== undefined) this.#departs(slot, source);
  }

  /** Its site may be another one. */
  amended(slot: number): void {
    const name = this.#records.roster.site(slot);
    if (this.#sites[slot]?.address === name) return;
    this.#leaveSite(slot);
    if (name === "") return;
    const site = this.#named.get(name) ?? new Group("site", name, this.#now);
    this.#named.set(name, site);
    this.#sites[slot] = site;
    site.devices++;
    this.#enter(site, slot);
  }

  /** It sends from its source now, and from `before` no longer. */
  moves(slot: number, before: Source | undefined): void {
    if (before !== undefined) this.#departs(slot, before);
    this.#arrives(slot, this.#records.source[slot]!);
  }

  /** It is heard. */
  hears(slot: number, now: number): void {
    this.#now = now;
    this.fleet.heard(now);
    this.#sites[slot]?.heard(now);
    this.#path[slot]?.heard(now);
  }

  /** Its promise was `before`, in ms, and is another one. */
  promises(slot: number, before: number): void {
    const status = this.#records.status(slot);
    if (status !== "present" && status !== "late") return;
    const more = rateOf(this.#records.promiseMs(slot)) - rateOf(before);
    for (const group of this.groups(slot)) group.rate += more;
  }

  /** Its status is about to change. */
  changes(slot: number, from: Status, to: Status, at: number): void {
    const promiseMs = this.#records.promiseMs(slot);
    const here = Number(isHere(to)) - Number(isHere(from));
    const late = Number(to === "late") - Number(from === "late");
    const rate = here * rateOf(promiseMs);
    for (const group of this.groups(slot)) {
      group.here += here;
      group.late += late;
      group.rate += rate;
      if (from === "present" && to === "late") group.missed++;
      if (to === "absent") {
        if (at - group.goneAt > spellMs(promiseMs)) group.gone = 0;
        group.gone++;
        group.goneAt = at;
      } else if (from === "absent") group.gone = Math.max(0, group.gone - 1);
    }
  }

  /**
   * What a device belongs to, the narrowest first. A site stands before an address: of two that
   * fell silent together it is what people know.
   */
  groups(slot: number): Group[] {
    const site = this.#sites[slot];
    const path = this.#path[slot];
    const groups = site === undefined ? [] : [site];
    if (path !== undefined) groups.push(path);
    groups.push(this.fleet);
    return groups;
  }

  /**
   * What fell silent together with this device, which is late or absent: the widest group of which
   * that holds also beside the narrower one; undefined: nothing, it is alone.
   */
  around(slot: number, at: number): Group | undefined {
    const promiseMs = this.#records.promiseMs(slot);
    let found: Group | undefined;
    for (const group of this.groups(slot)) {
      if (!isSilent(group, found, at, promiseMs)) group.crowdAt = Infinity;
      else {
        group.crowdAt = Math.min(group.crowdAt, at);
        found = group;
      }
    }
    return found;
  }

  /** Whether the device sends from the network that we are in. */
  isNear(slot: number): boolean {
    return OWN_NETWORK.test(this.#records.source[slot]?.address ?? "");
  }

  #departs(slot: number, { transport, address }: Source): void {
    const group = this.#path[slot];
    if (group !== undefined) this.#leave(group, slot);
    if (transport !== "mqtt") this.#paths.leave(slot, address, group);
    this.#path[slot] = undefined;
  }

  #arrives(slot: number, { transport, address }: Source): void {
    let group: Group | undefined = this.#broker;
    if (transport !== "mqtt") {
      const joined = this.#paths.join(slot, address);
      group = joined.group;
      if (joined.other >= 0) {
        this.#path[joined.other] = group;
        this.#enter(group!, joined.other);
      }
    }
    this.#path[slot] = group;
    if (group !== undefined) this.#enter(group, slot);
  }

  #enter(group: Group, slot: number): void {
    this.#count(group, slot, 1);
  }

  #leave(group: Group, slot: number): void {
    this.#count(group, slot, -1);
  }

  #count(group: Group, slot: number, by: number): void {
    if (by > 0 && this.#records.source[slot] !== undefined) {
      const { floats } = this.#records.rows;
      group.heardAt = Math.max(group.heardAt, floats[slot * row.FLOATS + row.AT]!);
    }
    const status = this.#records.status(slot);
    if (!isHere(status)) return;
    group.here += by;
    if (status === "late") group.late += by;
    group.rate += by * rateOf(this.#records.promiseMs(slot));
  }

  #leaveSite(slot: number): void {
    const site = this.#sites[slot];
    this.#sites[slot] = undefined;
    if (site === undefined) return;
    this.#leave(site, slot);
    if (--site.devices === 0) this.#named.delete(site.address);
  }
}

function isHere(status: Status): boolean {
  return status === "present" || status === "late";
}
