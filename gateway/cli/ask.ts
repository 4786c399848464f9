/** One question to a running gateway, and its answer; what it refuses is an error in its words. */

import { Failed, Usage } from "./errors.ts";

const ANSWER_MAX_MS = 10_000;
/** A gateway that is asked too often is asked again after so many seconds at most. */
const PATIENCE_S = 5;

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
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    const why = cause?.code ?? cause?.message ?? (error as Error).message;
    throw new Failed(
      `no gateway answers at ${base.origin} (${why}); ` +
        "give --url, or --data DIR for one that does not run",
    );
  }
  const wait = Number(response.headers.get("retry-after"));
  if (response.status === 429 && wait <= PATIENCE_S) {
    await new Promise((done) => setTimeout(done, wait * 1_000));
    return request(base, token, method, path, body, answerMs);
  }
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const told = (await response.json().catch(() => ({}))) as { detail?: string };
  throw refusal(base, response.status, told);
}

function refusal(base: URL, status: number, { detail }: { detail?: string }): Error {
  const words = detail ?? `${base.origin} answered ${status}`;
  if (status === 401 || status === 403) return new Failed(`${words} (--token-file F)`);
  return status === 400 ? new Usage(words) : new Failed(words);
}
