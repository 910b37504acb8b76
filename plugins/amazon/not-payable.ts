import { defineInput, type InputSpec, type PlatformInput } from "../../core/plugin/contract.ts";

/** A kind of file of the platform that holds nothing to pay: each record is skipped with the reason. */
const notPayable = (input: InputSpec, reason: string): PlatformInput =>
  defineInput<unknown>({ input, schema: "any.schema.json", map: () => ({ skip: reason }) });

/** Files of the same API and the same seller account that are easily sent by mistake. */
export const notPayables: readonly PlatformInput[] = [
  notPayable(
    { format: "json", records: ["/payload/orders", "/payload"], marks: ['"purchaseOrderNumber"'] },
    "It is a purchase order of the platform itself: no buyer owes it.",
  ),
  notPayable(
    { format: "json", records: ["/payload"], marks: ['"FinancialEvents"'] },
    "These are financial events of the seller account: charges and fees of orders, not orders.",
  ),
  notPayable(
    { format: "json", records: ["/payouts"], marks: ['"payouts"'] },
    "It is a payout to the seller, not an order.",
  ),
  notPayable(
    { format: "json", records: ["/payload"], marks: ['"AmazonOrderId"'] },
    "It is a part of an order (its items, address or buyer), without what is owed.",
  ),
  notPayable(
    { format: "tsv", columns: ["settlement-id", "transaction-type", "order-id", "price-amount"] },
    "It is a line of a settlement to the seller, not an order.",
  ),
];
