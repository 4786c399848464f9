// Deafness as people and programs see it: in the event stream, in /api/v1/gateway, in the metrics
// and in the log, when it begins and when it is over.

import { afterEach, expect, it } from "vitest";
import * as kernel from "../../gateway/kernel.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { keptLog, startHere } from "../gateway/socket-rig.ts";

let gateway: RunningGateway | undefined;

afterEach(() => gateway?.stop());

/** What comes next over the stream under the name of an event. */
async function* events(url: string, name: string): AsyncGenerator<Record<string, string | null>> {
  const { body } = await fetch(`${url}/api/v1/events`);
  let text = "";
  for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const pieces = text.split("\n\n");
    text = pieces.pop()!;
    for (const event of pieces) {
      const data = event.startsWith(`event: ${name}\n`) && event.split("data: ")[1];
      if (data) yield JSON.parse(data);
    }
  }
}

it("a network that goes and comes back is told of everywhere, once each way", async () => {
  const up: kernel.Interface[] = [
    { name: "eth0", internal: false, addresses: ["192.0.2.1"], physical: true },
  ];
  const lines: string[] = [];
  const now: kernel.Interface[][] = [up];
  gateway = await startHere(new Map(), {
    udpHosts: ["0.0.0.0"],
    log: keptLog(lines),
    system: { ...kernel, interfacesUp: () => now[0]! },
  });
  const url = `http://127.0.0.1:${gateway.httpPort}`;
  const shown = async () => {
    const { deaf } = (await (await fetch(`${url}/api/v1/gateway`)).json()) as { deaf: unknown };
    return deaf;
  };
  const told = events(url, "deaf");
  const first = told.next();
  expect(await shown()).toEqual([]);
  now[0] = [];
  const { value: begun } = await first;
  expect(begun).toEqual({
    ...{ n: 1, why: "network", transport: null, to: null },
    from: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await shown()).toEqual([begun]);
  now[0] = up;
  const { value: over } = await told.next();
  expect(over).toEqual({ ...begun, to: expect.stringMatching(/Z$/) });
  expect(await shown()).toEqual([over]);
  const seconds = (Date.parse(over!.to!) - Date.parse(over!.from!)) / 1_000;
  expect(seconds).toBeGreaterThan(0.5);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counted = Number(/deaf_seconds_total\{why="network"\} (\S+)/.exec(metrics)![1]);
  expect(Math.abs(counted - seconds)).toBeLessThan(0.01);
  const said = lines.map((line) => JSON.parse(line)).filter(({ why }) => why === "network");
  expect(said.map(({ msg }) => msg)).toEqual(["deaf", "hears again"]);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await told.return(undefined);
});
