/**
 * What the web service's files do not tell and each shop sets for itself: declared here, never guessed. The values are those of a
 * new shop of the platform in the euro area (installed with one currency, and the states that it comes with).
 */
export const SHOP = {
  /** ISO 4217 codes by the shop's own numbers of currencies (`/api/currencies`). */
  currencies: { "1": "EUR" } as Readonly<Record<string, string | undefined>>,
  /** Zone of `date_add`, which has none. */
  zone: "Europe/Paris",
  /** States in which the shop waits for money: check, failed payment, bank wire, out of stock and not paid. */
  awaitingStates: ["1", "8", "10", "12"] as readonly string[],
  /** States of orders that are cancelled. */
  cancelledStates: ["6"] as readonly string[],
  /** States of orders whose money went back. */
  refundedStates: ["7"] as readonly string[],
};
