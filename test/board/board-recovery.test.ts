// What a board does about silence, on the virtual interpreter and by the bundle
// that is flashed: the ladder's rungs carried out and told, Wi-Fi that only seems to be there, and
// the words of a board that cannot run a bundle at all.

import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { decodeUp } from "../../device/decode.ts";
import { EXT_RECOVERY, readExtensions } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { GATEWAY, REBOOT, REJOIN, SOCKET } from "../../device/ladder.ts";
import { coldBoot } from "../../device/state.ts";
import { HEARTBEAT, HELLO } from "../../device/wire.ts";
import { PretendFlash } from "./board-flash.ts";
import { APP, FINE, HOUR, type Kind, Sleeper } from "./board-life.ts";
import type { Peer } from "./board-net.ts";
import { PretendBoard, type World } from "./board-rig.ts";

const OWN = 60_000;
const sources = new URL("../../device", import.meta.url).pathname;
const script = async (...names: string[]) => {
  const parts = names.map((name) => bundle(VARIANTS.find((v) => v.name === name)!, sources));
  return (await Promise.all(parts)).join(";\n");
};
const AWAKE = await script("wifi", "udp-chaskey-sleep");
const LEAN = await script("wifi", "udp-chaskey");
const awake = (kind: Kind = {}, text = AWAKE) =>
  new Sleeper(text, { ...kind, config: { own: OWN, reach: 0, ...kind.config } });

/** Extension 14 of each beat, 0 where there is none. */
const recoveries = (s: Sleeper): number[] =>
  s.frames.flatMap(({ type, frame }) => {
    const up = decodeUp(frame, 8);
    if (type !== HEARTBEAT || typeof up === "string" || up.type !== HEARTBEAT) return [];
    const found = readExtensions(up.ext, 0)?.find((e) => e.type === EXT_RECOVERY);
    return [found ? found.value.charCodeAt(0) : 0];
  });
const sockets = (s: Sleeper) =>
  [...s.lives.flatMap(({ log }) => log), ...s.board.log].filter((l) => / socket$/.test(l)).length;

describe("the ladder, carried out", () => {
  it("opens sockets, joins anew, tries the next gateway, reboots, and tells it", () => {
    const more = [["second.example", 7228, 0]];
    const s = awake({ config: { more } });
    s.live(10 * OWN);
    expect([sockets(s), s.wifi.asked]).toEqual([1, ["home secret", "gateway.example"]]);
    s.loss = 1;
    s.live(6 * HOUR);
    expect(sockets(s)).toBeGreaterThan(3);
    const rejoins = s.asked.filter((asked) => asked === "leave").length;
    expect(rejoins).toBeGreaterThan(1);
    expect(s.asked).toContain("second.example");
    const reboots = s.lives.filter(({ why }) => why === "reboot").length;
    expect(reboots).toBeGreaterThanOrEqual(1);
    expect(reboots).toBeLessThan(6);
    s.loss = 0;
    s.live(2 * HOUR);
    expect(s.view.status).toBe("present");
    expect(recoveries(s).find((bits) => bits & REBOOT)! & (SOCKET | REJOIN | GATEWAY)).toBe(
      SOCKET | REJOIN | GATEWAY,
    );
    // Told until acknowledged, and no longer.
    expect(recoveries(s).at(-1)).toBe(0);
    expect(s.flash.files.get("nbk")!.charCodeAt(7)).toBe(0);
    expect(s.wrong).toEqual([]);
  });

  it("recovers where the module says that it is connected and no frame leaves", () => {
    const s = awake();
    s.live(10 * OWN);
    const { asked } = s.wifi;
    // No frame passes until it has joined once more.
    const joins = (nth: number) => {
      if (nth > 1) s.loss = 0;
      return 1_000;
    };
    s.change({ air: { ...FINE, joins }, loss: 1 });
    s.wifi.air = s.air;
    s.live(20 * OWN);
    expect(asked.filter((what) => what === "leave")).toEqual(["leave"]);
    expect(s.view.status).toBe("present");
    expect(recoveries(s).some((bits) => bits & REJOIN)).toBe(true);
  });

  it("joins again after a loss that it is told of, or finds at its next look", () => {
    for (const told of [true, false]) {
      const s = awake();
      s.live(5 * OWN);
      s.wifi.lose(told);
      if (!told) s.wifi.status = "off";
      s.live(OWN);
      expect(s.wifi.asked.filter((what) => what === "home secret").length).toBe(2);
      s.live(OWN);
      expect(s.view.status).toBe("present");
    }
  });

  it("is a new socket and Wi-Fi joined anew in the lean bundle", () => {
    const s = awake({ app: "" }, LEAN);
    s.live(10 * OWN);
    s.loss = 1;
    s.live(6 * HOUR);
    expect(sockets(s)).toBeGreaterThan(1);
    expect(s.wifi.asked).toContain("leave");
    s.loss = 0;
    s.live(2 * HOUR);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });
});

it("waits before it joins where first beats are spread (extension 13): hash(id, epoch)", () => {
  const s = awake();
  s.live(5 * OWN);
  s.powerOn();
  const { now, core } = s.bench;
  s.live(OWN);
  const wait = crc32(`${s.pen.id}/${core.view(s.pen.id, now)!.epoch}`) % intervalMs(s.spread);
  expect(s.beatsAt.find((at) => at > now)! - now - wait).toBeCloseTo(1_522, -1);
});

describe("light sleep", () => {
  it("is the radio's power save, and the socket stays open", () => {
    const s = awake({ config: { reach: 1 } });
    s.live(HOUR);
    expect(s.wifi.asked).toContain("powersave ps-poll");
    expect([sockets(s), s.lives.length, s.view.reach]).toEqual([1, 0, 1]);
    s.send("on");
    s.live(2 * OWN);
    expect(s.did).toEqual(["on"]);
  });
});

describe("a sleeper whose network goes amid a wake", () => {
  it("is awake for half a minute, and the sender keeps what it knew", () => {
    const s = awake({ config: { own: 5 * OWN, reach: 2 } });
    s.live(15 * OWN);
    s.loss = 1;
    const beats = s.beatsAt.length;
    while (s.beatsAt.length === beats) s.live(50);
    s.wifi.lose(true);
    s.live(5 * OWN);
    s.loss = 0;
    s.live(20 * OWN);
    expect(s.lives.filter(({ awake }) => awake > 25_000).length).toBe(1);
    expect(s.view.status).toBe("present");
    // It says HELLO once in its life.
    expect(s.frames.filter(({ type }) => type === HELLO).length).toBe(1);
    expect(s.wrong).toEqual([]);
  });
});

describe("a sleeper over MQTT", () => {
  const own = { own: 5 * OWN, way: 1, port: 1883 };

  it("connects, beats, obeys, says goodbye and sleeps", async () => {
    const s = new Sleeper(await script("wifi", "mqtt-chaskey-sleep"), { config: own });
    s.live(20 * OWN);
    s.send("on");
    s.live(100 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.did).toEqual(["on"]);
    expect(s.broker.goodbyes).toBe(s.lives.length);
    expect(Math.max(...s.lives.slice(1).map(({ awake }) => awake))).toBeLessThan(4_000);
    expect(s.lives.flatMap(({ log }) => log).filter((line) => /uncaught/.test(line))).toEqual([]);
    expect(s.wrong).toEqual([]);
  });

  it("takes UDP where no broker answers, and remembers it from wake to wake", async () => {
    const more = [["gateway.example", 7227, 0]];
    const text = await script("wifi", "both-chaskey-sleep");
    const s = new Sleeper(text, { broker: false, config: { ...own, more } });
    s.live(24 * HOUR);
    expect(s.view.status).toBe("present");
    const late = s.lives.slice(-20).flatMap(({ log }) => log);
    expect(late.filter((line) => / connect /.test(line))).toEqual([]);
    expect(s.wrong).toEqual([]);
  });
});

const SILENT: World = { dice: () => 0.5, sends: () => true, replies: () => [] };
const CONFIG = {
  ...{ id: 0xbeef, secret: "0123456789abcdef", host: "10.0.0.1", port: 7227, own: OWN },
  ...{ salt: "saltsalt", extra: coldBoot(0, "test"), ssid: "home", pass: "secret" },
};

describe("a board that cannot run a bundle says so once, and stays quiet", () => {
  it.each([
    ["udp-chaskey", { dgram: undefined }, "Module dgram not found"],
    ["mqtt-chaskey", { net: undefined }, "Module net not found"],
    ["udp-hmac", { crypto: {} }, "SHA256"],
    ["udp-hmac", { crypto: undefined }, "Module crypto not found"],
    ["udp-hmac-sleep", { dgram: undefined }, "Module dgram not found"],
  ])("%s without %o", async (name, modules, words) => {
    const text = `${await script(name)};\n${APP}`;
    const natives = { modules: modules as Record<string, object> };
    const board = new PretendBoard(text, CONFIG, new PretendFlash(), SILENT, natives);
    board.runTo(HOUR);
    const printed = board.log.filter((line) => /print|uncaught/.test(line));
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain("print nextbeat cannot run here: ");
    expect(printed[0]).toContain(words);
    expect(board.log.filter((line) => / send | socket$/.test(line))).toEqual([]);
  });

  it.each(["wifi", "wifi-espruino"])("%s without a radio", async (piece) => {
    const text = await script(piece, "udp-chaskey");
    const board = new PretendBoard(text, CONFIG, new PretendFlash(), SILENT);
    board.runTo(HOUR);
    const printed = board.log.filter((line) => /print|uncaught/.test(line));
    expect(printed.map((line) => line.replace(/^\S+ /, ""))).toEqual([
      "print nextbeat: this board has no Wi-Fi",
    ]);
    expect(board.log.filter((line) => / send /.test(line))).toEqual([]);
  });
});

describe("Espruino WiFi's module", () => {
  it("gets the broker's name as it is, joins anew when told of a loss, and when asked to", async () => {
    const asked: string[] = [];
    const listeners: Record<string, () => void> = {};
    const Wifi = {
      connect: (ssid: string, _: object, done: (error: string | null) => void) => {
        asked.push(`connect ${ssid}`);
        done(asked.length === 1 ? "WiFi connect failed: Timeout" : null);
      },
      disconnect: (done: () => void) => done(),
      on: (event: string, listener: () => void) => {
        listeners[event] = listener;
      },
    };
    const peer: Peer = { hear: () => {}, closed: () => {} };
    const world: World = { ...SILENT, accepts: () => peer };
    const text = `${await script("wifi-espruino", "mqtt-chaskey")};\nrejoin = NEXTBEAT.rejoin;`;
    const globals: { rejoin?: () => void } = {};
    const config = { ...CONFIG, host: "broker.example", port: 1883 };
    const natives = { modules: { Wifi }, globals };
    const board = new PretendBoard(text, config, new PretendFlash(), world, natives);
    board.runTo(59_000);
    expect(board.log.filter((line) => / connect /.test(line))).toEqual([]);
    board.runTo(70_000);
    const connects = board.log.filter((line) => / connect broker.example 1883$/.test(line));
    expect([asked.length, connects.length]).toEqual([2, 1]);
    listeners["disconnected"]!();
    board.runTo(200_000);
    expect(asked.length).toBe(3);
    expect(board.log.filter((line) => /uncaught/.test(line))).toEqual([]);
  });
});
