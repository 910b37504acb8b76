/** Invented files of platforms that there are not: each of another kind, with what a new plugin must make of it before a line is edited. */
export interface Case {
  readonly name: string;
  /** Text, or bytes in an encoding that is not UTF-8. */
  readonly file: string | Uint8Array;
  /** `number amount currency` of each order; a reason for each record that is none. */
  readonly becomes: readonly string[];
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

const line = (name: string, quantity: number, price: string) => ({ name, sku: `SKU-${name}`, quantity, price });

/** GB18030 of the few characters that are used. */
function gb18030(text: string): Uint8Array {
  const codes: Readonly<Record<string, readonly number[]>> = {
    茶: [0xb2, 0xe8],
    壶: [0xba, 0xf8],
    张: [0xd5, 0xc5],
    三: [0xc8, 0xfd],
    北: [0xb1, 0xb1],
    京: [0xbe, 0xa9],
  };
  return Uint8Array.from(Array.from(text).flatMap((char) => codes[char] ?? [char.codePointAt(0) ?? 0]));
}

export const cases: readonly Case[] = [
  {
    name: "JSON: a list under wrappers, money as an object, paid orders told by a status",
    file: json({
      payload: {
        nextPage: null,
        orders: [
          {
            orderNumber: "L-1",
            paymentStatus: "pending",
            pricing: { subtotal: { value: "10.00", currency: "EUR" }, total: { value: "12.50", currency: "EUR" } },
            buyer: { username: "ann", email: "ann@shop.test" },
            createdAt: "2026-03-01T09:30:00Z",
            lineItems: [{ title: "Lantern", sku: "LA-1", quantity: 1, cost: { value: "10.00", currency: "EUR" } }],
          },
          {
            orderNumber: "L-2",
            paymentStatus: "paid",
            pricing: { subtotal: { value: "7.00", currency: "EUR" }, total: { value: "8.00", currency: "EUR" } },
            buyer: { username: "bob", email: null },
            createdAt: "2026-03-02T09:30:00Z",
            lineItems: [],
          },
        ],
      },
    }),
    becomes: ["L-1 12.50 EUR", "Nothing says that an order in status paid is still to be paid."],
  },
  {
    name: "JSON: one order at the root, numbers, an id above 2^53, four decimals",
    file: '{"id": 9007199254740993, "currency": "USD", "grand_total": 31.2000, "customer_id": 0, "created_at": "2026-03-01 09:30:00"}',
    becomes: ["9007199254740993 31.20 USD"],
  },
  {
    name: "JSON: no total, prices times quantities",
    file: json([
      { purchaseOrderNumber: "P-1", currency: "JPY", items: [line("bowl", 3, "1200"), line("cup", 1, "400")] },
      { purchaseOrderNumber: "P-2", currency: "JPY", items: [line("tray", 2, "50")] },
    ]),
    becomes: ["P-1 4000 JPY", "P-2 100 JPY"],
  },
  {
    name: "JSON: no currency",
    file: json({ trade: { tid: "77", status: "WAIT_BUYER_PAY", total_fee: "5.00", payment: "5.00" } }),
    becomes: ["plugin.ts does not say yet which currency the amounts are in."],
  },
  {
    name: "JSON: minor units",
    file: json([{ order_id: "C-1", total_cents: 1999, currency: "CAD", state: "open" }]),
    becomes: ["C-1 19.99 CAD"],
  },
  {
    name: "NDJSON",
    file: '{"order_no":"N-1","amount":"5.5","currency":"CHF"}\n{"order_no":"N-2","amount":"6","currency":"CHF"}\n',
    becomes: ["N-1 5.50 CHF", "N-2 6.00 CHF"],
  },
  {
    name: "XML: namespaces, an attribute for the currency, a single order whose id is an element of Order",
    file: `<?xml version="1.0" encoding="UTF-8"?>
<o:Order xmlns:o="urn:shop:order" xmlns:c="urn:shop:common">
  <c:ID>X-1</c:ID><c:IssueDate>2026-03-01</c:IssueDate>
  <o:MonetaryTotal><c:PayableAmount currencyID="SEK">6225</c:PayableAmount></o:MonetaryTotal>
  <o:OrderLine><c:Quantity>2</c:Quantity><o:Item><c:Name>Red paint</c:Name></o:Item></o:OrderLine>
</o:Order>`,
    becomes: ["X-1 6225.00 SEK"],
  },
  {
    name: "XML: a list, one line here and two there, the total as the sum of charges and taxes",
    file: `<list><orders>
  <order><orderId>Y-1</orderId><lines><line><charge><amount>10.00</amount><currency>USD</currency><tax>0.80</tax></charge></line></lines></order>
  <order><orderId>Y-2</orderId><lines><line><charge><amount>5.00</amount><currency>USD</currency><tax></tax></charge></line>
  <line><charge><amount>1.25</amount><currency>USD</currency></charge></line></lines></order>
</orders></list>`,
    becomes: ["Y-1 10.80 USD", "Y-2 6.25 USD"],
  },
  {
    name: "CSV: rows of one order, quoted cells, a zone behind the time",
    file: `Name,Email,Total,Currency,Created at,Lineitem name,Lineitem quantity
#1,a@shop.test,30.00,EUR,2026-03-01 09:30:00 +0200,"Bowl, blue",1
#1,,,,,Cup,2
#2,b@shop.test,7.00,EUR,2026-03-02 09:30:00 +0200,Tray,1
`,
    becomes: ["#1 30.00 EUR", "#2 7.00 EUR"],
  },
  {
    name: "CSV: semicolons, decimal commas and German names",
    file: "Bestellnummer;Gesamtbetrag;Währung;Bestelldatum\nB-1;1.234,50;EUR;01.03.2026\nB-2;8,00;EUR;02.03.2026\n",
    becomes: ["B-1 1234.50 EUR", "B-2 8.00 EUR"],
  },
  {
    name: "CSV: pipes, in Windows-1252",
    file: Buffer.from("order_id|customer|total|currency\nW-1|J\u00fcrgen M\u00fcller|9.90|EUR\n", "latin1"),
    becomes: ["W-1 9.90 EUR"],
  },
  {
    name: "TSV in UTF-16 with a mark",
    file: Buffer.from("\ufefforder-id\torder-total\tcurrency\nT-1\t4.00\tGBP\n", "utf16le"),
    becomes: ["T-1 4.00 GBP"],
  },
  {
    name: "CSV in GB18030",
    file: gb18030("order_id,buyer_nick,title,total,currency\nG-1,张三,北京茶壶,88.00,CNY\n"),
    becomes: ["G-1 88.00 CNY"],
  },
  {
    name: "names that are code elsewhere: quotes, line ends and comments in fields",
    file: json([
      { "order number": "Q-1", total: "3.00", currency: "EUR", "status\n*/ throw 1; //": "new", "na`me${1}": "x" },
    ]),
    becomes: ["Q-1 3.00 EUR"],
  },
];
