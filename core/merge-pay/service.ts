import type { AccountsService } from "../accounts/service.ts";
import type { Actions, Page, PayRequest } from "../actions.ts";
import { bankCalls } from "../bank/calls.ts";
import { endedByStatement } from "../bank/life.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { MergepayError } from "../errors/errors.ts";
import { assertKey, requestHashOf } from "../idempotency.ts";
import { idPattern } from "../ids.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import type { MandateBook } from "../mandates/book.ts";
import { byId, page } from "../pages.ts";
import type { FrozenRules } from "../settlement/model.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { Money, Payment } from "../../schemas/types.generated.ts";
import { paymentCancel } from "./cancel.ts";
import { paymentCarryOut, unavailable } from "./carry-out.ts";
import { paymentConfirm } from "./confirm.ts";
import { askedFor } from "./decisions.ts";
import { paymentDeduction } from "./deduction.ts";
import { PAYMENTS, showPayment, type StoredPayment } from "./model.ts";
import { type OutcomeDeps, paymentOutcome } from "./outcome.ts";
import type { Part } from "./parts.ts";
import type { PricedIn, QuotesService } from "./quotes.ts";
import { lateMoney } from "./late.ts";
import type { RefundCalls } from "./late-refund.ts";
import { paymentReviews } from "./review.ts";
import { RETURNS, type StoredReturns } from "../refunds/model.ts";
import { paymentReturns } from "../refunds/returns.ts";
import { paymentRefundable } from "./refundable.ts";
import { paymentSweep } from "./sweep.ts";

export type MergePayDeps = Omit<OutcomeDeps, "payments"> & {
  readonly accounts: AccountsService;
  readonly quotes: QuotesService;
  readonly mandates: Pick<MandateBook, "reserve">;
  readonly refunds: RefundCalls;
};

type PayParams = Actions["merge-pay.pay"]["params"];

/** What came of a confirmation: most often one payment. */
interface Paid {
  readonly payments: readonly Payment[];
  readonly existed: boolean;
}

/** What a confirmation is over, by currencies, each with the account and the rules of its payment. */
interface Prepared {
  readonly priced: readonly (Part & { readonly account: { _id: string; bank: string }; readonly rules: FrozenRules })[];
  readonly quoteId: string | undefined;
  readonly rates: PricedIn["rates"];
}

/** The payments of a confirmation; the first one holds the others. */
type Confirmed = readonly [StoredPayment, ...StoredPayment[]];

const BY_PAYMENT = byId(idPattern("pay"));

/** Pays a selection of orders at once: one payment and one deduction (of a quote over several currencies one for each), all or nothing unless its payer agreed to less. */
export async function mergePayService(given: MergePayDeps) {
  const { deps, orders, quotes, accounts, settlement, mandates } = given;
  const payments = await deps.store.collection<StoredPayment>(PAYMENTS);
  const outcome = paymentOutcome({ ...given, payments });
  const returns = paymentReturns(await deps.store.collection<StoredReturns>(RETURNS));
  const late = lateMoney({ ...given, payments, outcome, returns });
  const deduction = paymentDeduction({ deps, accounts, outcome, bank: bankCalls(deps) });
  const refundable = paymentRefundable(payments);
  const carrying = paymentCarryOut({ deps, payments, orders, accounts, mandates, outcome, deduction });
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  async function priceOf(userId: string, request: PayRequest): Promise<PricedIn & { quoteId?: string }> {
    if ("quoteId" in request) {
      const { quoteId, fingerprint } = request;
      return { ...(await quotes.toPay(userId, quoteId, fingerprint, request)), quoteId };
    }
    if (request.orders === "all" && request.currency === undefined)
      throw new MergepayError("BODY_INVALID", 'orders: "all" needs a currency.', { field: "/currency" });
    const parts = await quotes.price(userId, request, request);
    // What is to be paid in several currencies is to be seen before: by a quote.
    if (parts.length > 1) throw new MergepayError("CURRENCIES_MIXED");
    return { parts };
  }

  /** All that the payments need to know before they are written down. @throws what `pay` throws of accounts, prices and platforms */
  async function prepare(userId: string, request: PayRequest): Promise<Prepared> {
    const usual = await accounts.toPayFrom(userId, request.accountId);
    const { parts, quoteId, rates, bank } = await priceOf(userId, request);
    const named = new Map(request.accounts?.map((one) => [one.currency, one.accountId]));
    const priced = await Promise.all(
      parts.map(async (part) => {
        const accountId = named.get(part.total.currency);
        const account = accountId === undefined ? usual : await accounts.toPayFrom(userId, accountId);
        if (bank !== undefined && account.bank !== bank)
          throw new MergepayError("BODY_INVALID", `The rates are of the bank ${bank}; pay from an account there.`, {
            field: accountId === undefined ? "/accountId" : "/accounts",
          });
        return { ...part, account, rules: await settlement.rulesFor(part.orders) };
      }),
    );
    return { priced, quoteId, rates };
  }

  /** The answer to a key that was used before: the same for the same content. */
  async function answerAgain(present: StoredPayment, requestHash: string): Promise<Paid> {
    if (present.requestHash !== requestHash) throw new MergepayError("IDEMPOTENCY_KEY_REUSED");
    const paid = await confirmedWith(present);
    if (paid.some(({ state }) => state === "locking" || state === "submitting"))
      throw new MergepayError("IDEMPOTENCY_IN_FLIGHT", undefined, { retryAfterSeconds: 1 });
    return answerOf(paid, true);
  }

  /** All payments of a confirmation, by its first. */
  async function confirmedWith(first: StoredPayment): Promise<StoredPayment[]> {
    if (first.together === undefined) return [first];
    const found = await payments.find({ _id: { $in: first.together } }).toArray();
    const byId = new Map([...(first.unmade ?? []), ...found].map((one) => [one._id, one]));
    return first.together.flatMap((id) => byId.get(id) ?? []);
  }

  /** @throws why they were rejected, when all were */
  function answerOf(paid: readonly StoredPayment[], existed: boolean): Paid {
    const [first] = paid;
    if (first !== undefined && paid.every(({ state }) => state === "rejected")) throw refusalOf(first);
    return { payments: paid.map(showPayment), existed };
  }

  const findByKey = (userId: string, idempotencyKey: string) => payments.findOne({ userId, idempotencyKey });

  /**
   * Inserts the first payment of a confirmation. It holds the others, whole, so that with it all of them are durable; its key decides between
   * two requests. @returns what another request of this key has made of it
   */
  async function insert(first: StoredPayment): Promise<StoredPayment | undefined> {
    try {
      await payments.insertOne(first);
    } catch (error) {
      const present = isDuplicateKey(error) ? await findByKey(first.userId, first.idempotencyKey) : null;
      if (present === null) {
        // It may have been written all the same.
        await carrying.handOver([first._id]);
        throw error;
      }
      // Our own is one that was written, its answer lost, and the driver wrote it again.
      if (present._id !== first._id) return present;
    }
    deps.reached("payment.inserted");
    return undefined;
  }

  /** Payments as they are stored, of one confirmation: one for each currency, in the order of their currencies. */
  function confirmed(params: PayParams, requestHash: string, { priced, quoteId, rates }: Prepared): Confirmed {
    const { userId, idempotencyKey, request, mandateId } = params;
    const { atomicity = "all_or_nothing", atLeast } = request;
    const ids = priced.map(() => deps.newId("pay"));
    const at = stamp();
    const parts = priced.map(({ orders: selected, total, leftOut, account, rules: frozen }, index) => {
      const asked: StoredPayment = {
        _id: ids[index] ?? "",
        userId,
        state: "locking",
        total,
        orders: selected,
        accountId: account._id,
        atomicity,
        ...(atLeast === undefined ? {} : { atLeast }),
        ...(leftOut === undefined ? {} : { leftOut: [...leftOut] }),
        ...(quoteId === undefined ? {} : { quoteId }),
        ...(rates === undefined ? {} : { rates }),
        ...(ids.length === 1 ? {} : { together: ids }),
        ...(mandateId === undefined ? {} : { mandateId }),
        // Of the others a key that no client can choose, as it is not printable.
        idempotencyKey: index === 0 ? idempotencyKey : `${idempotencyKey}\n${total.currency}`,
        requestHash,
        bankRequestId: deps.newId("ded"),
        bank: account.bank,
        ...frozen,
        version: 1,
        // Locking takes seconds at the most. After this a sweeper takes the payment for one whose process died, and ends it; a process
        // that was only slow is overtaken then and sends nothing.
        dueAt: stamp(Math.min(deps.limits.leaseMs, deps.limits.lockMs)),
        createdAt: at,
        updatedAt: at,
        ...EMPTY_OUTBOX,
      };
      return { ...asked, ...deps.audit(undefined, askedFor(asked)) };
    });
    const [first, ...others] = parts;
    if (first === undefined) throw new MergepayError("SELECTION_EMPTY");
    return [others.length === 0 ? first : { ...first, unmade: others }, ...others];
  }

  async function pay(params: PayParams): Promise<Paid> {
    const { userId, idempotencyKey, request, mandateId } = params;
    assertKey(idempotencyKey, deps.limits.idempotencyKeyChars);
    if (request.atLeast !== undefined && request.atomicity !== "best_effort")
      throw new MergepayError("BODY_INVALID", "atLeast is for best_effort only.", { field: "/atLeast" });
    if (new Set(request.accounts?.map(({ currency }) => currency)).size < (request.accounts?.length ?? 0))
      throw new MergepayError("BODY_INVALID", "A currency has two accounts; name one for each.", {
        field: "/accounts",
      });
    const requestHash = requestHashOf(mandateId === undefined ? request : { ...request, mandateId });
    const before = await findByKey(userId, idempotencyKey);
    if (before !== null) return answerAgain(before, requestHash);
    let prepared: Prepared;
    try {
      prepared = await prepare(userId, request);
    } catch (error) {
      // A twin of this request may have taken the orders since the key was looked up: then its answer is the answer.
      const twin = await findByKey(userId, idempotencyKey);
      if (twin === null) throw error;
      return answerAgain(twin, requestHash);
    }
    const { priced } = prepared;
    const selected = priced.reduce((count, part) => count + part.orders.length, 0);
    if (selected < (request.atLeast ?? 1)) throw unavailable(priced.flatMap(({ leftOut = [] }) => leftOut));
    const parts = confirmed(params, requestHash, prepared);
    const twin = await insert(parts[0]);
    if (twin !== undefined) return answerAgain(twin, requestHash);
    return answerOf(await carrying.carryOut(parts), false);
  }

  return {
    /**
     * Pays by quote or plain selection. The same key and content again give the same answer.
     * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_FLIGHT, ORDERS_UNAVAILABLE (with the orders), QUOTE_EXPIRED, QUOTE_MISMATCH,
     *   SELECTION_EMPTY, SELECTION_TOO_LARGE, CURRENCIES_MIXED, TOTAL_TOO_LARGE, ACCOUNT_MISSING; by a mandate MANDATE_ENDED, MANDATE_LIMIT_REACHED, MANDATE_NOT_COVERING
     */
    async pay(params: PayParams): Promise<Payment & { existed: boolean }> {
      const { payments: paid, existed } = await pay(params);
      const [payment, another] = paid;
      if (payment === undefined || another !== undefined) throw new MergepayError("CURRENCIES_MIXED");
      return { ...payment, existed };
    },

    /** As `pay`; by a quote over several currencies one payment for each, which are answered as a list. */
    async payTogether(params: PayParams): Promise<Actions["merge-pay.payTogether"]["result"]> {
      const { payments: paid, existed } = await pay(params);
      const [payment] = paid;
      return payment !== undefined && payment.together === undefined
        ? { ...payment, existed }
        : { payments: paid, existed };
    },

    async get({ paymentId, userId }: Actions["merge-pay.get"]["params"]): Promise<Payment> {
      const payment = await payments.findOne({ _id: paymentId });
      if (payment === null || (userId !== undefined && payment.userId !== userId)) throw new MergepayError("NOT_FOUND");
      return showPayment(payment);
    },

    list: ({ userId, ...query }: Actions["merge-pay.list"]["params"]): Promise<Page<Payment>> =>
      page(payments, { userId }, BY_PAYMENT, query, deps.limits.ordersPerPage, showPayment),

    /** A bank's statement says that its deduction was carried out. */
    endByStatement: endedByStatement(payments, deduction.booked),

    ...refundable,

    /** Notes what came again of what had gone back, below zero. Of money that had come late operators decide anew whose it is. A second time changes nothing. */
    async noteGivenAgain(paymentId: string, by: string, amount: Money): Promise<void> {
      await late.again(paymentId, by);
      await refundable.noteReturned(paymentId, by, amount);
    },

    ...paymentCancel({ payments, outcome }),
    ...paymentReviews({ deps, payments, outcome, late }),
    ...paymentConfirm({ deps, payments, outcome, deduction }),
    ...paymentSweep({ deps, payments, outcome, deduction, late }),
  };
}

export type MergePayService = Awaited<ReturnType<typeof mergePayService>>;

/** Why a payment was rejected, as it was told then. */
function refusalOf({ error }: StoredPayment): MergepayError {
  const { code = "ORDERS_UNAVAILABLE", reason, orders } = error ?? {};
  return new MergepayError(code as ErrorCode, reason, orders === undefined ? {} : { orders });
}
