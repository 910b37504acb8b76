/** What ways of several nouns have in common. */

/** Somebody pays for all that is open, and answers the bank if it asks. */
export const PAID = ["payments.pay all", "payments.confirm", "payments.confirm"] as const;

/** Longer than the bank's finality. */
export const FINAL_MS = 130_000;
/** Longer than the hour in which many things are looked at once, and than a lock. */
export const LONG_MS = 4_000_000;
/** Longer than a day. */
export const A_DAY_MS = 90_000_000;
