/**
 * `backup FILE`: a consistent copy of a gateway's store, of a running one over HTTP or of one that
 * is not. It is written beside its name, read back and checked, and only then given the name: a
 * file of that name is always a whole one.
 */

import { createReadStream, existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import type { Command } from "commander";
import { systemClock } from "../clock.ts";
import { readBackup } from "../store/backup.ts";
import { hasStore, levelStore } from "../store/level.ts";
import { StoreBusy } from "../store/store.ts";
import { refusal, unanswered } from "./ask.ts";
import { clientToken, type Streams, type WhereOptions, withWhere } from "./common.ts";
import { Failed, reason, Usage } from "./errors.ts";
import { Progress } from "./progress.ts";

interface Options extends WhereOptions {
  readonly force?: boolean;
}

export function addBackup(program: Command, streams: Streams): void {
  const command = program
    .command("backup <file>")
    .description("copy all that a gateway knows into one file, also while it runs")
    .option("--force", "replace the file if there is one");
  withWhere(command).action(async (file: string, options: Options) => {
    if (!options.force && existsSync(file)) {
      throw new Usage(`${file}: there is such a file; --force replaces it`);
    }
    const progress = new Progress(streams);
    const chunks = options.data === undefined ? fromGateway(options) : fromFolder(options.data);
    const part = `${file}.part`;
    try {
      const bytes = await save(chunks, part, progress);
      const records = await count(part);
      await rename(part, file);
      const words = `${records} records, ${bytes} bytes`;
      streams.out(options.json ? `${JSON.stringify({ file, records, bytes })}\n` : `${words}\n`);
    } catch (error) {
      await rm(part, { force: true });
      if (error instanceof Failed || error instanceof Usage) throw error;
      throw new Failed(`${file}: ${reason(error)}`);
    }
  });
}

/** @returns bytes written, durable */
async function save(
  chunks: AsyncIterable<Uint8Array>,
  part: string,
  progress: Progress,
): Promise<number> {
  // One that was left there may be open to others.
  await rm(part, { force: true });
  const file = await open(part, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
      progress.say(() => `${(bytes / 1e6).toFixed(1)} MB`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return bytes;
}

/** Reads the file back. @returns records in it */
async function count(part: string): Promise<number> {
  let records = 0;
  for await (const _record of readBackup(createReadStream(part))) records++;
  return records;
}

async function* fromGateway({ url, tokenFile }: Options): AsyncIterable<Uint8Array> {
  const token = clientToken(tokenFile);
  const root = url.href.endsWith("/") ? url.href : `${url.href}/`;
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(new URL("api/v1/backup", root), { headers }).catch((error) => {
    throw unanswered(url, error);
  });
  if (!response.ok || response.body === null) throw await refusal(url, response);
  yield* response.body;
}

async function* fromFolder(data: string): AsyncIterable<Uint8Array> {
  if (!hasStore(data)) throw new Failed(`--data ${data}: there is no store in it`);
  const store = levelStore(data, { clock: systemClock() });
  try {
    await store.open("edit");
  } catch (error) {
    const words = "a gateway runs on this store; use --url (default http://127.0.0.1:8227)";
    throw new Failed(`--data ${data}: ${error instanceof StoreBusy ? words : reason(error)}`);
  }
  try {
    yield* store.backup();
  } finally {
    await store.close();
  }
}
