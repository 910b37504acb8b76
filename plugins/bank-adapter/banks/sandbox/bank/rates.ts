/** The rates of the sandbox bank: always the same ones, each lock with an id and an expiry of its own. */
import type { BankRate, RatePair } from "../../../../../core/plugin/bank-contract.ts";
import type { Fault } from "./faults.ts";

/** What a whole unit is worth, in millionths of a US dollar. Made up, and never changed. */
const WORTH: ReadonlyMap<string, bigint> = new Map([
  ["USD", 1_000_000n],
  ["EUR", 1_083_400n],
  ["GBP", 1_271_900n],
  ["CHF", 1_124_300n],
  ["JPY", 6_710n],
  ["CNY", 139_800n],
  ["HKD", 128_100n],
  ["INR", 11_930n],
  ["AUD", 655_200n],
  ["CAD", 731_700n],
  ["SGD", 744_600n],
  ["SEK", 95_300n],
  ["PLN", 251_700n],
  ["KWD", 3_254_000n],
]);
const LOCK_MS = 10 * 60_000;
const DECIMALS = 10;

/** Locks a rate; undefined for a pair that the bank does not change. @param number of the lock */
export function lockRate({ from, to }: RatePair, number: number, nowMs: number): BankRate | undefined {
  const [of, into] = [WORTH.get(from), WORTH.get(to)];
  if (of === undefined || into === undefined || from === to) return undefined;
  const digits = ((of * 10n ** BigInt(DECIMALS)) / into).toString().padStart(DECIMALS + 1, "0");
  return {
    rateId: `SBR-${String(number).padStart(10, "0")}`,
    from,
    to,
    rate: `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`,
    expiresAt: new Date(nowMs + LOCK_MS).toISOString(),
  };
}

/** A rate as a fault tells it. */
export function faultyRate(rate: BankRate, fault: Fault | undefined, nowMs: number): BankRate {
  const lies: Partial<Record<Fault, Partial<BankRate>>> = {
    stale_rate: { expiresAt: new Date(nowMs - 1).toISOString() },
    zero_rate: { rate: "0.0000" },
    negative_rate: { rate: `-${rate.rate}` },
    text_rate: { rate: "about one" },
    other_pair: { from: rate.to, to: rate.from },
  };
  return fault === undefined ? rate : { ...rate, ...lies[fault] };
}
