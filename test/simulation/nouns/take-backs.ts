/** What becomes of orders that platforms took back while a payment had them; the asking itself is among the operations of payments. */
import { CHARGEBACKS, type StoredChargeback } from "../../../core/chargebacks/model.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { minorOfMoney, sumMoney } from "../../../core/money/money.ts";
import { REFUNDS, type StoredRefund } from "../../../core/refunds/model.ts";
import { TAKE_BACKS, type StoredTakeBack } from "../../../core/take-backs/model.ts";
import { TAKE_BACK_STATES } from "../../../core/take-backs/states.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { LONG_MS, PAID } from "../engine/ways.ts";

/** In minor units of either currency of the simulation's orders. */
const MUCH = 40_000n;

const backOf = ({ returned = {} }: StoredOrder): bigint => {
  const all = Object.values(returned);
  return all.length === 0 ? 0n : minorOfMoney(sumMoney(all));
};

export const takeBacks: Noun = {
  name: "take-backs",
  tables: [{ noun: "take-back", collection: TAKE_BACKS.name, table: TAKE_BACK_STATES.table }],
  fixed: { [TAKE_BACKS.name]: ["platform", "merchant", "orderNo", "cancellation", "createdAt"] },
  ways: [
    // A chargeback gives back what is taken back; then the bank gives it up.
    {
      steps: [
        ...PAID,
        "chargebacks.take back",
        "statements.hold",
        "take-backs.ask again",
        "all jobs",
        "chargebacks.give up",
        "statements.hold",
        "all jobs",
        "all jobs",
      ],
      faults: ["crash.at chargeback-reversal.", "crash.at take-back."],
    },
    // So much is asked back that two operators decide, and the second one does not want it; the platform asks again.
    {
      steps: [
        ...PAID,
        "take-backs.ask for much",
        "all jobs",
        "take-backs.refuse",
        LONG_MS,
        "all jobs",
        "take-backs.ask again",
        "all jobs",
      ],
      faults: ["crash.at take-back."],
    },
    // The bank does not want it.
    {
      steps: [...PAID, "take-backs.ask again", "bank.declines", "all jobs", LONG_MS, "all jobs"],
      faults: ["crash.at take-back."],
    },
  ],
  open: ({ store, count, told }) => ({
    audit(atRest) {
      const orders = new Map(store.all<StoredOrder>(ORDERS.name).map((order) => [order._id, order]));
      const all = new Map(store.all<StoredTakeBack>(TAKE_BACKS.name).map((one) => [one._id, one]));
      const refunds = new Map(store.all<StoredRefund>(REFUNDS.name).map((refund) => [refund._id, refund]));
      for (const order of orders.values())
        if (order.cancelRequest !== undefined && !all.has(order._id))
          throw new Broken("a cancellation is never lost", `nothing goes on with that of ${order._id}`);
      // What a chargeback gave back comes again as the bank gives that up, and is asked for anew before that is through.
      const comesAgain = new Set(
        store
          .all<StoredChargeback>(CHARGEBACKS.name)
          .filter(({ state, dueAt }) => state === "reversed" && dueAt !== null)
          .flatMap(({ parts = [] }) => parts.map(({ orderId }) => orderId)),
      );
      for (const { _id, state, refundId, needsReview } of all.values()) {
        const order = orders.get(_id);
        // One that was opened before it said so may have expired.
        if (state === "cancelled" && order?.state !== "cancelled" && order?.state !== "expired")
          throw new Broken("a cancellation is never lost", `${_id} is ${order?.state}`);
        if (
          state === "refunded" &&
          order !== undefined &&
          !comesAgain.has(_id) &&
          backOf(order) !== minorOfMoney(order.amount)
        )
          throw new Broken("a cancellation is never lost", `not all of ${_id} went back`);
        if (!atRest) continue;
        count(`take-back at rest ${state}${needsReview === true ? ", for review" : ""}`);
        const refund = refunds.get(refundId ?? "");
        // What is paid at rest is on its way back, waits for a person, or was refused by one.
        if (state === "asked" && needsReview !== true && order?.state !== "locked" && refund?.state !== "unknown")
          count("take-back at rest that is tried again");
        const heard = told().some(({ type, aggregate }) => type === "orders.cancelled" && aggregate === _id);
        if (heard && state !== "cancelled") throw new Broken("what is told is so", `${_id} is not cancelled`);
      }
    },
    ops: {
      "ask again": {
        weight: 1,
        async run({ services, random }) {
          const all = store.all<StoredTakeBack>(TAKE_BACKS.name);
          const paid = store.all<StoredOrder>(ORDERS.name).filter(({ state }) => state === "paid");
          const refused = all.filter(({ state }) => state === "refused");
          const chosen: readonly { _id: string; platform: string }[] = refused.length > 0 ? refused : paid;
          if (chosen.length === 0) return;
          const { _id: orderId, platform } = random.pick(chosen);
          await services.orders.cancel({ orderId, platform, reason: "Sold out." });
        },
      },
      /** Of so much that two operators must want it. */
      "ask for much": {
        weight: 1,
        async run({ services, random }) {
          const paid = store
            .all<StoredOrder>(ORDERS.name)
            .filter(({ state }) => state === "paid" || state === "settled");
          const much = paid.filter(({ amount }) => minorOfMoney(amount) >= MUCH);
          if (much.length === 0) return;
          const { _id: orderId, platform } = random.pick(much);
          await services.orders.cancel({ orderId, platform, reason: "Sold out." });
        },
      },
      refuse: {
        weight: 1,
        expects: ["STATE_REFUSED"],
        async run({ services, random }) {
          const waiting = store
            .all<StoredRefund>(REFUNDS.name)
            .filter(({ state, requestedBy }) => state === "awaiting_approval" && requestedBy.startsWith("platform:"));
          if (waiting.length === 0) return;
          const refundId = random.pick(waiting)._id;
          await services.refunds.reject({ refundId, by: "operator:eve", reason: "It was delivered." });
        },
      },
    },
  }),
};
