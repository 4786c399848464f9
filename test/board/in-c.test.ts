/**
 * The C of device/in-c.md does what it says: compiled as it stands, and held against the vectors.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const compiler = ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);
if (!compiler) console.warn("no C compiler on the PATH: device/in-c.md is not compiled");

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");
const guide = read("../../device/in-c.md");
const vectors = JSON.parse(read("../vectors/protocol-v1.json"));

/** One question a line, one answer a line; numbers in decimal, bytes in hex, "-" for none. */
const MAIN = `
#include <stdio.h>
static size_t hex(uint8_t *out, const char *in) {
  size_t n = 0; unsigned byte;
  if (in[0] == '-') return 0;
  while (sscanf(in + 2 * n, "%2x", &byte) == 1) out[n++] = (uint8_t)byte;
  return n;
}
static void say(const uint8_t *p, size_t n) { while (n--) printf("%02x", *p++); printf("\\n"); }
int main(void) {
  char what[16], a[64], b[1200], c[64];
  unsigned long id, epoch, seq; int promise, vitals, reach;
  uint8_t key[64], m[600], bound[64], out[64];
  while (scanf("%15s", what) == 1) {
    size_t n;
    if (what[0] == 'm') {
      scanf("%lu", &id);
      printf("%llu\\n", (unsigned long long)interval_ms((int)id));
    } else if (what[0] == 'c') {
      unsigned long long ms;
      scanf("%llu", &ms);
      printf("%d\\n", interval_code(ms));
    } else if (what[0] == 't') {
      scanf("%63s %1199s", a, b);
      hex(key, a);
      n = hex(m, b);
      chaskey12(out, key, m, n);
      say(out, 16);
    } else if (what[0] == 'b') {
      scanf("%63s %lu %lu %lu %d %d %d", a, &id, &epoch, &seq, &promise, &vitals, &reach);
      hex(key, a);
      say(out, heartbeat(out, key, id, epoch, seq, promise, vitals, reach));
    } else if (what[0] == 'h') {
      scanf("%63s %lu %lu %63s %d", a, &id, &epoch, c, &reach);
      hex(key, a);
      hex(bound, c);
      say(out, hello(out, key, id, epoch, bound, reach));
    } else if (what[0] == 'a') {
      int pace = -1, more = -1;
      scanf("%63s %lu %lu %63s %1199s", a, &epoch, &seq, c, b);
      hex(key, a);
      hex(bound, c);
      n = hex(m, b);
      n = (size_t)acknowledges(m, n, key, epoch, seq, bound, &pace, &more);
      printf("%d %d %d\\n", (int)n, pace, more);
    } else if (what[0] == 'w') {
      scanf("%63s %lu %63s %1199s", a, &epoch, c, b);
      hex(key, a);
      hex(bound, c);
      n = hex(m, b);
      printf("%lu\\n", (unsigned long)welcomed(m, n, key, bound, epoch));
    }
  }
  return 0;
}
`;

describe.skipIf(!compiler)("the device in C", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "nextbeat-c-"));
    const code = /```c\n([\s\S]*?)```/.exec(guide)![1]!;
    writeFileSync(join(folder, "device.c"), code + MAIN);
    const flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result"];
    execFileSync(compiler!, [...flags, "-o", "device", "device.c"], { cwd: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (lines: string[]): string[] =>
    execFileSync(join(folder, "device"), { input: `${lines.join("\n")}\n`, encoding: "utf8" })
      .trimEnd()
      .split("\n");

  it("knows all interval codes", () => {
    const codes = vectors.intervalMs.map((_: number, at: number) => `m ${at + 1}`);
    expect(ask(codes).map(Number)).toEqual(vectors.intervalMs);
    const durations = vectors.intervalCode as [number, number][];
    expect(ask(durations.map(([ms]) => `c ${ms}`)).map(Number)).toEqual(
      durations.map(([, code]) => code),
    );
  });

  it("computes Chaskey-12", () => {
    const cases = vectors.chaskey12 as [string, string, string][];
    expect(ask(cases.map(([key, m]) => `t ${key} ${m || "-"}`))).toEqual(cases.map(([, , t]) => t));
  });

  // biome-ignore lint/suspicious/noExplicitAny: fields differ by type of frame
  const frames = (type: string): any[] =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    vectors.frames.filter((f: any) => f.suite === 2 && f.fields.type === type);

  it("makes every HEARTBEAT without extensions, and every HELLO", () => {
    const beats = frames("HEARTBEAT").filter(({ fields }) => fields.ext.length === 0);
    const hellos = frames("HELLO");
    expect(beats.length * hellos.length).toBeGreaterThan(0);
    const asked = [
      ...beats.map(({ key, epoch, seq, fields: f }) => {
        return `b ${key} ${f.id} ${epoch} ${seq} ${f.promise} ${f.vitals} ${f.reach}`;
      }),
      ...hellos.map(
        ({ key, fields: f }) => `h ${key} ${f.id} ${f.epoch} ${f.nonce} ${f.reach ?? 0}`,
      ),
    ];
    expect(ask(asked)).toEqual([...beats, ...hellos].map(({ frame }) => frame));
  });

  it("takes every ACK and WELCOME, and none with a bit changed", () => {
    const [acks, welcomes] = [frames("ACK"), frames("WELCOME")];
    expect(acks.length * welcomes.length).toBeGreaterThan(0);
    const ack = ({ key, epoch, seq, bound }: Record<string, unknown>, frame: string) =>
      `a ${key} ${epoch} ${seq} ${bound} ${frame}`;
    const welcome = ({ key, bound }: Record<string, unknown>, frame: string) =>
      `w ${key} 0 ${bound} ${frame}`;
    expect(ask(acks.map((f) => ack(f, f.frame)))).toEqual(
      acks.map(({ fields }) => `1 ${fields.pace} ${fields.more ? 1 : 0}`),
    );
    expect(ask(welcomes.map((f) => welcome(f, f.frame))).map(Number)).toEqual(
      welcomes.map(({ fields }) => fields.epoch),
    );
    const flips = (frame: string) =>
      Array.from({ length: frame.length * 4 }, (_, bit) => {
        const bytes = Buffer.from(frame, "hex");
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return bytes.toString("hex");
      });
    const [a, w] = [acks[0], welcomes[0]];
    expect(new Set(ask(flips(a.frame).map((f) => ack(a, f))))).toEqual(new Set(["0 -1 -1"]));
    expect(new Set(ask(flips(w.frame).map((f) => welcome(w, f))))).toEqual(new Set(["0"]));
  });
});
