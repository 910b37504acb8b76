import { expect } from "chai";
import fc from "fast-check";
import { CHART, faultOfLine, rowOf } from "../../../core/ledger/chart.ts";
import { ledgerService } from "../../../core/ledger/service.ts";
import { lateMoneyEntry, paymentEntry, type StoredEntry } from "../../../core/ledger/model.ts";
import { moneyOf } from "../../../core/money/money.ts";
import { linesOf } from "../../../core/settlement/model.ts";
import { buildHouse, temporaryStore } from "../../support/house.ts";

const AT = "2026-03-01T12:00:00.000Z";
const usd = (value: string) => ({ value, currency: "USD" });

describe("the chart of accounts", () => {
  it("has a row for each thing that is booked, with the side on which it grows and what it is for", () => {
    expect(Object.keys(CHART)).to.have.members([
      "bank",
      "payer-clearing",
      "merchant",
      "fees",
      "fee-tax",
      "suspense",
      "held",
      "rounding",
      "losses",
      "fx",
    ]);
    for (const [name, row] of Object.entries(CHART)) {
      expect(row.purpose, name).to.match(/^[A-Z].+\.$/);
      expect(row.normal, name).to.equal(row.kind === "asset" ? "debit" : "credit");
    }
  });

  for (const [account, explanation, fault] of [
    ["bank:sandbox", undefined, undefined],
    ["merchant:shop/Café 北京", undefined, undefined],
    ["merchant:shop/of: all", undefined, undefined],
    ["fees:shop", undefined, undefined],
    ["payer-clearing:sandbox", undefined, undefined],
    ["rounding", undefined, undefined],
    ["fx:USD", undefined, undefined],
    ["suspense:late-money", "Came late.", undefined],
    ["suspense:late-money", undefined, "the line on suspense:late-money has no explanation"],
    ["suspense:late-money", "", "the line on suspense:late-money has no explanation"],
    ["held:late-money", "Came late.", "nothing is booked on held:late-money any more"],
    ["bank", undefined, "the chart of accounts has no bank"],
    ["bank:", undefined, "the chart of accounts has no bank:"],
    ["bank:a/b", undefined, "the chart of accounts has no bank:a/b"],
    ["merchant:shop", undefined, "the chart of accounts has no merchant:shop"],
    ["merchant:shop/a/b", undefined, "the chart of accounts has no merchant:shop/a/b"],
    ["rounding:x", undefined, "the chart of accounts has no rounding:x"],
    ["fx:usd", undefined, "the chart of accounts has no fx:usd"],
    ["constructor:x", undefined, "the chart of accounts has no constructor:x"],
    ["sales:x", undefined, "the chart of accounts has no sales:x"],
  ] as const)
    it(`${fault === undefined ? "takes" : "refuses"} ${account}${explanation === undefined ? "" : ` (${explanation})`}`, () => {
      expect(faultOfLine({ account, ...(explanation === undefined ? {} : { explanation }) })).to.equal(fault);
    });

  it("knows every account of the entries that payments and late money make", () => {
    const amounts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, fc.constantFrom("USD", "JPY", "KWD"), (minors, currency) => {
        const orders = minors.map((minor, index) => ({
          orderId: `ord_${index}`,
          platform: ["alpha", "beta"][index % 2] ?? "",
          merchant: `m ${index % 3}`,
          orderNo: `n${index}`,
          amount: moneyOf(minor, currency),
          revision: 1,
        }));
        const total = moneyOf(
          minors.reduce((a, b) => a + b),
          currency,
        );
        const rules = [
          { platform: "alpha", id: "plugin:1-0", rule: { percent: "2.9", tax: "20" } },
          { platform: "beta", id: "plugin:1-0", rule: {} },
        ];
        const lines = linesOf({ paymentId: "pay_1", total, orders, rules: { feeRules: rules }, at: AT });
        const entries = [
          paymentEntry({ _id: "pay_1", bank: "test", total, orders }, lines, AT),
          lateMoneyEntry("pay_1", "test", total, AT),
        ];
        for (const line of entries.flatMap((entry) => entry.lines)) expect(faultOfLine(line)).to.equal(undefined);
      }),
    );
  });

  it("keeps an entry off the books that names another account, or does not sum to zero", async () => {
    const { store, remove } = await temporaryStore();
    const { deps } = await buildHouse({ store });
    const ledger = await ledgerService(deps);
    const entry = (lines: StoredEntry["lines"]): StoredEntry => ({
      _id: "jrn_00000000000000000000000001",
      kind: "payment",
      reference: "pay_00000000000000000000000001",
      lines,
      at: AT,
    });
    const refused = (lines: StoredEntry["lines"]) =>
      ledger.write(entry(lines)).then(
        () => "written",
        (error: unknown) => (error as Error).message,
      );
    expect(
      await refused([
        { account: "bank:test", amount: usd("1.00") },
        { account: "sales:x", amount: usd("-1.00") },
      ]),
    ).to.include("no sales:x");
    expect(
      await refused([
        { account: "bank:test", amount: usd("1.00") },
        { account: "fees:alpha", amount: usd("-0.99") },
      ]),
    ).to.include("does not sum to zero");
    expect((await ledger.entries({})).items).to.deep.equal([]);
    expect(
      await refused([
        { account: "bank:test", amount: usd("1.00") },
        { account: "fees:alpha", amount: usd("-1.00") },
      ]),
    ).to.equal("written");
    await remove();
  });

  it("calls what nobody has decided on suspense, whatever earlier versions called it", () => {
    expect(rowOf("held:late-money")?.retired).to.equal(true);
    expect(rowOf("suspense:late-money")?.explained).to.equal(true);
  });
});
