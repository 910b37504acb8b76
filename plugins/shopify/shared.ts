/** Items of one order that are shown. */
export const MAX_ITEMS = 1000;

/** Why an order in this financial status is not open; undefined when it is. A file without statuses holds what its sender chose. */
export function closedBecause(status: string): string | undefined {
  switch (status) {
    case "":
    case "pending":
    case "unpaid":
    case "partially_paid":
      return undefined;
    case "paid":
      return "The order is paid.";
    case "authorized":
      return "A payment of the order is authorised and awaits its capture.";
    case "partially_refunded":
    case "refunded":
      return "The order was paid and refunded, in part or whole.";
    case "voided":
      return "The payment of the order was voided.";
    default:
      return "The order is in a status that does not say that it is owed.";
  }
}

/** The buyer by the order's mail address, which the export and the API both tell; undefined without one. */
export function buyerOf(mail: string | null | undefined): string | undefined {
  const address = (mail ?? "").trim().toLowerCase();
  return address === "" ? undefined : `email:${address}`;
}
