/** Operators give money back, whole and in parts, with and without a look before; a second one approves, or refuses. */
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";
import { type RefundRequest, REFUNDS, type StoredRefund } from "../../../core/refunds/model.ts";
import { REFUND_STATES } from "../../../core/refunds/states.ts";
import { Broken, type Noun, type Random } from "../engine/contract.ts";
import { FINAL_MS, PAID } from "../engine/ways.ts";

const OPERATORS = ["operator:ops", "operator:eve"];
const KEYS = 40;

/** The payment, a platform's part or some orders of it; all that is left, or a part. */
function requestOf(random: Random, { _id: paymentId, orders, total }: StoredPayment): RefundRequest {
  const part = moneyOf((minorOfMoney(total) * BigInt(random.below(1_000) + 1)) / 1_500n + 1n, total.currency);
  const amount = random.below(3) === 0 ? "all" : part;
  const { platform, orderId } = random.pick(orders);
  const scope = random.pick([{}, {}, { platform }, { orders: [orderId] }]);
  return { paymentId, amount, ...scope };
}

export const refunds: Noun = {
  name: "refunds",
  tables: [{ noun: "refund", collection: REFUNDS.name, table: REFUND_STATES.table }],
  fixed: {
    [REFUNDS.name]: ["paymentId", "userId", "requestedBy", "idempotencyKey", "debitRequestId", "bank", "createdAt"],
  },
  ways: [
    { steps: [...PAID, "refunds.refund", "refunds.approve", "all jobs"], faults: ["crash.at refund."] },
    { steps: [...PAID, "refunds.refund", "refunds.refuse"], faults: ["crash.at refund."] },
    // Never executed, and refused when it is sent again.
    {
      steps: [...PAID, "bank.swallows", "refunds.refund", FINAL_MS, "bank.declines", "all jobs"],
      faults: ["inquiry.", "crash.at refund."],
    },
  ],
  open({ store, count }) {
    /** What operators were told: the refund of each key, for as long as it is there. */
    const told = new Map<string, string>();
    const waiting = () => store.all<StoredRefund>(REFUNDS.name).filter(({ state }) => state === "awaiting_approval");
    const decided = ["STATE_REFUSED", "SECOND_PERSON_REQUIRED"] as const;

    return {
      audit(atRest) {
        const all = store.all<StoredRefund>(REFUNDS.name);
        const byId = new Map(all.map((refund) => [refund._id, refund]));
        for (const [key, id] of told)
          if (!byId.has(id)) throw new Broken("what was answered stays", `${key} was told of ${id}, which is gone`);
        for (const { _id, requestedBy, approvedBy } of all)
          if (approvedBy === requestedBy)
            throw new Broken("two persons decide", `${_id} was approved by ${requestedBy}`);
        if (!atRest) return;
        for (const { state, needsReview } of all)
          count(`refund at rest ${state}${needsReview === true ? ", for review" : ""}`);
      },
      ops: {
        refund: {
          weight: 5,
          expects: ["REFUND_TOO_LARGE", "PREVIEW_STALE", "STATE_REFUSED", "IDEMPOTENCY_KEY_REUSED"],
          async run({ services, random }) {
            const paid = store
              .all<StoredPayment>(PAYMENTS.name)
              .filter(({ state }) => state === "succeeded" || random.below(10) === 0);
            if (paid.length === 0) return;
            const request = requestOf(random, random.pick(paid));
            const looked = random.below(2) === 0 ? await services.refunds.preview(request) : undefined;
            const by = random.pick(OPERATORS);
            const idempotencyKey = `key-${random.below(KEYS)}`;
            const { id } = await services.refunds.open({
              request,
              reason: "cold tea",
              by,
              idempotencyKey,
              ...(looked === undefined ? {} : { fingerprint: looked.fingerprint }),
            });
            const key = `${by} ${idempotencyKey}`;
            const before = told.get(key);
            if (before !== undefined && before !== id)
              throw new Broken("same key, same answer", `${key} was told of ${before} and then of ${id}`);
            told.set(key, id);
          },
        },
        approve: {
          weight: 4,
          expects: decided,
          async run({ services, random }) {
            if (waiting().length === 0) return;
            await services.refunds.approve({ refundId: random.pick(waiting())._id, by: random.pick(OPERATORS) });
          },
        },
        refuse: {
          weight: 1,
          expects: decided,
          async run({ services, random }) {
            if (waiting().length === 0) return;
            const by = random.pick(OPERATORS);
            await services.refunds.reject({ refundId: random.pick(waiting())._id, by, reason: "not so" });
          },
        },
      },
    };
  },
};
