import type { Actions, Page } from "../actions.ts";
import { bankLeaseMs } from "../bank/calls.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { minorOfMoney } from "../money/money.ts";
import { type Fact, withFacts } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import { byId, page } from "../pages.ts";
import { fateOf, HOUR_MS, type InVain, isRefusal, lookAfter, retryAfter } from "../refunds/pursuit.ts";
import type { RefundsService } from "../refunds/service.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import type { Order, Refund, TakeBack } from "../../schemas/types.generated.ts";
import { decisionOf, factOf, keyOf, showTakeBack, type StoredTakeBack, TAKE_BACKS, wantedBy } from "./model.ts";
import { TAKE_BACK_STATES, type TakeBackState } from "./states.ts";

interface TakeBacksDeps {
  readonly deps: Deps;
  readonly orders: Pick<OrdersService, "carryCancel" | "get">;
  readonly refunds: Pick<RefundsService, "open" | "get">;
}

const BY_ORDER = byId(idPattern("ord"));
const AT_A_SWEEP = 20;
/** A refund that succeeded is noted on its order within seconds: after this long what is left of the order was held back by another one. */
const NOTED_MS = 600_000;

const isBack = ({ amount, refunded }: Order): boolean =>
  refunded !== undefined && minorOfMoney(refunded) >= minorOfMoney(amount);

/** Orders that platforms took back while a payment held them or had paid them: each is cancelled or refunded in the end, or an operator looks at it. */
export async function takeBacksService({ deps, orders, refunds }: TakeBacksDeps) {
  const takeBacks = await deps.store.collection<StoredTakeBack>(TAKE_BACKS);
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const lookAgain = ({ createdAt }: StoredTakeBack): string => stamp(lookAfter(deps.now() - Date.parse(createdAt)));

  function save(takeBack: StoredTakeBack, change: Partial<StoredTakeBack>): Promise<StoredTakeBack> {
    const decision = decisionOf(takeBack, change);
    const audited = decision === undefined ? {} : deps.audit(takeBack, decision);
    return saveVersion(takeBacks, takeBack, { ...change, ...audited, updatedAt: stamp() });
  }

  /** Moves it along the table, with what its platform is told in the same write. */
  function move(
    takeBack: StoredTakeBack,
    to: TakeBackState,
    change: Partial<StoredTakeBack>,
    fact?: Fact,
  ): Promise<StoredTakeBack> {
    TAKE_BACK_STATES.assertMove(takeBack.state, to);
    const told = fact === undefined ? {} : withFacts(takeBack, takeBack._id, [fact], stamp(), deps.newId);
    const looked = takeBack.needsReview === true ? { needsReview: false } : {};
    return save(takeBack, { dueAt: null, ...looked, ...change, state: to, ...told });
  }

  /** A refund that was in vain: the next one is tried later, until an operator must look. */
  function inVain(takeBack: StoredTakeBack, error: InVain): Promise<StoredTakeBack> {
    const tries = takeBack.tries + 1;
    const wait = retryAfter(tries);
    const change = {
      tries,
      error,
      dueAt: stamp(wait ?? HOUR_MS),
      ...(wait === undefined ? { needsReview: true } : {}),
    };
    // The key of the next one: this one's is used.
    if (takeBack.state === "asked") return save(takeBack, { ...change, opened: takeBack.opened + 1 });
    return move(takeBack, "asked", change);
  }

  async function giveBack(takeBack: StoredTakeBack, order: Order): Promise<unknown> {
    if (isBack(order)) return move(takeBack, "refunded", {});
    // An operator looks at it; only what became of the order ends it.
    if (takeBack.needsReview === true) return save(takeBack, { dueAt: stamp(HOUR_MS) });
    const { _id: orderId, cancellation, opened } = takeBack;
    const leased = await save(takeBack, { dueAt: stamp(bankLeaseMs(deps)) });
    let refund: Refund;
    try {
      refund = await refunds.open({
        request: { paymentId: order.paymentId ?? "", orders: [orderId], amount: "all" },
        reason: cancellation.reason,
        by: wantedBy(leased),
        idempotencyKey: keyOf(leased),
      });
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      if (!isRefusal(code)) throw thrown;
      return inVain(leased, { code, reason });
    }
    deps.reached("take-back.refund-opened");
    const { id: refundId } = refund;
    // Of one that has come to its end already its platform is told by `orders.refunded`.
    const told = refund.state === "succeeded" ? undefined : factOf(leased, "orders.refunding", { refundId });
    const change = { refundId, opened: opened + 1, dueAt: lookAgain(leased) };
    return follow(await move(leased, "refunding", change, told), refund);
  }

  /** Goes by what became of the refund. */
  async function follow(takeBack: StoredTakeBack, refund: Refund): Promise<unknown> {
    const fate = fateOf(refund);
    switch (fate.is) {
      case "back": {
        const order = await orders.get({ orderId: takeBack._id });
        if (isBack(order)) return move(takeBack, "refunded", {});
        const old = Date.parse(refund.updatedAt) + NOTED_MS <= deps.now();
        return old ? move(takeBack, "asked", { dueAt: stamp() }) : save(takeBack, { dueAt: lookAgain(takeBack) });
      }
      case "refused":
        return move(takeBack, "refused", {}, factOf(takeBack, "orders.cancel_refused", { reason: fate.reason }));
      case "in_vain":
        return inVain(takeBack, fate.error);
      case "under_way":
        return save(takeBack, { dueAt: lookAgain(takeBack), ...(fate.forPerson ? { needsReview: true } : {}) });
    }
  }

  async function carryOn(takeBack: StoredTakeBack): Promise<unknown> {
    const { _id: orderId, state, refundId = "", cancellation } = takeBack;
    if (state === "refunding") return follow(takeBack, await refunds.get({ refundId }));
    if (state !== "asked") return save(takeBack, { dueAt: null });
    const order = await orders.carryCancel(orderId, cancellation);
    if (order.state === "locked") return save(takeBack, { dueAt: lookAgain(takeBack) });
    if (order.state === "paid" || order.state === "settled") return giveBack(takeBack, order);
    // Or expired: nobody can pay it any more.
    return move(takeBack, "cancelled", {}, factOf(takeBack, "orders.cancelled"));
  }

  async function sweepOne(takeBack: StoredTakeBack): Promise<void> {
    try {
      await carryOn(takeBack);
    } catch (thrown) {
      if (thrown instanceof Overtaken) return;
      const { type: code, message: reason } = asMergepayError(thrown);
      deps.log.error({ orderId: takeBack._id, state: takeBack.state, code, reason }, "take-back not carried on");
    }
  }

  return {
    /** On a store that nobody else uses: what a dead process left leased is due at once; what waits to be tried again goes on waiting. */
    async recover(): Promise<void> {
      const leased = { $gt: stamp(), $lte: stamp(bankLeaseMs(deps)) };
      await takeBacks.updateMany({ state: "asked", dueAt: leased }, { $set: { dueAt: stamp() } });
    },

    /** Carries on all take-backs whose time has come. */
    async sweep(): Promise<void> {
      const due = await findDue(takeBacks, stamp(), AT_A_SWEEP);
      await Promise.all(due.map(sweepOne));
    },

    /** @throws NOT_FOUND, also when it is another platform's, and when the order was never taken back while a payment had it */
    async get({ orderId, platform }: Actions["take-backs.get"]["params"]): Promise<TakeBack> {
      const takeBack = await takeBacks.findOne({ _id: orderId });
      if (takeBack === null || (platform !== undefined && takeBack.platform !== platform))
        throw new MergepayError("NOT_FOUND");
      return showTakeBack(takeBack);
    },

    list: ({ platform, needsReview, ...query }: Actions["take-backs.list"]["params"]): Promise<Page<TakeBack>> =>
      page(
        takeBacks,
        { ...(platform === undefined ? {} : { platform }), ...(needsReview === undefined ? {} : { needsReview }) },
        BY_ORDER,
        query,
        deps.limits.ordersPerPage,
        showTakeBack,
      ),
  };
}

export type TakeBacksService = Awaited<ReturnType<typeof takeBacksService>>;
