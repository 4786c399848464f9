// Another key for a device: its old record goes and the new one comes in one commit, so neither a
// crash nor another call can come between and leave the device gone.

import { expect, it } from "vitest";
import { ask, bench } from "./rig.ts";

it("is one commit, in which nobody else takes the id or the name", async () => {
  const { app, registry } = await bench();
  const { id } = await registry.add({ name: "shed" });
  const [rekeyed, other] = await Promise.allSettled([
    registry.rekey(id, {}),
    registry.add({ name: "shed" }),
    registry.rekey(id, {}),
  ]);
  expect(rekeyed.status).toBe("fulfilled");
  expect(other).toMatchObject({ reason: { message: 'the name "shed" is taken by 000001' } });
  const { body } = await ask(app, "GET", "/api/v1/devices");
  expect(body).toMatchObject({ items: [{ id: "000001", name: "shed", status: "unknown" }] });
});
