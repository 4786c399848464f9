// What is published where the broker is slow: a device that goes leaves nothing kept behind, and
// one that only gets another key never goes.

import { expect, it, vi } from "vitest";
import { systemClock } from "../../gateway/clock.ts";
import type { Fact } from "../../gateway/facts.ts";
import { BIRTH_MS, BIRTH_ROW, Births } from "../../gateway/mqtt/births.ts";
import { Publisher } from "../../gateway/mqtt/publisher.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";

const SLOW = 300 * 1024;

it("clears what is kept of a device that goes when the broker has room, and not before", async () => {
  const bench = new Bench();
  const [goes, rekeyed] = [new Board(1), new Board(2)];
  bench.enrol(goes, rekeyed);
  const cleared: string[] = [];
  let done = (): void => {};
  const link = {
    ...{ up: true, backlog: SLOW, unsubscribe() {} },
    publish(topic: string, payload: Buffer | string) {
      if (payload === "") cleared.push(topic);
      if (topic.endsWith("000002/config")) done();
    },
  };
  const { core } = bench;
  const quiet = () => Promise.resolve();
  const clock = systemClock(0);
  const publisher = new Publisher({ core, clock, link, discovery: "ha", quiet });
  const told = (facts: readonly Fact[]) => publisher.durable(facts);
  told(core.remove(1, bench.now).commit);
  told(core.rekey({ ...rekeyed.enrolment, key: "k".repeat(16) }, bench.now).commit);
  expect(cleared).toEqual([]);
  const published = new Promise<void>((resolve) => {
    done = resolve;
  });
  link.backlog = 0;
  await published;
  const topics = ["ha/device/nextbeat_000001/config"];
  topics.push("nextbeat/000001/availability", "nextbeat/000001/presence");
  expect(cleared).toEqual(topics);
  publisher.stop();
});

it("tells all when Home Assistant is born, in rows that it can follow", () => {
  vi.useFakeTimers();
  const told: number[] = [];
  let ready = true;
  const births = new Births({ ready: () => ready, tell: (id) => told.push(id) });
  const ids = Array.from({ length: 2_000 }, (_, n) => n + 1);
  births.born(ids);
  births.born(ids.slice(0, 10));
  expect(told.length).toBe(BIRTH_ROW);
  vi.advanceTimersByTime(5 * BIRTH_MS);
  expect(told.length).toBe(6 * BIRTH_ROW);
  ready = false;
  vi.advanceTimersByTime(60_000);
  expect(told.length).toBe(6 * BIRTH_ROW);
  ready = true;
  vi.advanceTimersByTime(9_600);
  expect(told).toEqual([...ids, ...ids.slice(0, 10)]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it("says again that it is there, for readers whom the broker dropped it for", async () => {
  vi.useFakeTimers();
  const said: string[] = [];
  const link = {
    ...{ up: true, backlog: 0, unsubscribe() {} },
    publish: (topic: string, payload: Buffer | string) =>
      void (topic === "nextbeat/gateway/status" && said.push(String(payload))),
  };
  const { core } = new Bench();
  const quiet = () => Promise.resolve();
  const clock = systemClock(0);
  const publisher = new Publisher({ core, clock, link, discovery: "ha", quiet });
  publisher.up();
  await vi.advanceTimersByTimeAsync(60_500);
  expect(said).toEqual(["offline", "online", "online", "online"]);
  publisher.stop();
  vi.useRealTimers();
});
