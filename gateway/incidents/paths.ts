/**
 * Who sends from one address: a group for each address that two devices or more share, such as the
 * boards behind one router.
 *
 * In a house where every board has an address of its own there are as many addresses as boards and
 * no groups; so an address gets its group with its second device, and until then costs an entry in
 * a hash table, 10 to 20 bytes. What lost: a `Map` by address, at a hundred bytes for each board
 * that shares nothing with anybody.
 */

import { hashOfText, Lookup } from "../lookup.ts";

/** An address that is, or was lately, that of several devices. */
export interface Shared {
  readonly address: string;
  /** Devices that send from it. */
  devices: number;
}

export class Paths<Group extends Shared> {
  /** Twice a slot: that device alone. Twice a number of a group and one: a group. */
  readonly #holders = new Lookup();
  readonly #groups: (Group | undefined)[] = [];
  readonly #free: number[] = [];
  /** The number of a group. */
  readonly #numbers = new Map<Group, number>();
  readonly #addressOf: (slot: number) => string;
  readonly #make: (address: string) => Group;

  /** @param addressOf the address of a device that is alone at it */
  constructor(addressOf: (slot: number) => string, make: (address: string) => Group) {
    this.#addressOf = addressOf;
    this.#make = make;
  }

  /**
   * A device sends from `address` now.
   * @returns its group, if it has one, and the device that was alone there before, else -1
   */
  join(slot: number, address: string): { group: Group | undefined; other: number } {
    const hash = hashOfText(address);
    const holder = this.#find(address, hash);
    if (holder < 0) {
      this.#holders.add(slot * 2, hash);
      return { group: undefined, other: -1 };
    }
    if (holder % 2 === 1) {
      const group = this.#groups[holder >> 1]!;
      group.devices++;
      return { group, other: -1 };
    }
    this.#holders.remove(holder, hash);
    const group = this.#make(address);
    group.devices = 2;
    const n = this.#free.pop() ?? this.#groups.length;
    this.#groups[n] = group;
    this.#numbers.set(group, n);
    this.#holders.add(n * 2 + 1, hash);
    return { group, other: holder >> 1 };
  }

  /** It does no longer. `group`: what it has there. A group stays one until its last has gone. */
  leave(slot: number, address: string, group: Group | undefined): void {
    const hash = hashOfText(address);
    if (group === undefined) {
      this.#holders.remove(slot * 2, hash);
      return;
    }
    if (--group.devices > 0) return;
    const n = this.#numbers.get(group)!;
    this.#numbers.delete(group);
    this.#groups[n] = undefined;
    this.#free.push(n);
    this.#holders.remove(n * 2 + 1, hash);
  }

  #find(address: string, hash: number): number {
    const holders = this.#holders;
    for (let place = holders.first(hash); place >= 0; place = holders.next(place)) {
      const holder = holders.slot(place);
      const its =
        holder % 2 === 1 ? this.#groups[holder >> 1]!.address : this.#addressOf(holder >> 1);
      if (its === address) return holder;
    }
    return -1;
  }
}
