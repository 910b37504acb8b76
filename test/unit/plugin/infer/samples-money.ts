/** Invented files that tell their totals and currencies otherwise than by a field for each. */
import { type Case, json } from "./samples.ts";

export const moneyCases: readonly Case[] = [
  {
    name: "JSON: the buyer's own number of an order beside that of the platform",
    file: json([
      { po_number: "of Ann", order_number: "B-1", total: "5.00", currency: "EUR" },
      { po_number: "of Bob", order_number: "B-2", total: "6.00", currency: "EUR" },
    ]),
    becomes: ["B-1 5.00 EUR", "B-2 6.00 EUR"],
  },
  {
    name: "JSON: no currency, addresses in China",
    file: json([
      { trade_no: "CN-1", status: "WAIT_BUYER_PAY", payment: "5.00", receiver: { address: "浙江省杭州市西湖区1号" } },
      {
        trade_no: "CN-2",
        status: "WAIT_BUYER_PAY",
        payment: "6.00",
        receiver: { address: "内蒙古自治区呼和浩特市2号" },
      },
    ]),
    becomes: ["CN-1 5.00 CNY", "CN-2 6.00 CNY"],
  },
  {
    name: "JSON: no currency, countries of one",
    file: json([
      { order_no: "C-1", order_total: "5.00", billing: { country: "Germany" }, shipping: { country_code: "IT" } },
      { order_no: "C-2", order_total: "6.00", billing: { country: "France" }, shipping: { country_code: "FR" } },
    ]),
    becomes: ["C-1 5.00 EUR", "C-2 6.00 EUR"],
  },
  {
    name: "JSON: no currency, countries of several",
    file: json([
      { order_no: "C-3", order_total: "5.00", billing: { country: "Germany" } },
      { order_no: "C-4", order_total: "6.00", billing: { country: "Japan" } },
    ]),
    becomes: Array(2).fill("plugin.ts does not say yet which currency the amounts are in."),
  },
  {
    name: "CSV: no currency, sites of a country",
    file: "order no,sales channel,order total\nS-1,Lantern.co.uk,5.00\nS-2,lantern.uk,6.00\n",
    becomes: ["S-1 5.00 GBP", "S-2 6.00 GBP"],
  },
  {
    name: "JSON: a currency by its sign",
    file: json([{ order_no: "Z-1", order_total: "5.00", currency_symbol: "zł" }]),
    becomes: ["Z-1 5.00 PLN"],
  },
  {
    name: "XML: a currency by the platform's own number, where it is one of several",
    file: "<list><order><order_no>I-1</order_no><order_total>5.00</order_total><id_currency>1</id_currency><country>FR</country></order><order><order_no>I-2</order_no><order_total>6.00</order_total><id_currency>2</id_currency><country>FR</country></order></list>",
    becomes: Array(2).fill("plugin.ts does not say yet which currency the amounts are in."),
  },
  {
    name: "XML: a currency by the platform's own number, where it is the only one",
    file: "<order><order_no>I-3</order_no><order_total>5.00</order_total><id_currency>1</id_currency><country>FR</country></order>",
    becomes: ["I-3 5.00 EUR"],
  },
  {
    name: "JSON: a price beside which shipping stands may lack it",
    file: json([{ order_no: "V-1", price: "5.00", shipping_fee: "0.54", currency: "SGD" }]),
    becomes: ["plugin.ts does not say yet how much is to be paid."],
  },
  {
    name: "JSON: a price beside which nothing but zeros stands",
    file: json([{ order_no: "V-2", price: "5.00", shipping_fee: "0.00", voucher: "0.00", currency: "SGD" }]),
    becomes: ["V-2 5.00 SGD"],
  },
  {
    name: "JSON: an order that was paid and given back in part, as the only one of the sample",
    file: json([{ order_no: "R-1", total: "5.00", currency: "EUR", financial_status: "partially_refunded" }]),
    becomes: ["R-1 5.00 EUR"],
  },
  {
    name: "XML: a cart on its way to the buyer is no order",
    file: '<doc><PunchOutOrderMessage><Cookie>1</Cookie><Total currency="USD">5.00</Total></PunchOutOrderMessage></doc>',
    becomes: ["plugin.ts does not say yet that these are orders to be paid."],
  },
  {
    name: "CSV: titles above the header, padded as a spreadsheet does",
    file: 'Orders of March;;;\nprinted;2026-04-01;;\n;;;\n"order no";customer;"order total";currency\nM-1;"Lee; Ann";12,50;EUR\nM-2;Bob;1.003,00;EUR\n',
    becomes: ["M-1 12.50 EUR", "M-2 1003.00 EUR"],
  },
  {
    name: "CSV: a title that tells the currency",
    file: "Orders of March\nCurrency: CHF\norder no|order total|customer\nM-3|12.50|Ann\n",
    becomes: ["M-3 12.50 CHF"],
  },
  {
    name: "CSV: the currency in the name of the column, of rows of one order",
    file: "order no,sku,Order Total (EUR)\nM-4,a,12.50\nM-4,b,12.50\nM-5,c,3.00\n",
    becomes: ["M-4 12.50 EUR", "M-5 3.00 EUR"],
  },
  {
    name: "CSV: an order whose rows tell several totals, among others",
    file: "order no,sku,total,currency\nM-6,a,12.50,EUR\nM-6,b,,EUR\nM-7,a,1.00,EUR\nM-7,b,1.00,EUR\nM-70,a,2.00,EUR\nM-70,b,2.00,EUR\nM-8,a,3.00,EUR\nM-8,b,4.00,EUR\n",
    becomes: ["M-6 12.50 EUR", "M-7 1.00 EUR", "M-70 2.00 EUR", "The rows of the order tell several totals."],
  },
  {
    name: "CSV: rows of one order with a total each",
    file: "order no,sku,total,currency\nM-9,a,12.50,EUR\nM-9,b,2.00,EUR\n",
    becomes: ["M-9 14.50 EUR"],
  },
  {
    name: "CSV: rows of one order with a total each, with decimal commas",
    file: "order no;sku;total;currency\nM-10;a;1.012,50;EUR\nM-10;b;2,00;EUR\n",
    becomes: ["M-10 1014.50 EUR"],
  },
  {
    name: "CSV: prices with decimal commas, and rows with nothing in them",
    file: "order no;item;price;quantity;discount;currency\nM-26;a;12,50;2;1,25;EUR\nM-26;b;2;1;0,50;EUR\nM-27;;;1;;EUR\n",
    becomes: ["M-26 25.25 EUR", "M-27 is not owed: There is nothing to pay: the total is zero."],
  },
  {
    name: "CSV: signs in the amounts",
    file: 'order_no,total\nM-11,"€1,250.00"\nM-12,£3.00\nM-13,$4.00\nM-14,5.00\n',
    becomes: [
      "M-11 1250.00 EUR",
      "M-12 3.00 GBP",
      "plugin.ts does not say yet which currency the amounts are in.",
      "The total is not written as declared.",
    ],
  },
  {
    name: "JSON: codes in the amounts, in front and behind",
    file: json([
      { order_no: "M-15", total: "EUR 12.50" },
      { order_no: "M-16", total: "800 JPY" },
    ]),
    becomes: ["M-15 12.50 EUR", "M-16 800 JPY"],
  },
  {
    name: "JSON: signs in the amounts, and a currency: other signs are none of the file",
    file: json([
      { order_no: "M-17", total: "$12.50", currency: "CAD" },
      { order_no: "M-18", total: "12.50", currency: "CAD" },
    ]),
    becomes: ["M-17 12.50 CAD", "The total is not written as declared."],
  },
  {
    name: "JSON: totals in two currencies leave open which is owed",
    file: json([{ order_no: "M-19", total_eur: "12.50", total_usd: "13.60" }]),
    becomes: ["plugin.ts does not say yet how much is to be paid."],
  },
  {
    name: "JSON: a total in a currency that its name tells, beside one in no currency that is told",
    file: json([{ order_no: "M-20", grand_total_usd: "13.60", store_currency: "EUR" }]),
    becomes: ["M-20 13.60 USD"],
  },
  {
    name: "JSON: a currency around the orders",
    file: json({ shop: { currency: "NOK", orders: [{ order_no: "M-21", total: "13.60" }] } }),
    becomes: ["M-21 13.60 NOK"],
  },
  {
    name: "XML: a currency around the orders",
    file: '<export currency="DKK"><order><order_no>M-22</order_no><total>13.60</total></order><order><order_no>M-23</order_no><total>1</total></order></export>',
    becomes: ["M-22 13.60 DKK", "M-23 1.00 DKK"],
  },
  {
    name: "XML: a currency around the orders that is not that of the orders",
    file: '<export base-currency="DKK"><order><order_no>M-24</order_no><total>13.60</total></order></export>',
    becomes: ["plugin.ts does not say yet which currency the amounts are in."],
  },
  {
    name: "JSON: a currency that lines of few orders tell is none of all",
    file: json({
      orders: [
        { order_no: "M-25", total: "13.60", lines: [{ name: "cup", price: { currency: "NOK" } }] },
        { order_no: "M-28", total: "13.60" },
        { order_no: "M-29", total: "13.60" },
      ],
    }),
    becomes: Array(3).fill("plugin.ts does not say yet which currency the amounts are in."),
  },
];
