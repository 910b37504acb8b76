import type { Actions } from "../actions.ts";
import { bankLeaseMs } from "../bank/calls.ts";
import { isOver } from "../bank/instruction.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { Challenge, Payment } from "../../schemas/types.generated.ts";
import { refused } from "./cancel.ts";
import type { PaymentDeduction } from "./deduction.ts";
import { showPayment, type StoredPayment } from "./model.ts";
import { deductionOf, type PaymentOutcome } from "./outcome.ts";
import { PAYMENT_STATES } from "./states.ts";

interface ConfirmDeps {
  readonly deps: Deps;
  readonly payments: StoreCollection<StoredPayment>;
  readonly outcome: PaymentOutcome;
  readonly deduction: PaymentDeduction;
}

interface ToSend {
  readonly durable: StoredPayment;
  readonly challenge: Challenge;
  /** Whether an earlier answer may be under way still. */
  readonly confirming: boolean;
}

/**
 * The payer's answer to a challenge, handed on once. From the write before it is sent until the bank's own answer to it, it may have been
 * executed: the payment can't be cancelled or expire in that time, and what is not known is asked for by the id of the deduction.
 */
export function paymentConfirm({ deps, payments, outcome, deduction }: ConfirmDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** The payment, which waits for just this answer. @throws NOT_FOUND, STATE_REFUSED, CHALLENGE_MISMATCH, CHALLENGE_EXPIRED */
  async function waiting(paymentId: string, userId: string, challengeId: string) {
    const payment = await payments.findOne({ _id: paymentId, userId });
    if (payment === null) throw new MergepayError("NOT_FOUND");
    const { challenge } = payment;
    if (payment.state !== "requires_action" || challenge === undefined) throw refused(payment, "be confirmed");
    if (challenge.id !== challengeId)
      throw new MergepayError("CHALLENGE_MISMATCH", undefined, { field: "/challengeId" });
    if (isOver(challenge, deps.now())) throw new MergepayError("CHALLENGE_EXPIRED");
    return { payment, challenge };
  }

  /** Durable before the first byte leaves; two answers at once are one send. */
  async function toSend(paymentId: string, userId: string, challengeId: string): Promise<ToSend> {
    for (;;) {
      const { payment, challenge } = await waiting(paymentId, userId, challengeId);
      PAYMENT_STATES.assertMove(payment.state, "submitting");
      try {
        const durable = await outcome.save(payment, {
          state: "submitting",
          confirming: true,
          // Asked anew from now on, as after the first send.
          deduction: { ...deductionOf(payment, stamp()), inquiries: 0, lastSentAt: stamp() },
          dueAt: stamp(bankLeaseMs(deps)),
        });
        return { durable, challenge, confirming: payment.confirming ?? false };
      } catch (error) {
        // Somebody else wrote it since it was read: what it is now decides.
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  async function send({ durable, challenge, confirming }: ToSend, answer: string): Promise<StoredPayment> {
    const said = await deduction.confirm(durable, challenge.id, answer);
    deps.reached("payment.sent");
    if (said.state === "not_sent") {
      await outcome.challenged(durable, challenge, { confirming });
      throw new MergepayError(said.code ?? "BANK_UNAVAILABLE", said.reason);
    }
    if (said.state !== "requires_action") return deduction.answered(durable, said);
    // Of the challenge that was answered: it was the wrong answer. Of another one: the bank wants to know more.
    const same = said.challenge.id === challenge.id;
    const wrong = same ? { wrongAnswers: (challenge.wrongAnswers ?? 0) + 1 } : {};
    return outcome.challenged(durable, { ...said.challenge, ...wrong }, { confirming });
  }

  return {
    /**
     * @throws NOT_FOUND, STATE_REFUSED with the state, CHALLENGE_MISMATCH, CHALLENGE_EXPIRED; BANK_UNAVAILABLE and UNSUPPORTED when
     *   nothing was sent: the payment then waits for an answer as before
     */
    async confirm({
      paymentId,
      userId,
      challengeId,
      answer,
    }: Actions["merge-pay.confirm"]["params"]): Promise<Payment> {
      const ready = await toSend(paymentId, userId, challengeId);
      deps.reached("payment.confirmation-durable");
      try {
        return showPayment(await send(ready, answer));
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        // A sweeper asked the bank in our place while we were held up.
        return showPayment((await payments.findOne({ _id: paymentId })) ?? ready.durable);
      }
    },
  };
}
