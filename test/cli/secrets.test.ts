/** Files with secrets that are given to the gateway. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { clearUp, startHere, temporaryFolder } from "../gateway/socket-rig.ts";
import { run } from "./rig.ts";

afterEach(clearUp);

describe("gateway", () => {
  it("warns of a secret that every user can read", async () => {
    const gateway = await startHere(new Map());
    const data = temporaryFolder();
    const file = join(data, "tokens");
    writeFileSync(file, "write a-token-of-the-test\n");
    const argv = ["gateway", "--data", data, "--token-file", file, "--udp-host", "127.0.0.1"];
    const taken = ["--http-port", "0", "--udp-port", `${gateway.udpPort}`];
    for (const [mode, warned] of [
      [0o644, true],
      [0o640, false],
    ] as const) {
      chmodSync(file, mode);
      const { code, out } = await run(...argv, ...taken);
      expect([code, out.includes("every user can read this secret")]).toEqual([1, warned]);
    }
    await gateway.stop();
  });
});
