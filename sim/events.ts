// The gateway's event stream, read as any program would: `GET /api/v1/events`, server-sent events.

import type { ChangeJson } from "../gateway/http/answers.ts";

/** Calls `onChange` for each change from now on; resolves when the stream ends or is aborted. */
export async function followChanges(
  gateway: URL,
  signal: AbortSignal,
  onChange: (change: ChangeJson) => void,
): Promise<void> {
  try {
    const response = await fetch(new URL("api/v1/events", gateway), { signal });
    if (!response.body) return;
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const change = readChange(event);
        if (change) onChange(change);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** One event's text; undefined if it is no change. */
export function readChange(event: string): ChangeJson | undefined {
  const field = (name: string) =>
    event
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const payload = field("data");
  if (field("event") !== "change" || payload === undefined) return undefined;
  return JSON.parse(payload) as ChangeJson;
}
