import type { Actions, Page } from "../actions.ts";
import { bankCalls } from "../bank/calls.ts";
import { endedByStatement } from "../bank/life.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { assertKey, requestHashOf } from "../idempotency.ts";
import { idPattern } from "../ids.ts";
import { canonicalMoney, minorOfMoney, moneyOf } from "../money/money.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { PreviewedPart, Refund, RefundPreview } from "../../schemas/types.generated.ts";
import { type Amounts, debited, type Share, sharesOf, withShares } from "./allocation.ts";
import { askedFor } from "./decisions.ts";
import {
  fingerprintOf,
  needsApproval,
  type Paid,
  partsOf,
  type RefundRequest,
  REFUNDS,
  RETURNS,
  sharesIn,
  showRefund,
  showToPayer,
  showToPlatform,
  type StoredRefund,
  type StoredReturns,
} from "./model.ts";
import { refundOutcome, type RefundOutcomeDeps } from "./outcome.ts";
import { paymentReturns } from "./returns.ts";
import { scopeOf } from "./scope.ts";
import { refundStakes } from "./stakes.ts";
import { refundSweep } from "./sweep.ts";

export type RefundsDeps = Omit<RefundOutcomeDeps, "refunds" | "returns" | "bank">;

/** What a request is refused for when it comes to it: it was right when it was made. */
const REJECTS: ReadonlySet<ErrorCode> = new Set(["REFUND_TOO_LARGE", "PREVIEW_STALE", "STATE_REFUSED"]);
const TO_ORDERS = "The money that came late pays the orders now; ask for a refund of them.";
const BY_REFUND = byId(idPattern("rfd"));

/** Gives money of payments back, at any level, to the account that it was taken from. */
export async function refundsService(given: RefundsDeps) {
  const { deps, mergePay, orders, settlement } = given;
  const refunds = await deps.store.collection<StoredRefund>(REFUNDS);
  const returns = paymentReturns(await deps.store.collection<StoredReturns>(RETURNS));
  const stakes = await refundStakes(deps, refunds);
  const outcome = refundOutcome({ ...given, refunds, returns, bank: bankCalls(deps) });
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const limit = deps.limits.refundFourEyes;

  const splitOf = (paid: Paid, request: RefundRequest, taken: ReadonlyMap<string, Amounts>): readonly Share[] => {
    const { amount } = request;
    const { currency: paidIn } = paid.total;
    if (amount === "all") return sharesOf(scopeOf(paid, request), taken, amount, paidIn);
    if (amount.currency !== paidIn)
      throw new MergepayError("REFUND_CURRENCY_DIFFERS", undefined, { field: "/amount/currency" });
    const { value, currency } = canonicalMoney(amount.value, amount.currency, "/amount/value");
    return sharesOf(scopeOf(paid, request), taken, minorOfMoney({ value, currency }), paidIn);
  };
  /** What of it was debited, or goes back to the account debited. */
  const sumOf = (amounts: Iterable<Amounts>): bigint => [...amounts].reduce((sum, one) => sum + debited(one), 0n);

  /** What the refund would do now. @throws as `preview` does */
  async function look(request: RefundRequest): Promise<{ paid: Paid; preview: RefundPreview }> {
    const paid = await mergePay.paid(request.paymentId);
    if (request.item !== undefined) await orders.assertItem(request.orders?.[0] ?? "", request.item);
    const { items: banks } = await deps.call("bank-adapter.banks", {});
    if (banks.find(({ bank }) => bank === paid.bank)?.refunds !== true)
      throw new MergepayError("UNSUPPORTED", "The bank of this payment gives nothing back.");
    const { paymentId, total, late } = paid;
    const taken = await returns.taken(paymentId);
    const shares = splitOf(paid, request, taken);
    const paidOut = await settlement.amongPaidOut([...paid.lineIds.values()]);
    const kept = new Set(paid.sold.flatMap(({ orderId, keepsFee }) => (keepsFee ? [orderId] : [])));
    const parts = partsOf(paid, shares, request.item).map((part): PreviewedPart => {
      const owed = paidOut.has(paid.lineIds.get(part.orderId) ?? "") ? "claw_back" : "payable";
      return { ...part, feeRule: kept.has(part.orderId) ? "kept" : "returned", from: late ? "suspense" : owed };
    });
    const amount = moneyOf(sumOf(shares), total.currency);
    const after = sumOf(withShares(taken, shares).values());
    const left = moneyOf(minorOfMoney(total) - after, total.currency);
    return {
      paid,
      preview: {
        paymentId,
        amount,
        left,
        parts,
        needsApproval: needsApproval(after, total.currency, limit),
        fingerprint: fingerprintOf(paymentId, amount, left, parts),
      },
    };
  }

  /** Holds back what the refund takes, as its preview has it; where there was none, as it is right now. Then it is sent, or waits for approval. */
  async function begin(requested: StoredRefund): Promise<StoredRefund> {
    const { _id: id, paymentId, request, fingerprint, amount } = requested;
    const paid = await mergePay.paid(paymentId);
    let shares: readonly Share[] | undefined;
    try {
      shares = await returns.take(paymentId, id, (taken, lateClosed) => {
        // Between the asking and now its money, which had come late, was given to the orders.
        if (requested.late === true && (lateClosed || !paid.late)) throw new MergepayError("STATE_REFUSED", TO_ORDERS);
        const now = splitOf(paid, request, taken);
        if (fingerprint !== undefined && !sameShares(now, sharesIn(requested.parts)))
          throw new MergepayError("PREVIEW_STALE");
        return now;
      });
    } catch (thrown) {
      const { type: code, message } = asMergepayError(thrown);
      if (!REJECTS.has(code)) throw thrown;
      return outcome.reject(requested, { error: { code, reason: message } });
    }
    // Given free by whoever ended it meanwhile.
    if (shares === undefined) throw new Overtaken();
    deps.reached("refund.held");
    const { currency } = amount;
    const parts = partsOf(paid, shares, request.item);
    const refund: StoredRefund = { ...requested, parts, amount: moneyOf(sumOf(shares), currency) };
    const held = { parts, amount: refund.amount };
    await stakes.note(refund);
    const all = sumOf((await returns.taken(paymentId)).values());
    if (!needsApproval(all, currency, limit)) return outcome.submit(refund, held);
    return outcome.move(refund, "awaiting_approval", { ...held, dueAt: null });
  }

  const findByKey = (requestedBy: string, idempotencyKey: string) => refunds.findOne({ requestedBy, idempotencyKey });

  /** The answer to a key that was used before: the same for the same content. */
  function answerAgain(present: StoredRefund, requestHash: string): Refund & { existed: boolean } {
    if (present.requestHash !== requestHash) throw new MergepayError("IDEMPOTENCY_KEY_REUSED");
    return { ...answerOf(present), existed: true };
  }

  /** What became of a request. @throws the error for which it was rejected */
  function answerOf(refund: StoredRefund): Refund {
    const { state, error } = refund;
    if (state === "rejected" && error !== undefined) throw new MergepayError(error.code as ErrorCode, error.reason);
    return showRefund(refund);
  }

  /** The refund as it is after what was done to it, also when somebody else was quicker. */
  async function present(refundId: string): Promise<StoredRefund> {
    const refund = await refunds.findOne({ _id: refundId });
    if (refund === null) throw new MergepayError("NOT_FOUND");
    return refund;
  }
  async function goOn(refundId: string, step: () => Promise<StoredRefund>): Promise<StoredRefund> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof Overtaken) return present(refundId);
      throw error;
    }
  }

  /** Decides on a refund that waits for it. @throws NOT_FOUND, STATE_REFUSED, what `step` throws */
  async function decide(refundId: string, step: (refund: StoredRefund) => Promise<StoredRefund>) {
    const refund = await present(refundId);
    if (refund.state !== "awaiting_approval")
      throw new MergepayError("STATE_REFUSED", `A refund that is ${refund.state} does not wait for approval.`, {
        state: refund.state,
      });
    try {
      return showRefund(await step(refund));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      const { state } = await present(refundId);
      throw new MergepayError("STATE_REFUSED", "Somebody else decided on it meanwhile; look at it again.", { state });
    }
  }

  return {
    /**
     * What a refund would do: who gives back what, fees included. Nothing moves.
     * @throws NOT_FOUND (no such payment, or an order or item that is not in it), STATE_REFUSED (nothing was taken for it), REFUND_TOO_LARGE,
     *   REFUND_CURRENCY_DIFFERS, AMOUNT_INVALID, CURRENCY_UNKNOWN, UNSUPPORTED
     */
    preview: async (request: Actions["refunds.preview"]["params"]): Promise<RefundPreview> =>
      (await look(request)).preview,

    /**
     * Gives money back. `by` says who wants it: `operator:<id>`, `platform:<id>` or `house`; with the same `by`, key and content the answer is the same
     * refund. Without a fingerprint it takes what is right at the moment that it comes to it.
     * @throws as `preview` does, PREVIEW_STALE, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED
     */
    async open(params: Actions["refunds.open"]["params"]): Promise<Refund & { existed: boolean }> {
      const { request, reason, by, idempotencyKey, fingerprint } = params;
      assertKey(idempotencyKey, deps.limits.idempotencyKeyChars);
      const requestHash = requestHashOf({ ...request, reason, fingerprint: fingerprint ?? null });
      const before = await findByKey(by, idempotencyKey);
      if (before !== null) return answerAgain(before, requestHash);
      const { paid, preview } = await look(request);
      if (fingerprint !== undefined && fingerprint !== preview.fingerprint) throw new MergepayError("PREVIEW_STALE");
      const at = stamp();
      const asked: StoredRefund = {
        _id: deps.newId("rfd"),
        paymentId: paid.paymentId,
        userId: paid.userId,
        state: "requested",
        amount: preview.amount,
        parts: preview.parts.map(({ from: _from, feeRule: _rule, ...part }) => part),
        reason,
        ...(paid.late ? { late: true as const } : {}),
        requestedBy: by,
        request,
        ...(fingerprint === undefined ? {} : { fingerprint }),
        idempotencyKey,
        requestHash,
        bank: paid.bank,
        debitRequestId: paid.bankRequestId,
        version: 1,
        // Holding back takes seconds at the most; after this a sweeper goes on with it.
        dueAt: stamp(deps.limits.leaseMs),
        createdAt: at,
        updatedAt: at,
        ...EMPTY_OUTBOX,
      };
      const refund = { ...asked, ...deps.audit(undefined, askedFor(asked)) };
      try {
        await refunds.insertOne(refund);
      } catch (error) {
        const twin = isDuplicateKey(error) ? await findByKey(by, idempotencyKey) : null;
        if (twin === null) throw error;
        return answerAgain(twin, requestHash);
      }
      deps.reached("refund.inserted");
      return { ...answerOf(await goOn(refund._id, () => begin(refund))), existed: false };
    },

    /** A second operator lets it go. @throws NOT_FOUND, STATE_REFUSED, SECOND_PERSON_REQUIRED */
    approve: ({ refundId, by }: Actions["refunds.approve"]["params"]): Promise<Refund> =>
      decide(refundId, (refund) => {
        if (refund.requestedBy === by) throw new MergepayError("SECOND_PERSON_REQUIRED");
        return outcome.submit(refund, { approvedBy: by });
      }),

    /** An operator refuses it, or takes it back; what was held back is free again. @throws NOT_FOUND, STATE_REFUSED */
    reject: ({ refundId, by, reason }: Actions["refunds.reject"]["params"]): Promise<Refund> =>
      decide(refundId, (refund) => outcome.reject(refund, { rejection: { by, reason } })),

    /** @throws NOT_FOUND, also when it is another's */
    async get({ refundId, userId, platform }: Actions["refunds.get"]["params"]): Promise<Refund> {
      const refund = await present(refundId);
      const foreign =
        (userId !== undefined && refund.userId !== userId) ||
        (platform !== undefined && !refund.parts.some((part) => part.platform === platform));
      if (foreign) throw new MergepayError("NOT_FOUND");
      return shownFor(refund, { userId, platform });
    },

    async list({ paymentId, userId, platform, ...query }: Actions["refunds.list"]["params"]): Promise<Page<Refund>> {
      if (platform !== undefined) {
        const { items, ...rest } = await stakes.ofPlatform(platform, paymentId, query);
        return { items: items.map((refund) => showToPlatform(refund, platform)), ...rest };
      }
      return page(
        refunds,
        { ...(paymentId === undefined ? {} : { paymentId }), ...(userId === undefined ? {} : { userId }) },
        BY_REFUND,
        query,
        deps.limits.ordersPerPage,
        (refund) => shownFor(refund, { userId, platform }),
      );
    },

    /** A bank's statement says that it was carried out. */
    endByStatement: endedByStatement(refunds, outcome.booked),

    ...refundSweep({ deps, refunds, outcome, begin }),
  };
}

export type RefundsService = Awaited<ReturnType<typeof refundsService>>;

interface Audience {
  readonly userId: string | undefined;
  readonly platform: string | undefined;
}

function shownFor(refund: StoredRefund, { userId, platform }: Audience): Refund {
  if (platform !== undefined) return showToPlatform(refund, platform);
  return userId === undefined ? showRefund(refund) : showToPayer(refund);
}

const sameShares = (a: readonly Share[], b: readonly Share[]): boolean =>
  a.length === b.length &&
  a.every(({ orderId, gross, fee, tax, charged }, index) => {
    const other = b[index];
    if (other?.orderId !== orderId || other.charged !== charged) return false;
    return other.gross === gross && other.fee === fee && other.tax === tax;
  });
