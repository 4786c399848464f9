/**
 * Whether LevelDB will find its tables whole. Each block of a table has a check sum, which LevelDB
 * compares only where it is told to, and our binding cannot tell it. So a flipped bit within the
 * keys of a block hides what stood there: an older record comes back, or none, and old beats of a
 * device that had its last one there would be fresh. The check sums of our records do not show what
 * is not found.
 *
 * ```
 * table   block...  filter block?  metaindex block  index block  footer
 * block   content  type 8 (0 plain, 1 Snappy)  CRC-32C 32 (masked, over content and type)
 * footer  metaindex handle, index handle (offset and size as varints), padding; 40 bytes; magic 64
 * ```
 * A damaged block gets a type that LevelDB does not know: it then refuses that block by itself, and
 * its repair takes the others over; what can still be read in it is saved before (salvage.ts).
 * History is looked at only before a repair: it may be nearly all of a store, and nothing hangs on
 * it that is read at the start.
 *
 * What lost: reading whole files with every start, which an SD card takes minutes for.
 */

import { closeSync, fstatSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { maskedCrc } from "./level-log.ts";
import { unpack } from "./snappy.ts";

const FOOTER = 48;
const MAGIC = Buffer.from("57fb808b247547db", "hex");
/** Type and check sum behind the content of a block. */
const TRAILER = 5;
const SNAPPY = 1;
/** A type that no block has: whoever has it was found damaged before. */
const DEAD = 0xff;
const HISTORY = "h".charCodeAt(0);

/** Where a block lies, its trailer not counted. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Takes what is asked for out of a table. */
type Read = (from: number, length: number) => Buffer;

export interface TableDamage {
  readonly path: string;
  /** The bytes that, written as `DEAD`, keep LevelDB from what is damaged. */
  readonly dead: readonly number[];
  /** Contents, unpacked, of blocks that LevelDB will then not read; as much as can be had. */
  readonly blocks: readonly Buffer[];
}

/**
 * Damaged tables in the folder of a closed store.
 * @param all also where nothing but history is damaged
 */
export function damagedTables(folder: string, all: boolean): TableDamage[] {
  const found: TableDamage[] = [];
  for (const name of readdirSync(folder).filter((file) => /^\d+\.(ldb|sst)$/.test(file))) {
    const path = join(folder, name);
    const file = openUnlessGone(path);
    if (file === undefined) continue;
    try {
      const read: Read = (from, length) => {
        const bytes = Buffer.alloc(length);
        return bytes.subarray(0, readSync(file, bytes, 0, length, from));
      };
      const damage = damageIn(read, fstatSync(file).size, all);
      if (damage.dead.length > 0) found.push({ path, ...damage });
    } finally {
      closeSync(file);
    }
  }
  return found;
}

/** A gateway that runs on this store sweeps tables away; that it runs is found out later. */
function openUnlessGone(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes LevelDB see the damage that it would not look for. */
export function showDamage(damage: readonly TableDamage[]): void {
  for (const { path, dead } of damage) {
    const file = openSync(path, "r+");
    try {
      for (const place of dead) writeSync(file, Buffer.of(DEAD), 0, 1, place);
    } finally {
      closeSync(file);
    }
  }
}

/** A table whose index is damaged is refused as a whole; its last byte stands for that. */
function damageIn(read: Read, size: number, all: boolean): Omit<TableDamage, "path"> {
  const footer = read(Math.max(0, size - FOOTER), FOOTER);
  // Whoever lacks the magic is refused by LevelDB itself.
  if (!footer.subarray(FOOTER - MAGIC.length).equals(MAGIC)) return { dead: [], blocks: [] };
  const [meta, at] = handleAt(footer, 0);
  const [index] = handleAt(footer, at);
  const fits = ({ offset, size: length }: Handle) => offset + length + TRAILER <= size - FOOTER;
  const whole = (block: Handle) => isWhole(read(block.offset, block.size + TRAILER));
  const content = (block: Handle) => contentOf(read(block.offset, block.size + 1));
  if (!fits(index)) return { dead: [size - 1], blocks: [] };
  const listed = listedIn(content(index)).filter(({ handle }) => fits(handle));
  const data = listed.filter(({ dull }) => all || !dull).map(({ handle }) => handle);
  if (!whole(index)) return { dead: [size - 1], blocks: data.map(content) };
  // What the filter is for is known to the metaindex alone, but it lies between both.
  const last = listed.at(-1)?.handle;
  const from = last === undefined ? 0 : last.offset + last.size + TRAILER;
  const filter = { offset: from, size: meta.offset - from - TRAILER };
  const others = [meta, filter].filter((block) => block.size > 0 && fits(block) && !whole(block));
  const harmed = data.filter((block) => !whole(block));
  const dead = [...harmed, ...others].map((block) => block.offset + block.size);
  return { dead, blocks: harmed.map(content) };
}

/** The blocks that an index names; `dull`: one that has nothing but history. */
function listedIn(index: Buffer): { handle: Handle; dull: boolean }[] {
  let before = 0;
  return [...entriesIn(index)].map(([key, value]) => {
    // The key is above all keys of its block, and not above those of the next one.
    const dull = before === HISTORY && key[0] === HISTORY;
    before = key[0] ?? 0;
    return { handle: handleAt(value, 0)[0], dull };
  });
}

/**
 * What can be read in a block, damaged or not. Each 16th key or so stands in full, and the end of
 * the block says where; the others have what they share with the one before. So what is beyond
 * reading ends a run, not the block.
 */
export function* entriesIn(block: Buffer): Generator<[key: Buffer, value: Buffer]> {
  for (const [from, to] of runsIn(block)) {
    let key = Buffer.alloc(0);
    for (let at = from; at < to; ) {
      const [shared, a] = varint(block, at);
      const [fresh, b] = varint(block, a);
      const [length, start] = varint(block, b);
      at = start + fresh + length;
      if (shared > key.length || at > to) break;
      key = Buffer.concat([key.subarray(0, shared), block.subarray(start, start + fresh)]);
      yield [key, block.subarray(start + fresh, at)];
    }
  }
}

function runsIn(block: Buffer): [from: number, to: number][] {
  const count = block.length < 4 ? 0 : block.readUInt32LE(block.length - 4);
  const end = block.length - 4 * (count + 1);
  if (count === 0 || end < 0) return [[0, block.length]];
  const starts = Array.from({ length: count }, (_, n) => block.readUInt32LE(end + 4 * n));
  return starts.map((from, n) => [from, Math.min(starts[n + 1] ?? end, end)]);
}

/** @param bytes a block and its type */
function contentOf(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -1);
  return bytes.at(-1) === SNAPPY ? unpack(content) : content;
}

/** Of a block with its trailer; one that is known to be damaged needs nothing more. */
function isWhole(bytes: Buffer): boolean {
  const end = bytes.length - 4;
  if (end < 1) return false;
  return bytes[end - 1] === DEAD || maskedCrc(bytes, 0, end) === bytes.readUInt32LE(end);
}

function handleAt(bytes: Buffer, at: number): [Handle, number] {
  const [offset, middle] = varint(bytes, at);
  const [size, end] = varint(bytes, middle);
  return [{ offset, size }, end];
}

/** Little-endian, seven bits a byte. @returns the number, and where the next thing begins */
function varint(bytes: Buffer, from: number): [number, number] {
  let value = 0;
  let at = from;
  for (let weight = 1; at < from + 6; weight *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 127) * weight;
    if (byte < 128) break;
  }
  return [value, at];
}
