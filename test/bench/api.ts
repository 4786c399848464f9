/** What the benches ask of a gateway over HTTP: lists to their end, and counters. */

import type { ChangeJson, DeviceJson } from "../../gateway/http/answers.ts";

/** Of one page; the most that the gateway gives. */
const LIMIT = 1_000;

/** All devices by id. */
export async function devicesOf(url: string): Promise<Map<string, DeviceJson>> {
  const found = new Map<string, DeviceJson>();
  for (let after: string | null = ""; after !== null; ) {
    const page: Page<DeviceJson, string> = await get(url, `devices?limit=${LIMIT}${after}`);
    for (const device of page.items) found.set(device.id, device);
    after = page.next && `&after=${page.next}`;
  }
  return found;
}

/** All changes with a cursor above `after`. */
export async function changesOf(url: string, after = 0): Promise<ChangeJson[]> {
  const found: ChangeJson[] = [];
  for (let from: number | null = after; from !== null; ) {
    const page: Page<ChangeJson, number> = await get(url, `changes?limit=${LIMIT}&after=${from}`);
    found.push(...page.items);
    from = page.next;
  }
  return found;
}

/** Frames over UDP by result, since the gateway started. */
export async function framesOf(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(/^nextbeat_beats_total\{transport="udp",result="([^"]+)"\} (\S+)$/gm);
  return new Map([...lines].map(([, result, n]) => [result!, Number(n)]));
}

interface Page<Item, Next> {
  readonly items: readonly Item[];
  readonly next: Next | null;
}

async function get<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
