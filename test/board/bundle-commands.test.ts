// The bundle with commands: after all that is done to make it small it obeys as its sources do: the
// flash first, each command once. What it costs stands in test/board/sizes.test.ts.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bundle, joined, VARIANTS, type Variant } from "../../device/build.ts";
import { coldBoot } from "../../device/state.ts";
import { computeTag } from "../../device/tag.ts";
import { COMMAND, DOWN, encodeCommand, tagInput } from "../../device/wire.ts";
import { stream } from "../../sim/random.ts";
import { refused, run } from "../cli/rig.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";
import { PretendFlash } from "./board-flash.ts";
import { PretendBoard } from "./board-rig.ts";

const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 7227);
const OWN = 2_000;
const HOUR = 3_600_000;

const sources = new URL("../../device", import.meta.url).pathname;
/** Over UDP, awake: those over MQTT and those that sleep deeply have tests of their own. */
const obeying = VARIANTS.filter((v) => v.commands && v.udp && !v.mqtt && !v.nat && !v.sleep);

afterEach(clearUp);

/** Each is made once. */
const made = new Map<string, Promise<string>>();
function bundled(variant: Variant): Promise<string> {
  const known = made.get(variant.name) ?? bundle(variant, sources);
  made.set(variant.name, known);
  return known;
}

/** It leaves a mark on flash for each command that it acts on: the log has it in its place. */
const APP = `
NEXTBEAT.onCommand = function (payload) {
  require("Storage").write("did", payload);
  if (payload.substr(0, 4) === "fail") throw "no " + payload;
  if (payload.substr(0, 4) === "deny") return 1;
  if (payload.substr(0, 4) === "long") return payload + new Array(300).join("x");
  return payload === "mute" ? undefined : "did " + payload;
};`;

/** A board that runs a script, its flash, and a gateway; a third of all frames is lost. */
class Life {
  readonly bench = new Bench();
  readonly flash = new PretendFlash();
  readonly log: string[] = [];
  readonly pen: Board;
  private readonly script: string;
  private readonly luck = stream(SEED, 1, "luck");
  private board!: PretendBoard;

  constructor(script: string, suite: number, app = APP) {
    this.pen = new Board(0xbeef, suite);
    this.script = `${script};\n${app}`;
    this.bench.enrol(this.pen);
    this.boot();
  }

  boot(): void {
    const { bench, luck } = this;
    if (this.board) this.log.push(...this.board.log, "reboot");
    const startAt = bench.now;
    const config = {
      ...{ id: this.pen.id, secret: this.pen.enrolment.key, own: OWN },
      ...{ host: "10.0.0.1", port: 7227, salt: "saltsalt", extra: coldBoot(1, "test") },
    };
    this.board = new PretendBoard(this.script, config, this.flash, {
      dice: stream(SEED, this.log.length, "dice"),
      sends: () => true,
      replies: (frame, at) => {
        if (luck() < 0.33) return [];
        bench.pass(Math.max(0, startAt + at - bench.now));
        bench.receive(frame);
        const answers = [...bench.sent];
        bench.obey(bench.core.expire(bench.now));
        return [...answers, ...bench.sent].flatMap(({ frame }, n) =>
          luck() < 0.33 ? [] : [{ frame, ms: 5 + n }],
        );
      },
    });
  }

  runFor(ms: number): void {
    this.board.runTo(this.board.now + ms);
  }

  send(payload: string): void {
    const { bench, pen } = this;
    const order = { payload, notAfterMs: HOUR, supersede: "" };
    bench.obey(bench.core.requests.send(pen.id, order, bench.now));
  }

  /** The epoch on its flash. */
  get epoch(): number {
    return Buffer.from(this.flash.files.get("nb")!, "latin1").readUInt32BE(0);
  }

  hear(frame: string): void {
    this.board.deliver(frame, 1);
  }

  get commands() {
    return this.bench.core.requests.commandsOf(this.pen.id, this.bench.now);
  }

  get all(): string[] {
    return [...this.log, ...this.board.log];
  }

  /** What it acted on, in order. */
  get did(): string[] {
    const marks = this.all.flatMap((line) => / write did 0 0 (\w+)/.exec(line)?.[1] ?? []);
    return marks.map((hex) => Buffer.from(hex, "hex").toString("latin1"));
  }
}

const ORDERS = ["on", "deny it", "fail it", "mute", "long", "off"];

describe.each(obeying)(`the bundle $name (seed ${SEED})`, (variant) => {
  it("obeys as the script from which it is made, each command once, over reboots", async () => {
    const [plain, small] = await Promise.all([joined(variant, sources), bundled(variant)]);
    const lives = [plain, small].map((script) => {
      const life = new Life(script, variant.suite);
      for (const payload of ORDERS) {
        life.send(payload);
        life.runFor(20 * OWN);
        life.boot();
      }
      life.runFor(40 * OWN);
      return life;
    });
    const [life, other] = lives as [Life, Life];
    expect(other.all).toEqual(life.all);
    expect(life.did).toEqual(ORDERS);
    const told = life.commands.map(({ state, result }) => [state, result.slice(0, 10)]);
    expect(told).toEqual([
      ["done", "did on"],
      ["refused", ""],
      ["failed", "no fail it"],
      ["done", ""],
      ["done", "longxxxxxx"],
      ["done", "did off"],
    ]);
    expect(life.commands[4]!.result).toHaveLength(239);
    // Begun is on flash before it acts, the result before the RESULT leaves.
    const steps = life.all.flatMap((line) => / write (nbc|did|nbr) /.exec(line)?.[1] ?? []);
    expect(steps).toEqual(ORDERS.flatMap(() => ["nbc", "did", "nbr"]));
  });

  it("answers what it finds begun without a result, and does not act again", async () => {
    const life = new Life(await bundled(variant), variant.suite);
    life.runFor(3 * OWN);
    life.send("on");
    while (life.did.length === 0) life.runFor(1);
    life.flash.files.delete("nbr");
    life.boot();
    life.runFor(20 * OWN);
    expect(life.commands.map(({ state, code }) => [state, code])).toEqual([["failed", 4]]);
    expect(life.did).toEqual(["on"]);
  });

  it.each(["nbc", "nbr"])("lives on with a full flash: %s cannot be written", async (file) => {
    const life = new Life(await bundled(variant), variant.suite);
    life.runFor(3 * OWN);
    const write = life.flash.write.bind(life.flash);
    life.flash.write = (name, ...rest) => {
      if (name === file) throw new Error("no space");
      return write(name, ...rest);
    };
    const { seq } = life.bench.view(life.pen);
    life.send("on");
    life.runFor(100 * OWN);
    expect(life.bench.view(life.pen).seq).toBeGreaterThan(seq + 20);
    const [command] = life.commands;
    if (file === "nbr") expect([life.did, command!.state]).toEqual([["on"], "done"]);
    else expect([life.did, command!.result]).toEqual([[], "Error: no space"]);
  });

  it("has no epoch's commands left in the next one", async () => {
    const life = new Life(await bundled(variant), variant.suite);
    life.send("one");
    life.runFor(20 * OWN);
    life.flash.files.delete("nb");
    life.boot();
    life.send("two");
    life.runFor(20 * OWN);
    expect(life.commands.map(({ state, cmd }) => [state, cmd])).toEqual([
      ["done", 1],
      ["done", 1],
    ]);
    expect(life.did).toEqual(["one", "two"]);
  });

  it("takes no command that is longer than a frame", async () => {
    const life = new Life(await bundled(variant), variant.suite);
    life.runFor(3 * OWN);
    const { pen } = life;
    const beat = life.all.flatMap((line) => / send (4.*)/.exec(line)?.[1] ?? []).at(-1)!;
    for (const bytes of [244, 243]) {
      const seq = Number.parseInt(beat.slice(8, 12), 16);
      const body = encodeCommand(seq, 9, "x".repeat(bytes), false);
      const bound = Buffer.from(beat.slice(-16), "hex").toString("latin1");
      const input = tagInput(DOWN, COMMAND, life.epoch, seq, body, bound);
      life.hear(body + computeTag(pen.key, input));
      life.runFor(100);
      expect(life.did.length).toBe(bytes === 243 ? 1 : 0);
    }
  });

  it("knows no command where the application has no handler", async () => {
    const life = new Life(await bundled(variant), variant.suite, "");
    life.send("on");
    life.runFor(20 * OWN);
    expect(life.commands.map(({ state, code }) => [state, code])).toEqual([["refused", 3]]);
  });
});

describe("device bundle", () => {
  it("takes commands where it is told to, or where the application has a handler", async () => {
    const data = temporaryFolder();
    const where = ["--data", data];
    await run("device", "add", "shed", ...where);
    await run("device", "add", "bench", "--suite", "crc16", ...where);
    writeFileSync(join(data, "app.js"), APP);
    writeFileSync(join(data, "dull.js"), "setWatch(f,BTN);\n");
    const client = async (...flags: string[]) => {
      const out = ["--gateway", "10.0.0.1", "-o", join(data, "out.js"), "--json"];
      const said = await run("device", "bundle", "shed", ...where, ...out, ...flags);
      return (JSON.parse(said.out) as { client: number }).client;
    };
    const plain = await client();
    const obeys = await client("--commands");
    expect(obeys - plain).toBeGreaterThan(700);
    expect(await client("--app", join(data, "app.js"))).toBe(obeys);
    expect(await client("--app", join(data, "dull.js"))).toBe(plain);
    const flags = ["--gateway", "10.0.0.1", "-o", join(data, "no.js"), "--commands"];
    await refused(2, "suite 0 (crc16) has none", "device", "bundle", "bench", ...where, ...flags);
  });
});
