import { createHash } from "node:crypto";
import type { Mandate, MandateRequest } from "../actions.ts";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { Outbox } from "../notify/outbox.ts";
import { dayOf } from "../settlement/days.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Money, Payment, SelectedOrder } from "../../schemas/types.generated.ts";

/** What one payment takes of a mandate's day. */
export interface MandateUse {
  readonly paymentId: string;
  /** `2026-03-01`, in the mandate's zone. */
  readonly day: string;
  readonly total: Money;
  readonly platforms: readonly { readonly platform: string; readonly amount: Money }[];
  /** `open`: its payment is under way. `counted`: money was taken, or may have been. */
  readonly state: "open" | "counted";
}

export interface StoredMandate extends Versioned, Omit<Mandate, "id" | "underWay">, Outbox, Audited {
  idempotencyKey: string;
  requestHash: string;
  uses: readonly MandateUse[];
  /** When open orders are looked for next, to be charged by themselves; null when they are not. */
  lookAt: string | null;
  /** What the payer was last told that was not charged by itself. */
  lastLeft?: string;
}

export const MANDATES: CollectionSpec = {
  name: "mandates",
  indexes: [
    { name: "idempotency", keys: ["userId", "idempotencyKey"], unique: true },
    { name: "user", keys: ["userId", "_id"] },
    { name: "account", keys: ["accountId", "state"] },
    { name: "due", keys: ["dueAt"] },
    { name: "look", keys: ["lookAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** Uses of one day; a limit that holds the document small. */
export const USES_PER_DAY = 200;
const DAY_MS = 86_400_000;

export const mandateHashOf = (request: MandateRequest): string =>
  createHash("sha256").update(JSON.stringify(request)).digest("hex");

export function showMandate(stored: StoredMandate): Mandate {
  const { _id, userId, accountId, limits, timeZone, expiresAt, auto, state, endedAt, createdAt, uses } = stored;
  return {
    id: _id,
    userId,
    accountId,
    limits,
    timeZone,
    expiresAt,
    auto,
    state,
    ...(endedAt === undefined ? {} : { endedAt }),
    underWay: uses.filter((use) => use.state === "open").map(({ paymentId }) => paymentId),
    createdAt,
  };
}

/** What a payment takes of a mandate. */
export function useOf(
  payment: { readonly _id: string; readonly total: Money; readonly orders: readonly SelectedOrder[] },
  day: string,
): MandateUse {
  const sums = new Map<string, bigint>();
  for (const { platform, amount } of payment.orders)
    sums.set(platform, (sums.get(platform) ?? 0n) + minorOfMoney(amount));
  const { currency } = payment.total;
  const platforms = [...sums].map(([platform, minor]) => ({ platform, amount: moneyOf(minor, currency) }));
  return { paymentId: payment._id, day, total: payment.total, platforms, state: "open" };
}

export const dayFor = ({ timeZone }: Pick<StoredMandate, "timeZone">, now: number): string => dayOf(now, timeZone);

/** What a day's uses have taken already, in minor units: in all, or of one platform. */
export function takenOn(uses: readonly MandateUse[], day: string, platform?: string): bigint {
  let sum = 0n;
  for (const use of uses) {
    if (use.day !== day) continue;
    if (platform === undefined) sum += minorOfMoney(use.total);
    else for (const part of use.platforms) if (part.platform === platform) sum += minorOfMoney(part.amount);
  }
  return sum;
}

const limitReached = (reason: string) => new MergepayError("MANDATE_LIMIT_REACHED", reason);

/** Why a use is not permitted now; undefined when it is. */
export function refusalOf(mandate: StoredMandate, use: MandateUse, now: number): MergepayError | undefined {
  const { state, expiresAt, limits, uses } = mandate;
  const ended = state === "active" && Date.parse(expiresAt) <= now ? "expired" : state;
  if (ended !== "active") return new MergepayError("MANDATE_ENDED", `The mandate is ${ended}.`);
  const { perPayment, perDay, platforms } = limits;
  if (use.total.currency !== perPayment.currency)
    return new MergepayError("MANDATE_NOT_COVERING", `The mandate is for ${perPayment.currency}.`);
  const total = minorOfMoney(use.total);
  if (total > minorOfMoney(perPayment)) return limitReached(`The mandate permits ${perPayment.value} for one payment.`);
  if (takenOn(uses, use.day) + total > minorOfMoney(perDay))
    return limitReached(`The mandate permits ${perDay.value} for a day.`);
  if (platforms !== undefined)
    for (const { platform, amount } of use.platforms) {
      const limit = platforms.find((known) => known.platform === platform);
      if (limit === undefined)
        return new MergepayError("MANDATE_NOT_COVERING", `The mandate is not for orders of ${platform}.`);
      if (takenOn(uses, use.day, platform) + minorOfMoney(amount) > minorOfMoney(limit.perDay))
        return limitReached(`The mandate permits ${limit.perDay.value} of ${platform} for a day.`);
    }
  if (uses.filter(({ day }) => day === use.day).length >= USES_PER_DAY)
    return limitReached(`A mandate is used ${USES_PER_DAY} times a day at most.`);
  return undefined;
}

/** The uses that still count: those under way, and those of the last two days, for nodes whose clocks are behind. */
export function usesKept(mandate: StoredMandate, now: number): MandateUse[] {
  const oldest = dayFor(mandate, now - 2 * DAY_MS);
  return mandate.uses.filter(({ state, day }) => state === "open" || day >= oldest);
}

const MAY_COME: ReadonlySet<string | undefined> = new Set(["BANK_NEVER_RECEIVED", "BANK_CHALLENGE_EXPIRED"]);

/** What a use has come to by its payment: `released` when it is sure that no money was taken and none can come. */
export function cameTo(payment: Pick<Payment, "state" | "deduction" | "error">): "open" | "counted" | "released" {
  switch (payment.state) {
    case "locking":
    case "submitting":
    case "unknown":
    case "requires_action":
      return "open";
    case "succeeded":
      return "counted";
    case "rejected":
      return "released";
    case "failed":
      // What the bank never got, or what nobody allowed in time, may come late all the same.
      return MAY_COME.has(payment.error?.code) ? "counted" : "released";
    case "cancelled":
    case "expired":
      return payment.deduction === undefined ? "released" : "counted";
  }
}

/** The oldest orders that one payment may take now, none of which is above a limit by itself or with those before it. */
export function fitting(mandate: StoredMandate, orders: readonly SelectedOrder[], now: number): SelectedOrder[] {
  const day = dayFor(mandate, now);
  const taken: SelectedOrder[] = [];
  let minor = 0n;
  for (const order of orders) {
    const next = minor + minorOfMoney(order.amount);
    const total = moneyOf(next, order.amount.currency);
    const use = useOf({ _id: "", total, orders: [...taken, order] }, day);
    if (refusalOf(mandate, use, now) !== undefined) continue;
    taken.push(order);
    minor = next;
  }
  return taken;
}
