import { expect } from "chai";
import fc from "fast-check";
import { assertBookable, paymentEntry } from "../../../core/ledger/model.ts";
import { minorOfMoney, moneyOf, sumMoney } from "../../../core/money/money.ts";
import { feesOf } from "../../../core/settlement/fees.ts";
import { linesOf } from "../../../core/settlement/model.ts";
import type { FeeRule } from "../../../schemas/types.generated.ts";

const usd = (minor: bigint) => moneyOf(minor, "USD");
const AT = "2026-03-01T12:00:00.000Z";

/** Any fee rule for USD that may be set. */
const anyRule: fc.Arbitrary<FeeRule> = (() => {
  const percent = fc.integer({ min: 0, max: 100_000_000 }).map((millionths) => (millionths / 1_000_000).toFixed(6));
  const amount = (most: bigint) => fc.bigInt({ min: 0n, max: most }).map((minor) => usd(minor).value);
  const tiers = fc
    .tuple(
      fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 7n }), { maxLength: 4 }),
      fc.array(percent, { minLength: 5 }),
    )
    .map(([ends, rates]) => [
      ...ends
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((end, index) => ({ upTo: usd(end).value, percent: rates[index] ?? "0" })),
      { percent: rates[4] ?? "0" },
    ]);
  const ends = fc.tuple(fc.bigInt({ min: 0n, max: 400n }), fc.bigInt({ min: 0n, max: 40_000n }));
  return fc
    .record({ percent, fixed: amount(500n), tiers, tax: percent, ends }, { requiredKeys: [] })
    .map(({ percent: share, fixed, tiers: steps, tax, ends: limits }) => ({
      ...(share === undefined ? {} : { percent: share }),
      ...(fixed === undefined ? {} : { fixed: { USD: fixed } }),
      ...(steps === undefined ? {} : { tiers: { USD: steps } }),
      ...(tax === undefined ? {} : { tax }),
      ...(limits === undefined
        ? {}
        : { min: { USD: usd(limits[0]).value }, max: { USD: usd(limits[0] + limits[1]).value } }),
    }));
})();
const anyAmounts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 10n }), { minLength: 1, maxLength: 60 });
const sum = (parts: readonly bigint[]): bigint => parts.reduce((a, b) => a + b, 0n);

describe("settlement", () => {
  describe("fees of the orders under one rule", () => {
    const upTo = { USD: [{ upTo: "100.00", percent: "3" }, { upTo: "1000.00", percent: "2" }, { percent: "1" }] };
    const cases: readonly [name: string, rule: FeeRule, amounts: bigint[], fees: bigint[], taxes?: bigint[]][] = [
      ["no rule, no fee", {}, [1000n, 5n], [0n, 0n]],
      ["percentage of one order", { percent: "2.9" }, [1000n], [29n]],
      ["percentage of the sum, split by largest remainder", { percent: "1" }, [50n, 50n, 50n], [1n, 1n, 0n]],
      ["fixed part for each order", { fixed: { USD: "0.30" } }, [1000n, 2000n], [30n, 30n]],
      ["both", { percent: "2.9", fixed: { USD: "0.30" } }, [10_000n, 100n], [320n, 33n]],
      ["a fixed part of another currency is none", { fixed: { EUR: "0.30" } }, [1000n], [0n]],
      ["never more than the order", { percent: "50", fixed: { USD: "1.00" } }, [20n, 10_000n], [20n, 5100n]],
      ["half to even, down", { percent: "2.5" }, [100n], [2n]],
      ["half to even, up", { percent: "3.5" }, [100n], [4n]],
      ["just above a half", { percent: "2.500001" }, [100n], [3n]],
      ["at the end of the first tier", { tiers: upTo }, [10_000n], [300n]],
      ["one above it: only what is above is of the next tier", { tiers: upTo }, [10_100n], [302n]],
      ["in the last tier", { tiers: upTo }, [200_000n], [300n + 1800n + 1000n]],
      ["tiers come in the place of the percentage", { tiers: upTo, percent: "50" }, [10_000n], [300n]],
      ["tiers of another currency do not count", { tiers: { EUR: upTo.USD }, percent: "50" }, [10_000n], [5000n]],
      ["a least fee", { percent: "1", min: { USD: "0.50" } }, [1000n, 10_000n], [50n, 100n]],
      ["a least fee is never more than the order", { min: { USD: "0.50" } }, [20n], [20n]],
      ["a greatest fee", { percent: "10", max: { USD: "5.00" } }, [1000n, 100_000n], [100n, 500n]],
      ["tax on the fee", { percent: "10", tax: "20" }, [1000n], [120n], [20n]],
      ["tax on the least fee", { min: { USD: "1.00" }, tax: "20" }, [1000n], [120n], [20n]],
      ["tax of the sum, split by largest remainder", { percent: "10", tax: "5" }, [100n, 100n], [11n, 10n], [1n, 0n]],
      ["fee with tax never more than the order", { percent: "90", tax: "20" }, [600n], [600n], [100n]],
      [
        "fee with tax just the order: the tax is its share of all",
        { fixed: { USD: "0.05" }, tax: "5" },
        Array.from({ length: 10 }, () => 6n),
        [6n, 6n, 5n, 5n, 5n, 5n, 5n, 5n, 5n, 5n],
        [1n, 1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n],
      ],
      ["no order, no fee", { percent: "10", tax: "20" }, [], []],
    ];
    for (const [name, rule, amounts, fees, taxes = fees.map(() => 0n)] of cases)
      it(name, () => {
        const made = feesOf(rule, amounts.map(usd));
        expect(made.map(({ fee }) => fee)).to.deep.equal(fees);
        expect(made.map(({ tax }) => tax)).to.deep.equal(taxes);
      });

    it("taxes what is left of a fee that was more than its order, and not what it would have been", () => {
      // 0.01 and 3.35 are taxed, 0.336 in all: 0.34, all of it for the second by largest remainder.
      expect(feesOf({ fixed: { USD: "3.35" }, tax: "10" }, [usd(1n), usd(10_000n)])).to.deep.equal([
        { fee: 1n, tax: 0n },
        { fee: 369n, tax: 34n },
      ]);
    });

    it("whatever the rule: not below zero, not above the order, the tax within the fee", () => {
      fc.assert(
        fc.property(anyRule, anyAmounts, (rule, minors) => {
          for (const [index, { fee, tax }] of feesOf(rule, minors.map(usd)).entries())
            expect(0n <= tax && tax <= fee && fee <= (minors[index] ?? 0n)).to.equal(true);
        }),
      );
    });

    it("whatever the rule: a larger order never has a smaller fee", () => {
      const minor = fc.bigInt({ min: 1n, max: 10n ** 8n });
      fc.assert(
        fc.property(anyRule, minor, fc.oneof(fc.bigInt({ min: 0n, max: 3n }), minor), (rule, small, more) => {
          const [less] = feesOf(rule, [usd(small)]);
          const [great] = feesOf(rule, [usd(small + more)]);
          expect((less?.fee ?? 0n) <= (great?.fee ?? -1n)).to.equal(true);
        }),
      );
    });

    it("whatever the percentage: the sum of the fees is the percentage of the sum, rounded once", () => {
      fc.assert(
        fc.property(anyAmounts, fc.integer({ min: 0, max: 10_000 }), (minors, basis) => {
          const fees = feesOf({ percent: (basis / 100).toFixed(2) }, minors.map(usd));
          const twice = 2n * (sum(fees.map(({ fee }) => fee)) * 10_000n - sum(minors) * BigInt(basis));
          expect(-10_000n <= twice && twice <= 10_000n).to.equal(true);
        }),
      );
    });
  });

  it("lines and fees are the deduction to the last unit and the journal sums to zero, whatever the orders and rules", () => {
    const order = fc.record({
      minor: fc.bigInt({ min: 1n, max: 10n ** 10n }),
      platform: fc.constantFrom("a", "b", "c"),
      merchant: fc.constantFrom("x", "y"),
    });
    const orders = fc.array(order, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(orders, anyRule, anyRule, anyRule, (made, ofA, ofB, ofX) => {
        const selected = made.map(({ minor, platform, merchant }, index) => ({
          orderId: `ord_${index}`,
          platform,
          merchant,
          orderNo: String(index),
          amount: usd(minor),
          revision: 1,
        }));
        const rules = [
          { platform: "a", id: "plugin:1-0", rule: ofA },
          { platform: "a", merchant: "x", id: "fee_1", rule: ofX },
          { platform: "b", id: "plugin:1-0", rule: ofB },
          { platform: "c", id: "plugin:1-0", rule: {} },
        ];
        const total = sumMoney(selected.map(({ amount }) => amount));
        const lines = linesOf({ paymentId: "pay_1", total, orders: selected, rules: { feeRules: rules }, at: AT });
        const parts = lines.reduce((whole, { net, fee }) => whole + minorOfMoney(net) + minorOfMoney(fee), 0n);
        expect(parts).to.equal(minorOfMoney(total));
        for (const { gross, net, fee, platform, merchant, rule } of lines) {
          expect(minorOfMoney(net) + minorOfMoney(fee)).to.equal(minorOfMoney(gross));
          expect(minorOfMoney(net) >= 0n && minorOfMoney(fee) >= 0n).to.equal(true);
          expect(rule?.id).to.equal(platform === "a" && merchant === "x" ? "fee_1" : "plugin:1-0");
        }
        assertBookable(paymentEntry({ _id: "pay_1", bank: "test", total, orders: selected }, lines, AT));
      }),
    );
  });

  it("books the tax in a fee apart from the fee", () => {
    const order = { orderId: "ord_1", platform: "a", merchant: "x", orderNo: "1", amount: usd(1000n), revision: 1 };
    const rules = [{ platform: "a", id: "plugin:1-0", rule: { percent: "10", tax: "20" } }];
    const lines = linesOf({
      paymentId: "pay_1",
      total: usd(1000n),
      orders: [order],
      rules: { feeRules: rules },
      at: AT,
    });
    expect(lines[0]).to.deep.include({ fee: usd(120n), tax: usd(20n), net: usd(880n) });
    expect(lines[0]?.rule).to.deep.equal({ id: "plugin:1-0", says: "10 %, plus 20 % tax" });
    expect(
      paymentEntry({ _id: "pay_1", bank: "test", total: usd(1000n), orders: [order] }, lines, AT).lines,
    ).to.deep.equal([
      { account: "bank:test", amount: usd(1000n) },
      { account: "merchant:a/x", amount: usd(-880n) },
      { account: "fees:a", amount: usd(-100n) },
      { account: "fee-tax:a", amount: usd(-20n) },
    ]);
  });

  it("refuses to settle lines that are not the total, or of a platform without a rule", () => {
    const order = { orderId: "ord_1", platform: "a", merchant: "x", orderNo: "1", amount: usd(100n), revision: 1 };
    const settled = { paymentId: "pay_1", total: usd(101n), orders: [order], at: AT };
    const rules = [{ platform: "a", id: "plugin:1-0", rule: {} }];
    expect(() => linesOf({ ...settled, rules: { feeRules: rules } })).to.throw(/not its total/);
    expect(() => linesOf({ ...settled, rules: { feeRules: [] } })).to.throw(/No fee rule/);
  });
});
