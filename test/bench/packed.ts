/**
 * A newcomer's first hour, from the packed tarball in an empty folder without a compiler: install,
 * start, enrol two devices, run their scripts on the board's interpreter over UDP and over MQTT,
 * look at the dashboard, command one, let it die, ask why. Then ten thousand devices from a
 * spreadsheet.
 *
 *     node dist/test/bench/packed.js [--pictures DIR] [--devices 10000]
 *
 * Every step is a command of the installed program or a look at its page in a real browser, with
 * pictures in both schemes and at 390 px. Where there is no interpreter or no browser, what needs
 * them is left out, and it says so.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { interpreter } from "../../device/interpreter.ts";
import { chromium, launch } from "../peers/chromium.ts";
import {
  child,
  command,
  type Installed,
  install,
  type Started,
  startGateway,
} from "./installed.ts";
import { rest, temporaryFolder, usageOf } from "./process.ts";
import { count, median, mib, table, verdict } from "./table.ts";

const { values } = parseArgs({
  options: {
    pictures: { type: "string" },
    devices: { type: "string", default: "10000" },
  },
});
const DEVICES = Number(values.devices);
const START_MAX_MS = 3_000;
const STARTS = 3;
const INTERVAL = "2s";
const REDRAWN_MS = 400;
/** A board may be long in dying. */
const PATIENCE_MS = 300_000;
const APP = `NEXTBEAT.onCommand = (payload) => "did " + payload;
NEXTBEAT.battery = () => 84;
NEXTBEAT.signal = () => -61;
`;

const place = temporaryFolder();
const pictures = values.pictures ?? join(place, "pictures");
mkdirSync(pictures, { recursive: true });
const say = (text: string) => console.log(text);
const rows: [string, string][] = [];

const rowOf = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("button", { name, exact: true }) });

/** The page as it is now, in both schemes, wide and on a phone. */
async function picture(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [
      [390, 844],
      [1280, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      // What is drawn by hand is drawn again in the frames after this.
      await page.waitForTimeout(REDRAWN_MS);
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`) });
    }
  }
}

/** Enrols a device and runs its script on the interpreter. */
async function board(
  installed: Installed,
  { http }: Started,
  espruino: string,
  name: string,
  to: readonly string[],
) {
  const url = ["--url", `http://127.0.0.1:${http}`];
  const folder = join(place, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "app.js"), APP);
  await command(installed, "device", "add", name, "--site", "garden", ...url);
  const files = ["--app", join(folder, "app.js"), "-o", join(folder, "board.js")];
  const rest = ["--board", "linux", "--interval", INTERVAL, ...to, ...files, ...url];
  say((await command(installed, "device", "bundle", name, ...rest)).trimEnd());
  return child(espruino, ["board.js"], { cwd: folder, stdio: "ignore" });
}

async function story(installed: Installed, gateway: Started): Promise<boolean> {
  const espruino = interpreter();
  if (!espruino) {
    say("no espruino interpreter on the PATH: no boards, and no pictures of them");
    return true;
  }
  const url = ["--url", `http://127.0.0.1:${gateway.http}`];
  const local = (port: number) => `127.0.0.1:${port}`;
  const udp = ["--gateway", local(gateway.udp)];
  const shed = await board(installed, gateway, espruino, "shed-07", udp);
  const mqtt = ["--mqtt", local(gateway.broker)];
  await board(installed, gateway, espruino, "greenhouse", mqtt);
  const view = await watch(gateway);
  await view.until("present", "shed-07", "greenhouse");
  await sleep(20_000);
  await view.picture("1-present");

  const answers: string[] = [];
  for (const name of ["shed-07", "greenhouse"]) {
    const sent = await command(installed, "send", name, "pump on", "--wait", "--json", ...url);
    answers.push(JSON.parse(sent).result);
  }
  await view.open("shed-07");
  await view.picture("2-answered");
  const begun = performance.now();
  shed.kill("SIGKILL");
  await view.until("absent", "shed-07");
  rows.push([
    "death to absent, beats every 2 s",
    `${((performance.now() - begun) / 1000).toFixed(1)} s`,
  ]);
  await view.picture("3-absent");
  await view.close();
  say(`\n${await command(installed, "explain", "shed-07", ...url)}`);
  const heard = answers.every((answer) => answer === "did pump on");
  return verdict(heard, "both boards answered a command", answers.join(", "));
}

/** The dashboard; without a browser, the same questions to the API. */
async function watch({ http }: Started) {
  const address = `http://127.0.0.1:${http}/`;
  const binary = chromium();
  if (!binary) {
    say("no Chromium on the PATH: no pictures");
    return {
      async until(wanted: string, ...names: string[]): Promise<void> {
        for (const name of names) {
          while ((await shown(address, name)) !== wanted) await sleep(100);
        }
      },
      open: async (_name: string) => {},
      picture: async (_name: string) => {},
      close: async () => {},
    };
  }
  const browser = await launch(binary);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(address);
  return {
    async until(wanted: string, ...names: string[]): Promise<void> {
      for (const name of names)
        await rowOf(page, name).getByText(wanted, { exact: true }).waitFor();
    },
    async open(name: string): Promise<void> {
      await rowOf(page, name).getByRole("button", { name, exact: true }).click();
      const commands = page.getByRole("region", { name: "Commands" });
      await commands.getByText(/^done/).waitFor();
      await commands.evaluate((section) => section.scrollIntoView({ block: "center" }));
    },
    picture: (name: string) => picture(page, name),
    close: () => browser.close(),
  };
}

async function shown(address: string, name: string): Promise<string> {
  const answer = await fetch(`${address}api/v1/devices/${name}`);
  return ((await answer.json()) as { status: string }).status;
}

/** A spreadsheet of so many devices, over HTTP into the running gateway. */
async function crowd(installed: Installed, { pid, http }: Started): Promise<void> {
  const file = join(place, "fleet.csv");
  const lines = Array.from({ length: DEVICES }, (_, n) => `board-${n},site-${n % 40}\n`);
  writeFileSync(file, `name,site\n${lines.join("")}`);
  const before = usageOf(pid).rss;
  const begun = performance.now();
  await command(installed, "device", "import", file, "--url", `http://127.0.0.1:${http}`);
  const seconds = (performance.now() - begun) / 1000;
  await rest(pid);
  rows.push(["RSS after the story", mib(before)]);
  rows.push([`import of ${count(DEVICES)} over HTTP`, `${seconds.toFixed(1)} s`]);
  rows.push([`RSS after that import`, mib(usageOf(pid).rss)]);
}

const installed = install(place);
const data = join(place, "data");
rows.push(["tarball", `${count(installed.tarballBytes / 1000)} kB`]);
rows.push(["installed, all of node_modules", mib(installed.bytes)]);
rows.push(["packages, with ours", String(installed.packages)]);
rows.push(["install, no compiler", `${(installed.installMs / 1000).toFixed(1)} s`]);
const starts: number[] = [];
const rss: number[] = [];
for (let n = 0; n < STARTS; n++) {
  const gateway = await startGateway(installed, data);
  starts.push(gateway.listeningMs);
  await rest(gateway.pid);
  rss.push(usageOf(gateway.pid).rss);
  await gateway.stop();
}
const slowest = Math.max(...starts);
rows.push([`start to "listening", slowest of ${STARTS}`, `${(slowest / 1000).toFixed(2)} s`]);
rows.push(["RSS at start", mib(median(rss))]);
const gateway = await startGateway(installed, data);
const held = await story(installed, gateway);
await crowd(installed, gateway);
await gateway.stop();
const again = await startGateway(installed, data);
await rest(again.pid);
rows.push([`start with ${count(DEVICES)} devices`, `${(again.listeningMs / 1000).toFixed(2)} s`]);
rows.push([`RSS with ${count(DEVICES)} devices, after a start`, mib(usageOf(again.pid).rss)]);
await again.stop();
say(`\n${table(["", ""], rows)}\n\nthe store's native part: ${installed.natives.join(" ")}`);
if (values.pictures) say(`pictures: ${pictures}`);
const quick = verdict(
  slowest < START_MAX_MS,
  "up in under 3 s",
  `${(slowest / 1000).toFixed(2)} s`,
);
process.exit(held && quick ? 0 : 1);
