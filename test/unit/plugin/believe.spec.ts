import { expect } from "chai";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { believedManifest, believedReading } from "../../../core/plugin/believe.ts";
import type { Manifest } from "../../../core/plugin/manifest.ts";
import type { Batch } from "../../../core/plugin/messages.ts";

const contentHash = "a".repeat(64);
const order = { merchant: "shop", orderNo: "A-1", amount: { value: "7.50", currency: "EUR" }, contentHash };
const of = (more: object) => ({ record: 0, position: "line 1", ...more });
const withOrder = (more: object) => [of({ orders: [{ ...order, ...more }] })];

const notOwedAt = (deliveredAt: string) => [
  of({ notOwed: { merchant: "shop", orderNo: "A-1", reason: "x", deliveredAt } }),
];
const PROBE = { ms: 0.5, returned: "[]", peakBytes: 1024 };

/** What a worker answers for records 0 on, where it says that the next one begins, and what the host makes of it. */
const answers: readonly (readonly [string, unknown, number, string])[] = [
  ["an order", withOrder({}), 1, "taken"],
  ["a skipped record", [of({ skipped: "Paid." })], 1, "taken"],
  ["a cancellation", [of({ cancelled: { merchant: "shop", orderNo: "A-1", reason: "x" } })], 1, "taken"],
  ["a delivery", notOwedAt("2026-03-01T08:00:00.000Z"), 1, "taken"],
  ["a delivery at no time", notOwedAt("2026-03-01"), 1, "/notOwed/deliveredAt must match"],
  ["a delivery on no day", notOwedAt("2026-02-30T08:00:00.000Z"), 1, "it names no time of a delivery"],
  ["a delivery in no month", notOwedAt("2026-13-01T08:00:00.000Z"), 1, "it names no time of a delivery"],
  ["a reject", [of({ rejected: { code: "RECORD_INVALID", reason: "x" } })], 1, "taken"],
  ["nothing", [], 0, "taken"],
  ["no list", {}, 1, "it is not a batch of records"],
  ["more than a batch", Array.from({ length: 501 }, () => of({ skipped: "x" })), 501, "it is not a batch of records"],
  ["nothing for a record", [null], 1, " must be of type object"],
  ["two outcomes of one record", [of({ skipped: "x", orders: [order] })], 1, " must have at most 3 fields"],
  ["no outcome", [of({})], 1, " must have at least 3 fields"],
  ["the same record twice", [of({ skipped: "x" }), of({ skipped: "x" })], 1, "its records are out of order"],
  ["a record too many", [of({ skipped: "x" })], 7, "it does not say where it ended"],
  ["a code that is none", [of({ rejected: { code: "FINE", reason: "x" } })], 1, "/rejected/code must be"],
  ["no orders", [of({ orders: [] })], 1, "/orders must have at least 1 items"],
  ["a slash in the merchant", withOrder({ merchant: "a/b" }), 1, "/merchant of an order must match"],
  ["a field that is none", withOrder({ userId: "eve" }), 1, "/userId of an order is not a known field"],
  ["no amount", withOrder({ amount: undefined }), 1, "/amount of an order"],
  ["an amount in short", withOrder({ amount: { value: "7.5", currency: "EUR" } }), 1, "an amount is not canonical"],
  ["an amount below zero", withOrder({ amount: { value: "-7.50", currency: "EUR" } }), 1, "not above zero"],
  ["another currency", withOrder({ amount: { value: "7.50", currency: "USD" } }), 1, "does not take"],
  ["no hash", withOrder({ contentHash: "x" }), 1, "an order has no hash"],
  ["a probe that nobody asked for", [of({ skipped: "x", probe: PROBE })], 1, " must have at most 3 fields"],
  [
    "a wrong cancellation",
    [of({ cancelled: { merchant: "a/b", orderNo: "1", reason: "x" } })],
    1,
    "it names what can't be an order",
  ],
];

async function heard(records: unknown, next: number, probe: boolean) {
  let isClosed = false;
  const batch = { records, next, done: true } as Batch;
  const reading = { next: () => Promise.resolve(batch), close: () => void (isClosed = true) };
  const said = await believedReading(reading, { from: 0, currencies: ["EUR"], probe })
    .next()
    .then(
      () => "taken" as const,
      (error: unknown) => asMergepayError(error),
    );
  return { said, closed: () => isClosed };
}

describe("The host believes no worker unseen", () => {
  for (const [what, records, next, outcome] of answers)
    it(`that answers ${what}: ${outcome.trim()}`, async () => {
      const { said, closed } = await heard(records, next, false);
      if (said === "taken") expect(said).to.equal(outcome);
      else {
        expect(said.type).to.equal("PLUGIN_OUTPUT_INVALID");
        expect(said.message).to.include(outcome);
        expect(closed()).to.equal(true);
      }
    });

  it("that was started to probe, and tells of a record how it was mapped in another way", async () => {
    expect((await heard([of({ skipped: "x", probe: PROBE })], 1, true)).said).to.equal("taken");
    for (const probe of [undefined, {}, { ...PROBE, ms: "1" }, { ...PROBE, impure: "no" }, { ...PROBE, more: 1 }])
      expect((await heard([of({ skipped: "x", probe })], 1, true)).said).to.have.property(
        "type",
        "PLUGIN_OUTPUT_INVALID",
      );
  });

  it("that says of its plugin what no plugin is", () => {
    const manifest = {
      contract: 1,
      title: "Shop",
      input: { format: "ndjson" },
      schema: "order.schema.json",
      currencies: ["EUR"],
      fees: {},
      settlementAccount: "acct",
      defaultMerchant: "shop",
    } as const satisfies Manifest;
    expect(believedManifest({ ...manifest, replies: true })).to.deep.equal({ ...manifest, replies: true });
    expect(() => believedManifest({ ...manifest, settlementAccount: "" })).to.throw(/\/settlementAccount/);
  });
});
