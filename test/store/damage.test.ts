/** A damaged store starts, names what it lost, and believes nothing that is in doubt (rule 7). */

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { CAUSES, STATUSES } from "../../gateway/facts.ts";
import { addressBytes, addressForm, addressText } from "../../gateway/store/addresses.ts";
import { LAYOUT } from "../../gateway/store/records.ts";
import { seal } from "../../gateway/store/seal.ts";
import { StoreTooNew } from "../../gateway/store/store.ts";
import { BACKENDS, beat, change, clearStores, enrol, HandClock } from "./rig.ts";

afterEach(clearStores);

describe.each(BACKENDS)("a damaged store in %s", (_name, make) => {
  it.each([
    ["b000001", "beat of 000001", { beat: null, restored: true, issued: 9, epoch: 7 }],
    ["e000001", "epochs of 000001", { restored: true, issued: 7, epoch: 0 }],
    ["s000001", "status of 000001", { restored: false, tseq: 2, status: "absent" }],
  ])("sets an unreadable %s aside and starts", async (key, words, expected) => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([
      enrol(1),
      enrol(2),
      { kind: "epoch", id: 1, issued: 9, epoch: 7 },
      beat(1, 1, clock.mono),
      change(1, 1, 1, clock.mono),
      change(2, 1, 2, clock.mono),
    ]);
    await store.close();
    const bad = Buffer.from((await place.records()).get(key)!);
    bad[0]! ^= 1;
    await place.write(key, bad);
    const second = place.store();
    const loaded = await second.open();
    expect(loaded.quarantined).toEqual([`${words}: the check sum does not match`]);
    expect(loaded.devices[0]).toMatchObject(expected);
    expect(loaded.devices[1]?.restored).toBe(false);
    await second.close();
    expect((await place.records()).get(`q${key}`)).toEqual(bad);
    const third = place.store();
    const calm = await third.open();
    expect(calm.quarantined).toEqual([]);
    expect(calm.devices[0]).toMatchObject(expected);
    await third.commit([{ kind: "epoch", id: 1, issued: 12, epoch: 12 }]);
    await third.close();
    expect((await place.store().open()).devices[0]).toMatchObject({ epoch: 12, restored: false });
  });

  it("starts without an unreadable enrolment, and without what it keeps of itself", async () => {
    const clock = new HandClock();
    const place = make(clock);
    const store = place.store();
    await store.open();
    await store.commit([enrol(1), enrol(2), beat(1, 1, clock.mono)]);
    await store.close();
    await place.write("d000001", seal("d000001", Buffer.from('{"name":1}    ')));
    for (const key of ["mlayout", "mgeneration", "msecret", "mstamp"]) {
      await place.write(key, Buffer.from("xx"));
    }
    const loaded = await place.store().open();
    expect(loaded.quarantined).toHaveLength(5);
    expect(loaded.quarantined).toContain("enrolment of 000001: not an enrolment of this version");
    expect(loaded.devices.map((device) => device.enrolment.id)).toEqual([2]);
    expect(loaded.stoppedMs).toBeUndefined();
    expect(loaded.secret).toHaveLength(32);
  });

  it("refuses a store of a later version and leaves it alone", async () => {
    const place = make(new HandClock());
    const store = place.store();
    await store.open();
    await store.close();
    const later = seal("mlayout", Buffer.from([0, 0, 0, LAYOUT + 1, 0, 0, 0, 0]));
    await place.write("mlayout", later);
    const before = await place.records();
    await expect(place.store().open()).rejects.toThrow(StoreTooNew);
    expect(await place.records()).toEqual(before);
  });
});

describe("records", () => {
  it("number statuses and causes as they did in layout 1", () => {
    expect(STATUSES.join(" ")).toBe("unknown present late absent left");
    expect(CAUSES.join(" ")).toBe(
      "returned first-beat left promise-broken battery weak-signal reset-loop site gateway-deaf " +
        "broker clock nat refused clash removed",
    );
  });

  it("give every address back as the kernel writes it", () => {
    const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const canonical = new URL(`http://[${words.map((w) => w.toString(16)).join(":")}]/`)
          .hostname;
        const address = canonical.slice(1, -1);
        const form = addressForm(address);
        expect(form).toBe(1);
        expect(addressText(form, addressBytes(form, address))).toBe(address);
      }),
    );
  });
});
