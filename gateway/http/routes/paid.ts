import type { FastifyReply } from "fastify";
import type { Payment } from "../../../schemas/types.generated.ts";

/** Not yet at an end: look again, or wait for the event. */
export const UNDER_WAY: ReadonlySet<Payment["state"]> = new Set([
  "locking",
  "submitting",
  "unknown",
  "requires_action",
]);
/** Time for the answer to come back after the bank's own deadline is over, milliseconds. */
export const ANSWER_MS = 5_000;

/** What a selection of orders may be refused for. */
export const SELECTION_PROBLEMS = [
  "SELECTION_EMPTY",
  "SELECTION_TOO_LARGE",
  "CURRENCIES_MIXED",
  "TOTAL_TOO_LARGE",
  "ORDERS_UNAVAILABLE",
] as const;

/** Answers a payment: known before, new, or still under way. */
export function answerPayment(reply: FastifyReply, paid: Payment & { readonly existed: boolean }): FastifyReply {
  const { existed, ...payment } = paid;
  const done = existed ? 200 : 201;
  return reply
    .code(UNDER_WAY.has(payment.state) ? 202 : done)
    .header("location", `/v1/payments/${payment.id}`)
    .send(payment);
}
