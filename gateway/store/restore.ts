/**
 * A backup file back into a data folder. The file is read twice: whole and checked before anything
 * is touched, then into a store beside the old one, which takes its place by a rename. Writing into
 * the store that is there lost: a power cut in the middle would leave half of each.
 *
 * What was accepted since the backup is known to nobody, so the store is marked: at its next start
 * no epoch is in force for any device (rule 7).
 */

import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { BadBackup, readBackup } from "./backup.ts";
import { makeFolder } from "./folder.ts";
import { folderOf, hasStore, isLocked, REPLACED } from "./level.ts";
import { RESTORED_KEY } from "./meta.ts";
import { LAYOUT } from "./records.ts";
import { CHECK, seal, open as unsealed } from "./seal.ts";
import { StoreBusy, StoreTooNew } from "./store.ts";

/** Records in one write. */
const STEP = 1_000;

/** A store lies in the folder, and nothing said that it may go. */
export class StoreThere extends Error {}

export interface RestoreOptions {
  /** A store that lies in the folder goes. */
  readonly force: boolean;
  /** Called now and then with the records that were checked and written. */
  readonly onProgress?: (checked: number, written: number) => void;
}

/**
 * Rejects, and has then changed nothing, with BadBackup, StoreThere, StoreBusy, StoreTooNew, or
 * what the disk says.
 * @returns records restored
 */
export async function restoreBackup(
  file: string,
  data: string,
  { force, onProgress = () => {} }: RestoreOptions,
): Promise<number> {
  const count = await check(file, (checked) => onProgress(checked, 0));
  if (hasStore(data)) {
    if (!force) throw new StoreThere("a store lies in it");
    if (await isLocked(data)) throw new StoreBusy("a gateway runs on this store");
  }
  makeFolder(data);
  const made = join(data, "store.restoring");
  await rm(made, { recursive: true, force: true });
  try {
    await write(file, made, (written) => onProgress(count, written));
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
  await swap(data, made);
  return count;
}

/** @returns records in the file */
async function check(file: string, onProgress: (checked: number) => void): Promise<number> {
  let count = 0;
  let layout = 0;
  for await (const [key, value] of readBackup(createReadStream(file))) {
    if (key === "mlayout") layout = layoutOf(key, value);
    if (++count % STEP === 0) onProgress(count);
  }
  if (layout === 0) throw new BadBackup("it has no layout: it is no backup of a store");
  if (layout > LAYOUT) {
    throw new StoreTooNew(
      `it has layout ${layout}; this version of nextbeat reads up to ${LAYOUT}`,
    );
  }
  return count;
}

function layoutOf(key: string, value: Buffer): number {
  try {
    return unsealed(key, value).readUInt32BE(0);
  } catch {
    return 0;
  }
}

async function write(
  file: string,
  folder: string,
  onProgress: (written: number) => void,
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const level = new ClassicLevel<string, Buffer>(folder, { valueEncoding: "buffer" });
  await level.open();
  try {
    let batch = level.batch();
    let count = 0;
    for await (const [key, value] of readBackup(createReadStream(file))) {
      batch.put(key, value);
      if (++count % STEP > 0) continue;
      await batch.write();
      batch = level.batch();
      onProgress(count);
    }
    batch.put(RESTORED_KEY, seal(RESTORED_KEY, Buffer.alloc(CHECK)));
    await batch.write({ sync: true });
  } finally {
    await level.close();
  }
}

/** Between the two renames there is no store; whoever opens it then takes the old one back. */
async function swap(data: string, made: string): Promise<void> {
  const replaced = join(data, REPLACED);
  if (existsSync(folderOf(data))) {
    await rm(replaced, { recursive: true, force: true });
    await rename(folderOf(data), replaced);
  }
  await rename(made, folderOf(data));
  const folder = await open(data, "r");
  await folder.sync();
  await folder.close();
  await rm(replaced, { recursive: true, force: true });
  await rm(join(data, "store.damaged"), { force: true });
}
