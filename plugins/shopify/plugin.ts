import { defineInput, definePlatform, type InputSpec, type PlatformInput } from "../../core/plugin/contract.ts";
import { mapExport, type ExportedOrder } from "./export.ts";
import { mapOrder, type Order } from "./order.ts";

const CURRENCIES = "USD EUR GBP CAD AUD NZD CHF SEK NOK DKK PLN CZK JPY SGD HKD INR BRL MXN ZAR AED";

/** The export of the admin pages. Its rows of one order stand together; only the first has the amounts. */
const EXPORT: InputSpec = { format: "csv", groupBy: "Name", columns: ["Name", "Created at", "Currency", "Total"] };

const exported: PlatformInput<ExportedOrder> = { input: EXPORT, schema: "export.schema.json", map: mapExport };

/** A kind of file of the API that holds nothing to pay. */
const notPayable = (records: readonly string[], mark: string, reason: string): PlatformInput =>
  defineInput<unknown>({
    input: { format: "json", records, marks: [mark] },
    schema: "any.schema.json",
    map: () => ({ skip: reason }),
  });

export default definePlatform<ExportedOrder>({
  title: "Shopify",
  ...exported,
  also: [
    // What spreadsheets make of the export. It is told by bytes that UTF-8 does not have.
    defineInput<ExportedOrder>({ ...exported, input: { ...EXPORT, encoding: "windows-1252" } }),
    // An order may hold refunds and a draft may look like an order: the order of these kinds matters.
    notPayable(["/draft_orders", "/draft_order"], '"draft_order', "It is a draft, not an order that was placed."),
    defineInput<Order>({
      input: { format: "json", records: ["/orders", "/order", ""], marks: ['"total_price"'] },
      schema: "order.schema.json",
      map: mapOrder,
    }),
    notPayable(["/refunds", "/refund"], '"refund_line_items"', "It is a refund, not an order."),
    notPayable(["/payouts", "/payout"], '"payouts"', "It is a payout to the shop, not an order."),
    notPayable(
      ["/transactions", "/transaction", "/tender_transactions", ""],
      '"amount"',
      "It is a transaction of a payment, not an order.",
    ),
  ],
  currencies: CURRENCIES.split(" "),
  fees: { percent: "2.9", fixed: { USD: "0.30", EUR: "0.25", GBP: "0.20" } },
  settlementAccount: "shopify-settlement",
  defaultMerchant: "shopify-shop",
});
