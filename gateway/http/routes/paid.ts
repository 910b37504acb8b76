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

/** Answers a payment, or those of one confirmation: known before, new, or still under way. */
export function answerPayment(
  reply: FastifyReply,
  paid: (Payment | { readonly payments: readonly Payment[] }) & { readonly existed: boolean },
): FastifyReply {
  const { existed, ...shown } = paid;
  const done = existed ? 200 : 201;
  const states = "payments" in shown ? shown.payments.map(({ state }) => state) : [shown.state];
  const code = states.some((state) => UNDER_WAY.has(state)) ? 202 : done;
  // Of several payments each has its own place, which its id tells.
  if ("id" in shown) void reply.header("location", `/v1/payments/${shown.id}`);
  return reply.code(code).send(shown);
}
