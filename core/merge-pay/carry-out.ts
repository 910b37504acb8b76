import type { AccountsService } from "../accounts/service.ts";
import { bankLeaseMs } from "../bank/calls.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { MandateBook } from "../mandates/book.ts";
import { sumMoney } from "../money/money.ts";
import type { Losers } from "../orders/lock.ts";
import type { OrdersService } from "../orders/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { PaymentDeduction } from "./deduction.ts";
import type { StoredPayment } from "./model.ts";
import { deductionOf, type PaymentOutcome } from "./outcome.ts";
import { chargedOf } from "./parts.ts";
import { isOver } from "./rates.ts";
import { PAYMENT_STATES } from "./states.ts";

interface CarryOutDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly orders: OrdersService;
  readonly accounts: AccountsService;
  readonly mandates: Pick<MandateBook, "reserve">;
  readonly outcome: PaymentOutcome;
  readonly deduction: PaymentDeduction;
}

/** Why a stored payment may not be, before anything of it is locked: it ends as rejected. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ACCOUNT_MISSING",
  "MANDATE_ENDED",
  "MANDATE_LIMIT_REACHED",
  "MANDATE_NOT_COVERING",
]);

/** Carries out the payments of one confirmation, each with its own deduction: most often it is one. */
export function paymentCarryOut(given: CarryOutDeps) {
  const { deps, payments, orders, accounts, mandates, outcome, deduction } = given;
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /**
   * The bank's token of the payment's account, or why the payment may not be. Asked once it is stored: an account that is being removed is not
   * used any more, and one that is used is not removed; of a mandate each payment takes its part once.
   */
  async function permit(payment: StoredPayment): Promise<string | MergepayError> {
    try {
      const token = await accounts.tokenToDebit(payment.accountId);
      if (payment.mandateId !== undefined) await mandates.reserve(payment, payment.mandateId);
      return token;
    } catch (error) {
      if (error instanceof MergepayError && REFUSALS.has(error.type)) return error;
      throw error;
    }
  }

  /** A sweeper took the payment over while we were held up, or its payer cancelled it: they decide. What we locked after it did is opened again. */
  async function afterOvertaken(paymentId: string): Promise<StoredPayment> {
    const present = await payments.findOne({ _id: paymentId });
    if (present === null) throw new MergepayError("INTERNAL", `The payment ${paymentId} is gone.`);
    if (["expired", "rejected", "cancelled"].includes(present.state)) await outcome.openOrders(present);
    return present;
  }

  /** We can't go on with them, most likely for want of the store: a sweeper ends them now and not when our lease is over. */
  async function handOver(paymentIds: readonly string[]): Promise<void> {
    try {
      await payments.updateMany(
        { _id: { $in: [...paymentIds] }, state: { $in: ["locking", "submitting"] } },
        { $set: { dueAt: stamp() } },
      );
    } catch (error) {
      // The store is still away: then it is when the lease is over after all.
      for (const paymentId of paymentIds)
        deps.log.warn({ paymentId, code: asMergepayError(error).type }, "payment left to its lease");
    }
  }

  /** Does a step of a payment; where somebody else was quicker, the payment is what that made of it. */
  async function step({ _id }: StoredPayment, work: () => Promise<StoredPayment>): Promise<StoredPayment> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MergepayError) await handOver([_id]);
      if (!(error instanceof Overtaken)) throw error;
      return afterOvertaken(_id);
    }
  }

  async function reject(payment: StoredPayment, { type: code, message: reason, data }: MergepayError) {
    PAYMENT_STATES.assertMove(payment.state, "rejected");
    const rejected = await outcome.save(
      payment,
      {
        state: "rejected",
        error: { code, reason, ...(data.orders === undefined ? {} : { orders: [...data.orders] }) },
        dueAt: stamp(),
      },
      leavingLocking(payment),
    );
    return outcome.release(rejected);
  }

  const rejectAll = (parts: readonly StoredPayment[], error: MergepayError): Promise<StoredPayment[]> =>
    all(parts.map((part) => step(part, () => reject(part, error))));

  /** Writes the deduction of what was had down, sends it once, and follows it to where the bank's word carries it. */
  async function send(inserted: StoredPayment, had: Had, token: string): Promise<StoredPayment> {
    const { _id } = inserted;
    // The last moment at which a rate may be too old: from here on the bank may have the instruction.
    if (inserted.rates?.some((rate) => isOver(rate, deps.now())) === true)
      return reject(inserted, new MergepayError("RATE_EXPIRED"));
    PAYMENT_STATES.assertMove(inserted.state, "submitting");
    const change = {
      state: "submitting" as const,
      ...had,
      deduction: deductionOf({ ...inserted, ...had }, stamp()),
      dueAt: stamp(bankLeaseMs(deps)),
    };
    const durable = await outcome.save(inserted, change, leavingLocking(inserted)).catch(async (error: unknown) => {
      // Nobody else submits it: our own write was done, its answer lost, and the driver did it again.
      const own = { _id, state: "submitting" as const, version: inserted.version + 1 };
      const present = error instanceof Overtaken ? await payments.findOne(own) : null;
      if (present === null) throw error;
      return present;
    });
    deps.reached("payment.attempt-durable");
    const answer = await deduction.debit(durable, token);
    deps.reached("payment.sent");
    return deduction.answered(durable, answer);
  }

  /** Locks the orders of all payments, one payment after the other, so that of any two over the same orders one goes through. */
  async function lockAll(permitted: readonly Permitted[]): Promise<Locked[]> {
    const locked: Locked[] = [];
    for (const { part, token } of permitted) {
      const lock = part.atomicity === "best_effort" ? orders.lockSome : orders.lock;
      const losers = await lock(part._id, part.userId, part.orders);
      deps.reached("payment.orders-locked");
      locked.push({ part, token, had: without(part, losers), whole: losers.length === 0 });
    }
    return locked;
  }

  async function carryOn(parts: readonly StoredPayment[]): Promise<StoredPayment[]> {
    const [first] = parts;
    if (first !== undefined) await outcome.makeOthers(first);
    const permitted: Permitted[] = [];
    for (const part of parts) {
      const token = await permit(part);
      if (token instanceof MergepayError) return rejectAll(parts, token);
      permitted.push({ part, token });
    }
    const locked = await lockAll(permitted);
    const count = locked.reduce((sum, { had }) => sum + had.orders.length, 0);
    const bestEffort = first?.atomicity === "best_effort";
    const enough = bestEffort ? count >= (first.atLeast ?? 1) : locked.every(({ whole }) => whole);
    if (!enough) return rejectAll(parts, unavailable(locked.flatMap(({ had }) => had.leftOut ?? [])));
    return all(
      locked.map(({ part, token, had }) =>
        step(part, () =>
          // Of best effort nothing may be left in one currency.
          had.orders.length === 0 ? reject(part, unavailable(had.leftOut ?? [])) : send(part, had, token),
        ),
      ),
    );
  }

  return {
    handOver,

    /**
     * Locks the orders of all of them before anything of one is sent: all or nothing is over all of them. What the bank then says of each is that
     * one's own. @param parts as inserted, `locking`
     */
    async carryOut(parts: readonly StoredPayment[]): Promise<StoredPayment[]> {
      try {
        return await carryOn(parts);
      } catch (error) {
        if (error instanceof MergepayError) await handOver(parts.map(({ _id }) => _id));
        throw error;
      }
    },
  };
}

interface Permitted {
  readonly part: StoredPayment;
  readonly token: string;
}

interface Locked extends Permitted {
  readonly had: Had;
  /** All that was asked for was had. */
  readonly whole: boolean;
}

type Had = Pick<StoredPayment, "orders" | "total"> & { leftOut?: NonNullable<StoredPayment["leftOut"]> };

/** What a payment has no longer once it has left `locking`: what the others of its confirmation were to be. */
export const leavingLocking = ({ unmade }: StoredPayment): readonly "unmade"[] =>
  unmade === undefined ? [] : ["unmade"];

/** Waits for all of them before it fails for one. */
async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** A payment without the orders that could not be had: what is deducted is the sum of the others. */
function without({ orders, total, leftOut }: StoredPayment, losers: Losers): Had {
  if (losers.length === 0) return { orders, total, ...(leftOut === undefined ? {} : { leftOut }) };
  const lost = new Set(losers.map(({ orderId }) => orderId));
  const kept = orders.filter(({ orderId }) => !lost.has(orderId));
  return {
    orders: kept,
    total: kept.length === 0 ? total : sumMoney(kept.map(chargedOf)),
    leftOut: [...(leftOut ?? []), ...losers],
  };
}

export const unavailable = (orders: Losers) => new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders });
