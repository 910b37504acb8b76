/** Merchants are paid out, by the day's run and by operators who are quicker; the auditor of payouts looks at the bank's books. */
import { PAYOUTS, RUNS, type StoredPayout } from "../../../core/payouts/model.ts";
import { PAYOUT_STATES } from "../../../core/payouts/states.ts";
import { auditPayouts } from "../../support/audit-payouts.ts";
import { PLATFORMS } from "../../support/house.ts";
import { BANK } from "../engine/bank.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { MERCHANTS } from "./files.ts";

export const payouts: Noun = {
  name: "payouts",
  tables: [{ noun: "payout", collection: PAYOUTS.name, table: PAYOUT_STATES.table }],
  fixed: {
    [PAYOUTS.name]: ["payee", "planned", "amount", "accountId", "bank", "bankRequestId", "by", "createdAt"],
    [RUNS.name]: [],
  },
  async open({ store, bank, prepare, count }) {
    await prepare(async ({ accounts }) => {
      for (const platform of Object.keys(PLATFORMS))
        for (const merchant of MERCHANTS) {
          const token = `token-of-${platform}-${merchant}`;
          const of = { platform, merchant, currency: "USD", bank: BANK, label: "Shop", token };
          const { id: accountId } = await accounts.addForMerchant({ ...of, operatorId: "operator" });
          await accounts.verifyForMerchant({ accountId, operatorId: "reviewer" });
        }
    });
    return {
      async audit(atRest) {
        const booked = bank.ledger.filter(({ kind }) => kind === "payout");
        await auditPayouts(store.glance, booked, { atRest });
        if (!atRest) return;
        for (const { _id, state } of store.all<StoredPayout>(PAYOUTS.name)) {
          count(`payout at rest ${state}`);
          if (PAYOUT_STATES.table[state].length > 0)
            throw new Broken("every payout comes to its end", `${_id} is ${state} at rest`);
        }
      },
      ops: {
        run: {
          weight: 5,
          expects: ["PREVIEW_STALE"],
          async run({ services, random }) {
            const platform = random.below(2) === 0 ? {} : { platform: random.pick(Object.keys(PLATFORMS)) };
            const { confirmation } = await services.payouts.preview(platform);
            await services.payouts.run({ ...platform, confirmation, by: "operator" });
          },
        },
        sweep: { weight: 4, run: ({ services }) => services.payouts.sweep() },
      },
    };
  },
};
