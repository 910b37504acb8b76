import { expect } from "chai";
import { traceOf } from "../../../core/plugin/trace.ts";

describe("Where the fields of an order come from", () => {
  const record = {
    no: "A-1",
    money: { total: "12.500", cur: "EUR" },
    at: "2026-03-01 09:30",
    due: "20260401",
    who: { id: "4711" },
    lines: [{ name: "Bowl" }],
    "a/b": "Corner shop",
  };
  const order = { merchant: "corner", orderNo: "A-1", amount: { value: "12.50", currency: "EUR" } };
  const cases: readonly (readonly [name: string, more: object, field: string, pointer: string | undefined])[] = [
    ["the same text", {}, "orderNo", "/no"],
    ["an amount with other zeros", {}, "amount", "/money/total"],
    ["the currency", {}, "currency", "/money/cur"],
    ["nothing that the plugin made itself", {}, "merchant", undefined],
    ["a part of the value", { buyerId: "customer:4711" }, "buyerId", "/who/id"],
    ["the day of an instant", { placedAt: "2026-03-01T08:30:00Z" }, "placedAt", "/at"],
    ["the same day without marks", { placedAt: "2026-04-01T00:00:00Z" }, "placedAt", "/due"],
    ["a name with a slash", { title: "Corner shop" }, "title", "/a~1b"],
    ["the first item", { items: [{ name: "Bowl" }, { name: "Cup" }] }, "items", "/lines/0/name"],
  ];
  for (const [name, more, field, pointer] of cases)
    it(`is told by ${name}`, () => {
      const traced = traceOf({ ...order, ...more }, record).find((one) => one.field === field);
      expect(traced?.from?.pointer).to.equal(pointer);
    });

  it("is not told of fields that the order has not", () => {
    expect(traceOf(order, record).map(({ field }) => field)).to.deep.equal([
      "merchant",
      "orderNo",
      "amount",
      "currency",
    ]);
  });
});
