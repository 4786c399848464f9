/** One question to a running gateway, and its answer; what it refuses is an error in its words. */

import { Failed, Usage } from "./errors.ts";

const ANSWER_MAX_MS = 10_000;
/** A gateway that is asked too often is asked again after so many seconds at most. */
const PATIENCE_S = 5;
/** Characters shown of an answer that makes no sense. */
const SHOWN_MAX = 40;

/**
 * Rejects with Failed or Usage.
 * @param token undefined = none
 * @param path after `/api/v1/`
 */
export async function request(
  base: URL,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  answerMs = ANSWER_MAX_MS,
): Promise<unknown> {
  // Only an empty id makes an empty segment; the gateway would say that there is no such page.
  if (/^[^?]*\/(?:\/|\?|$)/.test(path)) {
    throw new Usage('ID: given "", expected six hex digits or the name of a device');
  }
  const root = base.href.endsWith("/") ? base.href : `${base.href}/`;
  let response: Response;
  try {
    response = await fetch(new URL(`api/v1/${path}`, root), {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerMs),
    });
  } catch (error) {
    throw unanswered(base, error);
  }
  const wait = Number(response.headers.get("retry-after"));
  if (response.status === 429 && wait <= PATIENCE_S) {
    await new Promise((done) => setTimeout(done, wait * 1_000));
    return request(base, token, method, path, body, answerMs);
  }
  if (!response.ok) throw await refusal(base, response);
  return response.status === 204 ? undefined : objectIn(base, response);
}

/** Why nobody answered, from what `fetch` threw. */
export function unanswered(base: URL, error: unknown): Failed {
  const words = "give --url, or --data DIR for one that does not run";
  return new Failed(`no gateway answers at ${base.origin} (${whyOf(error)}); ${words}`);
}

/** What an answer that is no success says; never anything that a terminal would obey. */
export async function refusal(base: URL, response: Response): Promise<Failed | Usage> {
  const { status } = response;
  const told = (await response.json().catch(() => null)) as { detail?: unknown } | null;
  const detail = typeof told?.detail === "string" ? told.detail : "";
  const words = detail.replace(/\p{Cc}+/gu, " ").trim() || `${base.origin} answered ${status}`;
  if (status === 401 || status === 403) return new Failed(`${words} (--token-file F)`);
  return status === 400 ? new Usage(words) : new Failed(words);
}

/** Every answer of a gateway is an object: what is none came from something else. */
async function objectIn(base: URL, response: Response): Promise<object> {
  const text = await response.text().catch((error) => {
    throw new Failed(`the answer of ${base.origin} broke off (${whyOf(error)})`);
  });
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told === "object" && told !== null) return told;
  } catch {}
  const given = JSON.stringify(text.slice(0, SHOWN_MAX));
  throw new Failed(`what answers at ${base.origin} is no nextbeat gateway: it says ${given}`);
}

function whyOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
}
