import { expect } from "chai";
import { MANDATES, type StoredMandate } from "../../core/mandates/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOf } from "../../core/money/money.ts";
import { EVENTS, type StoredEvent } from "../../core/notify/model.ts";
import type { Doc, CollectionSpec, Store } from "../../core/store/contract.ts";
import type { Event, Money } from "../../schemas/types.generated.ts";
import type { BookedDebit } from "./audit.ts";

interface Notices {
  /** By payment: what the payer was told of its use of a mandate, and of its being given back. */
  readonly used: ReadonlyMap<string, readonly Event[]>;
  readonly released: ReadonlyMap<string, readonly Event[]>;
}

const minor = ({ value, currency }: Money): bigint => minorOf(value, currency);
const add = (sums: Map<string, bigint>, to: string, amount: Money): void =>
  void sums.set(to, (sums.get(to) ?? 0n) + minor(amount));

async function all<T extends Doc>(store: Store, spec: CollectionSpec): Promise<T[]> {
  return await (await store.collection<T>(spec)).find({}).toArray();
}

/** What payers were told of mandates, whether the relay has moved it on or not. */
function noticesOf(mandates: readonly StoredMandate[], relayed: readonly StoredEvent[]): Notices {
  const waiting = mandates.flatMap(({ events }) => events);
  const byId = new Map<string, Event>([
    ...relayed.map(({ _id, ...event }) => [_id, { ...event, id: _id }] as const),
    ...waiting.map((event) => [event.id, event] as const),
  ]);
  const ofType = (wanted: Event["type"]) =>
    Map.groupBy(
      [...byId.values()].filter(({ type }) => type === wanted),
      ({ data }) => String(data["paymentId"]),
    );
  return { used: ofType("mandate.used"), released: ofType("mandate.released") };
}

/** Each use is told once, and is of a payment by that mandate. */
function auditUses({ _id, uses }: StoredMandate, payments: ReadonlyMap<string, StoredPayment>, { used }: Notices) {
  for (const { paymentId } of uses) {
    expect(used.get(paymentId) ?? [], `notice of the use of ${_id} by ${paymentId}`).to.have.length(1);
    expect(payments.get(paymentId)?.mandateId, `mandate of ${paymentId}`).to.equal(_id);
  }
}

/**
 * Holds the bank's books against the mandates' limits, by the days on which payers were told that they are charged, knowing nothing of what
 * mandates keep of their uses: nothing is taken beyond a limit, each debit is told once, and nothing is taken of what was given back.
 */
export async function auditMandates(store: Store, debits: readonly BookedDebit[]): Promise<void> {
  const mandates = await all<StoredMandate>(store, MANDATES);
  if (mandates.length === 0) return;
  const payments = await all<StoredPayment>(store, PAYMENTS);
  const byId = new Map(payments.map((payment) => [payment._id, payment]));
  const notices = noticesOf(mandates, await all<StoredEvent>(store, EVENTS));
  const debited = new Map(debits.map(({ bankRequestId, amount }) => [bankRequestId, amount]));
  for (const mandate of mandates) {
    auditUses(mandate, byId, notices);
    auditLimits(
      mandate,
      payments.filter(({ mandateId }) => mandateId === mandate._id),
      debited,
      notices,
    );
  }
}

function auditLimits(
  { _id, limits, timeZone }: StoredMandate,
  payments: readonly StoredPayment[],
  debited: ReadonlyMap<string, Money>,
  { used, released }: Notices,
): void {
  const days = new Map<string, bigint>();
  const ofPlatforms = new Map<string, bigint>();
  const perPlatform = new Map(limits.platforms?.map(({ platform, perDay }) => [platform, minor(perDay)]));
  for (const { _id: paymentId, bankRequestId, orders } of payments) {
    const amount = debited.get(bankRequestId);
    if (amount === undefined) continue;
    const what = `${paymentId} by ${_id}`;
    expect(amount.currency, `currency of ${what}`).to.equal(limits.perPayment.currency);
    expect(minor(amount) <= minor(limits.perPayment), `limit of a payment, ${amount.value} of ${what}`).to.equal(true);
    const [notice, ...more] = used.get(paymentId) ?? [];
    expect(more, `further notices of ${what}`).to.have.length(0);
    if (notice === undefined) throw new Error(`The payer was never told of ${what}.`);
    expect(notice.data, `notice of ${what}`).to.deep.include({ mandateId: _id, total: amount });
    expect(released.has(paymentId), `money of what was given back to the day, ${what}`).to.equal(false);
    const day = new Date(notice.at).toLocaleDateString("sv-SE", { timeZone });
    expect(notice.data["day"], `day of ${what}`).to.equal(day);
    add(days, day, amount);
    for (const order of orders) {
      if (limits.platforms !== undefined)
        expect(perPlatform.has(order.platform), `${order.platform} is in ${what}`).to.equal(true);
      add(ofPlatforms, `${order.platform} ${day}`, order.amount);
    }
  }
  for (const [day, sum] of days)
    expect(sum <= minor(limits.perDay), `limit of ${day}, ${sum} by ${_id}`).to.equal(true);
  for (const [platform, most] of perPlatform)
    for (const day of days.keys()) {
      const sum = ofPlatforms.get(`${platform} ${day}`) ?? 0n;
      expect(sum <= most, `limit of ${platform} on ${day}, ${sum} by ${_id}`).to.equal(true);
    }
}
