/**
 * The login page of the dashboard, where tokens are needed: one field, no script, and a style sheet
 * of its own, since the dashboard's files are for who has a token. The cookie is HttpOnly and
 * SameSite=Strict, so no other page can use it and no script can read it.
 */

import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import type { Tokens } from "./tokens.ts";

export const LOGIN = "/login";
/** What the login page is made of: shown to everybody, like the page itself. */
export const LOGIN_FILES: ReadonlySet<string> = new Set(["/login.css", "/icon.svg"]);
export const COOKIE = "nextbeat";
const YEAR_S = 31_536_000;

export function loginPage(status: 200 | 401, note = ""): Response {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>nextbeat: log in</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="login.css">
<body>
<main>
<h1>nextbeat</h1>
<p>One of the tokens in the gateway's token file lets you in.</p>
<form method="post" action="login">
<label>Token
<input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Log in</button>
</form>
<p role="alert">${note}</p>
</main>
</body>
</html>
`;
  return new Response(page, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** Takes the form, sets the cookie, and goes on to the dashboard. */
export async function logIn(c: Context, tokens: Tokens): Promise<Response> {
  // What is no form holds no token.
  const { token } = await c.req.parseBody().catch(() => ({ token: undefined }));
  if (typeof token !== "string" || tokens.scope(token.trim()) === undefined) {
    return loginPage(401, "This token is not known.");
  }
  setCookie(c, COOKIE, tokens.cookie(token.trim()), {
    httpOnly: true,
    sameSite: "Strict",
    path: "/",
    maxAge: YEAR_S,
  });
  return c.redirect("./", 303);
}
