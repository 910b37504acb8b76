import { expect } from "chai";
import fc from "fast-check";
import { cameTo, fitting, refusalOf, type StoredMandate, useOf, usesKept } from "../../../core/mandates/model.ts";
import { moneyOf } from "../../../core/money/money.ts";
import { EMPTY_OUTBOX } from "../../../core/notify/outbox.ts";
import type { PaymentState } from "../../../core/merge-pay/states.ts";
import { dayOf } from "../../../core/settlement/days.ts";
import { NOON } from "../../support/house.ts";
import { usd } from "../../support/mandates.ts";
import type { SelectedOrder } from "../../../schemas/types.generated.ts";

const mandate: StoredMandate = {
  _id: "man_1",
  userId: "ann",
  accountId: "acc_1",
  limits: { perPayment: usd("10.00"), perDay: usd("20.00"), platforms: [{ platform: "alpha", perDay: usd("15.00") }] },
  timeZone: "Asia/Shanghai",
  expiresAt: "2026-12-31T00:00:00.000Z",
  auto: false,
  state: "active",
  idempotencyKey: "k",
  requestHash: "h",
  uses: [],
  lookAt: null,
  version: 1,
  dueAt: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  ...EMPTY_OUTBOX,
};
const line = (minor: bigint, platform = "alpha", index = 0): SelectedOrder => ({
  orderId: `ord_${index}`,
  platform,
  merchant: "m",
  orderNo: "1",
  amount: moneyOf(minor, "USD"),
  revision: 1,
});
const minors = fc.bigInt({ min: 1n, max: 1_200n });

describe("the limits of a mandate", () => {
  it("hold over any uses, releases and days, in any order", () => {
    const event = fc.record({
      minor: minors,
      afterMs: fc.integer({ min: 0, max: 40_000_000 }),
      ends: fc.constantFrom("open", "counted", "released"),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let now = NOON;
        let state = mandate;
        const kept: { day: string; minor: bigint }[] = [];
        for (const [index, { minor, afterMs, ends }] of events.entries()) {
          now += afterMs;
          const day = dayOf(now, state.timeZone);
          const use = useOf({ _id: `pay_${index}`, total: moneyOf(minor, "USD"), orders: [line(minor)] }, day);
          if (refusalOf(state, use, now) !== undefined) continue;
          state = { ...state, uses: [...usesKept(state, now), use] };
          if (ends === "released") state = { ...state, uses: state.uses.filter((one) => one !== use) };
          else {
            kept.push({ day, minor });
            state = { ...state, uses: state.uses.map((one) => (one === use ? { ...one, state: ends } : one)) };
          }
          expect(minor <= 1_000n).to.equal(true);
        }
        for (const [day, of] of Map.groupBy(kept, (one) => one.day)) {
          const sum = of.reduce((all, { minor }) => all + minor, 0n);
          expect(sum <= 1_500n, `${sum} on ${day}`).to.equal(true);
        }
      }),
    );
  });

  it("never refuse what is within them", () => {
    fc.assert(
      fc.property(fc.array(minors, { maxLength: 6 }), minors, (before, minor) => {
        const day = dayOf(NOON, mandate.timeZone);
        const use = (of: bigint, index: number) =>
          useOf({ _id: `pay_${index}`, total: moneyOf(of, "USD"), orders: [line(of)] }, day);
        const taken = before.reduce((all, of) => all + of, 0n);
        const fits = minor <= 1_000n && taken + minor <= 1_500n;
        const refusal = refusalOf({ ...mandate, uses: before.map(use) }, use(minor, 99), NOON);
        expect(refusal === undefined).to.equal(fits);
      }),
    );
  });

  it("of what is charged by itself: the oldest that fit, and none that does is left out for one that does not", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(minors, fc.constantFrom("alpha", "beta")), { maxLength: 12 }), (orders) => {
        const lines = orders.map(([minor, platform], index) => line(minor, platform, index));
        const taken = fitting(mandate, lines, NOON);
        let sum = 0n;
        for (const [index, [minor, platform]] of orders.entries()) {
          const fits = platform === "alpha" && sum + minor <= 1_000n;
          expect(taken.some(({ orderId }) => orderId === `ord_${index}`)).to.equal(fits);
          if (fits) sum += minor;
        }
      }),
    );
  });
});

describe("a use of a mandate", () => {
  const deduction = { bankRequestId: "ded", bank: "b", amount: usd("1.00"), sends: 1, createdAt: "x", lastSentAt: "x" };
  for (const [state, more, expected] of [
    ["locking", {}, "open"],
    ["submitting", { deduction }, "open"],
    ["unknown", { deduction }, "open"],
    ["requires_action", { deduction }, "open"],
    ["succeeded", { deduction }, "counted"],
    ["rejected", {}, "released"],
    ["failed", { deduction, error: { code: "BANK_DECLINED", reason: "" } }, "released"],
    ["failed", { deduction, error: { code: "BANK_UNAVAILABLE", reason: "" } }, "released"],
    ["failed", { deduction, error: { code: "BANK_NEVER_RECEIVED", reason: "" } }, "counted"],
    ["failed", { deduction, error: { code: "BANK_CHALLENGE_EXPIRED", reason: "" } }, "counted"],
    ["cancelled", {}, "released"],
    ["cancelled", { deduction }, "counted"],
    ["expired", {}, "released"],
    ["expired", { deduction }, "counted"],
  ] as const satisfies readonly (readonly [PaymentState, object, string])[])
    it(`whose payment is ${state}${"deduction" in more ? " after a send" : ""}${"error" in more ? ` (${more.error.code})` : ""} is ${expected}`, () =>
      expect(cameTo({ state, ...more })).to.equal(expected));
});
