// Commands at the gateway: what is offered when, what is told of it, over restarts. Each point of
// the acceptance list that concerns commands (9 to 12) is a test of that name.

import { describe, expect, it } from "vitest";
import { HOME } from "../gateway/gateway-bench.ts";
import { gist, HOUR, MINUTE, Post, payloads } from "./rig.ts";

describe("the acceptance list", () => {
  it("9: a command to a sleeper, the gateway's power cut before the wake: delivered once after the restart", () => {
    const post = new Post();
    post.send("open");
    post.pass(10 * MINUTE);
    post.bench.restart(5 * MINUTE);
    expect(post.states).toEqual(["queued"]);
    expect(gist(post.wake())).toBe("A+ open");
    expect(gist(post.answer(1))).toBe("A");
    expect(post.states).toEqual(["done"]);
    expect(gist(post.wake())).toBe("A");
    post.bench.restart(5 * MINUTE);
    expect(gist(post.wake())).toBe("A");
    expect(post.states).toEqual(["done"]);
  });

  it("10: a command that is never confirmed is never called done, blocks nothing, and ends on time", () => {
    const post = new Post();
    post.send("mute", 90 * MINUTE);
    post.send("open", 10 * HOUR);
    expect(payloads(post.wake())).toEqual(["mute"]);
    post.pass(50 * MINUTE);
    expect(payloads(post.wake())).toEqual(["mute"]);
    expect(post.states).toEqual(["offered", "queued"]);
    const [mute] = post.commands;
    post.pass(mute!.notAfterAt - post.bench.now - 1);
    expect(post.states).toEqual(["offered", "queued"]);
    post.pass(1);
    expect(post.commands[0]).toMatchObject({ state: "failed", code: -1, result: "" });
    expect(gist(post.wake())).toBe("A+ open");
    post.answer(2);
    expect(post.states).toEqual(["failed", "done"]);
  });

  it("11: the same command pressed five times with a supersede key: one delivery", () => {
    const post = new Post();
    for (let press = 1; press <= 5; press++) post.send(`press ${press}`, HOUR, "key");
    expect(post.states).toEqual([...new Array(4).fill("superseded"), "queued"]);
    expect(payloads(post.wake())).toEqual(["press 5"]);
    expect(gist(post.answer(1))).toBe("A");
    expect(gist(post.wake())).toBe("A");
  });

  it("11: the device is reset in between: what was sent has failed, what was not takes its place", () => {
    const post = new Post();
    for (let press = 1; press <= 3; press++) post.send(`press ${press}`, HOUR, "key");
    expect(payloads(post.wake())).toEqual(["press 3"]);
    // It loses everything after it was told, and before it answers.
    for (let press = 4; press <= 5; press++) post.send(`press ${press}`, HOUR, "key");
    expect(post.states.slice(2)).toEqual(["offered", "superseded", "queued"]);
    post.bench.meet(post.board, { promise: post.promise, reach: 2 });
    expect(post.commands[2]).toMatchObject({ state: "failed", code: -1 });
    expect(payloads(post.wake())).toEqual(["press 5"]);
    expect(post.commands[4]).toMatchObject({ cmd: 1, epoch: post.board.epoch });
  });

  it("12: what is flushed at a wake is acknowledged one by one; a second wake brings only the rest", () => {
    const post = new Post();
    for (const payload of ["a", "b", "c"]) post.send(payload);
    expect(gist(post.wake())).toBe("A+ a");
    expect(gist(post.answer(1))).toBe("b");
    post.pass(10 * MINUTE);
    expect(post.states).toEqual(["done", "offered", "queued"]);
    expect(gist(post.wake())).toBe("A+ b");
    expect(gist(post.answer(2))).toBe("c");
    expect(gist(post.answer(3))).toBe("A");
    expect(gist(post.wake())).toBe("A");
  });
});

describe("an offer", () => {
  it("goes out three times, within the 2 s that a sleeper listens, and not before the next beat", () => {
    const post = new Post();
    post.send("a");
    const said = [...post.wake(), ...post.pass(50 * MINUTE)];
    expect(gist(said)).toBe("A+ a a a");
    expect(said.at(-1)!.at - said[0]!.at).toBeLessThan(2_000);
    expect(gist([...post.wake(), ...post.pass(MINUTE)])).toBe("A+ a a a");
  });

  it("rule 8: is on disk before the COMMAND leaves; the ACK does not wait for it", () => {
    const post = new Post();
    post.send("a");
    post.bench.hold = true;
    expect(gist(post.wake())).toBe("A+");
    expect(gist(post.pass(5_000))).toBe("");
    expect(post.states).toEqual(["queued"]);
    expect(post.stored).toEqual(["queued"]);
    post.bench.settle();
    expect(gist(post.pass(0))).toBe("a");
    expect(post.stored).toEqual(["offered"]);
  });

  it("rule 8: the result is on disk before the ACK without MORE, or the next command, or any ACK", () => {
    const post = new Post();
    post.send("a");
    post.wake();
    post.bench.hold = true;
    expect(gist(post.answer(1))).toBe("");
    expect(post.states).toEqual(["offered"]);
    // The beat again: its ACK would tell that nothing waits any more.
    post.bench.receive(post.beat, HOME);
    expect(gist(post.take())).toBe("");
    post.bench.settle();
    expect(gist(post.take())).toBe("A A");
    expect(post.states).toEqual(["done"]);
  });

  it("rule 8: a crash after the RESULT and before the disk has it: offered again under its number", () => {
    const post = new Post();
    post.send("a");
    post.send("b");
    post.wake();
    post.bench.hold = true;
    post.answer(1);
    post.bench.hold = false;
    post.bench.restart(1_000);
    expect(post.states).toEqual(["offered", "queued"]);
    const [, { command } = {}] = post.wake();
    expect(command).toMatchObject({ cmd: 1, payload: "a" });
    expect(gist(post.answer(1))).toBe("b");
  });

  it("rule 3: the ACK of a duplicate says whether one is on, and opens no window", () => {
    const post = new Post();
    post.send("a");
    post.wake();
    const again = () => {
      post.bench.receive(post.beat, HOME);
      return gist(post.take());
    };
    expect(again()).toBe("A+");
    post.pass(MINUTE); // all sends are over
    expect(again()).toBe("A");
    expect(gist(post.pass(MINUTE))).toBe("");
    const done = new Post();
    done.send("a");
    done.wake();
    done.answer(1);
    done.bench.receive(done.beat, HOME);
    expect(gist(done.take())).toBe("A");
  });

  it("is not sent after its not-after, however slow the disk is", () => {
    const post = new Post();
    post.send("a", 5_000);
    post.bench.hold = true;
    post.wake();
    post.pass(5_000);
    post.bench.hold = false;
    post.bench.settle();
    expect(gist(post.pass(MINUTE))).toBe("");
    // It was offered, by the disk's word: nobody can know that it never left.
    expect(post.states).toEqual(["failed"]);
  });

  it("ends before its not-after: no third send, and failed when the wait for the second is over", () => {
    const post = new Post();
    post.send("a", 1_000);
    expect(gist([...post.wake(), ...post.pass(999)])).toBe("A+ a a");
    expect(gist(post.pass(10_000))).toBe("");
    expect(post.states).toEqual(["failed"]);
  });

  it("counts a RESULT only for its number and the last accepted beat", () => {
    const post = new Post();
    post.send("a");
    post.wake();
    const old = post.board.result(post.board.seq, 1);
    for (const cmd of [2, 65_535]) expect(gist(post.answer(cmd))).toBe("");
    post.wake();
    post.bench.receive(old);
    expect(post.states).toEqual(["offered"]);
    const counted = post.bench.counted("result", () => post.answer(1));
    expect([counted, post.states]).toEqual([1, ["done"]]);
    expect(post.bench.counted("ignored", () => post.answer(1))).toBe(1);
  });

  it.each([
    [0, "done"],
    [1, "refused"],
    [2, "failed"],
    [3, "refused"],
    [4, "failed"],
    [77, "failed"],
  ])("code %d is %s", (code, state) => {
    const post = new Post();
    post.send("a");
    post.wake();
    post.answer(1, code, "why\xff");
    expect(post.commands[0]).toMatchObject({ state, code, result: "why\xff", cmd: 1 });
  });

  it("state counts who waits, 15 for more, and so does the WELCOME", () => {
    const post = new Post();
    for (let n = 1; n <= 17; n++) {
      post.send("x");
      const [said] = post.wake();
      expect(said!.ack!.state & 15).toBe(Math.min(n, 15));
      expect(post.bench.view(post.board).waiting).toBe(n);
    }
    const welcome = post.board.welcomeOf(
      post.bench.receive(post.board.hello("12345678")),
      "12345678",
    );
    expect(welcome!.state & 15).toBe(15);
  });

  it("takes 15 s of a sleeper's time, and leaves the rest to its next wake", () => {
    const post = new Post();
    for (let n = 1; n <= 20; n++) post.send(`${n}`);
    post.wake();
    let cmd = 1;
    for (; ; cmd++) {
      post.pass(1_000);
      post.take();
      if (gist(post.answer(cmd)) === "A") break;
    }
    expect(cmd).toBe(13);
    expect(payloads(post.wake())).toEqual(["14"]);
  });

  it("wraps from 65535 to 1", () => {
    const post = new Post();
    const id = post.board.id;
    const device = post.bench.disk.devices.get(id)!;
    post.send("a");
    post.wake();
    post.answer(1);
    const [command] = post.bench.disk.archive.commandsOf(id, 0);
    const stored = [{ ...command!, cmd: 65_535 }];
    post.bench.disk.devices.set(id, {
      ...device,
      ...post.bench.disk.devices.get(id)!,
      commands: stored,
    });
    post.bench.restart(0);
    post.send("b");
    expect(post.wake().at(-1)!.command!.cmd).toBe(1);
  });
});
