/** Invented files whose amounts need more than their digits: what they count, and what of them is still owed. */
import { type Case, json } from "./samples.ts";

const ASKED = "plugin.ts does not say yet whether amounts count the currency or its cents.";
const NO_TOTAL = "plugin.ts does not say yet how much is to be paid.";

export const unitCases: readonly Case[] = [
  {
    name: "JSON: whole numbers alone, which may be cents",
    file: json([{ order_no: "U-1", total: 1250, tax: 50, currency: "EUR" }]),
    becomes: [ASKED],
  },
  {
    name: "JSON: whole numbers of a currency that has no smaller unit",
    file: json([{ order_no: "U-2", total: 1250, tax: 50, currency: "JPY" }]),
    becomes: ["U-2 1250 JPY"],
  },
  {
    name: "JSON: whole numbers too small to be cents",
    file: json([
      { order_no: "U-3", total: 12, currency: "EUR" },
      { order_no: "U-4", total: 7, currency: "EUR" },
    ]),
    becomes: ["U-3 12.00 EUR", "U-4 7.00 EUR"],
  },
  {
    name: "JSON: a whole total beside amounts with decimals",
    file: json([{ order_no: "U-5", total: 1250, tax_amount: 199.58, currency: "EUR" }]),
    becomes: ["U-5 1250.00 EUR"],
  },
  {
    name: "JSON: a rate with decimals is no amount",
    file: json([{ order_no: "U-6", total: 1250, tax_rate: 8.75, currency: "EUR" }]),
    becomes: [ASKED],
  },
  {
    name: "JSON: a whole total that is written for people too, with its decimals",
    file: json([
      { order_no: "U-7", total: 1250, total_formatted: "\u20ac12.50", currency: "EUR" },
      { order_no: "U-8", total: 900, total_formatted: "\u20ac9.00", currency: "EUR" },
    ]),
    becomes: ["U-7 12.50 EUR", "U-8 9.00 EUR"],
  },
  {
    name: "JSON: a whole total beside its cents",
    file: json([{ order_no: "U-9", total: 1250, total_cents: 125000, currency: "EUR" }]),
    becomes: ["U-9 1250.00 EUR"],
  },
  {
    name: "JSON: a sum of whole numbers",
    file: json([{ order_no: "U-10", currency: "EUR", items: [{ name: "cup", price: 1250, quantity: 2 }] }]),
    becomes: [ASKED],
  },
  {
    name: "JSON: a sum of lines in cents, by their names",
    file: json([{ order_no: "U-11", currency: "EUR", items: [{ name: "cup", price_cents: 1250, quantity: 2 }] }]),
    becomes: ["U-11 25.00 EUR"],
  },
  {
    name: "XML: whole numbers are those of people",
    file: "<order><order_no>U-12</order_no><total>1250</total><currency>SEK</currency></order>",
    becomes: ["U-12 1250.00 SEK"],
  },
  {
    name: "JSON: a number wrapped in its type",
    file: json([{ order_no: "U-13", total: { $numberDecimal: "12.50" }, currency: "EUR" }]),
    becomes: ["U-13 12.50 EUR"],
  },
  {
    name: "JSON: a total whose currency is told on the lines alone",
    file: json([
      {
        order_no: "U-14",
        total: "12.50",
        items: [
          { name: "cup", currency: "EUR" },
          { name: "pot", currency: "EUR" },
        ],
      },
      {
        order_no: "U-15",
        total: "2.50",
        items: [
          { name: "cup", currency: "EUR" },
          { name: "pot", currency: "USD" },
        ],
      },
    ]),
    becomes: ["U-14 12.50 EUR", "The lines are not all of one currency."],
  },
  {
    name: "JSON: an order of which a part is paid",
    file: json([
      { order_no: "U-16", total: "12.50", total_paid: "12.50", currency: "EUR" },
      { order_no: "U-17", total: "12.50", total_paid: "2.50", currency: "EUR" },
    ]),
    becomes: [NO_TOTAL, NO_TOTAL],
  },
  {
    name: "JSON: orders that are paid as a whole, or not at all",
    file: json([
      { order_no: "U-18", total: "12.50", amount_paid: "12.5", currency: "EUR" },
      { order_no: "U-19", total: "12.50", amount_paid: "0.00", currency: "EUR" },
    ]),
    becomes: ["U-18 12.50 EUR", "U-19 12.50 EUR"],
  },
  {
    name: "JSON: whole numbers written as texts",
    file: json([{ order_no: "U-31", total: "1250", currency: "EUR" }]),
    becomes: ["U-31 1250.00 EUR"],
  },
  {
    name: "JSON: whole numbers, of which so few cents are no shipping",
    file: json([{ order_no: "U-32", total: 1250, shipping_amount: 10, currency: "EUR" }]),
    becomes: ["U-32 1250.00 EUR"],
  },
  {
    name: "JSON: amounts in objects of their own, in cents by the name there",
    file: json([
      {
        order_no: "U-33",
        totalPrice: { currencyCode: "EUR", centAmount: 1250 },
        tax: { currencyCode: "EUR", centAmount: 50 },
      },
      { order_no: "U-34", totalPrice: { currencyCode: "JPY", centAmount: 900 } },
    ]),
    becomes: ["U-33 12.50 EUR", "U-34 900 JPY"],
  },
  {
    name: "JSON: an amount with its digits beside it",
    file: json([{ order_no: "U-35", totalPrice: { currency: "EUR", centAmount: 12500, fractionDigits: 3 } }]),
    becomes: ["U-35 12.50 EUR"],
  },
  {
    name: "JSON: an amount that is a value and a currency",
    file: json([{ orderNumber: "U-36", amount: { value: "12.50", currency: "EUR" }, id: "0", related_order_id: "0" }]),
    becomes: ["U-36 12.50 EUR"],
  },
  {
    name: "JSON: an amount that is still to be paid beside one that was paid",
    file: json([{ order_no: "U-37", payableAmount: "2.50", prepaid_amount: "10.00", currency: "EUR" }]),
    becomes: ["U-37 2.50 EUR"],
  },
  {
    name: "JSON: sums in units that are asked, of lines that do not tell all",
    file: json([
      {
        order_no: "U-38",
        currency: "EUR",
        items: [
          { name: "cup", price: 1250, quantity: 2, tax: null },
          { name: "pot", price: 900, quantity: 1, tax: 50 },
        ],
      },
    ]),
    becomes: [ASKED],
  },
  {
    name: "JSON: an order number of zeros is none",
    file: json([{ market_order_id: "0", id: "U-39", total: "12.50", currency: "EUR" }]),
    becomes: ["U-39 12.50 EUR"],
  },
  {
    name: "JSON: an order whose lines are all taken back, and with them its currency",
    file: json([
      { order_no: "U-43", items: [{ name: "cup", total: "2.50", currency: "EUR", status: "cancelled" }] },
      { order_no: "U-44", items: [{ name: "cup", total: "2.50", currency: "EUR", status: "open" }] },
    ]),
    becomes: ["U-43 is not owed: There is nothing to pay: the total is zero.", "U-44 2.50 EUR"],
  },
  {
    name: "JSON: orders paid in part, by their status",
    file: json([
      { order_no: "U-40", total: "12.50", currency: "EUR", financial_status: "partially_paid" },
      { order_no: "U-41", total: "12.50", currency: "EUR", financial_status: "pending" },
      { order_no: "U-42", total: "12.50", currency: "EUR", financial_status: "PARTIAL" },
    ]),
    becomes: [
      "U-40 is not owed: The order is partially_paid.",
      "U-41 12.50 EUR",
      "U-42 is not owed: The order is PARTIAL.",
    ],
  },
  {
    name: "JSON: orders that say yes or no to having been paid",
    file: json([
      { order_no: "U-21", total: "12.50", currency: "EUR", isPaid: true },
      { order_no: "U-22", total: "12.50", currency: "EUR", isPaid: false, payment: { refunded: false } },
      { order_no: "U-23", total: "12.50", currency: "EUR", isPaid: false, payment: { refunded: true } },
      { order_no: "U-24", total: "12.50", currency: "EUR", isPaid: false, cancelled: true },
      { order_no: "U-25", total: "12.50", currency: "EUR", isPaid: null, test: true },
    ]),
    becomes: [
      "U-21 is not owed: The order is paid.",
      "U-22 12.50 EUR",
      "U-23 is not owed: The order is refunded.",
      "U-24 is taken back: The order was cancelled.",
      "The order is a test.",
    ],
  },
  {
    name: "CSV: orders that say yes or no to having been paid",
    file: "order_no,total,currency,paid\nU-26,12.50,EUR,no\nU-27,12.50,EUR,yes\nU-28,12.50,EUR,\n",
    becomes: ["U-26 12.50 EUR", "U-27 is not owed: The order is paid.", "U-28 12.50 EUR"],
  },
  {
    name: "JSON: tests alone, and what only buyers and lines say of themselves",
    file: json([
      {
        order_no: "U-29",
        total: "12.50",
        currency: "EUR",
        test: true,
        buyer: { test: false },
        lines: [{ paid: true }],
      },
    ]),
    becomes: ["U-29 12.50 EUR"],
  },
  {
    name: "JSON: cancelled orders alone",
    file: json([{ order_no: "U-30", total: "12.50", currency: "EUR", cancelled: true }]),
    becomes: ["U-30 is taken back: The order was cancelled."],
  },
  {
    name: "CSV: prices beside a tax of one piece",
    file: "order no,item,price,quantity,unit tax,currency\nU-20,a,12.50,2,1.00,EUR\n",
    becomes: [NO_TOTAL],
  },
];
