/** Operators give statements of the bank, whole or cut off, and some with a line that is not as it was booked; what is unknown may end by them. */
import { BREAKS } from "../../../core/reconciliation/model.ts";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import { moneyOf, minorOfMoney } from "../../../core/money/money.ts";
import { BANK } from "../engine/bank.ts";
import { Broken, type Noun, type Random } from "../engine/contract.ts";

const EVER = { from: "2020-01-01T00:00:00Z", to: "2050-01-01T00:00:00Z" };

/** A line that was booked, told wrongly: none of these may end anything. */
const WRONG: readonly ((line: StatementLine) => StatementLine)[] = [
  (line) => ({ ...line, amount: moneyOf(minorOfMoney(line.amount) + 1n, line.amount.currency) }),
  (line) => ({ ...line, amount: { ...line.amount, currency: "EUR" } }),
  (line) => ({ ...line, direction: line.direction === "credit" ? "debit" : "credit" }),
  ({ bankRequestId: _of, ...line }) => line,
];

function told(random: Random, line: StatementLine): StatementLine[] {
  const how = random.below(20);
  if (how === 0) return [];
  if (how === 1) return [line, { ...line, bankReference: `${line.bankReference}-again` }];
  return [how === 2 ? random.pick(WRONG)(line) : line];
}

export const statements: Noun = {
  name: "statements",
  open: ({ bank, count }) => ({
    ops: {
      hold: {
        weight: 3,
        async run({ services, random }) {
          const lines = bank.ledger.flatMap(({ kind, bankRequestId, debitRequestId = "", amount, bookedAt }) => {
            const direction = kind === "debit" || kind === "reversal" ? ("credit" as const) : ("debit" as const);
            const bankReference = `ref-${bankRequestId}`;
            // What is taken back is told as it is: that an amount of it is wrong nobody but the bank could know.
            const reversal = true as const;
            if (kind === "reversal")
              return [{ bankReference, bankRequestId: debitRequestId, amount, direction, bookedAt, reversal }];
            // Of what was given up again the bank may tell later than of that.
            if (kind === "chargeback")
              return bank.ledger.some(({ of }) => of === bankRequestId) && random.below(3) === 0
                ? []
                : [{ bankReference, bankRequestId: debitRequestId, amount, direction, bookedAt, reversal }];
            return told(random, { bankReference, bankRequestId, amount, direction, bookedAt });
          });
          const came = await services.reconciliation.reconcile({ bank: BANK, ...EVER, lines });
          const { ended, asked, agreed, breaks } = came;
          count(`statement ${breaks > 0 ? "with breaks" : "without breaks"}`);
          for (let at = 0; at < ended; at += 1) count("statement line that ended what was unknown");
          if (came.lines !== lines.length || agreed + ended + asked > lines.length)
            throw new Broken("each line of a statement is told once", JSON.stringify(came));
        },
      },
    },
  }),
  fixed: { [BREAKS.name]: ["bank", "kind", "firstSeenAt"] },
};
