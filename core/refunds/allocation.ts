/** Who gives back what: a pure part, in minor units. */
import { MergepayError } from "../errors/errors.ts";
import { allocate } from "../money/allocate.ts";
import { halfToEven } from "../money/convert.ts";
import { moneyOf } from "../money/money.ts";

/** Of an order, in its own currency: what it is worth, what its platform kept of it, and what of that is tax. */
export interface Amounts {
  readonly gross: bigint;
  readonly fee: bigint;
  readonly tax: bigint;
  /** The same of what was debited for it, where that was in another currency; absent: `gross`. */
  readonly charged?: bigint;
}

/** What of it was debited, or goes back to the account debited. */
export const debited = ({ gross, charged = gross }: Amounts): bigint => charged;

/** An order as it was paid. */
export interface Sold extends Amounts {
  readonly orderId: string;
  /** Its fee stays with the platform, by the rule that charged it. */
  readonly keepsFee: boolean;
}

/** What goes back of one order. */
export interface Share extends Amounts {
  readonly orderId: string;
}

const NOTHING: Amounts = Object.freeze({ gross: 0n, fee: 0n, tax: 0n });

/** The part of `whole` that belongs to `part` of `of`, which is above zero, less what is taken of it already: all that is left when `part` is everything. */
function owedOf(whole: bigint, part: bigint, of: bigint, taken: bigint): bigint {
  const due = halfToEven(whole * part, of) - taken;
  return due < 0n ? 0n : due;
}

/**
 * Splits what goes back over orders. Published rule:
 * 1. An amount is split in proportion to what is left of each order, by largest remainder, equal remainders in the payment's order. "all" is all
 *    that is left. No order gives back more than is left of it.
 * 2. Where the rule returns fees, an order has returned as much of its fee as of its amount: its fee times what went back of it in all, rounded
 *    half to even, less what was returned before. With the last of the amount the last of the fee goes back, to the minor unit. Tax in fees goes the same way.
 * 3. Of an order that was paid in another currency, 1 is about what was debited for it; its own amount goes back as much as that did, by the rule of 2: at the
 *    rate that was locked, whatever rates are now.
 * @param taken what has gone back or is held back already, by order
 * @param currency of what was debited, for the words of the error
 * @throws REFUND_TOO_LARGE with what is left
 */
export function sharesOf(
  orders: readonly Sold[],
  taken: ReadonlyMap<string, Amounts>,
  wanted: bigint | "all",
  currency: string,
): readonly Share[] {
  const before = orders.map(({ orderId }) => taken.get(orderId) ?? NOTHING);
  const left = orders.map((order, index) => debited(order) - debited(before[index] ?? NOTHING));
  const most = left.reduce((sum, minor) => sum + minor, 0n);
  const total = wanted === "all" ? most : wanted;
  if (total <= 0n || total > most) throw new MergepayError("REFUND_TOO_LARGE", leftInWords(most, currency));
  const parts = allocate(total, left);
  return orders.flatMap((order, index): Share[] => {
    const back = parts[index] ?? 0n;
    if (back === 0n) return [];
    const was = before[index] ?? NOTHING;
    const foreign = order.charged === undefined ? {} : { charged: back };
    const gross =
      order.charged === undefined ? back : owedOf(order.gross, debited(was) + back, order.charged, was.gross);
    const { orderId } = order;
    if (order.keepsFee) return [{ orderId, gross, fee: 0n, tax: 0n, ...foreign }];
    const fee = owedOf(order.fee, was.gross + gross, order.gross, was.fee);
    const tax = order.fee === 0n ? 0n : owedOf(order.tax, was.fee + fee, order.fee, was.tax);
    return [{ orderId, gross, fee, tax: tax > fee ? fee : tax, ...foreign }];
  });
}

function leftInWords(most: bigint, currency: string): string {
  if (most <= 0n) return "Nothing of it is left to give back.";
  return `${moneyOf(most, currency).value} ${currency} of it is left to give back; ask for that or less.`;
}

/** What is taken after these shares. */
export function withShares(taken: ReadonlyMap<string, Amounts>, shares: readonly Share[]): Map<string, Amounts> {
  const after = new Map(taken);
  for (const { orderId, ...share } of shares) {
    const was = after.get(orderId) ?? NOTHING;
    const { gross, fee, tax, charged } = share;
    after.set(orderId, {
      gross: was.gross + gross,
      fee: was.fee + fee,
      tax: was.tax + tax,
      ...(charged === undefined ? {} : { charged: debited(was) + charged }),
    });
  }
  return after;
}
