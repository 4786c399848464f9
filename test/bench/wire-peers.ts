/**
 * Servers that wire.ts measures beside the gateway, started on loopback where they are installed:
 * Mosquitto with a listener for each client, plain or TLS 1.3, and libcoap's example server.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, mosquitto, mosquittoHere } from "../peers/mosquitto.ts";

const folder = mkdtempSync(join(tmpdir(), "nextbeat-wire-"));
const ends: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true })];

/** Where a program is; also where only root's PATH leads. */
function program(name: string): string | undefined {
  const places = `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/usr/local/sbin`;
  return places
    .split(delimiter)
    .map((place) => join(place, name))
    .find((file) => existsSync(file));
}

function run(file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: "ignore" });
  ends.push(() => void child.kill("SIGKILL"));
  return child;
}

export async function stopPeers(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

/** A certificate for 127.0.0.1 that signs itself, P-256; "" where there is no openssl. */
function certificate(): { readonly cert: string; readonly key: string } | undefined {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const args = ["req", "-x509", ...ec, ...name, "-days", "2", "-keyout", key, "-out", cert];
  return spawnSync("openssl", args, { stdio: "ignore" }).status === 0 ? { cert, key } : undefined;
}

export interface Listeners {
  /** Who signed itself. */
  readonly ca: string | undefined;
  /** A port each; of `tls` none where there is no certificate. */
  readonly plain: readonly number[];
  readonly tls: readonly number[];
}

/** Mosquitto. @param plain @param tls so many listeners of each */
export async function startMosquitto(plain: number, tls: number): Promise<Listeners | undefined> {
  if (!mosquittoHere) return undefined;
  const made = certificate();
  const ports: number[] = [];
  while (ports.length < plain - 1 + (made ? tls : 0)) ports.push(await freePort());
  const tlsLines = made
    ? [`certfile ${made.cert}`, `keyfile ${made.key}`, "tls_version tlsv1.3"]
    : [];
  const lines = ports.flatMap((port, n) => [
    `listener ${port} 127.0.0.1`,
    ...(n < plain - 1 ? [] : tlsLines),
  ]);
  const broker = await mosquitto(undefined, ["persistence false", ...lines].join("\n"));
  await broker.start();
  ends.push(() => broker.end());
  const [others, secured] = [ports.slice(0, plain - 1), ports.slice(plain - 1)];
  const ca = made && readFileSync(made.cert, "utf8");
  return { ca, plain: [broker.port, ...others], tls: secured };
}

/** Builds of libcoap's client and server that speak plain CoAP, and DTLS with a shared key. */
const COAP = {
  plain: ["notls", "openssl", "gnutls", ""],
  dtls: ["openssl", "gnutls", ""],
} as const;
const KEY = "a key of sixteen";

/** The client's pings, one a second; resolves when it has ended. Undefined: not installed. */
export async function coapPings(kind: keyof typeof COAP, seconds: number) {
  const suffix = COAP[kind].map((build) => (build === "" ? "" : `-${build}`));
  const build = suffix.find((end) => program(`coap-client${end}`) && program(`coap-server${end}`));
  if (build === undefined) return undefined;
  const base = await freePort();
  const [port, secret] = kind === "plain" ? [base, []] : [base + 1, ["-k", KEY]];
  const server = [
    "-A",
    "127.0.0.1",
    "-p",
    `${base}`,
    ...secret,
    ...(kind === "dtls" ? ["-h", "h"] : []),
  ];
  run(program(`coap-server${build}`)!, server);
  const scheme = kind === "plain" ? "coap" : "coaps";
  // It waits for an answer that comes late, and pings meanwhile.
  const url = `${scheme}://127.0.0.1:${port}/async?${seconds}`;
  const user = kind === "dtls" ? ["-u", "board"] : [];
  const flags = ["-K", "1", "-B", `${seconds + 2}`, ...secret, ...user, url];
  const done = () =>
    new Promise<void>((resolve) => {
      run(program(`coap-client${build}`)!, flags).once("exit", () => resolve());
    });
  return { port, done };
}
