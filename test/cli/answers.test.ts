/** What the command line says of an address that is none, and of answers that are no gateway's. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { refused } from "./rig.ts";

describe("over HTTP", () => {
  it("says in one line what is no answer of a gateway", async () => {
    const answers: [words: string, code: number, status: number, body: string, cut?: true][] = [
      ['is no nextbeat gateway: it says "<html>"', 1, 200, "<html>"],
      ['is no nextbeat gateway: it says "null"', 1, 200, "null"],
      ["the answer of http://127.0.0.1", 1, 200, "{", true],
      ["answered 500", 1, 500, "null"],
      ["answered 404", 1, 404, '{"detail":{"a":1}}'],
      ["error: [31mred ]0;title", 2, 400, '{"detail":"\\u001b[31mred\\u001b]0;title\\u0007"}'],
    ];
    let said = answers[0]!;
    const server = createServer((_request, response) => {
      const [, , status, body, cut] = said;
      response.writeHead(status, { "content-length": body.length + (cut ? 9 : 0) });
      response.write(body, () => (cut ? response.destroy() : response.end()));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (said of answers) {
      for (const argv of [["device", "ls"], ["incidents"], ["send", "x", "y"]]) {
        await refused(said[1], said[0], ...argv, "--url", url);
      }
    }
    server.close();
  });

  it("takes no login in an address, and does not show it", async () => {
    const words = "--url: given a login; expected none, and a token in a file: --token-file F";
    await refused(2, words, "device", "ls", "--url", "http://user:s3cret@127.0.0.1:8227");
  });
});
