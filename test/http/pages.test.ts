/** The dashboard's files over HTTP: those of its folder, and nothing else of the disk. */

import { mkdirSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";
import { ask, bench } from "./rig.ts";

afterEach(clearUp);

describe("pages", () => {
  it("are the files of the folder and nothing else, under a strict policy", async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/web/sub`, { recursive: true });
    writeFileSync(`${folder}/secret.js`, "no");
    writeFileSync(`${folder}/web/index.html`, "<!doctype html>hi");
    writeFileSync(`${folder}/web/a.js`, "1");
    writeFileSync(`${folder}/web/sub/b.css`, "b{}");
    writeFileSync(`${folder}/web/notes.txt`, "no");
    const { app } = await bench({ web: pathToFileURL(`${folder}/web/`) });
    for (const [path, type] of [
      ["/", "text/html; charset=utf-8"],
      ["/index.html", "text/html; charset=utf-8"],
      ["/a.js", "text/javascript; charset=utf-8"],
      ["/sub/b.css", "text/css; charset=utf-8"],
    ] as const) {
      const page = await ask(app, "GET", path);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toBe(type);
      expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(page.headers.get("x-content-type-options")).toBe("nosniff");
      const etag = page.headers.get("etag")!;
      expect((await ask(app, "GET", path, undefined, { "if-none-match": etag })).status).toBe(304);
    }
    const others = [
      "/notes.txt",
      "/../secret.js",
      "/..%2fsecret.js",
      "/sub/..%2f..%2fsecret.js",
      "/sub",
    ];
    for (const path of others) expect((await ask(app, "GET", path)).status).toBe(404);
  });
});
