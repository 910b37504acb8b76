import { expect } from "chai";
import { MergepayError, type PlatformRegistration } from "../../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../../plugins/bank-adapter/adapter.ts";

const SHOP: PlatformRegistration = {
  platform: "corner-shop",
  title: "Corner shop",
  version: "1-3f2a90c1d2e4",
  currencies: ["USD", "JPY"],
  fees: { fixed: { USD: "0.30" }, percent: "2.9" },
  settlementAccount: "acct_canary",
};
const adapter = (): ReturnType<typeof createBankAdapter> =>
  createBankAdapter({ banks: new Map(), limits: { bankCallMs: 10 } });

describe("registering a platform with bank-adapter", () => {
  it("is answered and listed", () => {
    const bank = adapter();
    expect(bank.register(SHOP)).to.deep.equal({ registered: true });
    expect(bank.platforms()).to.deep.equal({ items: [SHOP] });
  });

  it("is undone when the platform is gone, twice too, and may be done again", () => {
    const bank = adapter();
    bank.register(SHOP);
    bank.register({ ...SHOP, platform: "other-shop" });
    for (let times = 0; times < 2; times += 1)
      expect(bank.unregister({ platform: SHOP.platform })).to.deep.equal({ registered: false });
    expect(bank.platforms().items.map(({ platform }) => platform)).to.deep.equal(["other-shop"]);
    bank.register(SHOP);
    expect(bank.platforms().items).to.have.length(2);
  });

  it("again replaces what was registered, and leaves other platforms alone", () => {
    const bank = adapter();
    const other = { ...SHOP, platform: "other-shop" };
    const changed = { ...SHOP, version: "1-ffffffffffff", fees: {} };
    for (const one of [SHOP, other, changed]) bank.register(one);
    expect(bank.platforms().items).to.deep.equal([changed, other]);
  });

  it("keeps a copy: what the caller changes later does not count", () => {
    const bank = adapter();
    const currencies = ["USD"];
    bank.register({ ...SHOP, currencies });
    currencies.push("EUR");
    expect(bank.platforms().items[0]?.currencies).to.deep.equal(["USD"]);
  });

  const taken: readonly [string, object][] = [
    ["no fees", { fees: {} }],
    ["0 percent", { fees: { percent: "0" } }],
    ["100 percent", { fees: { percent: "100.00" } }],
    ["a fixed fee of zero", { fees: { fixed: { USD: "0" } } }],
    ["late money that reopens", { lateMoney: "reopen" }],
    ["a yen fee", { fees: { fixed: { JPY: "30" } } }],
  ];
  for (const [what, over] of taken)
    it(`takes ${what}`, () => {
      expect(adapter().register({ ...SHOP, ...over })).to.deep.equal({ registered: true });
    });

  const refused: readonly [string, object, string][] = [
    ["an empty settlement account", { settlementAccount: " " }, "/settlementAccount"],
    ["no settlement account", { settlementAccount: undefined }, "/settlementAccount"],
    ["no currency", { currencies: [] }, "/currencies"],
    ["a currency that ISO does not know", { currencies: ["USD", "RMB"] }, "/currencies/1"],
    ["a currency in small letters", { currencies: ["usd"] }, "/currencies/0"],
    ["a currency twice", { currencies: ["USD", "USD"] }, "/currencies"],
    ["a percentage above 100", { fees: { percent: "100.01" } }, "/fees/percent"],
    ["a negative percentage", { fees: { percent: "-1" } }, "/fees/percent"],
    ["a percentage as a number", { fees: { percent: 2.9 } }, "/fees/percent"],
    ["a percentage with an exponent", { fees: { percent: "1e1" } }, "/fees/percent"],
    ["a negative fixed fee", { fees: { fixed: { USD: "-0.01" } } }, "/fees/fixed/USD"],
    ["a fixed fee with too many decimals", { fees: { fixed: { JPY: "1.5" } } }, "/fees/fixed/JPY"],
    ["a fixed fee as a number", { fees: { fixed: { USD: 0.3 } } }, "/fees/fixed/USD"],
    ["a fixed fee in a currency that is not settled", { fees: { fixed: { EUR: "1.00" } } }, "/fees/fixed/EUR"],
    ["a fee rule with something else in it", { fees: { flat: "1" } }, "/fees/flat"],
    ["a fee rule that is none", { fees: null }, "/fees"],
    ["a platform name with a path in it", { platform: "../x" }, "/platform"],
    ["no title", { title: "" }, "/title"],
    ["another rule for late money", { lateMoney: "keep" }, "/lateMoney"],
  ];
  for (const [what, over, field] of refused)
    it(`refuses ${what}`, () => {
      const bank = adapter();
      let error: unknown;
      try {
        bank.register({ ...SHOP, ...over });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(MergepayError);
      expect(error).to.include({ type: "PLUGIN_REGISTRATION_FAILED" });
      expect(error).to.have.nested.property("data.field", field);
      expect((error as Error).message).not.to.include("acct_canary");
      expect(bank.platforms().items).to.deep.equal([]);
    });
});
