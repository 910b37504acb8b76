import { createHash } from "node:crypto";
import type { Actions, Mandate } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { MergePayService } from "../merge-pay/service.ts";
import type { PaymentsById } from "../merge-pay/repo.ts";
import type { Fact } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { Payment, SelectedOrder } from "../../schemas/types.generated.ts";
import type { MandateBook, MandateFact } from "./book.ts";
import { cameTo, dayFor, fitting, type MandateUse, showMandate, type StoredMandate } from "./model.ts";
import { MANDATE_STATES } from "./states.ts";

const AT_A_SWEEP = 50;
/** Of the key of a charge; the mandate's id is put before it. */
const KEY_CHARS = 200;

export interface ChargeDeps {
  readonly deps: Deps;
  readonly mandates: StoreCollection<StoredMandate>;
  readonly book: MandateBook;
  readonly mergePay: MergePayService;
  readonly orders: OrdersService;
  readonly paymentsById: PaymentsById;
}

/** Payments by mandates, without their payers being there: begun, ended, revoked, and found again after a crash. */
export function mandateCharges({ deps, mandates, book, mergePay, orders, paymentsById }: ChargeDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** Brings the uses of a mandate in line with what became of their payments, and ends it when its time is over. @throws Overtaken */
  async function settleUses(mandate: StoredMandate): Promise<StoredMandate> {
    const open = mandate.uses.filter(({ state }) => state === "open");
    const payments = await paymentsById(open.map(({ paymentId }) => paymentId));
    const facts: { type: MandateFact; data: Fact["data"] }[] = [];
    const uses = mandate.uses.flatMap((use): MandateUse[] => {
      const payment = payments.get(use.paymentId);
      if (use.state !== "open" || payment === undefined) return [use];
      const now = cameTo(payment);
      if (now !== "released") return [now === "open" ? use : { ...use, state: now }];
      const { paymentId, total, day } = use;
      facts.push({ type: "mandate.released", data: { paymentId, total, day, state: payment.state } });
      return [];
    });
    const over = mandate.state === "active" && mandate.expiresAt <= stamp();
    if (over) {
      MANDATE_STATES.assertMove(mandate.state, "expired");
      facts.push({ type: "mandate.expired", data: {} });
    }
    const ended = over ? { state: "expired" as const, endedAt: stamp(), lookAt: null } : {};
    const settled = await book.save(mandate, { uses, ...ended }, facts);
    deps.reached("mandate.settled");
    return settled;
  }

  /** Takes back what the uses of an ended mandate have not sent; what was durable before is left to the bank's word. */
  async function withdrawUnsent({ userId, uses }: StoredMandate): Promise<void> {
    for (const { paymentId, state } of uses) {
      if (state !== "open") continue;
      try {
        await mergePay.cancel({ paymentId, userId });
      } catch (error) {
        if (asMergepayError(error).type !== "STATE_REFUSED") throw error;
      }
    }
  }

  /** However often others write beside it: a job that is overtaken each time would leave a use open for ever. */
  const settle = (mandateId: string): Promise<StoredMandate> => book.change(mandateId, settleUses);

  async function sweepOne(mandate: StoredMandate): Promise<void> {
    try {
      if (mandate.state === "revoked") await withdrawUnsent(mandate);
      await settle(mandate._id);
    } catch (thrown) {
      const { type: code, message: reason } = asMergepayError(thrown);
      deps.log.error({ mandateId: mandate._id, code, reason }, "mandate not carried on");
    }
  }

  /** One payment by a mandate. @throws what `pay` throws */
  async function chargeBy(
    { _id: mandateId, userId, accountId, limits }: StoredMandate,
    idempotencyKey: string,
    chosen: "all" | readonly string[],
  ): Promise<Payment & { existed: boolean }> {
    const { currency } = limits.perPayment;
    const platforms = limits.platforms?.map(({ platform }) => platform);
    const all = { orders: "all", currency, ...(platforms === undefined ? {} : { platforms }) } as const;
    const request = { ...(chosen === "all" ? all : { orders: chosen }), accountId };
    try {
      const paid = await mergePay.pay({ userId, idempotencyKey: `${mandateId} ${idempotencyKey}`, request, mandateId });
      if (paid.state === "cancelled" && (await book.find(mandateId)).state === "revoked")
        throw new MergepayError("MANDATE_ENDED", "The mandate was revoked before anything was sent.");
      return paid;
    } finally {
      // What came of it is known now more often than not; if not, a sweeper sees to it.
      await settle(mandateId).catch((error: unknown) =>
        deps.log.debug({ mandateId, code: asMergepayError(error).type }, "uses of a mandate left to the sweeper"),
      );
    }
  }

  /** Charges what has come since, as far as it fits; what does not is told to the payer once. */
  async function look(due: StoredMandate): Promise<void> {
    const { userId, limits } = due;
    const now = deps.now();
    const platforms = limits.platforms?.map(({ platform }) => platform);
    const { currency } = limits.perPayment;
    const most = deps.limits.ordersPerPayment;
    const open = await orders.findOpen(userId, currency, most, platforms);
    const lines = open.map(({ _id: orderId, ...order }): SelectedOrder => ({
      orderId,
      platform: order.platform,
      merchant: order.merchant,
      orderNo: order.orderNo,
      amount: order.amount,
      revision: order.revision,
    }));
    const taken = fitting(due, lines, now);
    const left = lines.filter((line) => !taken.includes(line));
    const key = (of: readonly SelectedOrder[]) =>
      createHash("sha256")
        .update(JSON.stringify([dayFor(due, now), of.map(({ orderId, revision }) => [orderId, revision])]))
        .digest("hex");
    const lastLeft = key(left);
    const tell = left.length > 0 && due.lastLeft !== lastLeft;
    // By compare-and-set: of two nodes one looks.
    await book.save(
      due,
      { lookAt: stamp(deps.limits.mandateLookMs), lastLeft },
      tell
        ? [
            {
              type: "mandate.refused",
              data: {
                code: "MANDATE_LIMIT_REACHED",
                reason: "Some open orders are above the limits of the mandate; pay them yourself.",
                orders: left.map(({ orderId }) => orderId),
              },
            },
          ]
        : [],
    );
    if (taken.length === 0) return;
    const ids = taken.map(({ orderId }) => orderId);
    // The same orders are tried by themselves once a day, whatever the bank says.
    await chargeBy(due, `auto-${key(taken)}`, ids);
  }

  return {
    /** Charges orders of the mandate's payer. The same key and content again give the same answer. @throws NOT_FOUND, and what `pay` throws */
    async charge(params: Actions["mandates.charge"]["params"]): Promise<Payment & { existed: boolean }> {
      const { mandateId, idempotencyKey, orders: chosen, operatorId } = params;
      if (idempotencyKey.length > KEY_CHARS) throw new MergepayError("IDEMPOTENCY_KEY_INVALID");
      const mandate = await book.find(mandateId);
      const paid = await chargeBy(mandate, idempotencyKey, chosen);
      deps.log.info({ mandateId, paymentId: paid.id, state: paid.state, operatorId }, "charged by a mandate");
      return paid;
    },

    /**
     * Ends a mandate at once: when this is answered, nothing is sent by it any more but what was durable before. @throws NOT_FOUND
     */
    async revoke({ mandateId, userId }: Actions["mandates.revoke"]["params"]): Promise<Mandate> {
      await book.find(mandateId, userId);
      const revoked = await book.end(mandateId);
      deps.reached("mandate.revoked");
      await withdrawUnsent(revoked);
      return showMandate(await settle(mandateId));
    },

    /** Carries on what crashes left: uses whose payments ended, mandates whose time is over. */
    async sweep(): Promise<void> {
      const due = await findDue(mandates, stamp(), AT_A_SWEEP);
      await Promise.all(due.map(sweepOne));
    },

    /** Charges by those mandates that charge by themselves. */
    async chargeOpen(): Promise<void> {
      const due = await mandates
        .find({ lookAt: { $lte: stamp() } })
        .sort({ lookAt: 1 })
        .limit(AT_A_SWEEP)
        .toArray();
      for (const mandate of due) {
        try {
          await look(mandate);
        } catch (thrown) {
          if (thrown instanceof Overtaken) continue;
          const { type: code, message: reason } = asMergepayError(thrown);
          deps.log.warn({ mandateId: mandate._id, code, reason }, "not charged by a mandate");
        }
      }
    },
  };
}
