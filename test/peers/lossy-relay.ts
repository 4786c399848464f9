// A flaky link in front of a real gateway, on real sockets of loopback: what the simulator's links
// do to packets, done to datagrams. Counts what it lets through and what it loses.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { LinkModel } from "../../sim/link.ts";
import { Links, LOST } from "../../sim/links.ts";
import { Occasions } from "../../sim/occasion.ts";

export interface Relay {
  readonly port: number;
  /** Datagrams that came in, by direction. */
  readonly seen: { up: number; down: number };
  /** From now on nothing passes. */
  cut(): void;
  close(): void;
}

/** Relays one board's datagrams to `target` and back, through `model` both ways. */
export async function openRelay(target: number, model: LinkModel, seed: number): Promise<Relay> {
  const front = createSocket("udp4");
  const back = createSocket("udp4");
  front.bind(0, "127.0.0.1");
  back.bind(0, "127.0.0.1");
  await Promise.all([once(front, "listening"), once(back, "listening")]);
  const seen = { up: 0, down: 0 };
  let board = 0;
  let open = true;
  const links = new Links(seed);
  const numbers = { up: links.add(model, 1, "up"), down: links.add(model, 1, "down") };
  const occasions = new Occasions();
  const path = occasions.add();
  const pass = (direction: "up" | "down", message: Buffer, to: Socket, port: () => number) => {
    seen[direction]++;
    const now = performance.now();
    const bytes = message.toString("latin1");
    occasions[direction](path, bytes);
    const at = links.submit(numbers[direction], bytes, now, occasions.high, occasions.low);
    const passed = Buffer.from(links.frame, "latin1");
    for (const arrival of [at, links.copyAt]) {
      if (arrival === LOST) continue;
      setTimeout(() => {
        if (open) to.send(passed, port(), "127.0.0.1");
      }, arrival - now);
    }
  };
  front.on("message", (message, from) => {
    board = from.port;
    pass("up", message, back, () => target);
  });
  back.on("message", (message) => pass("down", message, front, () => board));
  return {
    port: front.address().port,
    seen,
    cut: () => {
      open = false;
    },
    close: () => {
      open = false;
      front.close();
      back.close();
    },
  };
}
