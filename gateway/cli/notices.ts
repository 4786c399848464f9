/** `notices`: the routes by which people are told, and a test of one. */

import type { Command } from "commander";
import type { RouteState } from "../notices/desk.ts";
import { askGateway, columns, type GatewayOptions, type Streams, withGateway } from "./common.ts";

/** Longer than any route waits for its receiver. */
const TEST_MAX_MS = 130_000;

export function addNotices(program: Command, streams: Streams): void {
  const parent = program.command("notices").description("routes by which people are told");
  const ls = parent.command("ls").description("list the routes of the configuration");
  withGateway(ls).action(async (options: GatewayOptions) => {
    const { items } = (await askGateway(options, "GET", "routes")) as { items: RouteState[] };
    const rows = items.map(({ name, kind, waiting }) => [name, kind, `${waiting}`]);
    streams.out(
      options.json
        ? `${JSON.stringify(items)}\n`
        : columns([["ROUTE", "KIND", "WAITING"], ...rows]),
    );
  });
  const test = parent
    .command("test <route>")
    .description("send a message over a route that says that it is a test");
  withGateway(test).action(async (route: string, options: GatewayOptions) => {
    const path = `routes/${encodeURIComponent(route)}/test`;
    const found = await askGateway(options, "POST", path, undefined, TEST_MAX_MS);
    streams.out(options.json ? `${JSON.stringify(found)}\n` : `delivered over ${route}\n`);
  });
}
