// A gateway, a fifth of loss in front of it, and the script that a board would be flashed with: the
// same for the tests on the interpreter and for the bench that runs for minutes.

import { fileURLToPath } from "node:url";
import { bundle, VARIANTS } from "../../device/build.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { type LinkModel, plainLink } from "../../sim/link.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { openRelay, type Relay } from "./lossy-relay.ts";

/** A fifth of all datagrams lost each way, 5 to 25 ms of delay. */
const LOSSY: LinkModel = { ...plainLink(5), lossGood: 0.2, jitterMs: 20 };

const SOURCES = fileURLToPath(
  new URL(
    import.meta.url.includes("/dist/") ? "../../../device/" : "../../device/",
    import.meta.url,
  ),
);

export interface Flashed {
  readonly gateway: RunningGateway;
  readonly relay: Relay;
  readonly id: number;
  readonly script: string;
}

/** What a script has beside the client. */
export interface Extras {
  readonly commands: boolean;
  readonly app: string;
  /** Of the bundles in its place, joined; further fields of the configuration, as text. */
  readonly variants?: readonly string[];
  readonly config?: string;
}

/** A board of `suite` enrolled and its script made, which beats every `ownMs`. */
export async function flashed(
  suite: 1 | 2,
  ownMs: number,
  { commands, app, variants, config: more = "" }: Extras = { commands: false, app: "" },
): Promise<Flashed> {
  const gateway = await startHere(new Map());
  const id = 0xb0a0 + suite;
  const key = suite === 1 ? "a key of sixteen" : "another, sixteen";
  await gateway.registry.add({ id, name: `board-${suite}`, site: "", labels: [], suite, key });
  const relay = await openRelay(gateway.udpPort, LOSSY, 11 + suite);
  const usual = VARIANTS.find(
    (v) => v.suite === suite && v.entry === "main.ts" && v.commands === commands,
  )!;
  const parts = VARIANTS.filter((v) => (variants ?? [usual.name]).includes(v.name));
  // What stands in front of a client comes first.
  parts.sort((a, b) => Number(a.entry === "main.ts") - Number(b.entry === "main.ts"));
  const client = await Promise.all(parts.map((part) => bundle(part, SOURCES)));
  const config =
    `var NEXTBEAT={id:${id},secret:"${key}",host:"127.0.0.1",port:${relay.port},own:${ownMs},` +
    `salt:"12345678",extra:"A\\x00q1"${more}};\n`;
  return { gateway, relay, id, script: `${config}${client.join(";\n")};\n${app}` };
}
