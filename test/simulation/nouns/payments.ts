/** Payers quote, pay, cancel and ask again under their keys. The house's auditor looks at what came of it and at the bank's books. */
import type { PayRequest, QuoteRequest } from "../../../core/actions.ts";
import { instant } from "../../../core/deps.ts";
import type { ErrorCode } from "../../../core/errors/codes.ts";
import { JOURNAL } from "../../../core/ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { PAYMENT_STATES } from "../../../core/merge-pay/states.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { ORDER_STATES } from "../../../core/orders/states.ts";
import { audit as auditBooks } from "../../support/audit.ts";
import { ANSWER, isChallenged } from "../engine/bank.ts";
import { Broken, type Noun, type OnNode, type Random } from "../engine/contract.ts";
import { USERS } from "./files.ts";
import { LONG_MS, PAID } from "../engine/ways.ts";

const KEYS = 30;
/** After the first wait for an inquiry, before the bank's finality. */
const SOON_MS = 20_000;
/** The bank is asked again by then. */
const A_MINUTE_MS = 60_000;
/** The bank's challenge is over then, and so is the time to send again; what it books all the same it has not booked yet. */
const CHALLENGE_OVER_MS = 1_850_000;
/** The money comes after all; operators decide on what nobody else does. */
const CAME_LATE = [LONG_MS, "all jobs", LONG_MS, "all jobs", "payments.review", "payments.review", "payments.review"];
const OF_PAYING: readonly ErrorCode[] = [
  "ORDERS_UNAVAILABLE",
  "SELECTION_EMPTY",
  "CURRENCIES_MIXED",
  "IDEMPOTENCY_IN_FLIGHT",
  "IDEMPOTENCY_KEY_REUSED",
  "QUOTE_EXPIRED",
  "RATE_EXPIRED",
  "RATE_INVALID",
  "QUOTE_MISMATCH",
  "ACCOUNT_MISSING",
];
/** Money that came late is where it was decided to go, or waits for somebody. */
function auditLate({ _id, state, lateMoney, needsReview, returned = {}, total }: StoredPayment): void {
  if (lateMoney === undefined || needsReview === true) return;
  const back = Object.values(returned).reduce((sum, one) => sum + minorOfMoney(one), 0n);
  if (lateMoney.becomes === "orders" && state !== "succeeded")
    throw new Broken("late money has an end", `the orders of ${_id} are not paid by it`);
  if (lateMoney.becomes === "refund" && back !== minorOfMoney(total))
    throw new Broken("late money has an end", `that of ${_id} is not back`);
}

export const payments: Noun = {
  name: "payments",
  tables: [
    {
      noun: "payment",
      collection: PAYMENTS.name,
      table: PAYMENT_STATES.table,
    },
    {
      noun: "order",
      collection: ORDERS.name,
      table: ORDER_STATES.table,
    },
  ],
  fixed: {
    [JOURNAL.name]: ["kind", "reference", "lines", "at"],
    [PAYMENTS.name]: ["bankRequestId", "userId", "idempotencyKey", "requestHash", "accountId", "together", "createdAt"],
    [ORDERS.name]: ["key"],
  },
  ways: [
    { steps: PAID, faults: ["confirm.", "crash.at payment."] },
    { steps: PAID, faults: ["bank.", "rate."] },
    { steps: ["bank.books-in-silence", "payments.pay all", CHALLENGE_OVER_MS, "all jobs"], faults: ["inquiry."] },
    // Asked before its finality the bank knows nothing of what it has booked.
    {
      steps: ["bank.books-in-silence", "inquiry.not-found-yet", "payments.pay all", SOON_MS, "all jobs"],
      faults: ["crash.at payment."],
    },
    {
      steps: ["bank.redirects", "payments.pay all", "payments.refuse at bank", A_MINUTE_MS, "all jobs"],
      faults: ["inquiry."],
    },
    { steps: ["payments.pay all", "payments.cancel", LONG_MS, "all jobs"], faults: ["crash.at payment."] },
    // Nobody answers the bank, which says that it is over and books it all the same; or the payer has cancelled it by then.
    {
      steps: ["bank.books-after-its-challenge", "payments.pay challenged", CHALLENGE_OVER_MS, "all jobs", ...CAME_LATE],
      faults: ["crash.at payment.late-"],
    },
    {
      steps: ["bank.books-after-its-challenge", "payments.pay challenged", "payments.cancel", ...CAME_LATE],
      faults: ["crash.at payment.late-"],
    },
    // It knows nothing of the debit when that is its last word, and books it later.
    {
      steps: ["bank.books-after-its-word", "payments.pay all", CHALLENGE_OVER_MS, "all jobs", ...CAME_LATE],
      faults: ["crash.at payment.late-"],
    },
  ],
  open({ store, bank, count, now }) {
    let keys = 0;
    /** What payers were told: the payment of each key, for as long as it is there. */
    const told = new Map<string, string>();
    const quotes: { readonly userId: string; readonly quoteId: string; readonly fingerprint: string }[] = [];
    /** Orders of one currency, as a payment without a quote takes. */
    const ofOneCurrency = (ids: readonly string[]): string[] => {
      const byId = new Map(store.all<StoredOrder>(ORDERS.name).map((order) => [order._id, order.amount.currency]));
      const [first = ""] = ids;
      return ids.filter((id) => byId.get(id) === byId.get(first));
    };

    async function quote(
      { quotes: service }: OnNode["services"],
      userId: string,
      selection: QuoteRequest,
    ): Promise<{ quoteId: string; fingerprint: string }> {
      const { id: quoteId, fingerprint } = await service.create({ userId, selection });
      quotes.push({ userId, quoteId, fingerprint });
      return { quoteId, fingerprint };
    }

    const someOf = (random: Random, userId: string): string[] =>
      store
        .all<StoredOrder>(ORDERS.name)
        .filter((order) => order.userId === userId && (order.state === "open" || random.below(8) === 0))
        .filter(() => random.below(3) === 0)
        .map(({ _id }) => _id)
        .slice(0, 12);

    const requestOf = (random: Random, userId: string): PayRequest => ({
      ...selectionOf(random, userId),
      ...(random.below(3) === 0 ? { atomicity: "best_effort", atLeast: random.below(3) + 1 } : {}),
    });

    function selectionOf(random: Random, userId: string): PayRequest {
      const own = quotes.filter((quote) => quote.userId === userId);
      const kind = random.below(6);
      if (kind < 2 && own.length > 0) {
        const { quoteId, fingerprint } =
          own.at(random.below(2) === 0 ? -1 : random.below(own.length)) ?? random.pick(own);
        return { quoteId, fingerprint };
      }
      return kind === 2 && random.below(3) === 0
        ? { orders: "all", currency: "USD" }
        : { orders: random.below(8) === 0 ? someOf(random, userId) : ofOneCurrency(someOf(random, userId)) };
    }

    /** One that owes something, if there is one. */
    function payerOf(random: Random): string {
      const open = store.all<StoredOrder>(ORDERS.name).filter(({ state }) => state === "open");
      const owing = USERS.filter((userId) => open.some((order) => order.userId === userId));
      return random.pick(owing.length > 0 ? owing : USERS);
    }

    /** Open orders of one currency, of whose total the bank challenges the debit: of any three there are some. */
    function challengedOf(random: Random, userId: string): string[] {
      const open = store
        .all<StoredOrder>(ORDERS.name)
        .filter(({ userId: of, state, amount }) => of === userId && state === "open" && amount.currency === "USD");
      const tries = Array.from({ length: 20 }, () => open.filter(() => random.below(3) === 0));
      const some = tries.find((orders) => orders.length > 0 && isChallenged(orders.map(({ amount }) => amount)));
      return (some ?? []).map(({ _id }) => _id);
    }

    async function pay(
      { mergePay }: OnNode["services"],
      userId: string,
      idempotencyKey: string,
      request: PayRequest,
    ): Promise<void> {
      const paid = await mergePay.payTogether({ userId, idempotencyKey, request });
      const id = "payments" in paid ? paid.payments.map((payment) => payment.id).join(" ") : paid.id;
      if (!("payments" in paid) && paid.rates !== undefined) count(`paid at locked rates: ${paid.state}`);
      if ("payments" in paid) count(`paid in ${paid.payments.length} currencies at once`);
      const key = `${userId} ${idempotencyKey}`;
      const before = told.get(key);
      if (before !== undefined && before !== id)
        throw new Broken("same key, same answer", `${key} was told of ${before} and then of ${id}`);
      told.set(key, id);
    }

    return {
      async audit(atRest) {
        const debits = bank.ledger.filter(({ kind }) => kind === "debit");
        const refunds = bank.ledger.filter(({ kind }) => kind === "refund");
        await auditBooks(store.glance, debits, { atRest, refunds });
        const all = store.all<StoredPayment>(PAYMENTS.name);
        const byId = new Map(all.map((payment) => [payment._id, payment]));
        for (const [key, ids] of told)
          for (const id of ids.split(" "))
            if (!byId.has(id)) throw new Broken("what was answered stays", `${key} was told of ${id}, which is gone`);
        const requests = new Set(all.map(({ bankRequestId }) => bankRequestId));
        if (requests.size !== all.length) throw new Broken("one id a deduction", "two payments share a bankRequestId");
        if (!atRest) return;
        for (const payment of all) {
          count(`payment at rest ${payment.state}${payment.needsReview === true ? ", for review" : ""}`);
          if (payment.lateMoney !== undefined) count(`late money at rest ${payment.lateMoney.becomes}`);
          auditLate(payment);
          if (payment.state === "locking" || payment.state === "submitting")
            throw new Broken("every payment comes to its end", `${payment._id} is ${payment.state} at rest`);
        }
      },
      ops: {
        quote: {
          weight: 2,
          expects: ["SELECTION_EMPTY", "ORDERS_UNAVAILABLE"],
          async run({ services, random }) {
            const userId = random.pick(USERS);
            const selection = random.below(3) === 0 ? undefined : { orders: someOf(random, userId) };
            const all = { orders: "all", ...(random.below(2) === 0 ? { currency: "USD" } : {}) } as const;
            await quote(services, userId, selection ?? all);
          },
        },
        pay: {
          weight: 10,
          expects: OF_PAYING,
          async run({ services, random }) {
            const userId = random.pick(USERS);
            const idempotencyKey = `key-${random.below(KEYS)}`;
            // Some pay for all that they owe, in whatever currencies, by what they have just seen.
            if (random.below(3) === 0)
              await quote(services, userId, { orders: "all", ...(random.below(2) === 0 ? { payIn: "USD" } : {}) });
            await pay(services, userId, idempotencyKey, requestOf(random, userId));
          },
        },
        /** All that a payer owes, in its currencies or in one of them, as it is seen at that moment. */
        "pay all": {
          weight: 2,
          expects: OF_PAYING,
          async run({ services, random }) {
            const userId = payerOf(random);
            const payIn = random.below(3) === 0 ? { payIn: "USD" } : {};
            const seen = await quote(services, userId, { orders: "all", ...payIn });
            await pay(services, userId, `all-${(keys += 1)}`, seen);
          },
        },
        /** So much that the bank asks the payer before it takes it. */
        "pay challenged": {
          weight: 1,
          expects: OF_PAYING,
          async run({ services, random }) {
            const userId = payerOf(random);
            const orders = challengedOf(random, userId);
            if (orders.length > 0) await pay(services, userId, `challenged-${(keys += 1)}`, { orders });
          },
        },
        confirm: {
          weight: 8,
          expects: ["STATE_REFUSED", "CHALLENGE_EXPIRED", "CHALLENGE_MISMATCH"],
          async run({ services, random }) {
            const waiting = store.all<StoredPayment>(PAYMENTS.name).filter(({ state }) => state === "requires_action");
            if (waiting.length === 0) return;
            const { _id: paymentId, userId, challenge, bankRequestId } = random.pick(waiting);
            if (challenge?.kind === "redirect" && random.below(3) > 0) return bank.allow(bankRequestId);
            const answer = random.pick([ANSWER, ANSWER, "wrong"]);
            await services.mergePay.confirm({ userId, paymentId, challengeId: challenge?.id ?? "", answer });
          },
        },
        "refuse at bank": {
          weight: 1,
          run({ random }) {
            const waiting = store.all<StoredPayment>(PAYMENTS.name).filter(({ state }) => state === "requires_action");
            if (waiting.length > 0) bank.refuse(random.pick(waiting).bankRequestId);
            return Promise.resolve();
          },
        },
        "take back": {
          weight: 2,
          expects: ["STATE_REFUSED"],
          async run({ services, random }) {
            const all = store.all<StoredOrder>(ORDERS.name);
            const held = all.filter(({ state }) => state === "locked");
            const chosen = random.below(3) > 0 && held.length > 0 ? held : all;
            if (chosen.length === 0) return;
            const { _id: orderId, platform } = random.pick(chosen);
            const order = await services.orders.cancel({ orderId, platform, reason: "Sold out." });
            if (order.state !== "cancelled" && order.cancelRequest === undefined)
              throw new Broken("what was answered stays", `${orderId} was to be cancelled and is ${order.state}`);
          },
        },
        review: {
          weight: 2,
          // BODY_INVALID: to a node whose clock is far behind the booking is still to come.
          expects: ["STATE_REFUSED", "NOT_FOUND", "SECOND_PERSON_REQUIRED", "BODY_INVALID", "REVIEW_AMOUNT_DIFFERS"],
          async run({ services, random }) {
            const { items } = await services.mergePay.reviews({});
            const open = items.filter(({ state, lateMoney }) => state === "unknown" || lateMoney?.becomes === "held");
            if (open.length === 0) return;
            const { paymentId, state, proposal, bankRequestId, total } = random.pick(open);
            const by = random.pick(["olga", "pavel"]);
            if (proposal !== undefined) {
              const verdict = random.below(4) === 0 ? "reject" : "approve";
              await services.mergePay[verdict]({ paymentId, proposalId: proposal.id, by });
              return;
            }
            // Operators ask the bank's desk, which knows its books.
            const line = bank.ledger.find((booked) => booked.bankRequestId === bankRequestId);
            const evidence = { text: "The bank's desk looked it up.", reference: "ticket" };
            if (state !== "unknown") {
              const decision = random.pick(["refund", "pay_orders"] as const);
              await services.mergePay.propose({ paymentId, by, claim: { decision, evidence } });
              return;
            }
            const claim =
              line === undefined
                ? ({ decision: "not_debited", evidence } as const)
                : ({
                    decision: "debited",
                    bankReference: `desk-${bankRequestId}`,
                    amount: total,
                    bookedAt: instant(now()),
                    evidence,
                  } as const);
            await services.mergePay.propose({ paymentId, by, claim });
          },
        },
        cancel: {
          weight: 3,
          expects: ["STATE_REFUSED"],
          async run({ services, random }) {
            const own = store.all<StoredPayment>(PAYMENTS.name);
            const young = own.filter(({ state }) => state === "locking" || state === "requires_action");
            const chosen = random.below(4) > 0 && young.length > 0 ? young : own;
            if (chosen.length === 0) return;
            const { _id: paymentId, userId } = random.pick(chosen);
            await services.mergePay.cancel({ userId, paymentId });
          },
        },
      },
    };
  },
};
