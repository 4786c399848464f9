/** The routes of the configuration as receivers: one function each that makes one attempt. */

import type { Clock } from "../clock.ts";
import type { Route } from "../routes.ts";
import type { Receiver, Send } from "./deliver.ts";
import { type Execute, execute } from "./execute.ts";
import { type Ntfy, sendNtfy } from "./ntfy.ts";
import { sendWebhook, type Webhook } from "./webhook.ts";

export type Channel =
  | (Webhook & { readonly kind: "webhook" })
  | (Ntfy & { readonly kind: "ntfy" })
  | (Execute & { readonly kind: "execute" });

export interface RouteSettings extends Route {
  readonly channel: Channel;
}

export interface NoticeSettings {
  /** Opened by a tap on a notice. */
  readonly dashboard?: URL | undefined;
  /** IANA's name; undefined: this machine's. */
  readonly timeZone?: string | undefined;
  readonly routes: readonly RouteSettings[];
}

export const NO_NOTICES: NoticeSettings = { routes: [] };

/** By the name of the route. */
export function receiversOf(routes: readonly RouteSettings[], clock: Clock): Map<string, Receiver> {
  return new Map(
    routes.map(({ name, waitMs, channel }) => [name, { waitMs, send: sendOf(channel, clock) }]),
  );
}

function sendOf(channel: Channel, clock: Clock): Send {
  switch (channel.kind) {
    case "webhook":
      return (message, stop) => {
        const unix = Math.floor(clock.wallAt(clock.now()) / 1_000);
        return sendWebhook(channel, message, unix, stop);
      };
    case "ntfy":
      return (message, stop) => sendNtfy(channel, message, stop);
    case "execute":
      return (message, stop) => execute(channel, message, stop);
  }
}
