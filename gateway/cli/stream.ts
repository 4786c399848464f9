/**
 * A gateway's event stream (`GET /api/v1/events`, server-sent events), read as any program would:
 * from a cursor on, and after a break from where it ended, so that no change is missed and none
 * comes twice.
 */

export interface Happening {
  /** `change`, `beats`, `command`, `deaf`. */
  readonly event: string;
  /** Parsed JSON. */
  readonly data: unknown;
  /** The cursor to go on from once this has been dealt with; a change alone has one. */
  readonly id?: string;
}

/** One event's text; undefined where it is a comment or tells only where to resume. */
export function readHappening(text: string): Happening | undefined {
  const field = (name: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const [event, data, id] = [field("event"), field("data"), field("id")];
  if (event === undefined || data === undefined) return undefined;
  return { event, data: JSON.parse(data), ...(id !== undefined && { id }) };
}

/**
 * Calls `on` for everything from `after` on (undefined: from now), one at a time. Resolves when the
 * stream ends or is aborted; rejects where there is none, or where it breaks. Where to go on from
 * comes with each change: a result would be lost with the stream of a gateway that was killed.
 */
export async function follow(
  base: URL,
  token: string | undefined,
  after: string | undefined,
  signal: AbortSignal,
  on: (happening: Happening) => unknown,
): Promise<void> {
  const query = after === undefined ? "" : `?after=${after}`;
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const root = base.href.endsWith("/") ? base.href : `${base.href}/`;
    const response = await fetch(new URL(`api/v1/events${query}`, root), { signal, headers });
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const happening = readHappening(event);
        if (happening) await on(happening);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
