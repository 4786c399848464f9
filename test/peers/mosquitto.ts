// Brokers on loopback that can be killed and started again on the same port: Mosquitto, where it is
// installed, and aedes in this process.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";

export interface Broker {
  readonly port: number;
  /** Ends at once; nobody is told but by their sockets. SIGTERM: what it keeps goes to disk. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  start(): Promise<void>;
  /** For good. */
  end(): Promise<void>;
}

/** A login of Mosquitto's; without one anybody may enter. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const probed = spawnSync("mosquitto", ["-h"], { encoding: "utf8" });
/** Prints its version with its help, and ends with 3 on it. */
export const mosquittoHere = /mosquitto version/.test(probed.stdout ?? "");

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A broker of a process of its own, which can be stopped where it stands, and go on. */
export interface Mosquitto extends Broker {
  signal(name: "SIGSTOP" | "SIGCONT"): void;
}

/** @param more lines of its configuration, behind those of its one listener */
export async function mosquitto(login?: Login, more = "persistence false"): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-mosquitto-"));
  const port = await freePort();
  const file = join(folder, "passwords");
  if (login) spawnSync("mosquitto_passwd", ["-b", "-c", file, login.user, login.password]);
  const entry = login ? `allow_anonymous false\npassword_file ${file}` : "allow_anonymous true";
  // Started by root it would become a user who cannot read that folder.
  const settings = `listener ${port} 127.0.0.1\n${entry}\nuser root\n${more}\n`;
  writeFileSync(join(folder, "mosquitto.conf"), settings);
  let running: ChildProcess | undefined;
  const kill = async (signal: "SIGKILL" | "SIGTERM" = "SIGKILL") => {
    const ended = running && new Promise((done) => running!.once("close", done));
    running?.kill(signal);
    await ended;
    running = undefined;
  };
  return {
    port,
    kill,
    signal: (name) => void running?.kill(name),
    async end() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
    async start() {
      running = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], { stdio: "ignore" });
      while (!(await answers(port))) await new Promise((wake) => setTimeout(wake, 20));
    },
  };
}

export async function aedes(): Promise<Broker> {
  const port = await freePort();
  let kill = async (): Promise<void> => {};
  return {
    port,
    kill: () => kill(),
    end: () => kill(),
    async start() {
      const broker = await Aedes.createBroker();
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        broker.handle(socket);
      });
      server.listen(port, "127.0.0.1");
      await new Promise((done) => server.once("listening", done));
      kill = async () => {
        kill = async () => {};
        const closed = new Promise((done) => server.close(done));
        for (const socket of sockets) socket.resetAndDestroy();
        await closed;
        await new Promise<void>((done) => broker.close(done));
      };
    },
  };
}
