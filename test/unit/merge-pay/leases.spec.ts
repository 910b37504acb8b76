import { expect } from "chai";
import type { Point } from "../../../core/deps.ts";
import { LINES, type StoredLine } from "../../../core/settlement/model.ts";
import { audit } from "../../support/audit.ts";
import { ALL, openTill } from "../../support/till.ts";

const LIMITS = { leaseMs: 5_000, bankCallMs: 4_000, busMs: 1_000 };

/** Where the process dies, how long the payment is left alone then, and what becomes of it. */
const ROWS: readonly (readonly [Point, number, string, string])[] = [
  ["payment.inserted", 5_000, "locking", "expired"],
  ["payment.orders-locked", 5_000, "locking", "expired"],
  // The call to the bank, and the bus there and back.
  ["payment.sent", 6_000, "submitting", "succeeded"],
];

describe("A payment whose process died is left alone", () => {
  for (const [at, leaseMs, before, after] of ROWS)
    it(`at ${at} for ${leaseMs} ms, as long as its limits say, and then ends ${after}`, async () => {
      const till = await openTill(LIMITS);
      await till.seed(2);
      const dying = await till.build((point) => {
        if (point === at) throw new Error("died");
      });
      const paying = dying.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request: ALL });
      expect(
        await paying.then(
          () => "went on",
          (error: unknown) => (error as Error).message,
        ),
      ).to.equal("died");
      const state = async () => (await till.house.core.services.mergePay.list({ userId: "ann" })).items[0]?.state;
      await till.later(leaseMs - 1);
      expect(await state()).to.equal(before);
      await till.later(1);
      expect(await state()).to.equal(after);
      await till.close();
    });

  it("after the bank's answer was written down not at all: the next sweep settles it, once", async () => {
    const till = await openTill(LIMITS);
    await till.seed(2);
    const dying = await till.build((point) => {
      if (point === "payment.answer-written") throw new Error("died");
    });
    const paying = dying.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request: ALL });
    await paying.catch(() => undefined);
    const lines = await till.store.collection<StoredLine>(LINES);
    expect(await lines.countDocuments({})).to.equal(0);
    await till.later(0);
    expect(await lines.countDocuments({})).to.equal(2);
    await audit(till.store, [...till.bank.booked.values()], { atRest: true });
    await till.close();
  });
});
