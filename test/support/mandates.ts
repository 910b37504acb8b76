import type { MandateRequest } from "../../core/actions.ts";
import { MANDATES, type StoredMandate } from "../../core/mandates/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf } from "../../core/money/money.ts";
import type { Store } from "../../core/store/contract.ts";
import { expect } from "chai";

export const usd = (value: string) => ({ value, currency: "USD" });

/** Limits of a mandate in a day of UTC, from the tests' noon to the end of the year. */
export const terms = (
  perPayment: string,
  perDay: string,
  more: Partial<MandateRequest> & { platforms?: Readonly<Record<string, string>> } = {},
): MandateRequest => {
  const { platforms, ...rest } = more;
  const own = Object.entries(platforms ?? {}).map(([platform, value]) => ({ platform, perDay: usd(value) }));
  return {
    limits: {
      perPayment: usd(perPayment),
      perDay: usd(perDay),
      ...(platforms === undefined ? {} : { platforms: own }),
    },
    timeZone: "UTC",
    expiresAt: "2026-12-31T00:00:00Z",
    ...rest,
  };
};

/**
 * Holds the bank's books against the mandates' limits, by the days on which the payments were begun, knowing nothing of what mandates
 * keep of their uses.
 */
export async function auditMandates(
  store: Store,
  booked: readonly { readonly bankRequestId: string }[],
): Promise<void> {
  const mandates = await (await store.collection<StoredMandate>(MANDATES)).find({}).toArray();
  const payments = await (await store.collection<StoredPayment>(PAYMENTS)).find({}).toArray();
  const atBank = new Set(booked.map(({ bankRequestId }) => bankRequestId));
  const taken = payments.filter(({ bankRequestId, mandateId }) => mandateId !== undefined && atBank.has(bankRequestId));
  const minor = ({ value, currency }: { value: string; currency: string }) => minorOf(value, currency);
  for (const { _id, limits, timeZone } of mandates) {
    const dayOf = (at: string) => new Date(at).toLocaleDateString("sv-SE", { timeZone });
    const own = taken.filter(({ mandateId }) => mandateId === _id);
    for (const { total } of own)
      expect(minor(total) <= minor(limits.perPayment), `payment of ${total.value} by ${_id}`).to.equal(true);
    for (const [day, of] of Map.groupBy(own, ({ createdAt }) => dayOf(createdAt))) {
      const sum = of.reduce((all, { total }) => all + minor(total), 0n);
      expect(sum <= minor(limits.perDay), `${sum} on ${day} by ${_id}`).to.equal(true);
      const lines = of.flatMap(({ orders }) => orders);
      for (const { platform, perDay } of limits.platforms ?? []) {
        const part = lines
          .filter((line) => line.platform === platform)
          .reduce((all, line) => all + minor(line.amount), 0n);
        expect(part <= minor(perDay), `${part} of ${platform} on ${day} by ${_id}`).to.equal(true);
      }
      if (limits.platforms !== undefined)
        expect(limits.platforms.map(({ platform }) => platform)).to.include.members(
          lines.map(({ platform }) => platform),
        );
    }
  }
}
