/**
 * Webhooks as Standard Webhooks has them: a signed body that says type, timestamp and data, under
 * an id that stays the same over retries. A receiver that remembers the ids takes each notice once,
 * whatever crashed on our side; one that does not may take one twice.
 *
 * Types: `incident.opened`, `incident.closed`, `incident.reminder`, and `gateway.test`.
 */

import { createHmac } from "node:crypto";
import type { Message } from "./message.ts";
import { type Outcome, post, type Target } from "./request.ts";

export interface Webhook extends Target {
  /** The key's bytes, out of `whsec_...`. */
  readonly secret: Buffer;
}

const PREFIX = "whsec_";
/** Bytes of a key, as the standard asks for. */
const KEY_MIN = 24;
const KEY_MAX = 64;

/** The key in `whsec_BASE64`; undefined where it is none of 24 to 64 bytes. */
export function readSecret(text: string): Buffer | undefined {
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined;
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, "base64");
  return key.length >= KEY_MIN && key.length <= KEY_MAX ? key : undefined;
}

/** `v1,BASE64`: HMAC-SHA256 over id, timestamp and body. */
export function signature(secret: Buffer, id: string, unix: number, body: string): string {
  const mac = createHmac("sha256", secret).update(`${id}.${unix}.${body}`).digest("base64");
  return `v1,${mac}`;
}

/** @param unix seconds, of this attempt: a receiver refuses what is minutes old */
export function sendWebhook(
  webhook: Webhook,
  { id, type, timestamp, data }: Message,
  unix: number,
  stop: AbortSignal,
): Promise<Outcome> {
  const body = JSON.stringify({ type, timestamp, data });
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": `${unix}`,
    "webhook-signature": signature(webhook.secret, id, unix, body),
  };
  return post(webhook, headers, body, stop);
}
