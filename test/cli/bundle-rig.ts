// `device bundle` as a test calls it: a device enrolled in a folder, and its script made there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import { expect } from "vitest";
import { temporaryFolder } from "../gateway/socket-rig.ts";
import { run } from "./rig.ts";

export const KEY = "000102030405060708090a0b225c0d0a";

/** Bundles device `shed` with the given flags. @returns the script, and what its first line sets */
export async function bundle(data: string, ...flags: string[]) {
  const file = join(data, "out.js");
  const where = ["--data", data, "--gateway", "192.168.1.5", "-o", file];
  const said = await run("device", "bundle", "shed", ...where, ...flags);
  expect(said).toMatchObject({ code: 0, err: "" });
  const script = readFileSync(file, "latin1");
  expect(script).toMatch(/^[\x20-\x7e\n]*$/);
  const first = script.slice(0, script.indexOf("\n"));
  const config = vm.runInNewContext(`${first};NEXTBEAT`) as Record<string, string | number>;
  return { said, file, script, config };
}

export async function enrolled(suite: string): Promise<string> {
  const data = temporaryFolder();
  const key = suite === "crc16" ? [] : ["--key", KEY];
  await run("device", "add", "shed", "--id", "4d2", ...key, "--suite", suite, "--data", data);
  return data;
}
