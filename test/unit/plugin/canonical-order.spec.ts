import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson } from "../../../core/plugin/canonical-json.ts";
import { canonicalOrder } from "../../../core/plugin/canonical-order.ts";
import type { PlatformOrder } from "../../../core/plugin/contract.ts";
import { houseSchemas } from "../../../core/schema/validate.ts";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "\u2028", "\u{1f6d2}", "\ud800", "\u007f", "é"),
);
const maybe = { noNullPrototype: true, requiredKeys: [] as [] };
const item = fc
  .tuple(text, fc.record({ quantity: fc.option(text, { nil: undefined }), sku: text }, maybe))
  .map(([name, more]) => ({ ...more, name }));
const order = fc
  .tuple(
    fc.record({ orderNo: text, merchant: text, amount: fc.record({ value: text, currency: text }) }),
    fc.record(
      { title: text, placedAt: text, payBy: fc.option(text, { nil: undefined }), items: fc.array(item), buyerId: text },
      maybe,
    ),
  )
  .map(([needed, more]) => ({ ...more, ...needed }) as PlatformOrder);

interface Fields {
  readonly properties: Readonly<Record<string, { readonly items?: Fields }>>;
}

describe("The text that an order is hashed by", () => {
  it("is its canonical JSON, whatever the order of its fields and whatever is in them", () => {
    fc.assert(
      fc.property(order, (made) => {
        expect(canonicalOrder(made)).to.equal(canonicalJson(made));
      }),
    );
  });

  it("has every field that an order may have", () => {
    const { properties } = houseSchemas().get("mergepay:platform-order") as unknown as Fields;
    const filled = Object.fromEntries(
      Object.entries(properties).map(([name, { items }]) => {
        if (name === "amount") return [name, { value: "1.00", currency: "EUR" }];
        return [
          name,
          items === undefined ? "x" : [Object.fromEntries(Object.keys(items.properties).map((key) => [key, "x"]))],
        ];
      }),
    ) as unknown as PlatformOrder;
    expect(canonicalOrder(filled)).to.equal(canonicalJson(filled));
    expect(Object.keys(JSON.parse(canonicalOrder(filled)) as object)).to.have.length(Object.keys(properties).length);
  });
});
