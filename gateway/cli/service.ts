/**
 * `service install`: the gateway under systemd, as a user of its own, with the unit of
 * gateway/deploy. `service uninstall` takes the unit away and leaves data, configuration and user.
 *
 * `--root DIR` writes the same files below DIR and runs nothing: for a look beforehand, and for
 * who builds an image or a package. What lost: a package of the distribution, which would need one
 * for each; the unit is the same there.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type Streams, Usage } from "./common.ts";
import { Failed, reason } from "./errors.ts";

interface Options {
  readonly root?: string;
  readonly user: string;
  readonly start: boolean;
  readonly json?: boolean;
}

/** Tells one step: what it was about, and what was done. */
type Tell = (what: string, done: string) => void;

const UNIT = "/etc/systemd/system/nextbeat.service";
const CONFIG = "/etc/nextbeat/config.yaml";
const USER = "nextbeat";
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
/** ProtectHome hides these from the service. */
const HIDDEN = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

export function addService(program: Command, streams: Streams): void {
  const service = program.command("service").description("run the gateway under systemd");
  service
    .command("install")
    .description("make the user, the configuration and the unit, and start it")
    .option("--user <name>", "whom it runs as; made where there is none", USER)
    .option("--root <dir>", "write the files below this folder, and run nothing")
    .option("--no-start", "do not start it")
    .option("--json", "print JSON")
    .action((options: Options) => told(options, streams, (tell) => install(options, tell)));
  service
    .command("uninstall")
    .description("stop it and take the unit away; data and configuration stay")
    .option("--root <dir>", "below this folder, and run nothing")
    .option("--json", "print JSON")
    .action((options: Options) => told(options, streams, (tell) => uninstall(options, tell)));
}

/** Steps as lines while they are done, or as one list of `{what, done}` at the end. */
function told({ json }: Options, streams: Streams, act: (tell: Tell) => void): void {
  const steps: { what: string; done: string }[] = [];
  act((what, done) => {
    if (json) steps.push({ what, done });
    else streams.out(`${what}: ${done}\n`);
  });
  if (json) streams.out(`${JSON.stringify(steps)}\n`);
}

function install({ root, user, start }: Options, tell: Tell): void {
  if (!NAME.test(user)) throw new Usage(`--user: given ${user}, expected a name such as ${USER}`);
  const exec = program(root !== undefined);
  if (root === undefined) {
    needRoot("install");
    makeUser(user, tell);
  }
  const unit = shipped("nextbeat.service").replace("@EXEC@", exec).replace("@USER@", user);
  write(root, UNIT, unit, tell);
  if (existsSync(join(root ?? "/", CONFIG))) tell(CONFIG, "kept as it is");
  else write(root, CONFIG, shipped("config.yaml"), tell);
  if (root !== undefined) return;
  run("systemctl", ["daemon-reload"]);
  run("systemctl", ["enable", "nextbeat"]);
  if (!start) return;
  run("systemctl", ["restart", "nextbeat"]);
  tell("it runs", "systemctl status nextbeat, journalctl -u nextbeat");
}

function uninstall({ root }: Options, tell: Tell): void {
  const file = join(root ?? "/", UNIT);
  if (!existsSync(file)) throw new Failed(`${file}: there is no such unit`);
  if (root === undefined) {
    needRoot("uninstall");
    run("systemctl", ["disable", "--now", "nextbeat"]);
  }
  rmSync(file);
  if (root === undefined) run("systemctl", ["daemon-reload"]);
  tell(UNIT, `removed; /var/lib/nextbeat and ${CONFIG} are still there`);
}

/** What the unit starts: this node, and this very program. */
function program(anywhere: boolean): string {
  const main = realpathSync(found("main.js", ["../", "../../dist/gateway/"]));
  const node = realpathSync(process.execPath);
  for (const path of anywhere ? [] : [main, node]) {
    if (!HIDDEN.some((place) => path.startsWith(place))) continue;
    throw new Failed(
      `${path}: a service cannot see homes and temporary folders; install for everybody with ` +
        '"npm pack" and "sudo npm install --global ./nextbeat-*.tgz"',
    );
  }
  // As systemd reads it: a blank or a % would be no longer part of a name.
  return [node, main].map((path) => `"${path.replaceAll("%", "%%")}"`).join(" ");
}

/** A file of gateway/deploy. */
function shipped(name: string): string {
  return readFileSync(found(name, ["../deploy/"]), "utf8");
}

/** Beside the compiled program, or beside its sources. */
function found(name: string, places: readonly string[]): string {
  for (const place of places) {
    const file = fileURLToPath(new URL(place + name, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new Failed(`${name} is not there; "npm run build" puts it in place`);
}

function write(root: string | undefined, place: string, text: string, tell: Tell): void {
  const file = join(root ?? "/", place);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o644 });
  } catch (error) {
    throw new Failed(`${file}: ${reason(error)}`);
  }
  tell(place, "written");
}

function needRoot(verb: string): void {
  if (process.getuid?.() !== 0)
    throw new Failed(`service ${verb}: only root may; try it with sudo`);
  if (!existsSync("/run/systemd/system")) {
    throw new Failed("systemd does not run this machine; --root DIR writes the files alone");
  }
}

function makeUser(user: string, tell: Tell): void {
  if (spawnSync("id", [user], { stdio: "ignore" }).status === 0) return;
  run("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user]);
  tell(`user ${user}`, "made");
}

function run(command: string, given: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, given, { encoding: "utf8" });
  if (status === 0) return;
  const why = error?.message ?? (stderr.trim() || `exit code ${status}`);
  throw new Failed(`${command} ${given.join(" ")}: ${why}`);
}
