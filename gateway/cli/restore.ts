/**
 * `restore FILE`: a backup into a data folder that no gateway runs on. After it every board says
 * HELLO once, since nobody knows what was accepted after the backup (rule 7).
 */

import { existsSync } from "node:fs";
import type { Command } from "commander";
import { BadBackup } from "../store/backup.ts";
import { restoreBackup, StoreThere } from "../store/restore.ts";
import { StoreBusy, StoreTooNew } from "../store/store.ts";
import type { Streams } from "./common.ts";
import { Failed, reason, Usage } from "./errors.ts";
import { dataFolder } from "./gateway.ts";
import { Progress } from "./progress.ts";

interface Options {
  readonly data: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addRestore(program: Command, streams: Streams): void {
  program
    .command("restore <file>")
    .description("put a backup into a data folder; each board then says HELLO once")
    .option("--data <dir>", "the data folder of the gateway", dataFolder())
    .option("--force", "replace the store that lies in it")
    .option("--json", "print JSON")
    .action(async (file: string, { data, force = false, json }: Options) => {
      if (!existsSync(file)) throw new Usage(`${file}: there is no such file or folder`);
      const progress = new Progress(streams);
      const onProgress = (checked: number, written: number): void =>
        progress.say(() => (written > 0 ? `${written} records written` : `${checked} checked`));
      const records = await restoreBackup(file, data, { force, onProgress }).catch((error) => {
        throw refusal(error, file, data);
      });
      const words = `${records} records restored into ${data}`;
      streams.out(json ? `${JSON.stringify({ data, records })}\n` : `${words}\n`);
    });
}

function refusal(error: unknown, file: string, data: string): Error {
  const words = (error as Error).message;
  if (error instanceof BadBackup || error instanceof StoreTooNew) {
    return new Usage(`${file}: ${words}; nothing was changed`);
  }
  if (error instanceof StoreThere) {
    return new Failed(`--data ${data}: ${words}; --force replaces it, another folder spares it`);
  }
  if (error instanceof StoreBusy) return new Failed(`--data ${data}: ${words}; stop it first`);
  return new Failed(`${file} into ${data}: ${reason(error)}`);
}
