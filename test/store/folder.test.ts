/** Folders for data, and what is said where there can be none. */

import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { makeFolder } from "../../gateway/store/folder.ts";
import { refused } from "../cli/rig.ts";
import { clearStores, folder } from "./rig.ts";

afterEach(clearStores);

describe("a folder for data", () => {
  it("is made with those it lies in, for its owner alone, and left as it is", () => {
    const above = folder();
    const path = join(above, "a", "b");
    makeFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const open = join(above, "open");
    mkdirSync(open, { mode: 0o755 });
    makeFolder(open);
    expect(statSync(open).mode & 0o777).toBe(0o755);
  });

  it("cannot be where a file is, or a link to nowhere", () => {
    const above = folder();
    const file = join(above, "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(() => makeFolder(join(file, "x"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    symlinkSync(join(above, "nowhere", "x"), join(above, "link"));
    expect(() => makeFolder(join(above, "link"))).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
  });

  it("is refused at once where the one above takes none", async () => {
    // Linux has such a folder; with Node's own way, this never returned.
    if (!existsSync("/proc/self")) return;
    const words = "--data /proc/nope: there is no such file or folder";
    await refused(1, words, "device", "add", "x", "--data", "/proc/nope");
    await refused(1, words, "gateway", "--data", "/proc/nope");
  });
});
