/** What the system must never do, done by a noun of its own: the simulator has to notice each of them. */
import { expect } from "chai";
import { JOURNAL } from "../../core/ledger/model.ts";
import { MANDATES, type StoredMandate } from "../../core/mandates/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { minorOfMoney, moneyOf } from "../../core/money/money.ts";
import { ORDERS } from "../../core/orders/model.ts";
import type { CollectionSpec, Doc } from "../../core/store/contract.ts";
import { terms } from "../support/mandates.ts";
import { BANK } from "./engine/bank.ts";
import type { Noun, NounAtWork, OnNode, Plan, World } from "./engine/contract.ts";
import { loadNouns } from "./engine/nouns.ts";
import { simulator } from "./engine/simulator.ts";
import { USERS } from "./nouns/files.ts";

/** Changes documents behind the system's back, after every step. */
const behind =
  <T extends Doc>(spec: CollectionSpec, update: (doc: T) => object | undefined): Noun["open"] =>
  ({ store }) => ({
    ops: {},
    async audit() {
      const collection = await store.collection(spec);
      for (const doc of store.all<T>(spec.name)) {
        const $set = update(doc);
        if ($set !== undefined) await collection.updateOne({ _id: doc._id }, { $set });
      }
    },
  });

/** Sends the debit of one of these payments as if it were time to. */
const sending =
  (chosen: (world: World) => readonly StoredPayment[]): Noun["open"] =>
  (world): NounAtWork => ({
    ops: {
      send: {
        weight: 5,
        expects: ["BANK_UNAVAILABLE"],
        async run({ deps }: OnNode) {
          const [payment] = chosen(world);
          if (payment === undefined) return;
          const { _id, bankRequestId, userId, total, orders } = payment;
          await deps.call("bank-adapter.debit", {
            bank: BANK,
            bankRequestId,
            accountToken: `token-of-${userId}`,
            amount: total,
            reference: `Mergepay ${_id}, ${orders.length} orders`,
          });
        },
      },
    },
  });

const byMandates = ({ store }: World, state: StoredMandate["state"]) => {
  const all = store.all<StoredMandate>(MANDATES.name).filter((mandate) => mandate.state === state);
  const ids = new Set(all.map(({ _id }) => _id));
  return store.all<StoredPayment>(PAYMENTS.name).filter(({ mandateId = "" }) => ids.has(mandateId));
};

interface Crime {
  readonly what: string;
  readonly rule: RegExp;
  readonly open: Noun["open"];
  /** Operations that follow each step in turn, so as to come to it soon. */
  readonly also?: readonly string[];
}

const CHARGED = ["mandates.charge one"];

const CRIMES: readonly Crime[] = [
  {
    what: "opens an order that is paid",
    rule: /^states move only along the table/,
    open: behind(ORDERS, ({ state }) => (state === "paid" ? { state: "open" } : undefined)),
  },
  {
    what: "changes a journal entry",
    rule: /^written once, never changed/,
    open: behind(JOURNAL, () => ({ at: "2020-01-01T00:00:00.000Z" })),
  },
  {
    what: "calls a payment succeeded that the bank never booked",
    rule: /debit of/,
    open: behind(PAYMENTS, ({ state }) => (state === "unknown" ? { state: "succeeded" } : undefined)),
  },
  {
    what: "pays an order for nobody",
    rule: /payment of paid|answered INTERNAL/,
    open: behind(ORDERS, ({ state }) => (state === "locked" ? { state: "paid", paymentId: "pay_none" } : undefined)),
  },
  {
    what: "changes what a payment cost",
    rule: /orders of/,
    open: behind(PAYMENTS, ({ state }) =>
      state === "succeeded" ? { total: { value: "0.01", currency: "USD" } } : undefined,
    ),
  },
  {
    what: "takes more at once by a mandate than its payer permits",
    rule: /limit of a payment/,
    also: CHARGED,
    open: ({ store, bank }) => ({
      ops: {},
      audit() {
        const charged = store.all<StoredPayment>(PAYMENTS.name).filter(({ mandateId }) => mandateId !== undefined);
        const ids = new Set(charged.map(({ bankRequestId }) => bankRequestId));
        for (const line of bank.ledger)
          if (ids.has(line.bankRequestId))
            Object.assign(line, { amount: moneyOf(minorOfMoney(line.amount) + 1_000_000n, line.amount.currency) });
      },
    }),
  },
  {
    what: "forgets what a mandate took of its day",
    rule: /limit of \d{4}-\d\d-\d\d,/,
    also: CHARGED,
    open: behind<StoredMandate>(MANDATES, ({ uses }) => (uses.length === 0 ? undefined : { uses: [] })),
  },
  {
    what: "forgets what a mandate took of a platform",
    rule: /limit of \w+ on/,
    also: CHARGED,
    async open(world) {
      const own = terms("300.00", "9000.00", { platforms: { alpha: "300.00" } });
      await world.prepare(async ({ mandates }) => {
        for (const userId of USERS) await mandates.create({ userId, idempotencyKey: "alpha", request: own });
      });
      return await behind<StoredMandate>(MANDATES, ({ uses }) =>
        uses.some(({ platforms }) => platforms.length > 0)
          ? { uses: uses.map((use) => ({ ...use, platforms: [] })) }
          : undefined,
      )(world);
    },
  },
  {
    what: "counts a charge by a mandate for another day than its payer's",
    rule: /day of pay_/,
    also: CHARGED,
    open: behind<StoredMandate>(MANDATES, ({ events }) =>
      events.some(({ data }) => data["day"] !== undefined && data["day"] !== "2020-01-01")
        ? { events: events.map((event) => ({ ...event, data: { ...event.data, day: "2020-01-01" } })) }
        : undefined,
    ),
  },
  {
    what: "does not tell a payer that a mandate was used",
    rule: /notice of the use/,
    also: CHARGED,
    open: behind<StoredMandate>(MANDATES, ({ events }) =>
      events.some(({ type }) => type === "mandate.used")
        ? { events: events.filter(({ type }) => type !== "mandate.used") }
        : undefined,
    ),
  },
  {
    what: "tells a payer twice that a mandate was used",
    rule: /notice of the use/,
    also: CHARGED,
    open: behind<StoredMandate>(MANDATES, ({ events }) => {
      const [used, ...more] = events.filter(({ type }) => type === "mandate.used");
      return used === undefined || more.length > 0
        ? undefined
        : { events: [...events, { ...used, id: `${used.id}2` }] };
    }),
  },
  {
    what: "sends a charge by a mandate a second time",
    rule: /^a charge by a mandate is sent once/,
    also: [...CHARGED, "zz-criminal.send"],
    open: sending((world) =>
      byMandates(world, "active").filter(
        ({ bankRequestId, state }) => state === "succeeded" && world.sent(bankRequestId) > 0,
      ),
    ),
  },
  {
    what: "sends a charge by a mandate that was revoked",
    rule: /^nothing is sent after a revocation/,
    also: ["mandates.revoke", "mandates.charge", "zz-criminal.send"],
    open: sending((world) => byMandates(world, "revoked").filter(({ deduction }) => deduction === undefined)),
  },
  {
    what: "gives back to its day what a charge by a mandate took",
    rule: /money of what was given back/,
    also: CHARGED,
    open: behind<StoredMandate>(MANDATES, ({ events }) => {
      const used = events.find(({ type }) => type === "mandate.used");
      if (used === undefined || events.some(({ type }) => type === "mandate.released")) return undefined;
      return { events: [...events, { ...used, id: `${used.id}2`, type: "mandate.released" }] };
    }),
  },
];

/** The plan with one of the operations after each of its steps. */
function withMore(plan: Plan, also: readonly string[] = []): Plan {
  const steps = plan.steps.flatMap((step, at) => {
    const op = also[at % also.length];
    return op === undefined ? [step] : [step, { op, node: at, seed: plan.seed * 1_000 + at, run: 100 }];
  });
  return { ...plan, steps };
}

describe("the simulator notices a system that", function () {
  this.timeout(60_000);
  for (const { what, rule, open, also } of CRIMES)
    it(what, async () => {
      const sim = await simulator([...(await loadNouns()), { name: "zz-criminal", open }]);
      const messages: string[] = [];
      // Another rule may be the first to see it in one run: each has to see it in some run.
      for (let seed = 1; seed <= 60 && !messages.some((message) => rule.test(message)); seed += 1) {
        const { failure } = await sim.run(withMore(sim.planOf(seed), also));
        if (failure !== undefined) messages.push(failure.message);
      }
      expect(messages.at(-1)).to.match(rule);
    });
});
