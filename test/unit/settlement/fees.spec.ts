import { expect } from "chai";
import fc from "fast-check";
import { assertBookable, paymentEntry } from "../../../core/ledger/model.ts";
import { minorOfMoney, moneyOf, sumMoney } from "../../../core/money/money.ts";
import type { FeeRule } from "../../../core/plugin/contract.ts";
import { feesOf } from "../../../core/settlement/fees.ts";
import { linesOf } from "../../../core/settlement/model.ts";

const usd = (minor: bigint) => moneyOf(minor, "USD");

describe("settlement", () => {
  describe("fees of a platform's orders", () => {
    const cases: readonly [name: string, rule: FeeRule, amounts: bigint[], fees: bigint[]][] = [
      ["no rule, no fee", {}, [1000n, 5n], [0n, 0n]],
      ["percentage of one order", { percent: "2.9" }, [1000n], [29n]],
      ["percentage of the sum, split by largest remainder", { percent: "1" }, [50n, 50n, 50n], [1n, 1n, 0n]],
      ["fixed part for each order", { fixed: { USD: "0.30" } }, [1000n, 2000n], [30n, 30n]],
      ["both", { percent: "2.9", fixed: { USD: "0.30" } }, [10_000n, 100n], [320n, 33n]],
      ["a fixed part of another currency is none", { fixed: { EUR: "0.30" } }, [1000n], [0n]],
      ["never more than the order", { percent: "50", fixed: { USD: "1.00" } }, [20n, 10_000n], [20n, 5100n]],
    ];
    for (const [name, rule, amounts, fees] of cases)
      it(name, () => {
        expect(feesOf(rule, amounts.map(usd))).to.deep.equal(fees);
      });
  });

  it("lines and fees are the deduction to the last unit and the journal sums to zero, whatever the orders and rules", () => {
    const rule = fc.record({
      percent: fc.integer({ min: 0, max: 10_000 }).map((basis) => (basis / 100).toFixed(2)),
      fixed: fc.bigInt({ min: 0n, max: 500n }).map((minor) => ({ USD: usd(minor).value })),
    });
    const order = fc.record({
      minor: fc.bigInt({ min: 1n, max: 10n ** 10n }),
      platform: fc.constantFrom("a", "b", "c"),
      merchant: fc.constantFrom("x", "y"),
    });
    fc.assert(
      fc.property(
        fc.array(order, { minLength: 1, maxLength: 60 }),
        fc.record({ a: rule, b: rule, c: rule }),
        (orders, fees) => {
          const selected = orders.map(({ minor, platform, merchant }, index) => ({
            orderId: `ord_${index}`,
            platform,
            merchant,
            orderNo: String(index),
            amount: usd(minor),
            revision: 1,
          }));
          const total = sumMoney(selected.map(({ amount }) => amount));
          const lines = linesOf({ paymentId: "pay_1", total, orders: selected, fees, at: "2026-03-01T12:00:00.000Z" });
          const parts = lines.reduce((sum, { net, fee }) => sum + minorOfMoney(net) + minorOfMoney(fee), 0n);
          expect(parts).to.equal(minorOfMoney(total));
          for (const { gross, net, fee } of lines) {
            expect(minorOfMoney(net) + minorOfMoney(fee)).to.equal(minorOfMoney(gross));
            expect(minorOfMoney(net) >= 0n && minorOfMoney(fee) >= 0n).to.equal(true);
          }
          assertBookable(paymentEntry("pay_1", "test", lines, "2026-03-01T12:00:00.000Z"));
        },
      ),
    );
  });

  it("refuses to settle lines that are not the total", () => {
    const order = { orderId: "ord_1", platform: "a", merchant: "x", orderNo: "1", amount: usd(100n), revision: 1 };
    expect(() => linesOf({ paymentId: "pay_1", total: usd(101n), orders: [order], fees: {}, at: "" })).to.throw(
      /not its total/,
    );
  });
});
