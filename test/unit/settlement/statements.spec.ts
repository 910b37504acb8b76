import { expect } from "chai";
import fc from "fast-check";
import type { Statement, StatementItem } from "../../../schemas/types.generated.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";
import { csvCell, csvOf } from "../../../core/statements/model.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const hour = 3_600_000;
const sum = (items: readonly StatementItem[]): bigint =>
  items.reduce((minor, { net }) => minor + minorOfMoney(net), 0n);

describe("the statement of a merchant", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token: "shop-1" });
  });
  afterEach(() => till.close(true));

  const services = () => till.house.core.services;
  const of = { platform: "alpha", merchant: "shop", currency: "USD" };
  const get = (from: string, to: string, more: { after?: string; limit?: number } = {}): Promise<Statement> =>
    services().statements.get({ ...of, from, to, ...more });
  async function payOut(): Promise<void> {
    const { confirmation } = await services().payouts.preview({});
    await services().payouts.run({ confirmation, by: "ops" });
    await services().payouts.sweep();
  }
  /** Pays so many further orders of the merchant. */
  async function pay(count: number): Promise<void> {
    await till.seed(count, ["alpha"]);
    await till.pay(`k${count}`);
    till.clock.advance(hour);
  }
  /** All pages of so many items. */
  async function whole(from: string, to: string, limit: number) {
    const first = await get(from, to, { limit });
    const pages = [first];
    for (let page = first; page.next !== undefined; pages.push(page))
      page = await get(from, to, { limit, after: page.next });
    return { first, pages, items: pages.flatMap(({ items }) => items), closing: pages.at(-1)?.closing };
  }

  it("explains each line, and opening, items and closing agree; the items of a payout are what it paid", async () => {
    await services().settlement.setSettlementRule({
      platform: "alpha",
      rule: { reserve: { percent: "10", days: 1 } },
      by: "ops",
    });
    await pay(2);
    await payOut();
    till.clock.advance(48 * hour);
    await services().settlement.sweep();
    await pay(5);
    await payOut();
    till.clock.advance(1);
    const { first, items, closing } = await whole("2026-03-01", "2026-03-03T14:00:00.001Z", 200);
    expect(first.opening?.value).to.equal("0.00");
    expect(items.map(({ kind }) => kind)).to.include.members(["order", "reserve", "release", "payout"]);
    expect(items[0]).to.deep.include({ kind: "order", orderNo: "n0", rule: "2.9 % + 0.30 USD", state: "paid_out" });
    expect(closing?.value).to.equal(moneyOf(sum(items), "USD").value);
    const paid = items.filter(({ kind }) => kind === "payout");
    expect(paid).to.have.length(2);
    for (const payout of paid) {
      const own = items.filter(({ kind, payoutId }) => kind !== "payout" && payoutId === payout.id);
      expect(sum(own), payout.id).to.equal(-minorOfMoney(payout.net));
    }
  });

  it("of times that follow each other agree: each closing is the next opening", async () => {
    await pay(2);
    await payOut();
    await pay(4);
    till.clock.advance(48 * hour);
    const times = ["2026-03-01", "2026-03-01T13:00:00Z", "2026-03-02", "2026-03-03"];
    let closing: string | undefined = "0.00";
    for (const [index, to] of times.slice(1).entries()) {
      const page = await get(times[index] ?? "", to);
      expect(page.opening?.value, to).to.equal(closing);
      closing = page.closing?.value;
    }
    expect(closing).to.equal((await services().payouts.preview({})).items[0]?.payable.value);
  });

  it("comes in pages of any size, each item once", async () => {
    await pay(7);
    await payOut();
    till.clock.advance(hour);
    const full = await whole("2026-03-01", "2026-03-01T14:00:00Z", 200);
    expect(full.items).to.have.length(8);
    for (const limit of [1, 3, 7, 8]) {
      const { items, pages, first, closing } = await whole("2026-03-01", "2026-03-01T14:00:00Z", limit);
      expect(items, `${limit}`).to.deep.equal(full.items);
      expect([first.opening, closing]).to.deep.equal([full.first.opening, full.closing]);
      expect(pages.filter(({ opening }) => opening !== undefined)).to.have.length(1);
      expect(pages.filter((page) => page.closing !== undefined)).to.have.length(1);
    }
  });

  it("goes by days of the merchant's zone", async () => {
    await services().settlement.setSettlementRule({ platform: "alpha", rule: { zone: "Asia/Shanghai" }, by: "ops" });
    till.clock.advance(24 * hour);
    expect(await get("2026-03-01", "2026-03-02")).to.include({
      from: "2026-02-28T16:00:00.000Z",
      to: "2026-03-01T16:00:00.000Z",
    });
  });

  for (const [name, from, to, field] of [
    ["a day that is not", "2026-02-30", "2026-03-01", "from"],
    ["a time without a zone", "2026-02-01", "2026-03-01T00:00:00", "to"],
    ["an end before the beginning", "2026-03-01", "2026-02-28", "from"],
    ["no time at all", "2026-02-28", "2026-02-28", "from"],
    ["an end that is to come", "2026-02-28", "2026-03-02", "to"],
  ] as const)
    it(`is refused for ${name}`, async () => {
      const { type, data } = await refusal(get(from, to));
      expect([type, data.field]).to.deep.equal(["QUERY_INVALID", field]);
    });

  it("is refused for a cursor that no statement gives, and for a currency that is none", async () => {
    for (const after of ["x", "2026-03-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z ord_1"])
      expect((await refusal(get("2026-02-01", "2026-03-01", { after }))).data.field, after).to.equal("after");
    const other = services().statements.get({ ...of, currency: "XQX", from: "2026-02-01", to: "2026-03-01" });
    expect((await refusal(other)).type).to.equal("CURRENCY_UNKNOWN");
  });
});

describe("a statement as CSV", () => {
  for (const [text, cell] of [
    ["A-1", "A-1"],
    ["=1+1", "'=1+1"],
    ["+49", "'+49"],
    ["-1+1", "'-1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", "'\tx"],
    ["\r=1", '"\'\r=1"'],
    ["-5.00", "-5.00"],
    ["-5", "-5"],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
    ["a,b", '"a,b"'],
    ["a\nb", '"a\nb"'],
    ["", ""],
  ] as const)
    it(`has ${JSON.stringify(text)} as ${JSON.stringify(cell)}`, () => {
      expect(csvCell(text)).to.equal(cell);
    });

  it("never has a cell that a spreadsheet runs, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("", "=", "+", "-", "@", "\t", "\r"), (text, first) => {
        const cell = csvCell(first + text).replace(/^"/, "");
        expect(/^[=+\-@\t\r]/.test(cell) && !/^-?\d+(?:\.\d+)?$/.test(cell)).to.equal(false);
      }),
    );
  });

  it("has a row an item, between the opening and the closing balance", () => {
    const usd = (value: string) => ({ value, currency: "USD" });
    const text = csvOf({
      platform: "alpha",
      merchant: "=shop",
      currency: "USD",
      from: "a",
      to: "b",
      opening: usd("-1.00"),
      items: [{ at: "a", kind: "payout", id: "pyo_1", net: usd("-2.00"), payoutId: "pyo_1" }],
      closing: usd("-3.00"),
    });
    expect(text.split("\r\n")).to.deep.equal([
      "a,opening,alpha,'=shop,,,,,,,-1.00,USD,,,,,,,,",
      "a,payout,alpha,'=shop,,,,,,,-2.00,USD,,,,,pyo_1,,,pyo_1",
      "b,closing,alpha,'=shop,,,,,,,-3.00,USD,,,,,,,,",
      "",
    ]);
  });
});
