/**
 * The registry as the `device` commands see it: over HTTP in a running gateway, or in the store of
 * one that is not running. Both speak the same JSON and refuse the same input, so a command does
 * not know which one it has.
 *
 * On a store the whole core is built, though no frame ever comes: the rules for ids, names and keys
 * stand there once.
 */

import { existsSync } from "node:fs";
import { systemClock } from "../clock.ts";
import { Gateway } from "../gateway.ts";
import type { ChangeJson, DeviceJson } from "../http/answers.ts";
import { deviceJson } from "../http/present.ts";
import { BadInput, readNewDevice, readNewKey, readNewWords } from "../http/schema.ts";
import { Registry, RegistryError } from "../registry.ts";
import { sha256 } from "../sha256.ts";
import { hasStore, levelStore } from "../store/level.ts";
import { type Store, StoreBusy } from "../store/store.ts";
import { request } from "./ask.ts";
import { Failed, reason, Usage } from "./errors.ts";

export type { ChangeJson, DeviceJson };

export interface KeyJson {
  readonly id: string;
  readonly suite: number;
  /** Hex; "" under suite 0. */
  readonly key: string;
}

/** What POST takes, as a person gave it: checked where it arrives. */
export interface NewDeviceJson {
  readonly name: string;
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  readonly suite?: string | undefined;
  readonly site?: string | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** What PATCH takes. */
export type WordsJson = Partial<Pick<NewDeviceJson, "name" | "site" | "labels">>;

export interface Narrowed {
  readonly status?: string | undefined;
  readonly site?: string | undefined;
  readonly label?: string | undefined;
}

/** Rejects with Failed or Usage. An `id` is six hex digits or a name. */
export interface Devices {
  add(device: NewDeviceJson): Promise<DeviceJson & KeyJson>;
  list(narrowed: Narrowed): Promise<DeviceJson[]>;
  show(id: string): Promise<DeviceJson>;
  key(id: string): Promise<KeyJson>;
  amend(id: string, words: WordsJson): Promise<DeviceJson>;
  /** Another key, under which the record begins anew. */
  rekey(id: string, key: Pick<NewDeviceJson, "key" | "suite">): Promise<DeviceJson & KeyJson>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

const PAGE = 1_000;

type Ask = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** @param token undefined = none */
export function overHttp(base: URL, token: string | undefined): Devices {
  const ask: Ask = (method, path, body) => request(base, token, method, `devices${path}`, body);
  const at = (id: string) => `/${encodeURIComponent(id)}`;
  return {
    add: (device) => ask("POST", "", device) as Promise<DeviceJson & KeyJson>,
    show: (id) => ask("GET", at(id)) as Promise<DeviceJson>,
    key: (id) => ask("GET", `${at(id)}/key`) as Promise<KeyJson>,
    amend: (id, words) => ask("PATCH", at(id), words) as Promise<DeviceJson>,
    rekey: (id, key) => ask("POST", `${at(id)}/rekey`, key) as Promise<DeviceJson & KeyJson>,
    remove: (id) => ask("DELETE", at(id)) as Promise<undefined>,
    close: () => Promise.resolve(),
    list: (narrowed) => allPages(ask, narrowed),
  };
}

async function allPages(ask: Ask, narrowed: Narrowed): Promise<DeviceJson[]> {
  const found: DeviceJson[] = [];
  const query = new URLSearchParams({ limit: `${PAGE}` });
  for (const [name, value] of Object.entries(narrowed)) if (value) query.set(name, value);
  for (;;) {
    const page = (await ask("GET", `?${query}`)) as { items: DeviceJson[]; next: string | null };
    found.push(...page.items);
    if (page.next === null) return found;
    query.set("after", page.next);
  }
}

/** Throws Usage: what cannot be enrolled anywhere, before a store is made for it. */
export function checkNew(device: NewDeviceJson): void {
  try {
    readNewDevice(withoutGaps(device));
  } catch (error) {
    throw error instanceof BadInput ? new Usage(error.message) : error;
  }
}

/** @param make whether a store may be made where there is none */
export async function inFolder(data: string, make: boolean): Promise<Devices> {
  if (!make && !hasStore(data)) {
    const words = existsSync(data) ? "there is no store in it" : "there is no such folder";
    throw new Failed(`--data ${data}: ${words}; a gateway makes one, and so does "device add"`);
  }
  const clock = systemClock();
  const store = levelStore(data, { clock });
  const registry = await openRegistry(store, data, clock);
  const shown = (id: number) => deviceJson(registry.view(id), clock);
  const keyOf = (key: string) => Buffer.from(key, "latin1").toString("hex");
  return {
    add: (device) =>
      said(async () => {
        const { id, key } = await registry.add(readNewDevice(withoutGaps(device)));
        return { ...shown(id), key: keyOf(key) };
      }),
    list: (narrowed) =>
      said(() => registry.page(narrowed, 0, Infinity).views.map((view) => deviceJson(view, clock))),
    show: (id) => said(() => shown(registry.find(id).id)),
    key: (name) =>
      said(() => {
        const { id, suite, key } = registry.find(name);
        return { id: shown(id).id, suite, key: keyOf(key) };
      }),
    amend: (id, words) =>
      said(async () => {
        await registry.amend(registry.find(id).id, readNewWords(withoutGaps(words)));
        return shown(registry.find(words.name ?? id).id);
      }),
    rekey: (name, given) =>
      said(async () => {
        const { id } = registry.find(name);
        const { key } = await registry.rekey(id, readNewKey(withoutGaps(given)));
        return { ...shown(id), key: keyOf(key) };
      }),
    remove: (id) => said(() => registry.remove(registry.find(id).id)),
    close: () => store.close(),
  };
}

async function openRegistry(
  store: Store,
  data: string,
  clock: ReturnType<typeof systemClock>,
): Promise<Registry> {
  try {
    const { devices, generation, secret, cursor } = await store.open("edit");
    const options = { generation, secret, sha256, unixSeconds: () => 0, cursor };
    const core = new Gateway(options, devices, clock.now());
    const registry = new Registry({
      core,
      store,
      clock,
      async apply(effects) {
        registry.learn(effects.commit);
        await store.commit(effects.commit);
        core.committed(effects.ticket, 0);
      },
    });
    return registry;
  } catch (error) {
    if (error instanceof StoreBusy) {
      throw new Failed(
        `--data ${data}: a gateway runs on this store; use --url (default http://127.0.0.1:8227)`,
      );
    }
    throw new Failed(`--data ${data}: ${reason(error)}`);
  }
}

async function said<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof BadInput) throw new Usage(error.message);
    if (error instanceof RegistryError) {
      throw error.kind === "bad" ? new Usage(error.message) : new Failed(error.message);
    }
    throw error;
  }
}

/** As it would arrive in JSON: what was not given is not there. */
function withoutGaps(given: object): unknown {
  return JSON.parse(JSON.stringify(given));
}
