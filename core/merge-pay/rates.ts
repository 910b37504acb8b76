import type { AccountsService } from "../accounts/service.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { exponentOf } from "../money/currency.ts";
import { converted, isRate } from "../money/convert.ts";
import type { BankRate } from "../plugin/bank-contract.ts";
import type { LockedRate, SelectedOrder } from "../../schemas/types.generated.ts";

/** Whether a rate may not be used any more. */
export const isOver = ({ expiresAt }: Pick<LockedRate, "expiresAt">, nowMs: number): boolean =>
  !(Date.parse(expiresAt) > nowMs);

/**
 * A bank's answer as a rate that is good now. Pure.
 * @throws RATE_INVALID when it is for another pair, stale, zero, negative or not a number
 */
export function lockedRate(given: BankRate, from: string, to: string, nowMs: number): LockedRate {
  const { rateId, rate, expiresAt } = given;
  if (given.from !== from || given.to !== to)
    throw new MergepayError("RATE_INVALID", `The bank was asked for ${from} in ${to} and answered of another pair.`);
  if (!isRate(rate))
    throw new MergepayError(
      "RATE_INVALID",
      `The bank's rate of ${from} in ${to} is not plain decimal text above zero.`,
    );
  if (isOver({ expiresAt }, nowMs))
    throw new MergepayError("RATE_INVALID", `The bank's rate of ${from} in ${to} had expired when it came.`);
  return { id: rateId, from, to, rate, expiresAt: instant(Date.parse(expiresAt)) };
}

/** Orders with what each takes of a total in one currency; those in that currency as they are. Pure. @throws TOTAL_TOO_LARGE */
export function chargedIn(orders: readonly SelectedOrder[], rates: readonly LockedRate[], to: string): SelectedOrder[] {
  const byCurrency = new Map(rates.map((rate) => [rate.from, rate]));
  return orders.map((order): SelectedOrder => {
    const { amount } = order;
    if (amount.currency === to) return order;
    const rate = byCurrency.get(amount.currency)?.rate ?? "";
    return { ...order, charged: converted(amount, rate, to) };
  });
}

/** Locks rates at the bank that a payer pays from. */
export function rateLocks(deps: Deps, accounts: Pick<AccountsService, "toPayFrom">) {
  return {
    /**
     * A rate of each of these currencies in the one that is paid in; none of that one itself.
     * @throws ACCOUNT_MISSING, CURRENCY_UNKNOWN, UNSUPPORTED (the bank has no rates, or not of this pair), BANK_UNAVAILABLE, RATE_INVALID
     */
    async lock(userId: string, accountId: string | undefined, currencies: readonly string[], to: string) {
      if (exponentOf(to) === undefined) throw new MergepayError("CURRENCY_UNKNOWN", undefined, { field: "/payIn" });
      const { bank } = await accounts.toPayFrom(userId, accountId);
      const timeoutMs = deps.limits.bankCallMs + deps.limits.busMs;
      const rates = await Promise.all(
        currencies
          .filter((from) => from !== to)
          .map(async (from) => {
            const given = await deps.call("bank-adapter.rate", { bank, from, to }, { timeoutMs });
            return lockedRate(given, from, to, deps.now());
          }),
      );
      return { bank, rates };
    },
  };
}

export type RateLocks = ReturnType<typeof rateLocks>;
