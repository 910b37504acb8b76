import type { Closed } from "../../core/plugin/contract.ts";

/** Items of one order that are shown. */
export const MAX_ITEMS = 1000;

export const CANCELLED: Closed = { cancel: "The order is cancelled." };
export const REFUNDED: Closed = { notOwed: "The order was paid and refunded, in part or whole." };
export const NOTHING_TO_PAY: Closed = { notOwed: "There is nothing to pay: the total is zero." };

/** Financial statuses; a file without them holds what its sender chose. */
const STATUSES = new Map<string, Closed | "owed">([
  ["", "owed"],
  ["pending", "owed"],
  ["unpaid", "owed"],
  ["partially_paid", "owed"],
  ["paid", { notOwed: "The order is paid." }],
  ["partially_refunded", REFUNDED],
  ["refunded", REFUNDED],
  // The platform's word for an unpaid order that was cancelled after its payment was authorised.
  ["voided", { cancel: "The payment of the order was voided." }],
  ["authorized", { skip: "A payment of the order is authorised and awaits its capture." }],
]);

/** Why an order in this financial status is not to be paid; undefined when it is. */
export function closedBecause(status: string): Closed | undefined {
  const closed = STATUSES.get(status) ?? { skip: "The order is in a status that does not say that it is owed." };
  return closed === "owed" ? undefined : closed;
}

/** The buyer by the order's mail address, which the export and the API both tell; undefined without one. */
export function buyerOf(mail: string | null | undefined): string | undefined {
  const address = (mail ?? "").trim().toLowerCase();
  return address === "" ? undefined : `email:${address}`;
}
