/** Banks take money back; operators enter what they were told of it, others approve or refuse, and statements say it too. */
import {
  CHARGEBACKS,
  chargebackId,
  REVERSALS,
  type StoredChargeback,
  type StoredReversal,
} from "../../../core/chargebacks/model.ts";
import { CHARGEBACK_STATES } from "../../../core/chargebacks/states.ts";
import { instant } from "../../../core/deps.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";
import { BANK } from "../engine/bank.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { LONG_MS, PAID } from "../engine/ways.ts";

export const chargebacks: Noun = {
  name: "chargebacks",
  tables: [{ noun: "chargeback", collection: CHARGEBACKS.name, table: CHARGEBACK_STATES.table }],
  fixed: { [CHARGEBACKS.name]: ["paymentId", "bank", "bankReference", "amount", "createdAt"] },
  ways: [
    {
      steps: [...PAID, "chargebacks.take back", "chargebacks.enter", "chargebacks.approve", "chargebacks.approve"],
      faults: ["crash.at chargeback."],
    },
    { steps: [...PAID, "chargebacks.take back", "statements.hold"], faults: ["crash.at chargeback."] },
    {
      steps: [...PAID, "chargebacks.take back", "statements.hold", "chargebacks.give up", "statements.hold"],
      faults: ["crash.at chargeback-reversal."],
    },
    // Money that came late is taken back, and given up.
    {
      steps: [
        "bank.books-after-its-word",
        "payments.pay all",
        LONG_MS,
        "all jobs",
        LONG_MS,
        "all jobs",
        "chargebacks.take back",
        "statements.hold",
        "chargebacks.give up",
        "statements.hold",
      ],
      faults: ["crash.at chargeback-reversal."],
    },
    // Operators say that it is not so, and the bank's statement then says that it is.
    { steps: [...PAID, "chargebacks.take back", "chargebacks.enter", "chargebacks.refuse", "statements.hold"] },
  ],
  cases: ["chargeback at rest reversed", "reversal at rest waits"],
  open({ store, bank, count }) {
    const taken = () => bank.ledger.filter(({ kind }) => kind === "chargeback");
    const proposed = () => store.all<StoredChargeback>(CHARGEBACKS.name).filter(({ state }) => state === "proposed");
    const decided = ["STATE_REFUSED", "SECOND_PERSON_REQUIRED"] as const;

    return {
      audit(atRest) {
        const lines = new Map(taken().map((line) => [chargebackId(BANK, `ref-${line.bankRequestId}`), line]));
        for (const {
          _id,
          amount,
          state,
          enteredBy,
          approvedBy,
          parts,
          excess,
          needsReview,
          reversal,
        } of store.all<StoredChargeback>(CHARGEBACKS.name)) {
          const line = lines.get(_id);
          if (line === undefined) throw new Broken("the bank's word", `${_id} was never taken back`);
          if (line.amount.value !== amount.value) throw new Broken("the bank's word", `${_id} is of another amount`);
          if (enteredBy !== undefined && enteredBy === approvedBy)
            throw new Broken("two persons decide", `${_id} was approved by ${approvedBy}`);
          if (reversal !== undefined) {
            const again = bank.ledger.find(({ bankRequestId }) => `ref-${bankRequestId}` === reversal.bankReference);
            if (again?.kind !== "reversal" || again.debitRequestId !== line.debitRequestId)
              throw new Broken("the bank's word", `${_id} was never given up`);
            if (again.amount.value !== amount.value)
              throw new Broken("the bank's word", `not all of ${_id} was given up`);
          }
          if (!atRest) continue;
          count(`chargeback at rest ${state}${needsReview === true ? ", for review" : ""}`);
          if (excess !== undefined && parts?.length === 0) count("chargeback of which nothing was left");
        }
        if (!atRest) return;
        for (const told of store.all<StoredReversal>(REVERSALS.name)) {
          if (told.chargebackId === null) count("reversal at rest waits");
          const fits = store
            .all<StoredChargeback>(CHARGEBACKS.name)
            .find(
              ({ paymentId, state, amount, bookedAt }) =>
                paymentId === told.paymentId &&
                state === "booked" &&
                amount.value === told.amount.value &&
                bookedAt <= told.bookedAt,
            );
          if (told.chargebackId === null && fits !== undefined)
            throw new Broken("what was given up is reversed", `${fits._id} is still booked, and ${told._id} waits`);
        }
      },
      ops: {
        "take back": {
          weight: 3,
          run({ random }) {
            const debits = bank.ledger.filter(({ kind }) => kind === "debit");
            if (debits.length === 0) return Promise.resolve();
            const { bankRequestId, amount } = random.pick(debits);
            const part = random.below(3) === 0 ? 1_000n : BigInt(random.below(1_000) + 1);
            const wanted = (minorOfMoney(amount) * part) / 1_000n;
            if (wanted > 0n) bank.chargeBack(bankRequestId, moneyOf(wanted, amount.currency));
            return Promise.resolve();
          },
        },
        "give up": {
          weight: 2,
          run({ random }) {
            if (taken().length > 0) bank.giveUp(random.pick(taken()).bankRequestId);
            return Promise.resolve();
          },
        },
        enter: {
          weight: 3,
          // To a node whose clock is far behind the booking is still to come.
          expects: ["STATE_REFUSED", "BODY_INVALID"],
          async run({ services, random }) {
            if (taken().length === 0) return;
            const line = random.pick(taken());
            const payment = store
              .all<StoredPayment>(PAYMENTS.name)
              .find(({ bankRequestId }) => bankRequestId === line.debitRequestId);
            if (payment === undefined) return;
            await services.chargebacks.propose({
              paymentId: payment._id,
              bankReference: `ref-${line.bankRequestId}`,
              amount: line.amount,
              bookedAt: instant(Date.parse(line.bookedAt)),
              reason: "Never ordered.",
              evidence: { text: "The bank wrote.", reference: "letter" },
              by: random.pick(["olga", "pavel"]),
            });
          },
        },
        approve: {
          weight: 3,
          expects: decided,
          async run({ services, random }) {
            if (proposed().length === 0) return;
            const chargeback = random.pick(proposed())._id;
            await services.chargebacks.approve({ chargebackId: chargeback, by: random.pick(["olga", "pavel"]) });
          },
        },
        refuse: {
          weight: 1,
          expects: decided,
          async run({ services, random }) {
            if (proposed().length === 0) return;
            const chargeback = random.pick(proposed())._id;
            await services.chargebacks.reject({ chargebackId: chargeback, by: "pavel", reason: "not so" });
          },
        },
      },
    };
  },
};
