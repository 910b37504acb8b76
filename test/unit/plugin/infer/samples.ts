/** Invented files of platforms that there are not: each of another kind, with what a new plugin must make of it before a line is edited. */
export interface Case {
  readonly name: string;
  /** Text, or bytes in an encoding that is not UTF-8. */
  readonly file: string | Uint8Array;
  /** `number amount currency` of each order; a reason for each record that is none. */
  readonly becomes: readonly string[];
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);

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

/** An interchange of ORDERS messages whose decimal mark is a comma. */
function interchange(...messages: readonly string[]): string {
  const whole = messages.map((message, at) => {
    const segments = message.split("'").length + 1;
    return `UNH+${at + 1}+ORDERS:D:96A:UN'${message}UNT+${segments}+${at + 1}'`;
  });
  return `UNA:+,? 'UNB+UNOC:3+4012345000009:14+4054321000008:14+260309:0815+4711'${whole.join("")}UNZ+${messages.length}+4711'`;
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
    becomes: ["L-1 12.50 EUR", "L-2 is not owed: The order is paid."],
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
    name: "XML: a DOCTYPE that names a file, attributes, a currency beside the amount",
    file: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE lXML SYSTEM "http://lantern.test/lXML.dtd">
<lXML><Request><OrderRequest><OrderRequestHeader orderID="D-1" orderDate="2026-03-01T18:41:29-08:00">
<Total><Money currency="EUR">85.00</Money></Total></OrderRequestHeader></OrderRequest></Request></lXML>`,
    becomes: ["D-1 85.00 EUR"],
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
  {
    name: "JSON: a record without a number, and one whose amount is none, hide nothing that the others say",
    file: json([
      { orderNumber: "H-1", total: "5.00", currency: "EUR" },
      { orderNumber: "", total: "6.00", currency: "EUR" },
      { orderNumber: "H-3", total: "1e3", currency: "EUR" },
      { orderNumber: "H-4", total: "7.00", currency: "XXQ" },
    ]),
    becomes: [
      "H-1 5.00 EUR",
      "/orderNumber must have at least 1 characters.",
      "The amount is not plain decimal text such as 12.30: digits, at most one dot, no signs, spaces or separators.",
      "The currency is not an ISO 4217 code in capitals that Mergepay handles.",
    ],
  },
  {
    name: "JSON: lines taken back are left out of a sum",
    file: json({
      orderNumber: "G-1",
      currency: "EUR",
      lines: [
        { ...line("bowl", 1, "5.00"), status: "open" },
        { ...line("cup", 1, "2.00"), status: "Cancelled" },
      ],
    }),
    becomes: ["G-1 5.00 EUR"],
  },
  {
    name: "JSON: orders that all are paid or cancelled: those that are paid are shown",
    file: json([
      { orderNumber: "P-1", total: "5.00", currency: "EUR", payment_status: "paid" },
      { orderNumber: "P-2", total: "6.00", currency: "EUR", payment_status: "voided" },
    ]),
    becomes: ["P-1 5.00 EUR", "P-2 is taken back: The order is voided."],
  },
  {
    name: "JSON: an order with the time of its cancellation, beside one that never was",
    file: json([
      { orderNumber: "K-1", total: "5.00", currency: "EUR", status: "open", cancelled_at: "2026-03-01T10:00:00Z" },
      { orderNumber: "K-2", total: "6.00", currency: "EUR", status: "open", cancelled_at: null },
    ]),
    becomes: ["K-1 is taken back: The order was cancelled.", "K-2 6.00 EUR"],
  },
  {
    name: "JSON: an order whose time of cancellation is that of all orders of the sample",
    file: json({ orderNumber: "K-3", total: "5.00", currency: "EUR", canceled_at: "2026-03-01T10:00:00Z" }),
    becomes: ["K-3 is taken back: The order was cancelled."],
  },
  {
    name: "JSON: a time of cancellation that is none",
    file: json({ orderNumber: "K-4", total: "5.00", currency: "EUR", canceled_at: "0000-00-00 00:00:00" }),
    becomes: ["K-4 5.00 EUR"],
  },
  {
    name: "JSON: an event about an invoice, which counts by itself and names its order",
    file: json({
      event: { data: { increment_id: "13", order_id: "8", grand_total: "5.00", order_currency_code: "USD" } },
    }),
    becomes: ["plugin.ts does not say yet that these are orders to be paid."],
  },
  {
    name: "JSON: prices of packs",
    file: json({
      orderNumber: "G-2",
      currency: "EUR",
      lines: [{ name: "bowl", price: "5.00", ordered: { quantity: 2, packSize: 12 } }],
    }),
    becomes: ["A line is of packs; packSize leaves open what it costs."],
  },
  {
    name: "JSON: lines, and shipping beside them",
    file: json({ orderNumber: "G-3", currency: "EUR", shippingCost: "4.90", lines: [line("bowl", 2, "5.00")] }),
    becomes: ["plugin.ts does not say yet how much is to be paid."],
  },
  {
    name: "JSON: prices without quantities",
    file: json({ orderNumber: "G-4", currency: "EUR", lines: [{ name: "bowl", unitPrice: "5.00" }] }),
    becomes: ["plugin.ts does not say yet how much is to be paid."],
  },
  {
    name: "JSON: amounts with a divisor, a currency in small letters",
    file: json([{ orderNumber: "G-5", total: { amount: 2599, divisor: 100, currency: "usd" } }]),
    becomes: ["G-5 25.99 USD"],
  },
  {
    name: "JSON: the name that people call an order by, before an id",
    file: json({
      order: { id: 820982911946154000, name: "#2101", total_tax_incl: "7.50", tax: "0.50", currency: "EUR" },
    }),
    becomes: ["#2101 7.50 EUR"],
  },
  {
    name: "JSON: drafts are no orders",
    file: json({ draft_order: { name: "#D1", total: "7.50", currency: "EUR" } }),
    becomes: ["plugin.ts does not say yet that these are orders to be paid."],
  },
  {
    name: "EDI of the United Nations' syntax: decimal commas, the amount due before the total, a cancelled order",
    file: interchange(
      "BGM+220+E-1+9'DTM+137:20260301:102'NAD+BY+4012345000009::9'CUX+2:EUR:9'LIN+1'QTY+21:2'PRI+AAA:5,00'UNS+S'MOA+86:10,00'MOA+9:8,50'",
      "BGM+220+E-2+9'DTM+137:20260302:102'NAD+BY+4012345000009::9'CUX+2:EUR:9'UNS+S'MOA+86:12,00'",
      "BGM+220+E-3+1'DTM+137:20260302:102'NAD+BY+4012345000009::9'CUX+2:EUR:9'UNS+S'MOA+86:12,00'",
    ),
    becomes: ["E-1 8.50 EUR", "E-2 12.00 EUR", "E-3 is taken back: The message cancels the order."],
  },
  {
    name: "EDI of the United Nations' syntax: lines, one price that is of a hundred",
    file: interchange(
      "BGM+220+E-4+9'NAD+SU+4054321000008::9'CUX+2:EUR:9'LIN+1'QTY+21:2'PRI+AAA:5,25'LIN+2'QTY+21:1'PRI+AAA:1'UNS+S'",
      "BGM+220+E-5+9'NAD+SU+4054321000008::9'CUX+2:EUR:9'LIN+1'QTY+21:200'PRI+AAA:5,25:::100'UNS+S'",
    ),
    becomes: ["E-4 11.50 EUR", "A price is not that of one piece; what the line costs is not told."],
  },
  {
    name: "EDI of the United Nations' syntax: the currency beside the amount",
    file: interchange(
      "BGM+220+E-7+9'NAD+SU+4054321000008::9'UNS+S'MOA+86:10,00:SEK'",
      "BGM+220+E-8+9'NAD+SU+4054321000008::9'UNS+S'MOA+86:11,00:NOK'",
    ),
    becomes: ["E-7 10.00 SEK", "E-8 11.00 NOK"],
  },
  {
    name: "EDI of X12: lines, no currency",
    file: `ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1200*U*00401*000000001*0*P*>~
GS*PO*SENDER*RECEIVER*20260301*1200*1*X*004010~
ST*850*0001~BEG*00*SA*E-6**20260301~PO1*1*10*EA*9.95~PO1*2*2*EA*5~CTT*2~SE*6*0001~
GE*1*1~IEA*1*000000001~`,
    becomes: ["plugin.ts does not say yet which currency the amounts are in."],
  },
];
