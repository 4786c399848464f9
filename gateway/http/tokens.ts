/**
 * Who may ask what, where asking is not free: a token file with one `read TOKEN` or `write TOKEN` a
 * line. Write includes read. Passwords and accounts lost: this is a machine's interface, and a
 * token is what a script can keep.
 *
 * The dashboard's cookie is made from a token and the gateway's secret, so it outlives a restart,
 * ends when its token goes, and does not hold the token itself.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export type Scope = "read" | "write";

/**
 * Characters of a token: enough that guessing over a network is hopeless, without a limit on tries.
 */
export const TOKEN_MIN = 16;

interface Known {
  readonly scope: Scope;
  readonly digest: Buffer;
  readonly cookie: Buffer;
}

export class Tokens {
  readonly #known: readonly Known[];
  readonly #secret: string;

  /** @param secret byte string that keys the cookies */
  constructor(entries: readonly TokenEntry[], secret: string) {
    this.#secret = secret;
    this.#known = entries.map(({ scope, token }) => ({
      scope,
      digest: digest(token),
      cookie: digest(this.cookie(token)),
    }));
  }

  /** What a bearer token allows; undefined = nothing. */
  scope(token: string): Scope | undefined {
    return this.#find(token, "digest");
  }

  /** What a cookie of `cookie` allows; undefined = nothing. */
  cookieScope(cookie: string): Scope | undefined {
    return this.#find(cookie, "cookie");
  }

  cookie(token: string): string {
    const key = Buffer.from(this.#secret, "latin1");
    return createHmac("sha256", key).update(`nextbeat cookie ${token}`).digest("hex");
  }

  /** Every entry is compared, and in full: the time tells nothing. */
  #find(given: string, field: "digest" | "cookie"): Scope | undefined {
    const wanted = digest(given);
    let found: Scope | undefined;
    for (const known of this.#known) {
      if (timingSafeEqual(known[field], wanted)) found = known.scope;
    }
    return found;
  }
}

export interface TokenEntry {
  readonly scope: Scope;
  readonly token: string;
}

/** Reads the text of a token file. Throws with the line's number. */
export function readTokens(text: string): TokenEntry[] {
  const entries: TokenEntry[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [scope, token = "", ...more] = line.trim().split(/\s+/);
    if ((scope !== "read" && scope !== "write") || token === "" || more.length > 0) {
      throw new Error(`line ${at + 1}: expected "read TOKEN" or "write TOKEN"`);
    }
    if (token.length < TOKEN_MIN || !/^[\x21-\x7e]+$/.test(token)) {
      throw new Error(`line ${at + 1}: expected a token of at least ${TOKEN_MIN} ASCII characters`);
    }
    entries.push({ scope, token });
  }
  if (entries.length === 0) throw new Error('expected at least one line "write TOKEN"');
  return entries;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
