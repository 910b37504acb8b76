/** Payers permit being charged and take it back, operators charge, and mandates charge by themselves. */
import type { ErrorCode } from "../../../core/errors/codes.ts";
import { MANDATES, type StoredMandate } from "../../../core/mandates/model.ts";
import { MANDATE_STATES } from "../../../core/mandates/states.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { usd } from "../../support/mandates.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { USERS } from "./files.ts";

const KEYS = 30;
const HOUR_MS = 3_600_000;

const OF_CHARGING: readonly ErrorCode[] = [
  "ORDERS_UNAVAILABLE",
  "SELECTION_EMPTY",
  "CURRENCIES_MIXED",
  "IDEMPOTENCY_IN_FLIGHT",
  "IDEMPOTENCY_KEY_REUSED",
  "ACCOUNT_MISSING",
  "MANDATE_ENDED",
  "MANDATE_LIMIT_REACHED",
  "MANDATE_NOT_COVERING",
];

export const mandates: Noun = {
  name: "mandates",
  tables: [{ noun: "mandate", collection: MANDATES.name, table: MANDATE_STATES.table }],
  fixed: { [MANDATES.name]: ["userId", "accountId", "limits", "timeZone", "expiresAt", "auto", "createdAt"] },
  ways: [
    {
      steps: ["mandates.make", "mandates.charge one", "mandates.charge one", "mandates.revoke", "all jobs"],
      faults: ["crash.at mandate."],
    },
  ],
  open({ store, bank, now }) {
    /** The day that each payment was taken of, as it stood in its mandate when it was first seen there. */
    const dayOf = new Map<string, string>();
    /** What was durable when the revocation of a mandate was answered. */
    const durableAt = new Map<string, ReadonlySet<string>>();
    let made = 0;

    const all = () => store.all<StoredMandate>(MANDATES.name);
    const paymentsBy = (mandateId: string) =>
      store.all<StoredPayment>(PAYMENTS.name).filter((payment) => payment.mandateId === mandateId);

    function auditLimits({ _id, limits }: StoredMandate, booked: ReadonlySet<string>): void {
      const sums = new Map<string, bigint>();
      for (const { _id: paymentId, bankRequestId, total } of paymentsBy(_id)) {
        if (!booked.has(bankRequestId)) continue;
        const minor = minorOfMoney(total);
        if (minor > minorOfMoney(limits.perPayment)) throw new Broken("limit of a payment", `${paymentId} by ${_id}`);
        const day = dayOf.get(paymentId);
        if (day === undefined) throw new Broken("each charge is taken of a day", `${paymentId} by ${_id}`);
        const sum = (sums.get(day) ?? 0n) + minor;
        if (sum > minorOfMoney(limits.perDay)) throw new Broken("limit of a day", `${sum} on ${day} by ${_id}`);
        sums.set(day, sum);
      }
    }

    return {
      audit(atRest) {
        const booked = new Set(bank.ledger.filter(({ kind }) => kind === "debit").map((line) => line.bankRequestId));
        for (const mandate of all()) {
          for (const { paymentId, day } of mandate.uses) if (!dayOf.has(paymentId)) dayOf.set(paymentId, day);
          auditLimits(mandate, booked);
          const durable = durableAt.get(mandate._id);
          for (const { _id, bankRequestId } of paymentsBy(mandate._id))
            if (durable?.has(_id) === false && booked.has(bankRequestId))
              throw new Broken("nothing is sent after a revocation", `${_id} by ${mandate._id}`);
          if (!atRest) continue;
          const open = mandate.uses.find(({ state }) => state === "open");
          const payment = paymentsBy(mandate._id).find(({ _id }) => _id === open?.paymentId);
          // A bank that never says leaves its payment, and so the use, open.
          if (payment !== undefined && !["unknown", "requires_action"].includes(payment.state))
            throw new Broken("every use comes to its end", `${payment._id} is ${payment.state}`);
        }
      },
      ops: {
        make: {
          weight: 2,
          expects: ["ACCOUNT_MISSING", "STATE_REFUSED", "BODY_INVALID"],
          async run({ services, random }) {
            await services.mandates.create({
              userId: random.pick(USERS),
              idempotencyKey: `mandate-${(made += 1)}`,
              request: {
                limits: {
                  perPayment: usd(`${random.below(200) + 20}.00`),
                  perDay: usd(`${random.below(300) + 50}.00`),
                },
                timeZone: random.pick(["UTC", "Asia/Shanghai", "America/New_York"]),
                expiresAt: new Date(now() + (random.below(40) + 1) * HOUR_MS).toISOString(),
                auto: random.below(3) === 0,
              },
            });
          },
        },
        charge: {
          weight: 5,
          expects: OF_CHARGING,
          async run({ services, random }) {
            const some = all();
            if (some.length === 0) return;
            const { _id: mandateId, userId } = random.pick(some.slice(-4));
            const open = store.all<StoredOrder>(ORDERS.name).filter((order) => order.userId === userId);
            const ids = open.filter(({ state }) => state === "open" && random.below(2) === 0).map(({ _id }) => _id);
            await services.mandates.charge({
              mandateId,
              idempotencyKey: `charge-${random.below(KEYS)}`,
              orders: ids.length === 0 || random.below(4) === 0 ? "all" : ids.slice(0, 8),
              operatorId: "operator",
            });
          },
        },
        /** What the newest mandate covers surely, as far as its day goes. */
        "charge one": {
          weight: 0,
          expects: OF_CHARGING,
          async run({ services, random }) {
            const mandate = all().at(-1);
            if (mandate === undefined) return;
            const { _id: mandateId, userId, limits } = mandate;
            const covered = store
              .all<StoredOrder>(ORDERS.name)
              .filter(
                ({ userId: of, state, amount }) =>
                  of === userId &&
                  state === "open" &&
                  amount.currency === limits.perPayment.currency &&
                  minorOfMoney(amount) <= minorOfMoney(limits.perPayment),
              );
            if (covered.length === 0) return;
            const orders = [random.pick(covered)._id];
            const idempotencyKey = `one-${(made += 1)}`;
            await services.mandates.charge({ mandateId, idempotencyKey, orders, operatorId: "operator" });
          },
        },
        revoke: {
          weight: 1,
          async run({ services, random }) {
            const some = all();
            if (some.length === 0) return;
            const { _id: mandateId, userId } = random.pick(some.slice(-4));
            await services.mandates.revoke({ mandateId, userId });
            const durable = paymentsBy(mandateId).filter(({ deduction }) => deduction !== undefined);
            if (!durableAt.has(mandateId)) durableAt.set(mandateId, new Set(durable.map(({ _id }) => _id)));
          },
        },
      },
    };
  },
};
