/**
 * The dashboard's files. All of them are read once at start, and a request picks one by its exact
 * path: nothing that a request says ever becomes a path on disk, so there is nothing to traverse. A
 * static-file middleware lost to a map.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import type { Context } from "hono";
import { problem } from "./problem.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

interface Page {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Where the files lie: beside the compiled program, and beside its sources. */
export const WEB = new URL("../web/", import.meta.url);

/** Answers for every file of the folder at its own path, and for index.html at `/`. */
export function pages(folder: URL = WEB): (c: Context) => Response {
  const found = readPages(folder);
  return (c) => {
    const page = found.get(c.req.path);
    if (page === undefined) return problem(404, `there is nothing at ${c.req.path}`);
    const headers = { etag: page.etag, "cache-control": "no-cache" };
    if (c.req.header("if-none-match") === page.etag) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(new Uint8Array(page.bytes), {
      headers: { ...headers, "content-type": page.type },
    });
  };
}

function readPages(folder: URL): Map<string, Page> {
  const found = new Map<string, Page>();
  for (const name of listFiles(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(new URL(name, folder));
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    const page = { bytes, type, etag };
    found.set(`/${name}`, page);
    if (name === "index.html") found.set("/", page);
  }
  return found;
}

/** A gateway without a dashboard is still a gateway. */
function listFiles(folder: URL): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
      name.replaceAll("\\", "/"),
    );
  } catch {
    return [];
  }
}
