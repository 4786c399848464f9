/** Event streams: whoever comes, comes back or falls behind gets every change once, in order. */

import { describe, expect, it } from "vitest";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import { BEATS_MAX, Feed, PIECE_MAX, RING_MAX, STREAMS_MAX } from "../../gateway/http/feed.ts";
import { ask, bench, changeOf, HOST, range, slices } from "./rig.ts";

/** Reads event ids of a stream until `last` came; keeps the rest for the next call. */
function readerOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  let text = "";
  return {
    async until(last: number): Promise<number[]> {
      const ids: number[] = [];
      for (;;) {
        const events = text.split("\n\n");
        text = events.pop()!;
        for (const event of events) {
          const id = /^id: (\d+)\nevent: change/.exec(event)?.[1];
          if (id !== undefined) ids.push(Number(id));
        }
        if (ids.at(-1) === last) return ids;
        const { value, done } = await reader.read();
        if (done) return ids;
        text += Buffer.from(value).toString();
      }
    },
    async event(): Promise<string> {
      while (!text.includes("\n\n")) {
        const { value, done } = await reader.read();
        if (done) return "";
        text += Buffer.from(value).toString();
      }
      const [first = "", ...rest] = text.split("\n\n");
      text = rest.join("\n\n");
      return first;
    },
    cancel: () => reader.cancel(),
  };
}

describe("the event stream", () => {
  function feedAt(cursor: number, stored = slices(cursor)): Feed {
    return new Feed({ cursor, stored, device: (id) => ({ id: `${id}` }) as DeviceJson });
  }

  it("begins with the cursor from which a browser resumes, and tells what comes then", async () => {
    const feed = feedAt(41);
    const reader = readerOf(feed.stream(undefined)!);
    expect(await reader.event()).toBe("retry: 2000\nid: 41");
    feed.publish([changeOf(42), changeOf(43)]);
    expect(await reader.until(43)).toEqual([42, 43]);
    feed.publish([changeOf(44)]);
    expect(await reader.event()).toMatch(
      /^id: 44\nevent: change\ndata: \{"cursor":44,"id":"000001"/,
    );
    feed.close();
    expect(await reader.event()).toBe("");
  });

  it.each([0, 1, PIECE_MAX, PIECE_MAX + 1, 9_000, 9_999, 10_000, 20_000])(
    "resumes after %i without a gap or a repetition",
    async (after) => {
      const feed = feedAt(10_000);
      const reader = readerOf(feed.stream(after)!);
      feed.publish([changeOf(10_001)]);
      expect(await reader.until(10_001)).toEqual(range(Math.min(after, 10_000) + 1, 10_001));
      feed.close();
    },
  );

  it("has no gap for a reader so slow that the ring has passed it", async () => {
    const end = 3 * RING_MAX;
    const feed = feedAt(0, slices(end));
    const slow = readerOf(feed.stream(0)!);
    feed.publish(range(1, 64).map(changeOf));
    expect(await slow.until(64)).toEqual(range(1, 64));
    for (let cursor = 65; cursor <= end; cursor += 64) {
      feed.publish(range(cursor, Math.min(end, cursor + 63)).map(changeOf));
    }
    expect(await slow.until(end)).toEqual(range(65, end));
    feed.close();
  });

  it("writes what came together as one piece", async () => {
    const feed = feedAt(0);
    const reader = feed.stream(undefined)!.getReader();
    await reader.read();
    const waiting = reader.read();
    feed.publish(range(1, 100).map(changeOf));
    const { value } = await waiting;
    expect(
      Buffer.from(value!)
        .toString()
        .match(/event: change/g),
    ).toHaveLength(100);
    feed.close();
  });

  it("tells of devices heard, merged, at most so many at once", async () => {
    const feed = feedAt(7);
    feed.heard(1);
    const reader = readerOf(feed.stream(undefined)!);
    await reader.event();
    for (let id = 1; id <= BEATS_MAX + 1; id++) {
      feed.heard(id);
      feed.heard(id);
    }
    const [event, data] = (await reader.event()).split("\n");
    expect(event).toBe("event: beats");
    expect(JSON.parse(data!.slice(6)).items).toHaveLength(BEATS_MAX);
    const rest = (await reader.event()).split("\n")[1]!;
    expect(JSON.parse(rest.slice(6)).items).toEqual([{ id: `${BEATS_MAX + 1}` }]);
    feed.close();
  });

  it("is limited in number, and a reader that goes makes room", async () => {
    const feed = feedAt(0);
    const readers = range(1, STREAMS_MAX).map(() => feed.stream(0)!);
    expect(feed.stream(0)).toBeUndefined();
    await readers[0]!.cancel();
    expect(feed.streams).toBe(STREAMS_MAX - 1);
    expect(feed.stream(0)).toBeDefined();
    feed.close();
    expect(feed.stream(0)).toBeUndefined();
    const { app } = await bench({ feed });
    expect((await ask(app, "GET", "/api/v1/events")).status).toBe(503);
  });

  it("is not opened by HEAD, which any page of the web may ask", async () => {
    const { app, feed } = await bench();
    const { status, headers } = await ask(app, "HEAD", "/api/v1/events");
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(feed.streams).toBe(0);
  });

  it("is asked for by Last-Event-ID, which wins over a cursor in the address", async () => {
    const { app, feed } = await bench();
    feed.publish(range(1, 5).map(changeOf));
    const response = await app.request("/api/v1/events?after=1", {
      headers: { ...HOST, "last-event-id": "3" },
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = readerOf(response.body!);
    expect(await reader.until(5)).toEqual([4, 5]);
    await reader.cancel();
    feed.close();
  });
});
