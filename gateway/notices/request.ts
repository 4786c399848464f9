/**
 * One request with one message, and what came of it: no redirect is followed (it would lead past
 * the check of the address), no connection is kept, and nothing waits longer than its limit.
 */

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isPrivateHost, NOT_PUBLIC, publicLookup } from "./address.ts";

/** What came of one attempt. */
export interface Outcome {
  /** `gone`: this receiver wants nothing any more. */
  readonly result: "delivered" | "failed" | "gone";
  /** For people. */
  readonly why?: string;
  /** Not to be tried again before so many ms. */
  readonly retryMs?: number;
}

export interface Target {
  readonly url: URL;
  /** Addresses outside of the public internet, too. */
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
}

/** Bytes of an answer that are read; they are only for people. */
const ANSWER_MAX = 512;
const DAY_MS = 86_400_000;

/** Never rejects. */
export async function post(
  { url, allowPrivate, timeoutMs }: Target,
  headers: Readonly<Record<string, string>>,
  body: string,
  stop: AbortSignal,
): Promise<Outcome> {
  if (!allowPrivate && isPrivateHost(url.hostname)) {
    return { result: "failed", why: `${url.hostname}: ${NOT_PUBLIC}` };
  }
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await answerOf(url, headers, body, allowPrivate, AbortSignal.any([stop, late]));
  } catch (error) {
    const { code, message, errors } = error as NodeJS.ErrnoException & { errors?: Error[] };
    const words = message || errors?.[0]?.message || code || "it failed";
    const why = late.aborted ? `no answer in ${timeoutMs} ms` : words;
    return { result: "failed", why };
  }
}

function answerOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  allowPrivate: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": bytes.length, "user-agent": "nextbeat" },
      signal,
      ...(!allowPrivate && { lookup: publicLookup() }),
    });
    request.on("error", reject);
    request.on("response", (answer) => {
      let said = "";
      const done = () => {
        request.destroy();
        resolve(outcomeOf(answer.statusCode ?? 0, answer.headers["retry-after"], said));
      };
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        said += text;
        if (said.length >= ANSWER_MAX) done();
      });
      answer.on("end", done);
      // The status is the answer; that its text was cut short changes nothing.
      answer.on("error", done);
    });
    request.end(bytes);
  });
}

function outcomeOf(status: number, retryAfter: string | undefined, said: string): Outcome {
  if (status >= 200 && status < 300) return { result: "delivered" };
  const text = said.slice(0, ANSWER_MAX).replace(/\s+/g, " ").trim();
  const redirected = status >= 300 && status < 400 ? " (redirects are not followed)" : "";
  const why = `answered ${status}${redirected}${text === "" ? "" : `: ${text}`}`;
  if (status === 410) return { result: "gone", why };
  const retryMs = status === 429 || status === 503 ? retryIn(retryAfter) : undefined;
  return { result: "failed", why, ...(retryMs !== undefined && { retryMs }) };
}

/** `Retry-After`: seconds, or a date. */
function retryIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), DAY_MS);
}
