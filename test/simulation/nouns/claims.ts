/** What merchants owe: seen, claimed and netted by the jobs alone; rules with short days are among the operations of settlement. */
import { CLAIMS, type StoredClaim } from "../../../core/claims/model.ts";
import { CLAIM_STATES } from "../../../core/claims/states.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { BANK } from "../engine/bank.ts";
import { LINES, type StoredLine } from "../../../core/settlement/model.ts";
import { PLATFORMS } from "../../support/house.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { A_DAY_MS, LONG_MS, PAID } from "../engine/ways.ts";

const PAID_OUT = [...PAID, "payouts.run", "payouts.sweep"];
const OWING = [...PAID_OUT, "claims.owe", "refunds.approve", LONG_MS, "all jobs"];
const ENDED: ReadonlySet<string> = new Set(["netted", "settled", "written_off"]);

export const claims: Noun = {
  name: "claims",
  tables: [{ noun: "claim", collection: CLAIMS.name, table: CLAIM_STATES.table }],
  fixed: { [CLAIMS.name]: ["platform", "merchant", "payee", "since"] },
  ways: [
    // A merchant gives back what it was paid, and owes it for longer than it may; then an operator says what became of it.
    { steps: [...OWING, A_DAY_MS, "all jobs", "claims.close", "claims.close"], faults: ["crash.at claim."] },
    // Or other orders of the same merchant net it, after it is claimed or before.
    { steps: [...OWING, A_DAY_MS, "all jobs", ...PAID, LONG_MS, "all jobs"] },
    { steps: [...OWING, ...PAID, LONG_MS, "all jobs"] },
  ],
  async open({ store, count, told, prepare }) {
    await prepare(async ({ settlement }) => {
      for (const platform of Object.keys(PLATFORMS))
        await settlement.setSettlementRule({ platform, rule: { claimAfterDays: 1 }, by: "operator" });
    });
    return {
      audit(atRest) {
        const all = store.all<StoredClaim>(CLAIMS.name);
        const open = all.filter(({ state }) => !ENDED.has(state)).map(({ payee }) => payee);
        if (new Set(open).size !== open.length) throw new Broken("a payee owes once at a time", open.join());
        for (const { _id, owed, state, claimedAt, endedAt } of all) {
          if (minorOfMoney(owed) <= 0n) throw new Broken("a claim is of something", `${_id} is of ${owed.value}`);
          if ((endedAt !== undefined) !== ENDED.has(state))
            throw new Broken("a claim that has ended says when", `${_id} is ${state}`);
          if (state === "claimed" && claimedAt === undefined)
            throw new Broken("a claim says since when", `${_id} does not`);
          if (atRest) count(`claim at rest ${state}`);
        }
        if (!atRest) return;
        const claimed = new Set(all.filter(({ claimedAt }) => claimedAt !== undefined).map(({ _id }) => _id));
        for (const { type, aggregate } of told())
          if (type.startsWith("claim.") && !claimed.has(aggregate))
            throw new Broken("what is told is so", `${aggregate} was never claimed`);
      },
      ops: {
        /** All of an order goes back that its merchant was paid for. */
        owe: {
          weight: 3,
          expects: ["REFUND_TOO_LARGE", "STATE_REFUSED", "IDEMPOTENCY_KEY_REUSED"],
          async run({ services, random }) {
            const out = store
              .all<StoredLine>(LINES.name)
              .filter(({ state, kind }) => state === "paid_out" && kind === "order");
            if (out.length === 0) return;
            const { paymentId, orderId } = random.pick(out);
            const request = { paymentId, orders: [orderId], amount: "all" } as const;
            await services.refunds.open({ request, reason: "cold tea", by: "operator:owe", idempotencyKey: orderId });
          },
        },
        close: {
          weight: 6,
          expects: ["STATE_REFUSED", "SECOND_PERSON_REQUIRED"],
          async run({ services, random }) {
            const open = store.all<StoredClaim>(CLAIMS.name).filter(({ state }) => state === "claimed");
            if (open.length === 0) return;
            const { _id: claimId, closing } = random.pick(open);
            const by = random.pick(["olga", "pavel"]);
            if (closing !== undefined) {
              await services.claims[random.below(4) === 0 ? "reject" : "approve"]({ claimId, by });
              return;
            }
            const evidence = { text: "The desk says so.", reference: "ticket" };
            const how = random.pick([{ how: "written_off" as const }, { how: "settled" as const, bank: BANK }]);
            await services.claims.close({ claimId, ...how, evidence, by });
          },
        },
      },
    };
  },
};
