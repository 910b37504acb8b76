import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney } from "../money/money.ts";
import type { Paid } from "../refunds/model.ts";
import { linesOf, ruleOf } from "../settlement/model.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { Money } from "../../schemas/types.generated.ts";
import { rulesOf, type StoredPayment } from "./model.ts";

/** What refunds may know of payments, and what payments are told of refunds. */
export function paymentRefundable(payments: StoreCollection<StoredPayment>) {
  /** A payment whose money the bank has taken. @throws NOT_FOUND, STATE_REFUSED with the state when it has not */
  async function paid(paymentId: string): Promise<Paid> {
    const payment = await payments.findOne({ _id: paymentId });
    if (payment === null) throw new MergepayError("NOT_FOUND", undefined, { field: "/paymentId" });
    const { userId, state, total, orders, bank, bankRequestId, deduction, createdAt, lateAmount } = payment;
    const late = state !== "succeeded";
    // Money that came after the payment had ended is noted with the bank's time.
    if (late && deduction?.bookedAt === undefined)
      throw new MergepayError("STATE_REFUSED", `Nothing was taken for a payment that is ${state}.`, { state });
    if (late && lateAmount !== undefined)
      throw new MergepayError(
        "STATE_REFUSED",
        `The bank took ${lateAmount.value} ${lateAmount.currency} for this payment, late; settle it with the bank.`,
        { state },
      );
    const rules = rulesOf(payment);
    const made = late ? [] : linesOf({ paymentId, total, orders, rules, at: createdAt });
    const lines = made.filter(({ kind }) => kind === "order");
    const lineOf = new Map(lines.map((line) => [line.orderId, line]));
    const sold = orders.map((order) => {
      const { orderId, amount, charged } = order;
      const { fee, tax } = lineOf.get(orderId) ?? {};
      return {
        orderId,
        gross: minorOfMoney(amount),
        ...(charged === undefined ? {} : { charged: minorOfMoney(charged) }),
        fee: fee === undefined ? 0n : minorOfMoney(fee),
        tax: tax === undefined ? 0n : minorOfMoney(tax),
        keepsFee: !late && ruleOf(order, rules.feeRules)?.rule.onRefund === "kept",
      };
    });
    const lineIds = new Map(lines.map(({ orderId, _id }) => [orderId, _id]));
    return { paymentId, userId, total, orders, bank, bankRequestId, late, sold, lineIds };
  }

  return {
    paid,

    /** The payment of a deduction whose money the bank has taken; undefined when there is none, or nothing was taken. */
    async paidBy(bank: string, bankRequestId: string): Promise<Paid | undefined> {
      const payment = await payments.findOne({ bank, bankRequestId });
      if (payment === null) return undefined;
      try {
        return await paid(payment._id);
      } catch (error) {
        if (error instanceof MergepayError && error.type === "STATE_REFUSED") return undefined;
        throw error;
      }
    },

    /** Notes what has gone back, so that the payment shows it. A second time changes nothing. */
    async noteReturned(paymentId: string, by: string, amount: Money): Promise<void> {
      await payments.updateOne({ _id: paymentId }, { $set: { [`returned.${by}`]: amount } });
    },
  };
}
