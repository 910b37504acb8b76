import { plainText, type Closed } from "../../core/plugin/contract.ts";

/** Items of one order that are shown. */
export const MAX_ITEMS = 1000;

export const CANCELLED: Closed = { cancel: "The order is cancelled." };
export const PENDING: Closed = { skip: "The order is pending, not priced yet." };
export const UNKNOWN: Closed = { skip: "The order is in a status that does not say that it is owed." };
export const OTHER_SHOP: Closed = { skip: "The order was not placed on the platform." };

/** Orders of other shops that are only shipped from the platform's stores: their buyers pay elsewhere, from the beginning. */
export const isOtherShop = (channel: string | null | undefined): boolean =>
  (channel ?? "").trim().toLowerCase().startsWith("non-amazon");

/** The buyer by the mail address that the platform made for them; undefined when the file tells none. */
export function buyerOf(mail: string | null | undefined): string | undefined {
  const address = (mail ?? "").trim().toLowerCase();
  return address === "" ? undefined : `email:${address}`;
}

/** One line that tells the payer what the order is. */
export function orderTitle(channel: string | null | undefined, orderNo: string): string {
  const shown = plainText(channel ?? "", 128);
  return shown === "" ? `Order ${orderNo}` : `${shown} order ${orderNo}`;
}
