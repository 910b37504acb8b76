import type { Deps } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { BankOutcome } from "../plugin/bank-outcome.ts";
import type { StoredPayment } from "./model.ts";

/** Time beyond the bank call's own deadline until the answer must have crossed the bus. */
const BUS_MS = 3_000;
/** How long a payment is left alone by sweepers while a call to the bank is under way. */
export const bankLeaseMs = (deps: Deps): number => deps.limits.bankCallMs + 2 * BUS_MS;

/** Errors that say for certain that the call reached no bank. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BANK_UNAVAILABLE",
  "UNSUPPORTED",
  "CONFIG_INVALID",
  "BODY_INVALID",
  "AMOUNT_INVALID",
  "CURRENCY_UNKNOWN",
]);

/** The calls to the bank. None is ever repeated here, and none throws: what can't be known is `unknown`. */
export function bankCalls(deps: Deps) {
  const timeoutMs = deps.limits.bankCallMs + BUS_MS;

  return {
    /** Sends the deduction, which is durable already. */
    async debit(payment: StoredPayment, accountToken: string): Promise<BankOutcome> {
      const { bank, bankRequestId, total, orders, _id } = payment;
      const reference = `Mergepay ${_id}, ${orders.length} ${orders.length === 1 ? "order" : "orders"}`;
      const params = { bank, bankRequestId, accountToken, amount: total, reference };
      try {
        return await deps.call("bank-adapter.debit", params, { timeoutMs });
      } catch (thrown) {
        const error = asMergepayError(thrown);
        deps.log.warn({ paymentId: _id, bank, code: error.type, reason: error.message }, "no answer to a deduction");
        return { state: NOT_SENT.has(error.type) ? "not_sent" : "unknown", reason: error.message };
      }
    },

    /** Asks what became of it. */
    async inquire(payment: StoredPayment): Promise<BankOutcome> {
      const { bank, bankRequestId, _id } = payment;
      try {
        return await deps.call("bank-adapter.inquire", { bank, bankRequestId }, { timeoutMs });
      } catch (thrown) {
        const error = asMergepayError(thrown);
        deps.log.warn({ paymentId: _id, bank, code: error.type, reason: error.message }, "no answer to an inquiry");
        return { state: "unknown", reason: error.message };
      }
    },

    /** After this long an instruction that the bank does not know will never be executed. @throws BANK_UNAVAILABLE */
    async finalityMs(bank: string): Promise<number> {
      const { items } = await deps.call("bank-adapter.banks", {});
      return items.find((known) => known.bank === bank)?.finalityMs ?? Number.POSITIVE_INFINITY;
    },
  };
}

export type BankCalls = ReturnType<typeof bankCalls>;
