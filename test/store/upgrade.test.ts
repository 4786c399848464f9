/**
 * Upgrade and the way back, as gateway/upgrade.md tells people to go it: by the commands, on stores
 * and backups of the layout before, of this one, and of one to come.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, describe, expect, it } from "vitest";
import { backupOf } from "../../gateway/store/backup.ts";
import { LAYOUT } from "../../gateway/store/records.ts";
import { seal } from "../../gateway/store/seal.ts";
import type { Shelf } from "../../gateway/store/shelf.ts";
import { refused, run } from "../cli/rig.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";

afterEach(clearUp);

type Records = [string, Buffer][];
const VECTOR = new URL("../vectors/store-layout-1.json", import.meta.url);
/** A store of layout 1, byte for byte: devices 1, 3 and ffffff. */
const LAYOUT_1 = (JSON.parse(readFileSync(VECTOR, "utf8")) as [string, string][]).map(
  ([key, value]): Records[number] => [key, Buffer.from(value, "hex")],
);
const LATER = seal("mlayout", Buffer.from([0, 0, 0, LAYOUT + 1, 0, 0, 0, 0]));

async function bare<T>(
  data: string,
  use: (level: ClassicLevel<string, Buffer>) => Promise<T>,
): Promise<T> {
  const options = { valueEncoding: "buffer" } as const;
  const level = new ClassicLevel<string, Buffer>(join(data, "store"), options);
  try {
    return await use(level);
  } finally {
    await level.close();
  }
}

const records = (data: string): Promise<Records> =>
  bare(data, (level) => level.iterator().all() as Promise<Records>);

/** A backup file of these records, as the version that had them would have written it. */
async function backupFile(given: Records): Promise<string> {
  const sorted = [...given].sort(([a], [b]) => (a < b ? -1 : 1));
  const range = async function* () {
    yield* sorted;
  };
  const chunks: Buffer[] = [];
  for await (const chunk of backupOf({ range } as unknown as Shelf)) chunks.push(chunk);
  const file = join(temporaryFolder(), "before.nextbeat");
  writeFileSync(file, Buffer.concat(chunks));
  return file;
}

/** A store of this version, with one device. */
async function filled(): Promise<string> {
  const data = temporaryFolder();
  await run("device", "add", "shed", "--data", data);
  return data;
}

const ids = async (data: string) =>
  JSON.parse((await run("device", "ls", "--json", "--data", data)).out).map(
    ({ id }: { id: string }) => id,
  );

describe("upgrade", () => {
  it("a backup of layout 1 is restored by this version, and brought up when it is opened", async () => {
    const file = await backupFile(LAYOUT_1);
    const data = join(temporaryFolder(), "new");
    expect(await run("restore", file, "--data", data)).toMatchObject({ code: 0, err: "" });
    expect(await ids(data)).toEqual(["000001", "000003", "ffffff"]);
    const layout = (await records(data)).find(([key]) => key === "mlayout")![1];
    expect(layout.readUInt32BE(0)).toBe(LAYOUT);
    // And so it is kept: a backup of it now is one of today's.
    const again = join(temporaryFolder(), "again");
    expect((await run("backup", again, "--data", data)).code).toBe(0);
    const twice = join(temporaryFolder(), "twice");
    expect((await run("restore", again, "--data", twice)).code).toBe(0);
    expect(await ids(twice)).toEqual(["000001", "000003", "ffffff"]);
  });
});

describe("the way back", () => {
  it("a store of a newer version is refused in words and left alone; the backup brings back", async () => {
    const data = await filled();
    const file = join(temporaryFolder(), "before.nextbeat");
    await run("backup", file, "--data", data);
    await run("device", "add", "came-after", "--data", data);
    await bare(data, (level) => level.put("mlayout", LATER));
    const before = await records(data);
    const reads = `this version of nextbeat reads up to ${LAYOUT}`;
    const words = `the store has layout ${LAYOUT + 1}; ${reads}`;
    const ports = ["--udp-port", "0", "--http-port", "0", "--udp-host", "127.0.0.1"];
    await refused(1, words, "gateway", "--data", data, ...ports);
    await refused(1, 'or "nextbeat restore" a backup', "gateway", "--data", data, ...ports);
    await refused(1, words, "device", "ls", "--data", data);
    await refused(1, words, "backup", join(data, "b"), "--data", data);
    expect(await records(data)).toEqual(before);

    // Beside it, the newer store stays for who goes forward again; with --force it goes.
    const beside = join(temporaryFolder(), "beside");
    expect((await run("restore", file, "--data", beside)).code).toBe(0);
    expect(await records(data)).toEqual(before);
    expect((await run("restore", file, "--force", "--data", data)).code).toBe(0);
    for (const place of [beside, data]) expect(await ids(place)).toEqual(["000001"]);
  });

  it("a backup of a newer version is refused in words, and the store that lies there stays", async () => {
    const data = await filled();
    const newer = LAYOUT_1.map(([key, value]): Records[number] => [
      key,
      key === "mlayout" ? LATER : value,
    ]);
    const file = await backupFile(newer);
    const words = `it has layout ${LAYOUT + 1}; this version of nextbeat reads up to ${LAYOUT}`;
    await refused(2, words, "restore", file, "--force", "--data", data);
    expect(await ids(data)).toEqual(["000001"]);
  });
});
