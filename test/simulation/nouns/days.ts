/** Operators close days of the journal, also while entries of them are still to come; each closed day is what the journal gives. */
import { checkDays } from "../../../core/ledger/day-check.ts";
import { DAY_STATES, DAY_TOTALS, dayAfter, DAYS, type StoredDay } from "../../../core/ledger/day-model.ts";
import { Broken, type Noun } from "../engine/contract.ts";

const DAY_MS = 86_400_000;

export const days: Noun = {
  name: "days",
  tables: [{ noun: "day", collection: DAYS.name, table: DAY_STATES.table }],
  fixed: {
    [DAYS.name]: ["block", "previousBlock", "hash", "closedAt", "by"],
    [DAY_TOTALS.name]: ["key", "date", "debit", "credit", "balance"],
  },
  open: ({ store, now, count }) => ({
    async audit(atRest) {
      if (!atRest) return;
      await checkDays(store.glance, (where, what) => {
        throw new Broken("a closed day is what the journal gives", `${where} ${what}`);
      });
      for (const { state, late = 0 } of store.all<StoredDay>(DAYS.name))
        count(`day at rest ${state}${late > 0 ? ", with late entries" : ""}`);
    },
    ops: {
      close: {
        weight: 3,
        expects: ["STATE_REFUSED", "OVERLOADED"],
        async run({ services, random }) {
          const last = store.all<StoredDay>(DAYS.name).at(-1)?._id;
          const yesterday = new Date(now() - DAY_MS).toISOString().slice(0, 10);
          const date = last === undefined || random.below(4) === 0 ? yesterday : dayAfter(last);
          await services.ledger.close({ date, by: random.pick(["ops", "eve"]) });
        },
      },
    },
  }),
};
