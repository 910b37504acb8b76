import { expect } from "chai";
import * as fc from "fast-check";
import {
  type Amounts,
  debited,
  type Share,
  sharesOf,
  type Sold,
  withShares,
} from "../../../core/refunds/allocation.ts";
import { MergepayError } from "../../../core/errors/errors.ts";

const sold = (orderId: string, gross: bigint, fee = 0n, tax = 0n, keepsFee = false): Sold => ({
  orderId,
  gross,
  fee,
  tax,
  keepsFee,
});

describe("who gives back what", () => {
  const A = sold("a", 1000n, 29n, 5n);
  const B = sold("b", 500n, 15n);
  const C = sold("c", 1n);
  const KEPT = sold("k", 1000n, 29n, 5n, true);

  const table: readonly [string, readonly Sold[], Record<string, Partial<Amounts>>, bigint | "all", string][] = [
    ["all of one", [A], {}, "all", "a 1000/29/5"],
    ["all of several", [A, B, C], {}, "all", "a 1000/29/5, b 500/15/0, c 1/0/0"],
    ["a part of one: as much of the fee as of the amount", [A], {}, 500n, "a 500/14/2"],
    ["half a unit of fee goes to the even one", [sold("a", 1000n, 1n)], {}, 500n, "a 500/0/0"],
    ["the second half brings the rest of the fee", [sold("a", 1000n, 1n)], { a: { gross: 500n } }, 500n, "a 500/1/0"],
    ["in proportion to what is left", [A, B], {}, 300n, "a 200/6/1, b 100/3/0"],
    [
      "of what is left, not of what was paid",
      [A, B],
      { a: { gross: 500n, fee: 14n, tax: 2n } },
      300n,
      "a 150/5/1, b 150/4/0",
    ],
    ["a remainder goes to the larger one", [sold("a", 2n), sold("b", 1n)], {}, 2n, "a 1/0/0, b 1/0/0"],
    ["equal remainders go in the payment's order", [sold("a", 1n), sold("b", 1n)], {}, 1n, "a 1/0/0"],
    ["what gives nothing is left out", [A, C], {}, 10n, "a 10/0/0"],
    ["a fee that is kept", [KEPT], {}, "all", "k 1000/0/0"],
    // Of two refunds the first, which had less of the fee, failed and is free again.
    ["a fee that went back too early waits", [sold("a", 1000n, 1n)], { a: { gross: 100n, fee: 1n } }, 1n, "a 1/0/0"],
    [
      "tax that is due goes back within a fee alone",
      [sold("a", 1000n, 10n, 5n)],
      { a: { gross: 300n, fee: 3n } },
      1n,
      "a 1/0/0",
    ],
    ["all that is left", [A], { a: { gross: 999n, fee: 29n, tax: 5n } }, "all", "a 1/0/0"],
  ];
  for (const [what, orders, taken, wanted, expected] of table)
    it(`${what}: ${expected}`, () => {
      const before = new Map(Object.entries(taken).map(([id, some]) => [id, { gross: 0n, fee: 0n, tax: 0n, ...some }]));
      const shares = sharesOf(orders, before, wanted, "USD");
      expect(shares.map(({ orderId, gross, fee, tax }) => `${orderId} ${gross}/${fee}/${tax}`).join(", ")).to.equal(
        expected,
      );
    });

  it("says what was debited of orders that were paid in another currency, and of these only", () => {
    const shares = sharesOf([A, { ...B, charged: 100n }], new Map(), 550n, "USD");
    expect(shares).to.deep.equal([
      { orderId: "a", gross: 500n, fee: 14n, tax: 2n },
      { orderId: "b", gross: 250n, fee: 8n, tax: 0n, charged: 50n },
    ]);
  });

  it("of orders that were paid in another currency: never beyond either, and in the end exactly both", () => {
    const order = fc.record({
      gross: fc.bigInt(1n, 100_000n),
      charged: fc.option(fc.bigInt(1n, 100_000n), { nil: undefined }),
      fee: fc.bigInt(0n, 500n),
    });
    const steps = fc.array(fc.bigInt(1n, 60_000n), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 6 }), steps, (given, wanted) => {
        const orders = given.map(({ gross, charged, fee }, i): Sold => ({
          ...sold(`o${i}`, gross, fee < gross ? fee : gross),
          ...(charged === undefined ? {} : { charged }),
        }));
        let taken: ReadonlyMap<string, Amounts> = new Map();
        const whole = orders.reduce((sum, one) => sum + debited(one), 0n);
        let left = whole;
        for (const step of [...wanted.filter((_, i) => i < 7), "all" as const]) {
          if (left === 0n || (step !== "all" && step > left)) continue;
          const shares = sharesOf(orders, taken, step, "USD");
          const back = shares.reduce((sum, share) => sum + debited(share), 0n);
          expect(back).to.equal(step === "all" ? left : step);
          left -= back;
          taken = withShares(taken, shares);
          for (const one of orders) {
            const its = taken.get(one.orderId) ?? { gross: 0n, fee: 0n, tax: 0n };
            expect(debited(its) <= debited(one) && its.gross <= one.gross && its.fee <= one.fee).to.equal(true);
          }
        }
        for (const one of orders) {
          const its = taken.get(one.orderId);
          expect([its?.gross, its?.fee, its && debited(its)]).to.deep.equal([one.gross, one.fee, debited(one)]);
        }
      }),
    );
  });

  for (const [what, wanted, taken] of [
    ["one more than is left", 1001n, 0n],
    ["one more than is left after others", 2n, 999n],
    ["all of what is gone", "all", 1000n],
    ["nothing", 0n, 0n],
    ["less than nothing", -1n, 0n],
  ] as const)
    it(`${what} is refused`, () => {
      const before = new Map([["a", { gross: taken, fee: 0n, tax: 0n }]]);
      expect(() => sharesOf([A], before, wanted, "USD"))
        .to.throw(MergepayError)
        .with.property("type", "REFUND_TOO_LARGE");
    });

  it("says in the refusal how much is left, and when nothing is", () => {
    const gone = (gross: bigint) => new Map([["a", { gross, fee: 0n, tax: 0n }]]);
    expect(() => sharesOf([A], gone(100n), 901n, "USD")).to.throw("9.00 USD of it is left to give back");
    expect(() => sharesOf([A], gone(1000n), "all", "USD")).to.throw("Nothing of it is left to give back.");
  });

  const order = fc
    .record({
      gross: fc.bigInt(1n, 100_000n),
      fee: fc.bigInt(0n, 1_000n),
      tax: fc.bigInt(0n, 300n),
      keepsFee: fc.boolean(),
    })
    .map(({ gross, fee, tax, keepsFee }) => {
      const own = fee < gross ? fee : gross;
      return { gross, fee: own, tax: tax < own ? tax : own, keepsFee };
    });
  const step = fc.record({
    /** Which orders, by bits; of how much, in thousandths of what is left; whether it fails later and is given free. */
    scope: fc.integer({ min: 1, max: 255 }),
    part: fc.integer({ min: 0, max: 1000 }),
    free: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  });

  it("whatever is refunded and given free again, nothing exceeds, parts sum to the amount, and with the last unit the whole fee is back", () => {
    fc.assert(
      fc.property(
        fc.array(order, { minLength: 1, maxLength: 8 }),
        fc.array(step, { maxLength: 30 }),
        (given, steps) => {
          const orders = given.map((one, index) => ({ orderId: `o${index}`, ...one }));
          const byId = new Map(orders.map((one) => [one.orderId, one]));
          let held: (readonly Share[])[] = [];
          const taken = () => withShares(new Map(), held.flat());
          const check = () => {
            for (const [orderId, { gross, fee, tax }] of taken()) {
              const whole = byId.get(orderId);
              if (whole === undefined) throw new Error("A share of no order.");
              expect(gross >= 0n && gross <= whole.gross, "amount").to.equal(true);
              expect(fee >= 0n && fee <= (whole.keepsFee ? 0n : whole.fee), "fee").to.equal(true);
              expect(tax >= 0n && tax <= fee && tax <= whole.tax, "tax").to.equal(true);
              if (gross === whole.gross && !whole.keepsFee) expect([fee, tax]).to.deep.equal([whole.fee, whole.tax]);
            }
          };
          for (const { scope, part, free } of steps) {
            if (free !== undefined) held = held.filter((_, index) => index !== free % (held.length + 1));
            const chosen = orders.filter((_, index) => (scope & (1 << index)) > 0);
            const left = chosen.reduce(
              (sum, { orderId, gross }) => sum + gross - (taken().get(orderId)?.gross ?? 0n),
              0n,
            );
            const wanted = part === 1000 ? "all" : (left * BigInt(part)) / 1000n;
            const total = wanted === "all" ? left : wanted;
            if (total === 0n) {
              expect(() => sharesOf(chosen, taken(), wanted, "USD")).to.throw(MergepayError);
              continue;
            }
            const shares = sharesOf(chosen, taken(), wanted, "USD");
            expect(shares.reduce((sum, { gross }) => sum + gross, 0n)).to.equal(total);
            held = [...held, shares];
            check();
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
