// The script that joins Wi-Fi, in front of the bundle: what the module of the firmware may do to
// it, and that no frame leaves without an address.

import { expect, it } from "vitest";
import { bundle, joined, VARIANTS } from "../../device/build.ts";
import { PretendFlash } from "./board-flash.ts";
import { PretendBoard, type World } from "./board-rig.ts";

const sources = new URL("../../device", import.meta.url).pathname;
const parts = ["wifi", "udp-chaskey"].map((name) => VARIANTS.find((v) => v.name === name)!);
const SILENT: World = { dice: () => 0.5, sends: () => true, replies: () => [] };
const CONFIG = {
  id: 0xbeef,
  secret: "0123456789abcdef",
  host: "gateway.example",
  port: 7227,
  own: 10_000,
  salt: "saltsalt",
  extra: "",
  ssid: "home",
  pass: "secret",
};

/** A module that joins at the second call, resolves names at the third, and loses its network. */
class PretendWifi {
  readonly asked: string[] = [];
  lost: (() => void) | undefined;
  private joins = 0;

  connect(ssid: string, { password }: { password: string }, done: (error: unknown) => void): void {
    this.asked.push(`${ssid} ${password}`);
    this.joins++;
    if (this.joins === 1) return; // the callback never comes
    done(this.joins === 2 ? "no such network" : null);
  }
  on(event: string, listener: () => void): void {
    if (event === "disconnected") this.lost = listener;
  }
  disconnect(done: () => void): void {
    this.asked.push("leave");
    done();
  }
  getDetails(): object {
    return { status: "connected" };
  }
  getHostByName(name: string, done: (address: string | null) => void): void {
    this.asked.push(name);
    done(this.joins === 3 ? null : "10.0.0.7");
  }
}

function run(script: string): { log: string[]; asked: string[] } {
  const wifi = new PretendWifi();
  const board = new PretendBoard(script, CONFIG, new PretendFlash(), SILENT, {
    modules: { Wifi: wifi },
  });
  board.runTo(120_000);
  board.log.push("lost");
  wifi.lost!();
  board.runTo(240_000);
  return { log: board.log, asked: wifi.asked };
}

it("joins, resolves once a join, and is silent without a network", async () => {
  const plain = await Promise.all(parts.map((v) => joined(v, sources)));
  const small = await Promise.all(parts.map((v) => bundle(v, sources)));
  const { log, asked } = run(plain.map((text) => `{${text}};\n`).join(""));
  expect(run(small.join(";\n"))).toEqual({ log, asked });
  const join = "home secret";
  const host = "gateway.example";
  expect(asked).toEqual([join, join, join, host, join, host, join, host]);
  const frames = log.filter((line) => / send |lost/.test(line));
  const at = (line: string): number => Number(line.split(" ")[0]);
  // Joined at the fourth try, half a minute each; lost after two minutes, joined again at once.
  expect(at(frames[0]!)).toBeGreaterThanOrEqual(90_000);
  expect(at(frames[0]!)).toBeLessThan(90_010);
  const lost = frames.indexOf("lost");
  expect(lost).toBeGreaterThan(2);
  expect(at(frames[lost + 1]!)).toBeGreaterThanOrEqual(120_000);
});
