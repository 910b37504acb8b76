import { plainText } from "../../core/plugin/contract.ts";

/** Items of one order that are shown. */
export const MAX_ITEMS = 1000;

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
