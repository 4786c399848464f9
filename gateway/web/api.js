/**
 * One question to the gateway, for what does not come over the line (live.js) by itself: a device's
 * past, its commands, incidents, a new device. What the gateway refuses is an error in its words.
 */

const ANSWER_MAX_MS = 10_000;

/** The gateway said no, or nothing; the message is for people. */
export class Refused extends Error {}

/**
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path after api/v1/
 * @param {object} [body]
 * @returns {Promise<any>} undefined where there is no answer to read
 */
export async function ask(method, path, body) {
  const response = await fetch(new URL(`api/v1/${path}`, document.baseURI), {
    method,
    headers: {
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  }).catch(() => {
    throw new Refused("The gateway does not answer.");
  });
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const { detail } = await response.json().catch(() => ({}));
  throw new Refused(detail ?? `The gateway answered ${response.status}.`);
}

/**
 * Does something that a person asked for, and says in `place` what came of it if it failed.
 * @param {HTMLElement} place
 * @param {() => Promise<void>} work
 */
export function attempt(place, work) {
  place.textContent = "";
  work().catch((error) => {
    place.textContent = error instanceof Refused ? error.message : `${error}`;
  });
}
