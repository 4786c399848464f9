// Deep sleep on the virtual interpreter, by the very bundle that is flashed: its rhythm, its chains
// of sleeps, what it costs in awake time and flash when something fails, and what it says.

import { describe, expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { decodeUp } from "../../device/decode.ts";
import { readExtensions } from "../../device/extensions.ts";
import { intervalCode } from "../../device/interval.ts";
import { HEARTBEAT } from "../../device/wire.ts";
import { APP, FINE, HOUR, type Kind, Sleeper } from "./board-life.ts";

const MINUTE = 60_000;
const OWN = 300_000;
const sources = new URL("../../device", import.meta.url).pathname;
const named = (name: string) => VARIANTS.find((v) => v.name === name)!;
const parts = (name: string) =>
  Promise.all(["wifi", name].map((part) => bundle(named(part), sources)));
const scripts = {
  chaskey: (await parts("udp-chaskey-sleep")).join(";\n"),
  hmac: (await parts("udp-hmac-sleep")).join(";\n"),
};
const sleeper = (kind: Kind = {}) => new Sleeper(scripts.chaskey, kind);

/** Lives that began by the timer, without the one that runs. */
const wakes = ({ lives }: Sleeper) => lives.filter((_, n) => lives[n - 1]?.why === "sleep");
const printed = ({ lives, board }: Sleeper): string[] =>
  [...lives.flatMap(({ log }) => log), ...board.log].filter((line) => /print|uncaught/.test(line));

/** Extensions of each beat in turn: their types, and values in hex. */
function told(s: Sleeper): Record<number, string>[] {
  return s.frames.flatMap(({ type, frame }) => {
    const up = decodeUp(frame, s.pen.suite ? 8 : 2);
    if (type !== HEARTBEAT || typeof up === "string" || up.type !== HEARTBEAT) return [];
    const list = readExtensions(up.ext, 0) ?? [];
    return [
      Object.fromEntries(list.map((e) => [e.type, Buffer.from(e.value, "latin1").toString("hex")])),
    ];
  });
}

describe.each([
  ["ESP32", 1, scripts.hmac],
  ["ESP8266", 2, scripts.chaskey],
] as const)("a deep sleeper on %s, suite %i", (kind, suite, script) => {
  const s = new Sleeper(script, { chip: kind, suite });
  s.live(24 * HOUR);

  it("keeps its spacing (rule 14), and is awake for 1.6 s of each", () => {
    const at = s.beatsAt;
    const gaps = at.slice(2).map((t, n) => t - at[n + 1]!);
    expect(gaps.length).toBeGreaterThan(285);
    // What it wakes too early for comes off: joining takes always the same here.
    expect(Math.min(...gaps)).toBeGreaterThan(0.89 * OWN);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(OWN + 1_000);
    expect(s.view.status).toBe("present");
    expect(Math.max(...wakes(s).map(({ awake }) => awake))).toBeLessThan(2_200);
    expect(s.wrong).toEqual([]);
    expect(printed(s)).toEqual([]);
  });

  it("writes two bytes of flash a wake, and a file in 121", () => {
    const writes = s.lives
      .slice(1)
      .flatMap(({ log }) => log.filter((line) => / write /.test(line)));
    const made = writes.filter((line) => !/ write nb \d+ 0 00$/.test(line));
    expect(writes.length - made.length).toBeGreaterThan(570);
    expect(made.map((line) => line.split(" ")[2])).toEqual(["nb", "nb"]);
    expect([...s.flash.files.keys()].sort()).toEqual(["nb", "nbb", "nbk"]);
    expect(s.flash.taken).toBeLessThan(1_500);
  });

  it("stays awake for 10 s at power-on, so that it can be flashed", () => {
    expect(s.lives[0]!.awake).toBeGreaterThanOrEqual(10_000);
    expect(s.lives[0]!.awake).toBeLessThan(10_200);
  });
});

describe("sleeps of more than 35 minutes", () => {
  const boots = (s: Sleeper) => s.lives.map(({ log }) => log.some((line) => / send /.test(line)));

  it.each(["ESP32", "ESP8266"] as const)("are chained on %s, without the radio", (kind) => {
    const s = sleeper({ chip: kind, config: { own: 2 * HOUR } });
    s.live(24 * HOUR);
    const at = s.beatsAt;
    const gaps = at.slice(2).map((t, n) => t - at[n + 1]!);
    expect(gaps.length).toBeGreaterThan(9);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThan(1.79 * HOUR);
      expect(gap).toBeLessThanOrEqual(2 * HOUR + 1_000);
    }
    expect(boots(s).filter((sent) => !sent).length).toBeGreaterThan(2.5 * gaps.length);
    const links = s.lives.filter((_, n) => !boots(s)[n]);
    expect(Math.max(...links.map(({ awake }) => awake))).toBeLessThan(25);
    const after = s.lives.map(({ log }) =>
      log.slice(log.findIndex((l) => /goes down/.test(l)) + 1),
    );
    if (kind === "ESP8266")
      for (const lines of after)
        expect(lines.filter((line) => !/asleep$| sleep /.test(line))).toEqual([]);
    expect(Math.max(...s.lives.map(({ ms }) => ms))).toBeLessThanOrEqual(35 * MINUTE);
    expect(s.wrong).toEqual([]);
  });

  it("end at a power-on: it beats at once, and the rest of the chain is forgotten", () => {
    const s = sleeper({ config: { own: 2 * HOUR } });
    s.live(HOUR);
    expect(s.flash.files.get("nbs")).toMatch(/\xff$/);
    const beats = s.beatsAt.length;
    s.powerOn();
    s.live(MINUTE);
    expect(s.beatsAt.length).toBe(beats + 1);
    s.live(10 * HOUR);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });

  it("go on for ever once it has left, until a power-on", () => {
    const s = sleeper({ app: `${APP}\nsetTimeout(function () { NEXTBEAT.leave(); }, 5000);` });
    s.change({ app: APP });
    s.live(HOUR);
    expect(s.view.status).toBe("left");
    const beats = s.beatsAt.length;
    s.live(30 * 24 * HOUR);
    expect(s.beatsAt.length).toBe(beats);
    s.powerOn();
    s.live(MINUTE / 3);
    expect(s.view.status).toBe("present");
  });
});

describe("awake time is bounded", () => {
  const cases: [string, Kind, number][] = [
    [
      "without an access point",
      { air: { joins: () => "no such network", resolves: () => null } },
      11_100,
    ],
    ["where DHCP never answers", { air: { joins: () => undefined, resolves: () => null } }, 11_100],
    ["where the name is not known", { air: { joins: () => 800, resolves: () => null } }, 11_100],
    [
      "where the name is never answered",
      { air: { joins: () => 800, resolves: () => undefined } },
      11_100,
    ],
    ["without a gateway", { loss: 1 }, 32_000],
  ];
  it.each(cases)("%s", (_, kind, most) => {
    const s = sleeper();
    s.live(3 * OWN);
    const before = s.view.seq;
    s.change(kind);
    s.live(24 * HOUR);
    const bad = s.lives.slice(5);
    expect(bad.length).toBeGreaterThan(30);
    expect(Math.max(...bad.map(({ awake }) => awake))).toBeLessThanOrEqual(most);
    const sleeps = bad.map(({ ms }) => ms).slice(-8);
    for (const ms of sleeps) expect(ms).toBeLessThanOrEqual(8 * OWN);
    if (!kind.loss) expect(s.view.seq).toBe(before);
    s.change({ loss: 0, air: FINE });
    s.live(9 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });

  it("with a full flash: no beat whose number is not durable, and a beat when there is room", () => {
    const s = sleeper();
    s.live(3 * OWN);
    const write = s.flash.write;
    s.flash.write = () => {
      throw new Error("no space");
    };
    const frames = s.frames.length;
    s.live(24 * HOUR);
    expect(s.frames.length).toBe(frames);
    const bad = wakes(s).slice(4);
    expect(Math.max(...bad.map(({ awake }) => awake))).toBeLessThan(32_000);
    expect(bad.length).toBeLessThan(45);
    s.flash.write = write;
    s.live(9 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });

  it("where each of the application's hooks throws, and no beat is lost by it", () => {
    const hook = (name: string) => `NEXTBEAT.${name} = function () { throw "no"; };`;
    const app = ["battery", "signal", "temperature", "onCommand"].map(hook).join("\n");
    const s = sleeper({ app });
    s.live(10 * OWN);
    s.send("on");
    s.live(3 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.beatsAt.length).toBeGreaterThanOrEqual(13);
    expect(s.commands.map(({ state, code }) => [state, code])).toEqual([["failed", 2]]);
    expect(Math.max(...wakes(s).map(({ awake }) => awake))).toBeLessThan(2_200);
  });
});

describe("what a sleeper says", () => {
  it("carries cause and firmware at power-on only", () => {
    const s = sleeper({ chip: "ESP8266" });
    s.live(5 * OWN);
    const types = told(s).map((list) => Object.keys(list).join());
    expect(types).toEqual(["4,7", "", "", "", "", ""].slice(0, types.length));
    expect(told(s)[0]![4]).toBe("01");
  });

  it("tells battery, signal, temperature and payload, and keeps the payload until it is heard", () => {
    const app = `
      NEXTBEAT.battery = function () { return 52; };
      NEXTBEAT.temperature = function () { return -3.25; };
      NEXTBEAT.send("hello");`;
    const s = sleeper({ app });
    s.live(2 * OWN);
    const last = told(s).at(-1)!;
    expect(last[3]).toBe("febb");
    expect(last[11]).toBe(Buffer.from("hello").toString("hex"));
    expect([s.view.battery, s.view.signal]).toEqual([50, -66]);
  });

  it("obeys commands in the window after its ACK, each once", () => {
    const s = sleeper({ loss: 0.3, seed: 5 });
    const payloads = Array.from({ length: 12 }, (_, n) => `order ${n}`);
    s.live(OWN);
    for (const payload of payloads) s.send(payload);
    s.live(40 * OWN);
    expect(s.commands.map(({ state }) => state)).toEqual(payloads.map(() => "done"));
    expect(s.did).toEqual(payloads);
    expect(Math.max(...wakes(s).map(({ awake }) => awake))).toBeLessThan(45_000);
  });
});

describe("first beats are spread (extension 13)", () => {
  it("at power-on only, the same for the same epoch, and within the own interval", () => {
    const s = sleeper();
    s.live(2 * OWN);
    const kept = s.flash.files.get("nbk")!;
    expect(kept.charCodeAt(6)).toBe(s.spread);
    const waits: number[] = [];
    for (let n = 0; n < 3; n++) {
      s.powerOn();
      const at = s.bench.now;
      s.live(4 * MINUTE);
      waits.push(s.beatsAt.find((t) => t > at)! - at);
    }
    expect(new Set(waits.map((ms) => Math.round(ms / 100))).size).toBe(1);
    expect(waits[0]).toBeGreaterThan(1_500);
    expect(intervalCode(waits[0]!)).toBeLessThanOrEqual(intervalCode(30_000 + 2_500));
    expect(Math.max(...wakes(s).map(({ awake }) => awake))).toBeLessThan(2_200);
  });
});
