// What an application may say by mistake, to the bundle that is flashed: it changes its mind in a
// loop, hands over what is no text or no number, and takes all memory. None of it may stop the
// beats.

import { describe, expect, it } from "vitest";
import { HEARTBEAT } from "../../device/wire.ts";
import { awakeOf, OWN } from "./awake-rig.ts";

const NAMES = ["udp-chaskey-commands", "udp-chaskey-sleep"];
const awake = await awakeOf(NAMES);

const every = (ms: number, what: string) => `(function f() { setTimeout(f, ${ms}); ${what} })();`;

describe.each(NAMES)("an application (%s)", (name) => {
  it("whose alert changes faster than answers come", () => {
    for (const ms of [7, 40, 4_000]) {
      const s = awake(name, { app: `var on = 0; ${every(ms, "on = !on; NEXTBEAT.alert(on);")}` });
      s.live(3 * OWN);
      expect(s.view.status).toBe("present");
      expect(s.frames.filter(({ type }) => type !== HEARTBEAT).length).toBe(1);
      expect(s.wrong).toEqual([]);
    }
  });

  it.each([
    ["42", "42"],
    ["[1, 2, 255]", "\x01\x02\xff"],
    ["new Uint8Array([3, 4])", "\x03\x04"],
    ["undefined", "undefined"],
    ['"21 \\u20ac"', "21 \xe2\x82\xac"],
  ])("that sends %s", (payload, came) => {
    const s = awake(name, {
      app: `setTimeout(function () { NEXTBEAT.send(${payload}); }, 30000);`,
    });
    s.live(5 * OWN);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
    expect(s.view.payload).toBe(came);
  });

  it.each(["null", '""', '"?"', "true", "[]", "{}", "NaN", "(function () {})"])(
    "whose hooks say %s: nothing is known",
    (said) => {
      const hooks = ["battery", "signal", "temperature"].map((hook) => `NEXTBEAT.${hook} =`);
      const s = awake(name, { app: `${hooks.join(" ")} function () { return ${said}; };` });
      s.live(5 * OWN);
      expect(s.view).toMatchObject({ status: "present", battery: null, signal: null });
      expect(s.wrong).toEqual([]);
    },
  );

  it("whose handler gives back no text, or throws what cannot be told", () => {
    const app = `NEXTBEAT.onCommand = function (p) {
      if (p === "bytes") return [1, 255];
      if (p === "object") return {};
      if (p === "euro") return "\\u20ac";
      if (p === "thrown") throw "\\u20ac";
      if (p === "not told") throw { toString: function () { throw 1; } };
      if (p === "half") return 0.5;
      return p === "true";
    };`;
    const s = awake(name, { app });
    s.live(2 * OWN);
    const orders = ["bytes", "object", "euro", "thrown", "not told", "half", "true"];
    for (const order of orders) {
      s.send(order);
      s.live(2 * OWN);
    }
    expect(s.view.status).toBe("present");
    expect(s.commands.map(({ state, result }) => [state, result.slice(0, 9)])).toEqual([
      ["done", "\x01\xff"],
      ["failed", "TypeError"],
      ["done", "\xe2\x82\xac"],
      ["failed", "\xe2\x82\xac"],
      ["failed", ""],
      ["done", ""],
      ["done", "true"],
    ]);
    expect(s.wrong).toEqual([]);
  });

  it("that leaks what a beat needs is ended by a reboot, at most one a minute", () => {
    const s = awake(name);
    s.live(10 * OWN);
    s.board.free = 101;
    s.live(OWN);
    expect(s.lives.length).toBe(0);
    s.board.free = 99;
    s.live(10 * OWN);
    expect(s.lives.map(({ why }) => why)).toEqual(["reboot"]);
    expect(s.view.status).toBe("present");
    for (let n = 0; n < 1_000; n++) {
      s.board.free = 50;
      s.live(1_000);
    }
    expect(s.lives.length).toBeGreaterThan(10);
    expect(s.lives.length).toBeLessThan(20);
    expect(s.view.status).toBe("present");
    expect(s.wrong).toEqual([]);
  });
});
