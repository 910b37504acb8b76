import { hash } from "node:crypto";
import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import type { RawRecord } from "../../../core/formats/contract.ts";
import { canonicalJson } from "../../../core/plugin/canonical-json.ts";
import { type Mapping, recordMapper } from "../../../core/plugin/map-record.ts";
import { compileSchema } from "../../../core/schema/validate.ts";

const objectMapper = (mapping: Mapping): ((raw: RawRecord, merchant: string) => MappedRecord) => {
  const map = recordMapper(mapping);
  return (raw, merchant) => JSON.parse(map(raw, merchant)) as MappedRecord;
};

const mapper = objectMapper({
  map: (record: object) => [{ merchant: "corner", amount: { value: "12.5", currency: "EUR" }, ...record }],
  fits: compileSchema<unknown>({ type: "object" }),
  currencies: ["EUR"],
});

const mapped = (record: Readonly<Record<string, string>>) =>
  mapper({ record: 0, position: "line 2", value: record }, "corner");

const numberOf = (orderNo: string): unknown => {
  const { orders, rejected } = mapped({ orderNo });
  return orders?.[0]?.orderNo ?? rejected?.code;
};

describe("What a record becomes", () => {
  const numbers: readonly (readonly [name: string, given: string, taken: string])[] = [
    ["a plain number", "A-1", "A-1"],
    ["accents as letter and mark are the letter", "Cafe\u0301-1", "Caf\u00e9-1"],
    ["accents as one letter", "Caf\u00e9-1", "Caf\u00e9-1"],
    ["blanks at the ends", " \tA-1\u00a0", "A-1"],
    ["a blank inside", "A 1", "A 1"],
    ["Cyrillic that looks like Latin stays another number", "\u0410-1", "\u0410-1"],
    ["emoji", "\u{1f6d2}-1", "\u{1f6d2}-1"],
    ["128 characters", "x".repeat(128), "x".repeat(128)],
    ["129 characters", "x".repeat(129), "PLUGIN_OUTPUT_INVALID"],
    ["a zero-width space", "A\u200b-1", "PLUGIN_OUTPUT_INVALID"],
    ["a mark that turns the direction", "\u202eA-1", "PLUGIN_OUTPUT_INVALID"],
    ["a line separator", "A\u2028-1", "PLUGIN_OUTPUT_INVALID"],
    ["a NUL", "A\u0000", "PLUGIN_OUTPUT_INVALID"],
    ["blanks only", "  ", "PLUGIN_OUTPUT_INVALID"],
  ];
  for (const [name, given, taken] of numbers)
    it(`order numbers: ${name}`, () => expect(numberOf(given)).to.equal(taken));

  const cancels: readonly (readonly [name: string, made: unknown, becomes: unknown])[] = [
    [
      "an order by merchant and number",
      { cancel: { merchant: "corner", orderNo: " A-1" }, reason: "No stock." },
      { merchant: "corner", orderNo: "A-1", reason: "No stock." },
    ],
    ["without a reason", { cancel: { merchant: "corner", orderNo: "A-1" } }, "PLUGIN_OUTPUT_INVALID"],
    ["with no reason", { cancel: { merchant: "corner", orderNo: "A-1" }, reason: "" }, "PLUGIN_OUTPUT_INVALID"],
    ["without a number", { cancel: { merchant: "corner" }, reason: "No stock." }, "PLUGIN_OUTPUT_INVALID"],
    ["without a merchant", { cancel: { orderNo: "A-1" }, reason: "No stock." }, "PLUGIN_OUTPUT_INVALID"],
    ["a merchant with a slash", { cancel: { merchant: "a/b", orderNo: "1" }, reason: "x" }, "PLUGIN_OUTPUT_INVALID"],
    ["a number of 129", { cancel: { merchant: "a", orderNo: "1".repeat(129) }, reason: "x" }, "PLUGIN_OUTPUT_INVALID"],
    ["nothing", { cancel: null, reason: "No stock." }, "PLUGIN_OUTPUT_INVALID"],
  ];
  for (const [name, made, becomes] of cancels)
    it(`a cancellation of ${name}`, () => {
      const map = objectMapper({ map: () => made, fits: compileSchema<unknown>({}), currencies: ["EUR"] });
      const { cancelled, rejected } = map({ record: 0, position: "line 2", value: {} }, "corner");
      expect(cancelled ?? rejected?.code).to.deep.equal(becomes);
    });

  it("an order for which nothing is owed any more", () => {
    const made = { notOwed: { merchant: "corner", orderNo: " A-1" }, reason: "Paid in the shop." };
    const map = objectMapper({ map: () => made, fits: compileSchema<unknown>({}), currencies: ["EUR"] });
    const { notOwed } = map({ record: 0, position: "line 2", value: {} }, "corner");
    expect(notOwed).to.deep.equal({ merchant: "corner", orderNo: "A-1", reason: "Paid in the shop." });
  });

  for (const [told, becomes] of [
    ["2026-03-01T09:00:00+01:00", "2026-03-01T08:00:00.000Z"],
    ["2026-03-01T08:00:00.5Z", "2026-03-01T08:00:00.500Z"],
    [undefined, undefined],
    ["2026-03-01T08:00:00", "PLUGIN_OUTPUT_INVALID"],
    ["yesterday", "PLUGIN_OUTPUT_INVALID"],
    [1_772_352_000_000, "PLUGIN_OUTPUT_INVALID"],
    [null, "PLUGIN_OUTPUT_INVALID"],
  ] as const)
    it(`an order that was delivered at ${told}`, () => {
      const made = { notOwed: { merchant: "corner", orderNo: "A-1" }, reason: "It is paid.", deliveredAt: told };
      const map = objectMapper({ map: () => made, fits: compileSchema<unknown>({}), currencies: ["EUR"] });
      const { notOwed, rejected } = map({ record: 0, position: "line 2", value: {} }, "corner");
      expect(notOwed?.deliveredAt ?? rejected?.code).to.equal(becomes);
    });

  const bad = objectMapper({
    map: ({ amount }: { amount: string }) => [
      { merchant: "corner", orderNo: "1", amount: { value: amount, currency: "EUR" } },
    ],
    fits: compileSchema<unknown>({ type: "object" }),
    currencies: ["EUR"],
  });
  const fields: readonly (readonly [name: string, record: object, field: string | undefined])[] = [
    ["the one that holds it", { amount: "1,5" }, "/amount"],
    ["the order's own, not that of a line", { lines: [{ total: "1,5" }], amount: "1,5" }, "/amount"],
    ["of one level the one that is named as a total", { price: "1,5", amount: "1,5" }, "/amount"],
    ["none for a blank", { amount: "", note: "" }, undefined],
  ];
  for (const [name, record, field] of fields)
    it(`the field of a wrong amount: ${name}`, () =>
      expect(bad({ record: 0, position: "line 2", value: record }, "corner").rejected).to.deep.include(
        field === undefined ? { code: "AMOUNT_INVALID" } : { code: "AMOUNT_INVALID", field },
      ));

  it("what is sent of an order is what it is hashed by, with the hash", () => {
    const order = {
      orderNo: 'A "1"\\',
      title: "é\u2028",
      items: [
        { name: "x", quantity: undefined },
        { sku: "1", name: "y" },
      ],
    };
    const map = recordMapper({
      map: () =>
        [order, { ...order, orderNo: "2" }].map((made) => ({
          ...made,
          merchant: "m",
          amount: { currency: "EUR", value: "1.00" },
        })),
      fits: compileSchema<unknown>({}),
      currencies: ["EUR"],
    });
    const {
      record,
      position,
      orders = [],
    } = JSON.parse(map({ record: 7, position: '/a"b[2]', value: {} }, "m")) as MappedRecord;
    expect([record, position, ...orders.map(({ orderNo }) => orderNo)]).to.deep.equal([
      7,
      '/a"b[2]',
      order.orderNo,
      "2",
    ]);
    for (const { contentHash, ...sent } of orders) expect(contentHash).to.equal(hash("sha256", canonicalJson(sent)));
  });

  it("two spellings of one order are one content", () => {
    const hashOf = (orderNo: string) => mapped({ orderNo, buyerId: `@${orderNo}` }).orders?.[0]?.contentHash;
    expect(hashOf("Cafe\u0301 ")).to.equal(hashOf("Caf\u00e9"));
  });
});
