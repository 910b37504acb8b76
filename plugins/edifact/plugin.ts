import { defineInput, definePlatform, type InputSpec, type PlatformInput } from "../../core/plugin/contract.ts";
import type { Message } from "./message.ts";
import { mapOrder } from "./order.ts";

const ORDERS: InputSpec = { format: "edi", syntax: "iso9735", messages: ["ORDERS"] };

const orders: PlatformInput<Message> = { input: ORDERS, schema: "orders.schema.json", map: mapOrder };

export default definePlatform<Message>({
  title: "UN/EDIFACT ORDERS",
  ...orders,
  // Syntax levels UNOA to UNOK: told by bytes that UTF-8 does not have.
  also: [defineInput<Message>({ ...orders, input: { ...ORDERS, encoding: "iso-8859-1" } })],
  currencies: "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF".split(" "),
  fees: { percent: "0.8", fixed: { EUR: "0.20" } },
  settlementAccount: "edifact-settlement",
  defaultMerchant: "edifact-supplier",
});
