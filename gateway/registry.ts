/**
 * Who is enrolled: the one place where devices are added, changed and removed, by HTTP in a running
 * gateway and by the command line on the store of one that is not. Both give it the core and a way
 * to let effects happen.
 *
 * The core refuses what would break its records; here stands what needs more than the core knows:
 * fresh keys, free ids, and the keys of devices long gone. Ids are kept sorted for the pages of the
 * list: sorting 100 000 of them for each page would cost 20 ms, a page from a sorted array costs
 * its own length.
 */

import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import { idText } from "./enrolment.ts";
import type { Effects, Enrolment, Fact } from "./facts.ts";
import type { Gateway } from "./gateway.ts";
import { KEY_BYTES } from "./limits.ts";
import type { Store } from "./store/store.ts";
import type { DeviceView } from "./view.ts";

/**
 * What was asked cannot be done: `taken` for an id, name or key in use, `unknown` for no such
 * device.
 */
export class RegistryError extends Error {
  readonly kind: "taken" | "unknown" | "full" | "bad";

  constructor(kind: RegistryError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What a person says of a new device; the rest is chosen. `key`: 16 bytes. */
export interface NewDevice {
  readonly name: string;
  readonly id?: number | undefined;
  readonly key?: string | undefined;
  readonly suite?: number | undefined;
  readonly site?: string | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** What may change about a device without enrolling it anew. */
export interface NewWords {
  readonly name?: string | undefined;
  readonly site?: string | undefined;
  readonly labels?: readonly string[] | undefined;
}

/**
 * What a list is narrowed by; each one given must hold. `q`: text in id, name, site, a label or the
 * address.
 */
export interface Filter {
  readonly status?: string | undefined;
  readonly site?: string | undefined;
  readonly label?: string | undefined;
  readonly q?: string | undefined;
}

export interface Page {
  readonly views: DeviceView[];
  /** Continue after this id; undefined = that was all. */
  readonly next: number | undefined;
}

export interface RegistryOptions {
  readonly core: Gateway;
  readonly store: Store;
  readonly clock: Clock;
  /** Lets effects happen, beginning with `learn`; resolves when they are durable. */
  readonly apply: (effects: Effects) => Promise<void>;
}

export const SUITE_DEFAULT = 1;

export class Registry {
  readonly #options: RegistryOptions;
  #sorted: Uint32Array | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.core.size;
  }

  /** Every commit of the core passes by here: it also enrols by itself, and removes (`--open`). */
  learn(facts: readonly Fact[]): void {
    if (facts.some(({ kind }) => kind === "enrol")) this.#sorted = undefined;
  }

  /** The device that an id in hex, or a name, means. Throws `unknown`. */
  find(idOrName: string): Enrolment {
    const id = /^[0-9a-f]{6}$/i.test(idOrName)
      ? Number.parseInt(idOrName, 16)
      : this.#options.core.byName(idOrName);
    const enrolment = id === undefined ? undefined : this.#options.core.enrolment(id);
    if (enrolment === undefined) {
      throw new RegistryError(
        "unknown",
        `no device has the id or name ${JSON.stringify(idOrName)}`,
      );
    }
    return enrolment;
  }

  view(id: number): DeviceView {
    const view = this.#options.core.view(id, this.#options.clock.now());
    if (view === undefined)
      throw new RegistryError("unknown", `no device has the id ${idText(id)}`);
    return view;
  }

  /** Devices with an id above `after`, by id, at most `limit`. */
  page(filter: Filter, after: number, limit: number): Page {
    const { core, clock } = this.#options;
    this.#sorted ??= core.ids();
    const now = clock.now();
    const views: DeviceView[] = [];
    for (let at = firstAbove(this.#sorted, after); at < this.#sorted.length; at++) {
      const view = core.view(this.#sorted[at]!, now);
      if (view === undefined || !matches(view, filter)) continue;
      if (views.length === limit) return { views, next: views.at(-1)!.id };
      views.push(view);
    }
    return { views, next: undefined };
  }

  /** Resolves when the device is on disk. Throws `taken`, `full` or `bad`. */
  async add(device: NewDevice): Promise<Enrolment> {
    const { core } = this.#options;
    const id = device.id ?? core.freeId();
    if (id === 0) throw new RegistryError("full", "no id is free");
    if (core.enrolment(id) !== undefined) {
      throw new RegistryError("taken", `id ${idText(id)} is taken by another device`);
    }
    const enrolment = this.#enrolmentOf(device, id);
    await this.#change((now) => core.enrol(enrolment, now));
    return enrolment;
  }

  /** With what was not said; the name is free, and the key new. */
  #enrolmentOf(device: NewDevice, id: number): Enrolment {
    const { name, site = "", labels = [], suite = SUITE_DEFAULT } = device;
    const key = device.key ?? (suite === 0 ? "" : randomBytes(KEY_BYTES).toString("latin1"));
    this.#checkName(name, id);
    if (key !== "" && this.#options.store.keyKnown(key)) {
      throw new RegistryError(
        "taken",
        "this key was enrolled before; a key is for one device only",
      );
    }
    return { id, name, site, labels, suite, key };
  }

  /** Resolves when the new words are on disk. */
  async amend(id: number, words: NewWords): Promise<Enrolment> {
    const before = this.#options.core.enrolment(id);
    if (before === undefined)
      throw new RegistryError("unknown", `no device has the id ${idText(id)}`);
    if (words.name !== undefined) this.#checkName(words.name, id);
    const enrolment: Enrolment = {
      ...before,
      name: words.name ?? before.name,
      site: words.site ?? before.site,
      labels: words.labels ?? before.labels,
    };
    await this.#change((now) => this.#options.core.amend(enrolment, now));
    return enrolment;
  }

  /**
   * Resolves when the device has another key, and perhaps another suite: the record begins anew,
   * since nothing that was said under the old key may count under the new one. Throws like `add`.
   */
  async rekey(id: number, { key, suite }: Pick<NewDevice, "key" | "suite">): Promise<Enrolment> {
    const before = this.#options.core.enrolment(id);
    if (before === undefined)
      throw new RegistryError("unknown", `no device has the id ${idText(id)}`);
    const next = { ...before, suite: suite ?? before.suite, key };
    const enrolment = this.#enrolmentOf(next, id);
    await this.#change((now) => this.#options.core.rekey(enrolment, now));
    return enrolment;
  }

  /**
   * Resolves when nothing of the device is left on disk but the memory of its key, and its changes.
   */
  async remove(id: number): Promise<void> {
    await this.#change((now) => this.#options.core.remove(id, now));
  }

  #checkName(name: string, id: number): void {
    const other = this.#options.core.byName(name);
    if (other !== undefined && other !== id) {
      throw new RegistryError(
        "taken",
        `the name ${JSON.stringify(name)} is taken by ${idText(other)}`,
      );
    }
  }

  async #change(call: (now: number) => Effects): Promise<void> {
    let effects: Effects;
    try {
      effects = call(this.#options.clock.now());
    } catch (error) {
      if (error instanceof RangeError) throw new RegistryError("bad", error.message);
      throw error;
    }
    await this.#options.apply(effects);
  }
}

function firstAbove(sorted: Uint32Array, id: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function matches(view: DeviceView, { status, site, label, q }: Filter): boolean {
  if (status !== undefined && view.status !== status) return false;
  if (site !== undefined && view.site !== site) return false;
  if (label !== undefined && !view.labels.includes(label)) return false;
  if (q === undefined || q === "") return true;
  const text = [idText(view.id), view.name, view.site, view.address ?? "", ...view.labels];
  return text.some((part) => part.toLowerCase().includes(q.toLowerCase()));
}
