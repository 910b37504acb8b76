/** What a driver gave as a locked rate, when it is one: whole, and nothing but what the contract names. Whether it is still good, the house decides. */
import { type BankRate, isRate, type RatePair } from "../../core/plugin/bank-contract.ts";

const RATE_ID = /^[\x21-\x7e]{1,100}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

export function rateOf(given: unknown, { from, to }: RatePair): BankRate | undefined {
  const { rateId, rate, expiresAt, ...pair } = (given ?? {}) as Partial<BankRate>;
  if (typeof rateId !== "string" || !RATE_ID.test(rateId) || !isRate(rate)) return undefined;
  if (typeof expiresAt !== "string" || !INSTANT.test(expiresAt) || Number.isNaN(Date.parse(expiresAt)))
    return undefined;
  return pair.from === from && pair.to === to ? { rateId, from, to, rate, expiresAt } : undefined;
}
