import { canonicalJson } from "../plugin/canonical-json.ts";
import type { OrderDifference } from "../../schemas/types.generated.ts";
import type { Cancel, Candidate } from "./candidates.ts";
import type { StoredOrder } from "./model.ts";

/** What a file says of an order, as far as it can differ. */
const FIELDS = ["amount", "buyerId", "placedAt", "payBy", "title", "items"] as const;

const textOf = (value: unknown): string | null =>
  value === undefined ? null : typeof value === "string" ? value : canonicalJson(value);

/** What a candidate would change of an order, field by field. @param before the order as it is; undefined when there is none */
export function differenceOf(
  { position, doc }: Candidate,
  change: "created" | "revised" | "unchanged",
  before: StoredOrder | undefined,
): OrderDifference {
  const fields = FIELDS.map((field) => ({ field, from: textOf(before?.[field]), to: textOf(doc[field]) }));
  return {
    position,
    merchant: doc.merchant,
    orderNo: doc.orderNo,
    change: change === "created" ? "created" : "revised",
    fields: fields.filter(({ from, to }) => from !== to),
  };
}

export const cancelledOf = ({
  position,
  merchant,
  orderNo,
}: Pick<Cancel, "position" | "merchant" | "orderNo">): OrderDifference => ({
  position,
  merchant,
  orderNo,
  change: "cancelled",
  fields: [],
});
