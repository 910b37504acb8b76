import { expect } from "chai";
import fc from "fast-check";
import { LIMITS } from "../../../../core/limits.ts";
import { dateFormOf } from "../../../../core/plugin/infer/dates.ts";
import { type Proposal, propose } from "../../../../core/plugin/infer/proposal.ts";
import { inferSchema } from "../../../../core/plugin/infer/schema.ts";
import { pluginSource } from "../../../../core/plugin/infer/source.ts";
import { sampleText } from "../../../../core/plugin/infer/text.ts";
import { compileSchema } from "../../../../core/schema/validate.ts";
import { attempt } from "../../formats/reading.ts";

const proposed = (sample: string | Uint8Array): Promise<Proposal> => propose(Buffer.from(sample), LIMITS);

/** What a person reads first: where the records are, and the fields of an order. */
const shown = ({ input, fields, missing }: Proposal): unknown => {
  const { number, amount, currency, buyer, date } = fields;
  return {
    input:
      input.format === "edi"
        ? input.messages
        : "records" in input
          ? input.records
          : "groupBy" in input
            ? input.groupBy
            : undefined,
    fields: [number, amount, currency, buyer, date].map((field) => field?.pointer ?? "-").join(" "),
    missing: missing.map((what) => what.split(":", 1)[0]),
  };
};

const order = {
  orderId: "A-1",
  grandTotal: "12.30",
  currency: "EUR",
  buyerId: "b7",
  createdAt: "2026-03-01T09:30:00Z",
};
const all = "/orderId /grandTotal /currency /buyerId /createdAt";

describe("What a sample file proposes", () => {
  const cases: readonly (readonly [name: string, sample: string, result: unknown])[] = [
    ["a list at the top", JSON.stringify([order, order]), { input: [""], fields: all, missing: [] }],
    [
      "a list in wrappers",
      JSON.stringify({ ok: true, data: { orders: [order] } }),
      { input: ["/data/orders"], fields: all, missing: [] },
    ],
    [
      "one order in a wrapper",
      JSON.stringify({ response: { order } }),
      { input: ["/response/order"], fields: all, missing: [] },
    ],
    ["NDJSON", `${JSON.stringify(order)}\n${JSON.stringify(order)}\n`, { input: undefined, fields: all, missing: [] }],
    [
      "an order and not its lines",
      JSON.stringify({ ...order, lines: [{ id: 1, sku: "S", quantity: 2, price: "6.15", total: "12.30" }] }),
      { input: [""], fields: all, missing: [] },
    ],
    [
      "prices and the currency in the lines only",
      JSON.stringify([
        {
          poNumber: 1,
          orderNumber: "P-1",
          items: [{ orderedQuantity: { amount: 3 }, netCost: { amount: "2.50", currencyCode: "INR" } }],
        },
      ]),
      { input: [""], fields: "/orderNumber - /items/0/netCost/currencyCode - -", missing: [] },
    ],
    [
      "XML with the currency as attribute",
      '<list xmlns="urn:s"><order><no>1</no><OrderID>77</OrderID><Total currencyID="SEK">5</Total></order></list>',
      { input: ["/list/order"], fields: "/OrderID /Total /Total/@currencyID - -", missing: [] },
    ],
    [
      "a table, a row an order",
      "order number,total,currency\nA1,5.00,EUR\nA2,6.00,EUR\n",
      { input: undefined, fields: "/rows/0/order number /rows/0/total /rows/0/currency - -", missing: [] },
    ],
    [
      "a table with several rows an order",
      "order number;total;currency\nA1;5.00;EUR\nA1;;\nA2;6.00;EUR\n",
      { input: "order number", fields: "/rows/0/order number /rows/0/total /rows/0/currency - -", missing: [] },
    ],
    [
      "no currency",
      JSON.stringify([{ orderId: "A-1", total: "12.30" }]),
      { input: [""], fields: "/orderId /total - - -", missing: ["the currency"] },
    ],
    [
      "nothing of an order",
      JSON.stringify({ hello: "world" }),
      { input: [""], fields: "- - - - -", missing: ["the order number", "the amount", "the currency"] },
    ],
    [
      "EDI: the types of its messages",
      "UNB+UNOC:3+A+B+260301:0930+1'UNH+1+ORDERS:D:96A:UN'BGM+220+1'UNT+3+1'UNZ+1+1'",
      { input: ["ORDERS"], fields: "/reference - - - -", missing: ["the amount", "the currency"] },
    ],
  ];
  for (const [name, sample, result] of cases)
    it(name, async () => expect(shown(await proposed(sample))).to.deep.equal(result));

  const refused: readonly (readonly [name: string, sample: string, code: string])[] = [
    ["words", "Dear all, the orders are attached.", "FILE_NOT_RECOGNISED"],
    ["XML with a DOCTYPE", "<!DOCTYPE a><a><b>1</b></a>", "FILE_FRAME_BROKEN"],
    ["an EDI file that is cut off", "UNB+UNOC:3+A+B+260301:0930+1'UNH+1+ORDERS:D'", "FILE_FRAME_BROKEN"],
  ];
  for (const [name, sample, code] of refused)
    it(`${name}: says why there is none`, async () => expect(await attempt(() => proposed(sample))).to.equal(code));

  const totals: readonly (readonly [name: string, record: object, pointer: string | undefined])[] = [
    [
      "the grand total, not the subtotal",
      { subtotal: "9.00", grand_total: "12.30", total_tax: "1.00" },
      "/grand_total",
    ],
    [
      "what is payable, not allowances",
      { totals: { AllowanceTotalAmount: "1", PayableAmount: "9" } },
      "/totals/PayableAmount",
    ],
    [
      "a total with its own amount field",
      { OrderTotal: { CurrencyCode: "EUR", Amount: "7.00" } },
      "/OrderTotal/Amount",
    ],
    ["no total of shipping only", { shipping_total: "4.90" }, undefined],
    ["no text that is no number", { total: "a lot" }, undefined],
  ];
  for (const [name, record, pointer] of totals)
    it(`amounts: ${name}`, async () =>
      expect((await proposed(JSON.stringify([record]))).fields.amount?.pointer).to.equal(pointer));

  it("lines with a price and a quantity are multiplied, not added up as they are", async () => {
    const line = { orderedQuantity: { amount: 3 }, netCost: { amount: "2.50", currencyCode: "INR" } };
    const { fields } = await proposed(JSON.stringify([{ orderNumber: "P-1", items: [line] }]));
    expect(fields.lines).to.deep.equal({
      pointer: "/items",
      quantity: "/orderedQuantity/amount",
      price: "/netCost/amount",
    });
  });

  const dates: readonly (readonly [text: string, form: unknown])[] = [
    ["2026-03-01T09:30:00Z", { kind: "iso" }],
    ["2026-03-01 09:30:00", { kind: "form", form: "YYYY-MM-DD hh:mm:ss", zoned: false }],
    ["2026-03-01 09:30:00 +0100", { kind: "form", form: "YYYY-MM-DD hh:mm:ss Z", zoned: true }],
    ["01.03.2026", { kind: "form", form: "DD.MM.YYYY", zoned: false }],
    ["20260301", { kind: "form", form: "YYYYMMDD", zoned: false }],
    ["1772357415123", { kind: "epoch", unit: "ms" }],
    ["2575693098967", undefined],
    ["99991231", undefined],
    ["12.30", undefined],
  ];
  for (const [text, form] of dates) it(`dates: ${text}`, () => expect(dateFormOf(text)).to.deep.equal(form));

  const encodings: readonly (readonly [name: string, bytes: Uint8Array, encoding: string, text: string])[] = [
    ["UTF-8", Buffer.from("é中"), "utf-8", "é中"],
    ["UTF-8 with a mark", Buffer.from("\ufeffa"), "utf-8", "a"],
    ["UTF-16 with a mark", Buffer.from("\ufeffa", "utf16le"), "utf-16le", "a"],
    ["Chinese", Buffer.from([0xd6, 0xd0, 0xce, 0xc4, 0x2c, 0xd6, 0xd0, 0xce, 0xc4]), "gb18030", "中文,中文"],
    ["Western", Buffer.from("K\u00e4ufer Stra\u00dfe", "latin1"), "windows-1252", "Käufer Straße"],
    [
      "as XML declares",
      Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'),
      "iso-8859-1",
      '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    ],
  ];
  for (const [name, bytes, encoding, text] of encodings)
    it(`encodings: ${name}`, () => expect(sampleText(bytes)).to.include({ encoding, text }));

  it("the schema of samples takes the samples", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 }), { minLength: 1, maxLength: 5 }), (values) => {
        const plain = JSON.parse(
          JSON.stringify(values, (_, value: unknown) => (typeof value === "number" ? String(value) : value)),
        ) as unknown[];
        const fits = compileSchema<unknown>(inferSchema(plain));
        for (const value of plain) expect(fits(value), JSON.stringify(value)).to.equal(true);
      }),
    );
  });

  it("plugin.ts marks what the sample does not tell, and nothing else, as needed", async () => {
    const names = {
      id: "tea-house",
      title: "Tea house",
      contract: "../../core/plugin/contract.ts",
      schema: "order.schema.json",
    };
    const whole = pluginSource(await proposed(JSON.stringify([order])), names);
    expect(whole).to.not.match(/: string = ""; \/\/ NEEDED/);
    const without = pluginSource(await proposed(JSON.stringify([{ orderId: "A-1", total: "12.30" }])), names);
    expect(without.match(/: string = ""; \/\/ NEEDED/g)).to.have.lengthOf(1);
    expect(without).to.include("const currency").and.include("plugin.ts does not say the currency");
    expect(without.split("\n").length).to.be.at.most(60);
  });
});
