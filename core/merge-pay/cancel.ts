import type { Actions } from "../actions.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken } from "../versioned.ts";
import type { Payment } from "../../schemas/types.generated.ts";
import { showPayment, type StoredPayment } from "./model.ts";
import type { PaymentOutcome } from "./outcome.ts";
import { PAYMENT_STATES } from "./states.ts";

interface CancelDeps {
  readonly payments: StoreCollection<StoredPayment>;
  readonly outcome: PaymentOutcome;
}

/**
 * What a payer may still take back: what was not sent, and what the bank executes only with an answer that nobody has sent it.
 * Between the payer and whoever sends, the version of the payment decides: one of them is overtaken.
 */
export function paymentCancel({ payments, outcome }: CancelDeps) {
  return {
    /** @throws NOT_FOUND, STATE_REFUSED with the state, once something may have been sent or the payment has ended */
    async cancel({ paymentId, userId }: Actions["merge-pay.cancel"]["params"]): Promise<Payment> {
      for (;;) {
        const payment = await payments.findOne({ _id: paymentId, userId });
        if (payment === null) throw new MergepayError("NOT_FOUND");
        if (payment.state === "cancelled") return showPayment(payment);
        if (!PAYMENT_STATES.into("cancelled").includes(payment.state) || mayBeExecuted(payment))
          throw refused(payment, "be cancelled");
        try {
          return showPayment(await outcome.withdraw(payment, "cancelled"));
        } catch (error) {
          // Somebody else wrote it since it was read: what it is now decides.
          if (!(error instanceof Overtaken)) throw error;
        }
      }
    },
  };
}

/** The bank may execute it without anything more from us: a payer is on its page, or an answer is under way. */
export const mayBeExecuted = ({ state, challenge, confirming }: StoredPayment): boolean =>
  state === "requires_action" && (challenge?.kind !== "code" || confirming === true);

/** What is asked of the payment can't be done in its state, which is told. */
export const refused = ({ state }: StoredPayment, what: string) =>
  new MergepayError("STATE_REFUSED", `A payment that is ${state} can't ${what}.`, { state });
