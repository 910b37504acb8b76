import type { Filter } from "mongodb";
import type { Actions } from "../actions.ts";
import { AUDIT, AUDIT_CHAIN, showAudit, type StoredAudit } from "../audit/model.ts";
import {
  CHARGEBACKS,
  REVERSALS,
  showChargeback,
  showReversal,
  type StoredChargeback,
  type StoredReversal,
} from "../chargebacks/model.ts";
import { type Chained, placeOf } from "../chain/model.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { FILES, showFile, type StoredFile } from "../files/model.ts";
import { JOURNAL, JOURNAL_CHAIN, showEntry, type StoredEntry } from "../ledger/model.ts";
import {
  PAYMENTS,
  QUOTES,
  rulesOf,
  showPayment,
  showQuote,
  type StoredPayment,
  type StoredQuote,
} from "../merge-pay/model.ts";
import { DELIVERIES, EVENTS, showDelivery, showEvent, type StoredDelivery, type StoredEvent } from "../notify/model.ts";
import { ORDERS, showOrder, type StoredOrder } from "../orders/model.ts";
import { page } from "../pages.ts";
import { PAYOUTS, showPayout, type StoredPayout } from "../payouts/model.ts";
import { REFUNDS, showRefund, type StoredRefund } from "../refunds/model.ts";
import { type KeptLine, LINES, showLine } from "../settlement/model.ts";
import { showTakeBack, type StoredTakeBack, TAKE_BACKS } from "../take-backs/model.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

const BY_ID = { key: "_id", cursor: /^.+$/su };
/** `<source>` or `<source>~<last id>`. */
const CURSOR = /^([0-9]{1,2})(?:~(.+))?$/su;

/** What of the store belongs to a payment, as one member of the archive. */
interface Source {
  readonly member: string;
  readonly spec: CollectionSpec;
  readonly filter: () => Promise<Filter<Doc>> | Filter<Doc>;
  readonly show: (doc: Doc) => unknown;
}

const sourceOf = <T extends Doc>(
  member: string,
  spec: CollectionSpec,
  filter: () => Promise<Filter<Doc>> | Filter<Doc>,
  show: (doc: T) => unknown,
): Source => ({ member: `${member}.ndjson`, spec, filter, show: (doc) => show(doc as T) });

const among = (ids: Iterable<string | undefined>): Filter<Doc> => ({
  _id: { $in: [...new Set(ids)].filter((id) => id !== undefined) },
});

/** The payment with what was sent to the bank and by which rules it was settled; no account and no token. */
const showSettled = (payment: StoredPayment) => ({
  ...showPayment(payment),
  bank: payment.bank,
  bankRequestId: payment.bankRequestId,
  rules: rulesOf(payment),
});

/** Everything that is kept of a payment, in pages that fit the bus: what an evidence pack is made of. */
export async function evidenceService({ store, limits }: Deps) {
  const payments = await store.collection<StoredPayment>(PAYMENTS);

  const find = async <T extends Doc>(spec: CollectionSpec, filter: Filter<Doc>): Promise<T[]> =>
    (await (await store.collection<Doc>(spec)).find(filter).toArray()) as T[];
  const blocksOf = (entries: readonly Chained[]): Filter<Doc> =>
    among(entries.map(({ position }) => (position === undefined ? undefined : placeOf(position)?.block)));

  function sourcesOf(payment: StoredPayment): readonly Source[] {
    const { _id: paymentId, orders, quoteId } = payment;
    const ofOrders = among(orders.map(({ orderId }) => orderId));
    const fileIds = async () => (await find<StoredOrder>(ORDERS, ofOrders)).map(({ source }) => source.fileId);
    const payoutIds = async () => (await find<KeptLine>(LINES, { paymentId })).map(({ payoutId }) => payoutId);
    const backIds = async () => [
      ...(await find<StoredRefund>(REFUNDS, { paymentId })).map(({ _id }) => _id),
      ...(await find<StoredChargeback>(CHARGEBACKS, { paymentId })).map(({ _id }) => _id),
    ];
    const orderIds = orders.map(({ orderId }) => orderId);
    const subjects = async (...more: readonly (string | undefined)[]) => [
      ...new Set([paymentId, ...more].filter((id) => id !== undefined)),
    ];
    const journal = async () => ({
      reference: { $in: await subjects(...(await payoutIds()), ...(await backIds())) },
    });
    const decisions = async () => ({
      subject: {
        $in: await subjects(...(await payoutIds()), ...(await backIds()), ...(await fileIds()), ...orderIds),
      },
    });
    const events = async () => ({ aggregate: { $in: await subjects(...(await backIds()), ...orderIds) } });
    return [
      sourceOf<StoredPayment>("payment", PAYMENTS, () => among([paymentId]), showSettled),
      sourceOf<StoredQuote>("quote", QUOTES, () => among([quoteId]), showQuote),
      sourceOf<StoredOrder>("orders", ORDERS, () => ofOrders, showOrder),
      sourceOf<StoredFile>("files", FILES, async () => among(await fileIds()), showFile),
      sourceOf<KeptLine>("settlement-lines", LINES, () => ({ paymentId }), showLine),
      sourceOf<StoredPayout>("payouts", PAYOUTS, async () => among(await payoutIds()), showPayout),
      sourceOf<StoredRefund>("refunds", REFUNDS, () => ({ paymentId }), showRefund),
      sourceOf<StoredChargeback>("chargebacks", CHARGEBACKS, () => ({ paymentId }), showChargeback),
      sourceOf<StoredReversal>("chargeback-reversals", REVERSALS, () => ({ paymentId }), showReversal),
      sourceOf<StoredTakeBack>("take-backs", TAKE_BACKS, () => ofOrders, showTakeBack),
      sourceOf<StoredEntry>("journal", JOURNAL, journal, showEntry),
      sourceOf(
        "journal-blocks",
        JOURNAL_CHAIN.blocks,
        async () => blocksOf(await find(JOURNAL, await journal())),
        asIs,
      ),
      sourceOf<StoredEvent>("events", EVENTS, events, showEvent),
      sourceOf<StoredDelivery>(
        "deliveries",
        DELIVERIES,
        async () => deliveriesOf(await find(EVENTS, await events())),
        showDelivery,
      ),
      sourceOf<StoredAudit>("audit", AUDIT, decisions, showAudit),
      sourceOf("audit-blocks", AUDIT_CHAIN.blocks, async () => blocksOf(await find(AUDIT, await decisions())), asIs),
    ];
  }

  return {
    /** One page of one member; pages of a member follow each other. @throws NOT_FOUND, QUERY_INVALID */
    async read({
      paymentId,
      after = "0",
    }: Actions["evidence.read"]["params"]): Promise<Actions["evidence.read"]["result"]> {
      const payment = await payments.findOne({ _id: paymentId });
      if (payment === null) throw new MergepayError("NOT_FOUND");
      const [, at, last] = CURSOR.exec(after) ?? [];
      if (at === undefined) throw new MergepayError("QUERY_INVALID", "after must be the `next` of the page before.");
      const sources = sourcesOf(payment);
      const index = Number.parseInt(at, 10);
      const source = sources[index];
      if (source === undefined) return { items: [] };
      const { member, spec, filter, show } = source;
      const query = last === undefined ? {} : { after: last };
      const collection = await store.collection<Doc>(spec);
      const sequence = { ...BY_ID, of: [paymentId, member] };
      const got = await page(collection, await filter(), sequence, query, limits.ordersPerPage, show);
      const end = index + 1 < sources.length ? { next: String(index + 1) } : {};
      return { member, items: got.items, ...(got.next === undefined ? end : { next: `${index}~${got.next}` }) };
    },
  };
}

export type EvidenceService = Awaited<ReturnType<typeof evidenceService>>;

const asIs = (doc: Doc): unknown => doc;

/** A delivery's id begins with that of its event. */
const deliveriesOf = (events: readonly Doc[]): Filter<Doc> =>
  events.length === 0 ? among([]) : { $or: events.map(({ _id }) => ({ _id: { $gt: `${_id}.`, $lt: `${_id}/` } })) };
