/** Merchants are paid out, by the day's run and by operators who are quicker; the auditor of payouts looks at the bank's books. */
import { PAYOUTS, RUNS, type StoredPayout } from "../../../core/payouts/model.ts";
import { PAYOUT_STATES } from "../../../core/payouts/states.ts";
import { auditPayouts } from "../../support/audit-payouts.ts";
import { PLATFORMS } from "../../support/house.ts";
import { BANK } from "../engine/bank.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { MERCHANTS } from "./files.ts";
import { FINAL_MS, LONG_MS, PAID } from "../engine/ways.ts";

export const payouts: Noun = {
  name: "payouts",
  tables: [{ noun: "payout", collection: PAYOUTS.name, table: PAYOUT_STATES.table }],
  fixed: {
    [PAYOUTS.name]: ["payee", "planned", "amount", "accountId", "bank", "bankRequestId", "by", "createdAt"],
    [RUNS.name]: [],
  },
  ways: [
    { steps: [...PAID, "payouts.run", "payouts.sweep", "all jobs"], faults: ["crash.at payout."] },
    { steps: [...PAID, "bank.declines", "payouts.run", "payouts.sweep"], faults: ["crash.at payout."] },
    // Never executed, and refused when it is sent again.
    {
      steps: [...PAID, "bank.swallows", "payouts.run", "payouts.sweep", FINAL_MS, "bank.declines", "all jobs"],
      faults: ["inquiry.", "crash.at payout."],
    },
    // One is held up with its plan while another pays the same lines out.
    {
      steps: [
        ...PAID,
        { fault: "store.slow", within: 60 },
        "payouts.run",
        "payouts.run",
        "payouts.sweep",
        LONG_MS,
        "payouts.sweep",
        "payouts.sweep",
      ],
    },
  ],
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
