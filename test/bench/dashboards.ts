/**
 * 10 000 devices at one change each a second, into 50 open event streams and one real page: what it
 * costs the gateway, how old a change is when it arrives, and whether the page stays responsive (no
 * task over 200 ms).
 *
 *     node dist/test/bench/dashboards.js [--devices 10000] [--streams 50] [--seconds 20]
 *
 * The serving half is real and in a process of its own: the app, the feed, HTTP. The changes are
 * made up there, ten thousand a second, since no store and no fleet would make so many; each
 * carries the instant at which it was published. Every fiftieth of a second two hundred of them go
 * out.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { portOf, serveHttp } from "../../gateway/http/serve.ts";
import type { WallChange } from "../../gateway/store/store.ts";
import { bench } from "../http/rig.ts";
import { chromium, launch } from "../peers/chromium.ts";
import { readFlags } from "./flags.ts";
import { usageOf } from "./process.ts";
import { count, mib, verdict } from "./table.ts";

const {
  devices: DEVICES,
  streams: STREAMS,
  seconds: SECONDS,
} = readFlags({
  devices: 10_000,
  streams: 50,
  seconds: 20,
});
/** Set in the environment of the child. */
const SERVE = "NEXTBEAT_BENCH_SERVE";
const BATCHES = 50;
const TASK_MAX_MS = 200;
/** What the page still does after its last row stands. */
const SETTLE_MS = 3_000;
/** Two changes are shorter than this. */
const LAST_BYTES = 600;

/** The child: serves, and publishes when it is told to. */
async function serve(): Promise<void> {
  const { app, feed, registry } = await bench({ facts: () => factsOf(feed.cursor) });
  for (let n = 1; n <= DEVICES; n++) {
    await registry.add({ name: `board-${n}`, site: `site-${n % 40}` });
  }
  const http = await serveHttp(app, 0, "127.0.0.1");
  let cursor = 0;
  let seq = 0;
  const publish = (): void => {
    const at = Date.now();
    const changes: WallChange[] = [];
    for (let n = 0; n < DEVICES / BATCHES; n++) {
      const round = Math.floor(seq / DEVICES);
      const late = round % 2 === 0;
      const id = 1 + (seq++ % DEVICES);
      const [from, to] = late ? (["present", "late"] as const) : (["late", "present"] as const);
      const cause = late ? "promise-broken" : "returned";
      changes.push({ cursor: ++cursor, id, tseq: round + 1, at, from, to, cause, incident: null });
    }
    feed.publish(changes);
  };
  process.on("message", () => setInterval(publish, 1_000 / BATCHES));
  process.send!({ port: portOf(http) });
}

function factsOf(cursor: number): object {
  const now = new Date().toISOString();
  const devices = { unknown: 0, present: DEVICES, late: 0, absent: 0, left: 0 };
  return {
    ...{ version: "bench", now, startedAt: now, clockTrusted: true, cursor, devices },
    ...{ counters: { acks: 0 }, hints: [], deaf: [], boardsAt: [] },
  };
}

/**
 * One reader of the stream: changes seen, and their ages at arrival. It finds the last change of a
 * piece alone, by its cursor: fifty that read everything would take the page's processor.
 */
class Reader {
  seen = 0;
  readonly ages: number[] = [];

  async run(url: string, signal: AbortSignal): Promise<void> {
    const response = await fetch(`${url}api/v1/events`, { signal });
    try {
      for await (const piece of response.body!) {
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        const last = bytes.toString("latin1", Math.max(0, bytes.length - LAST_BYTES));
        const [, cursor, at] = /.*"cursor":(\d+),.*?"at":"([^"]+)"/s.exec(last) ?? [];
        if (cursor === undefined) continue;
        this.seen = Number(cursor);
        this.ages.push(Date.now() - Date.parse(at!));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function measure(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    env: { ...process.env, [SERVE]: "1" },
  });
  const { port } = await new Promise<{ port: number }>((done) => child.once("message", done));
  const url = `http://127.0.0.1:${port}/`;
  const listing = await timeList(url);
  const stop = new AbortController();
  const readers = Array.from({ length: STREAMS - 1 }, () => new Reader());
  const running = readers.map((reader) => reader.run(url, stop.signal));
  const page = await openPage(url);
  const before = usageOf(child.pid!);
  child.send("go");
  await new Promise((wake) => setTimeout(wake, SECONDS * 1_000));
  const after = usageOf(child.pid!);
  const tasks = await page?.tasks();
  const seen = readers.reduce((sum, reader) => sum + reader.seen, 0);
  stop.abort();
  await Promise.all(running);
  await page?.close();
  child.kill();
  const ages = readers.flatMap((reader) => reader.ages).sort((a, b) => a - b);
  const part = (q: number) => ages[Math.floor(q * (ages.length - 1))] ?? Number.NaN;
  const cpu = (after.cpuUs - before.cpuUs) / (SECONDS * 1e6);
  console.log(`all ${count(DEVICES)} devices listed in ${listing.toFixed(0)} ms, 1 000 a page`);
  console.log(`gateway: ${(100 * cpu).toFixed(0)} % of a core, ${mib(after.rss)} resident`);
  console.log(
    `streams: ${count(seen / readers.length / SECONDS)} changes a second each, ` +
      `age at arrival ${part(0.5)} ms at half, ${part(0.99)} ms at 99 of 100`,
  );
  if (tasks === undefined) {
    console.log("no Chromium on the PATH: the page was not measured");
    return;
  }
  const found = `longest ${tasks.longest.toFixed(0)} ms, ${tasks.frames} frames drawn`;
  process.exitCode = verdict(tasks.longest <= TASK_MAX_MS, `no task over ${TASK_MAX_MS} ms`, found)
    ? 0
    : 1;
}

async function timeList(url: string): Promise<number> {
  const begun = performance.now();
  for (let after = ""; ; ) {
    const answer = await fetch(`${url}api/v1/devices?limit=1000${after}`);
    const page = (await answer.json()) as { next: string | null };
    if (page.next === null) return performance.now() - begun;
    after = `&after=${page.next}`;
  }
}

/** The dashboard in a real browser; its longest task from now on, and frames drawn. */
async function openPage(url: string) {
  const binary = chromium();
  if (binary === undefined) return undefined;
  const browser = await launch(binary);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url);
  await page
    .locator("#rows tr")
    .nth(DEVICES - 1)
    .waitFor({ state: "attached" });
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate(`
    window.seen = { longest: 0, frames: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
    const frame = () => { seen.frames++; requestAnimationFrame(frame); };
    requestAnimationFrame(frame); 0`);
  return {
    tasks: () => page.evaluate<{ longest: number; frames: number }>("seen"),
    close: () => browser.close(),
  };
}

if (process.env[SERVE]) await serve();
else await measure();
