/**
 * Why there is no connection to the broker, in words for the person who configured it: what the
 * sockets, the certificates and the broker have as codes.
 */

import type { MqttSettings } from "./settings.ts";

/** The broker wants another version of MQTT. */
export const OLD_VERSION = "the broker does not speak this version of MQTT";
/** Of a DISCONNECT: the place of this client was taken by another of its name. */
export const TAKEN_OVER = 142;

/** Codes of CONNACK, of MQTT 3.1.1 and of 5. */
const REFUSALS: Record<number, string> = {
  1: OLD_VERSION,
  132: OLD_VERSION,
  2: "the broker refuses our name",
  133: "the broker refuses our name",
  3: "the broker is not available",
  136: "the broker is not available",
  137: "the broker is busy",
  138: "the broker has banned us",
};
const LOGIN = new Set([4, 5, 134, 135]);
const SOCKETS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such name",
  EAI_AGAIN: "the name cannot be looked up now",
  EHOSTUNREACH: "there is no way there",
  ENETUNREACH: "there is no way there",
  ETIMEDOUT: "no answer from there",
  ECONNRESET: "the broker cut the connection",
  EPIPE: "the broker cut the connection",
};
const CERTIFICATES = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|ALTNAME/;

export function whyNot(error: Error, { user, url }: MqttSettings): string {
  const { code } = error as { code?: string | number };
  if (typeof code === "number") {
    if (!LOGIN.has(code)) return REFUSALS[code] ?? error.message;
    const who = user === undefined ? "without a login" : `the login of ${JSON.stringify(user)}`;
    return `the broker refuses ${user === undefined ? `us ${who}` : who}`;
  }
  if (code !== undefined && CERTIFICATES.test(code)) {
    return `the broker's certificate is not trusted (${code}); --mqtt-ca FILE names who is`;
  }
  if (code === "EPROTO" || code?.startsWith("ERR_SSL")) {
    return `what listens at ${url.host} does not speak TLS`;
  }
  return SOCKETS[code ?? ""] ?? error.message;
}
