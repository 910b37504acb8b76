/** Payers permit being charged and take it back, operators charge, and mandates charge by themselves. */
import type { Actions } from "../../../core/actions.ts";
import type { ErrorCode } from "../../../core/errors/codes.ts";
import { MANDATES, type StoredMandate } from "../../../core/mandates/model.ts";
import { MANDATE_STATES } from "../../../core/mandates/states.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, type Money } from "../../../core/money/money.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { auditMandates } from "../../support/audit-mandates.ts";
import { PLATFORMS } from "../../support/house.ts";
import { terms } from "../../support/mandates.ts";
import { Broken, type Noun, type OnNode, type Random } from "../engine/contract.ts";
import { USERS } from "./files.ts";

const KEYS = 30;
const HOUR_MS = 3_600_000;
const NAMES = Object.keys(PLATFORMS);
/** Begins what is counted of charges. */
const CHARGED = "charged by a mandate: ";

/** Does something twice, side by side. */
async function both(act: () => Promise<void>): Promise<void> {
  await Promise.all([act(), act()]);
}

/** Terms as payers come to think of them. */
const termsBy = (random: Random, nowMs: number) =>
  terms(`${random.below(400) + 20}.00`, `${random.below(600) + 50}.00`, {
    timeZone: random.pick(["UTC", "Asia/Shanghai", "America/New_York"]),
    expiresAt: new Date(nowMs + (random.below(200) + 1) * HOUR_MS).toISOString(),
    auto: random.below(3) === 0,
    ...(random.below(3) === 0 ? { platforms: { [random.pick(NAMES)]: `${random.below(500) + 20}.00` } } : {}),
  });

const covers = (limit: Money, amount: Money): boolean => minorOfMoney(amount) <= minorOfMoney(limit);

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
  cases: [
    ...["MANDATE_ENDED", "MANDATE_LIMIT_REACHED", "MANDATE_NOT_COVERING"].map((code) => `mandates.charge: ${code}`),
    ...["succeeded", "unknown", "failed"].map((state) => `${CHARGED}${state}`),
  ],
  ways: [
    {
      steps: [
        "files.send",
        "all jobs",
        "mandates.make",
        "mandates.charge one",
        "mandates.charge one",
        "mandates.revoke",
        "all jobs",
      ],
      faults: ["crash.at mandate."],
    },
    { steps: ["mandates.make", "bank.declines", "mandates.charge one"] },
  ],
  async open({ store, bank, now, sent, count, random: chance, prepare }) {
    /** What was durable when the revocation of a mandate was answered. */
    const durableAt = new Map<string, ReadonlySet<string>>();
    let made = 0;

    const all = () => store.all<StoredMandate>(MANDATES.name);
    const paymentsBy = (mandateId: string) =>
      store.all<StoredPayment>(PAYMENTS.name).filter((payment) => payment.mandateId === mandateId);

    const openOf = ({ userId }: Pick<StoredMandate, "userId">) =>
      store.all<StoredOrder>(ORDERS.name).filter((order) => order.userId === userId && order.state === "open");

    const coveredBy = (mandate: StoredMandate) =>
      openOf(mandate).filter(({ amount, platform }) => {
        const { perPayment, platforms } = mandate.limits;
        const own = platforms?.find((one) => one.platform === platform)?.perDay;
        return (
          amount.currency === perPayment.currency &&
          covers(perPayment, amount) &&
          (platforms === undefined || (own !== undefined && covers(own, amount)))
        );
      });

    async function charge(
      { mandates: service }: OnNode["services"],
      what: Omit<Actions["mandates.charge"]["params"], "operatorId">,
    ): Promise<void> {
      const { state } = await service.charge({ ...what, operatorId: "operator" });
      count(`${CHARGED}${state}`);
    }

    await prepare(async ({ mandates: service }) => {
      for (const userId of USERS)
        await service.create({ userId, idempotencyKey: "first", request: termsBy(chance, now()) });
    });

    return {
      async audit(atRest) {
        for (const mandate of all()) {
          const durable = durableAt.get(mandate._id);
          for (const { _id, bankRequestId } of paymentsBy(mandate._id)) {
            const times = sent(bankRequestId);
            if (times > 1) throw new Broken("a charge by a mandate is sent once", `${_id} was sent ${times} times`);
            if (times > 0 && durable?.has(_id) === false)
              throw new Broken("nothing is sent after a revocation", `${_id} by ${mandate._id}`);
          }
          if (!atRest) continue;
          const open = mandate.uses.find(({ state }) => state === "open");
          const payment = paymentsBy(mandate._id).find(({ _id }) => _id === open?.paymentId);
          // A bank that never says leaves its payment, and so the use, open.
          if (payment !== undefined && !["unknown", "requires_action"].includes(payment.state))
            throw new Broken("every use comes to its end", `${payment._id} is ${payment.state}`);
        }
        await auditMandates(
          store.glance,
          bank.ledger.filter(({ kind }) => kind === "debit"),
        );
      },
      ops: {
        make: {
          weight: 2,
          expects: ["ACCOUNT_MISSING", "STATE_REFUSED", "BODY_INVALID"],
          async run({ services, random }) {
            // Of those who owe something, if there are some; two at once, as are charges.
            const owing = USERS.filter((userId) => openOf({ userId }).length > 0);
            await both(async () => {
              const userId = random.pick(owing.length > 0 ? owing : USERS);
              const request = termsBy(random, now());
              await services.mandates.create({ userId, idempotencyKey: `mandate-${(made += 1)}`, request });
            });
          },
        },
        charge: {
          weight: 5,
          expects: OF_CHARGING,
          async run({ services, random }) {
            const some = all();
            if (some.length === 0) return;
            await both(async () => {
              const owing = some.filter((mandate) => mandate.state === "active" && openOf(mandate).length > 0);
              const chosen = owing.length > 0 && random.below(4) > 0 ? owing : some;
              const mandate = random.pick(chosen.slice(-4));
              const { currency } = mandate.limits.perPayment;
              const open = openOf(mandate).filter(
                ({ amount }) => amount.currency === currency || random.below(9) === 0,
              );
              const ids = open.flatMap(({ _id }) => (random.below(2) === 0 ? _id : []));
              await charge(services, {
                mandateId: mandate._id,
                idempotencyKey: `charge-${random.below(KEYS)}`,
                orders: ids.length === 0 || random.below(4) === 0 ? "all" : ids.slice(0, random.below(3) + 1),
              });
            });
          },
        },
        /** What one of the newest covers surely, as far as its day goes. */
        "charge one": {
          weight: 0,
          expects: OF_CHARGING,
          async run({ services, random }) {
            const owing = all().filter((mandate) => mandate.state === "active" && coveredBy(mandate).length > 0);
            if (owing.length === 0) return;
            const mandate = random.pick(owing.slice(-2));
            const orders = [random.pick(coveredBy(mandate))._id];
            await charge(services, { mandateId: mandate._id, idempotencyKey: `one-${(made += 1)}`, orders });
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
