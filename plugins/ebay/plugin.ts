import { defineInput, definePlatform } from "../../core/plugin/contract.ts";
import { mapFulfillmentOrder, type FulfillmentOrder } from "./fulfillment.ts";
import { mapTradingOrder, type TradingOrder } from "./trading.ts";

const CURRENCIES = "USD CAD GBP AUD EUR CHF CNY HKD INR MYR PHP PLN SEK SGD TWD JPY";

export default definePlatform<TradingOrder>({
  title: "eBay",
  input: {
    format: "xml",
    records: ["/GetOrdersResponse/OrderArray/Order"],
    namespace: "urn:ebay:apis:eBLBaseComponents",
    arrays: ["TransactionArray/Transaction"],
  },
  schema: "trading-order.schema.json",
  map: mapTradingOrder,
  also: [
    defineInput<FulfillmentOrder>({
      input: { format: "json", records: ["/orders", ""], marks: ['"orderPaymentStatus"'] },
      schema: "fulfillment-order.schema.json",
      map: mapFulfillmentOrder,
    }),
  ],
  currencies: CURRENCIES.split(" "),
  fees: { percent: "3.5", fixed: { USD: "0.30", EUR: "0.25", GBP: "0.20" } },
  settlementAccount: "ebay-settlement",
  defaultMerchant: "ebay-seller",
});
