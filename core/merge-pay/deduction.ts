import type { AccountsService } from "../accounts/service.ts";
import type { BankCalls } from "../bank/calls.ts";
import { instructionLife } from "../bank/life.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import type { Deduction } from "../../schemas/types.generated.ts";
import type { StoredPayment } from "./model.ts";
import { deductionOf, errorOf, type PaymentOutcome } from "./outcome.ts";

interface DeductionDeps {
  readonly deps: Deps;
  readonly accounts: AccountsService;
  readonly outcome: PaymentOutcome;
  readonly bank: BankCalls;
}

/** The deduction of a payment: what is sent, and the life that it shares with the other instructions to a bank. */
export function paymentDeduction({ deps, accounts, outcome, bank }: DeductionDeps) {
  const about = ({ _id: paymentId }: StoredPayment) => ({ paymentId });

  /** Sends it, once. Its record must be durable and count this sending. */
  const debit = (payment: StoredPayment, accountToken: string) => {
    const { bank: name, bankRequestId, total, orders, _id } = payment;
    const reference = `Mergepay ${_id}, ${orders.length} ${orders.length === 1 ? "order" : "orders"}`;
    const params = { bank: name, bankRequestId, accountToken, amount: total, reference };
    return bank.send("bank-adapter.debit", params, about(payment));
  };

  const life = instructionLife<StoredPayment, Deduction>(deps, bank, {
    instructionOf: (payment) => deductionOf(payment, instant(deps.now())),
    about,
    record: (payment, deduction, dueAt) => outcome.save(payment, { deduction, dueAt }),
    send: async (payment) => debit(payment, await accounts.tokenOf(payment.accountId)),
    // A payer whose bank is away may pay by another account at once: the orders are not kept for a payment of which nothing was sent.
    failsUnsent: true,
    // A payer who is still waiting is helped by the same again; later on the payment fails.
    // Nobody waits for one by a mandate, which may have been revoked since: it is never sent twice.
    maySendAgain: ({ createdAt, mandateId }) =>
      mandateId === undefined && Date.parse(createdAt) + deps.limits.lockMs > deps.now(),
    succeed: outcome.succeed,
    fail: (payment, code) =>
      // Nobody ever answered. Of an answer that was on its way when the challenge ended, it is the bank's refusal.
      code === "BANK_CHALLENGE_EXPIRED" && payment.state === "requires_action" && payment.confirming !== true
        ? outcome.withdraw(payment, "expired", errorOf(code))
        : outcome.fail(payment, errorOf(code)),
    challenged: outcome.challenged,
    stayUnknown: outcome.stayUnknown,
  });

  return {
    ...life,
    debit,
    /** Hands the payer's answer to a challenge on, once. */
    confirm: ({ bank: name, bankRequestId, ...payment }: StoredPayment, challengeId: string, answer: string) =>
      bank.send("bank-adapter.confirm", { bank: name, bankRequestId, challengeId, answer }, { paymentId: payment._id }),
    /** Asks whether money came all the same, and leaves the payment as it is. */
    look: (payment: StoredPayment) =>
      bank.inquire({ bank: payment.bank, bankRequestId: payment.bankRequestId }, about(payment)),
  };
}

export type PaymentDeduction = ReturnType<typeof paymentDeduction>;
