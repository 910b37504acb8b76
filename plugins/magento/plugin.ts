import { defineInput, definePlatform, type PlatformInput } from "../../core/plugin/contract.ts";
import { mapOrder, type Order } from "./order.ts";

const CURRENCIES = "USD EUR GBP CAD AUD NZD CHF SEK NOK DKK PLN CZK HUF JPY SGD HKD INR BRL MXN ZAR";

/** A kind of file of the API that holds nothing to pay. */
const notPayable = (records: readonly string[], mark: string, reason: string): PlatformInput =>
  defineInput<unknown>({
    input: { format: "json", records, marks: [mark] },
    schema: "any.schema.json",
    map: () => ({ skip: reason }),
  });

/** What an order has and other documents of the shop have not. */
const marks = ['"increment_id"', '"status"', '"base_grand_total"'];

export default definePlatform<Order>({
  title: "Magento",
  // An order has items too: a search result is told by its beginning.
  input: { format: "json", records: ["/items"], marks, begins: '{"items":[' },
  schema: "order.schema.json",
  map: mapOrder,
  also: [
    defineInput<Order>({ input: { format: "json", marks }, schema: "order.schema.json", map: mapOrder }),
    defineInput<Order>({
      input: {
        format: "xml",
        records: ["/magento_api/data_item"],
        arrays: ["order_items/data_item", "addresses/data_item"],
      },
      schema: "order.schema.json",
      map: mapOrder,
    }),
    notPayable(["/event/data/value"], '"event"', "It is the event of an invoice, not an order."),
    notPayable(["/items", ""], '"adjustment_negative"', "It is a credit memo: money back, not an order."),
  ],
  currencies: CURRENCIES.split(" "),
  fees: { percent: "2.4", fixed: { USD: "0.30", EUR: "0.25", GBP: "0.20" } },
  settlementAccount: "magento-settlement",
  defaultMerchant: "magento-shop",
});
