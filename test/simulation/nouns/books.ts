/**
 * What the bank, the journal, the settlement lines, the statements of merchants and the platforms that were told say of the same money, each summed by itself from what it
 * alone keeps. At rest they agree to the minor unit; the sums over all runs are printed as a table.
 */
import { chargebackId, CHARGEBACKS, type StoredChargeback } from "../../../core/chargebacks/model.ts";
import { BANK } from "../engine/bank.ts";
import { JOURNAL, type StoredEntry } from "../../../core/ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { minorOfMoney, type Money } from "../../../core/money/money.ts";
import { DELIVERIES, EVENTS, type StoredDelivery, type StoredEvent } from "../../../core/notify/model.ts";
import { PAYOUTS, type StoredPayout } from "../../../core/payouts/model.ts";
import { REFUNDS, type StoredRefund } from "../../../core/refunds/model.ts";
import { LINES, type StoredLine } from "../../../core/settlement/model.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { COUNTED } from "../engine/report.ts";
import { merchantStatements } from "../engine/merchant-statements.ts";

const sum = (amounts: readonly Money[]): bigint => amounts.reduce((all, amount) => all + minorOfMoney(amount), 0n);

/** Money that came after its payment had ended, and what of it paid the orders after all and is counted with the payment. */
const LATE = /^late_money(_taken)?$/;

/** What banks took back, and what came of it again. */
const CHARGED_BACK = /^chargeback(_reversal)?$/;

export const books: Noun = {
  name: "books",
  open({ store, bank, told, tally }) {
    const bankSum = (kind: string): bigint =>
      sum(bank.ledger.filter((line) => line.kind === kind).map(({ amount }) => amount));

    /** What is booked on accounts of the journal: a debit above zero. */
    const booked = (account: RegExp, kind?: RegExp): bigint =>
      sum(
        store
          .all<StoredEntry>(JOURNAL.name)
          .filter((entry) => kind === undefined || kind.test(entry.kind))
          .flatMap(({ lines }) => lines.filter((line) => account.test(line.account)).map(({ amount }) => amount)),
      );

    /** Gross of the orders in the `orders.paid` that platforms' servers have, each event counted once. */
    function heard(): bigint {
      const events = new Map(told().map((event) => [event.id, event]));
      const paid = [...events.values()].filter(({ type }) => type === "orders.paid");
      return sum(paid.flatMap(({ data }) => (data["orders"] as { gross: Money }[]).map(({ gross }) => gross)));
    }
    /** The same of events that no server has and whose delivery is visibly dead. */
    function unheard(): bigint {
      const has = new Set(told().map(({ id }) => id));
      const dead = new Set(
        store.all<StoredDelivery>(DELIVERIES.name).flatMap(({ state, eventId }) => (state === "dead" ? eventId : [])),
      );
      const lost = store.all<StoredEvent>(EVENTS.name).filter(({ _id }) => dead.has(_id) && !has.has(_id));
      const paid = lost.filter(({ type }) => type === "orders.paid");
      return sum(paid.flatMap(({ data }) => (data["orders"] as { gross: Money }[]).map(({ gross }) => gross)));
    }

    function agree(what: string, figures: Readonly<Record<string, bigint>>): void {
      const values = Object.values(figures);
      if (new Set(values).size > 1)
        throw new Broken(
          "the books agree",
          `${what}: ${Object.entries(figures)
            .map(([book, minor]) => `${book} ${minor}`)
            .join(", ")}`,
        );
      for (const [book, minor] of Object.entries(figures)) tally(`${what} | ${book}`, minor);
    }

    return {
      ops: {},
      async audit(atRest) {
        if (!atRest) return;
        const stated = await merchantStatements(store);
        const payments = store.all<StoredPayment>(PAYMENTS.name);
        const lines = store.all<StoredLine>(LINES.name);
        const payouts = store.all<StoredPayout>(PAYOUTS.name);
        const inDoubt = new Set(
          payments.filter(({ state }) => state === "unknown").map(({ bankRequestId }) => bankRequestId),
        );
        const doubtful = sum(bank.ledger.filter((line) => inDoubt.has(line.bankRequestId)).map(({ amount }) => amount));
        // The bank told another amount of late money than it has booked: that is on the books as it was told, and a person looks at it.
        const misheard = payments.reduce((minor, { _id, lateAmount, needsReview, bankRequestId }) => {
          if (lateAmount === undefined) return minor;
          if (needsReview !== true) throw new Broken("the bank's word", `nobody looks at what it said of ${_id}`);
          const own = bank.ledger.filter((line) => line.kind === "debit" && line.bankRequestId === bankRequestId);
          return minor + minorOfMoney(lateAmount) - sum(own.map(({ amount }) => amount));
        }, 0n);
        const payoutsInDoubt = new Set(
          payouts.filter(({ state }) => state === "unknown").map(({ bankRequestId }) => bankRequestId),
        );
        const outInDoubt = sum(
          bank.ledger.filter((line) => payoutsInDoubt.has(line.bankRequestId)).map(({ amount }) => amount),
        );

        const refunds = store.all<StoredRefund>(REFUNDS.name);
        const refundsInDoubt = new Set(refunds.filter(({ state }) => state === "unknown").map(({ _id }) => _id));
        const backInDoubt = sum(
          bank.ledger.filter((line) => refundsInDoubt.has(line.bankRequestId)).map(({ amount }) => amount),
        );

        const inState = (docs: readonly { state: string }[], state: string) =>
          docs.filter((doc) => doc.state === state).length;
        const byId = new Map(lines.map((line) => [line._id, line]));
        // Taken back of a line that had been paid out, by a payout of its own.
        const clawedBack = lines.filter(({ kind, of = "", payoutId }) => {
          const taken = byId.get(of);
          return (
            (kind === "refund" || kind === "chargeback") && taken?.state === "paid_out" && taken.payoutId !== payoutId
          );
        });
        for (const [what, count] of Object.entries({
          "payments that succeeded": inState(payments, "succeeded"),
          "payments that were cancelled or expired": inState(payments, "cancelled") + inState(payments, "expired"),
          "payments that failed": inState(payments, "failed"),
          "refunds that succeeded": inState(refunds, "succeeded"),
          "payouts that succeeded": inState(payouts, "succeeded"),
          "claw-backs after a payout": clawedBack.length,
        }))
          tally(`${COUNTED}${what}`, BigInt(count));
        agree("paid by payers", {
          "bank ledger, less late and doubtful money": bankSum("debit") - doubtful - booked(/^bank:/, LATE) + misheard,
          "payments that succeeded": sum(payments.flatMap(({ state, total }) => (state === "succeeded" ? total : []))),
          "journal, bank": booked(/^bank:/, /^payment$/),
          "settlement lines, gross, less what changing money made of it":
            sum(lines.flatMap(({ kind, gross }) => (kind === "order" ? gross : []))) - booked(/^fx:/, /^payment$/),
          "statements of merchants, less the same": stated.ordersPaid - booked(/^fx:/, /^payment$/),
          "webhooks received, and dead, less the same": heard() + unheard() - booked(/^fx:/, /^payment$/),
        });
        agree("money of which nobody has decided whose it is", {
          "journal, bank, less what was given back of it":
            booked(/^bank:/, LATE) +
            booked(/^bank:/, /^late_refund$/) -
            booked(/^suspense:/, /^refund$/) -
            booked(/^suspense:/, CHARGED_BACK),
          "journal, suspense": -booked(/^suspense:/),
        });
        agree("paid out to merchants", {
          "bank ledger, less what is in doubt": bankSum("payout") - outInDoubt,
          "payouts that succeeded": sum(payouts.flatMap(({ state, amount }) => (state === "succeeded" ? amount : []))),
          "settlement lines, paid out": sum(lines.flatMap(({ state, net }) => (state === "paid_out" ? net : []))),
          "statements of merchants": stated.paidOut,
          "journal, bank": -booked(/^bank:/, /^payout$/),
        });
        agree("given back to payers", {
          "bank ledger, less late and doubtful money":
            bankSum("refund") - backInDoubt + booked(/^bank:/, /^late_refund$/),
          "refunds that succeeded": sum(refunds.flatMap(({ state, amount }) => (state === "succeeded" ? amount : []))),
          "journal, bank": -booked(/^bank:/, /^refund$/),
          "settlement lines and late money, taken back":
            booked(/^suspense:/, /^refund$/) +
            booked(/^fx:/, /^refund$/) -
            sum(lines.flatMap(({ kind, gross }) => (kind === "refund" ? gross : []))),
          "statements of merchants and late money":
            booked(/^suspense:/, /^refund$/) + booked(/^fx:/, /^refund$/) + stated.refunded,
        });
        const known = store
          .all<StoredChargeback>(CHARGEBACKS.name)
          .filter(({ state }) => state === "booked" || state === "reversed");
        const ids = new Set(known.map(({ _id }) => _id));
        const givenUp = new Set(known.map(({ reversal }) => reversal?.bankReference));
        agree("taken back by banks and not given up", {
          "bank ledger, what we were told of":
            sum(
              bank.ledger.flatMap(({ kind, bankRequestId, amount }) =>
                kind === "chargeback" && ids.has(chargebackId(BANK, `ref-${bankRequestId}`)) ? amount : [],
              ),
            ) -
            sum(
              bank.ledger.flatMap(({ kind, bankRequestId, amount }) =>
                kind === "reversal" && givenUp.has(`ref-${bankRequestId}`) ? amount : [],
              ),
            ),
          "chargebacks on the books": sum(known.flatMap(({ state, amount }) => (state === "booked" ? amount : []))),
          "journal, bank": -booked(/^bank:/, CHARGED_BACK),
          "settlement lines, late money and suspense, taken back":
            booked(/^suspense:/, CHARGED_BACK) +
            booked(/^fx:/, CHARGED_BACK) -
            sum(lines.flatMap(({ kind, gross }) => (CHARGED_BACK.test(kind) ? gross : []))),
          "statements of merchants, late money and suspense":
            booked(/^suspense:/, CHARGED_BACK) + booked(/^fx:/, CHARGED_BACK) + stated.chargedBack,
        });
        agree("owed to merchants", {
          "journal, merchants": -booked(/^merchant:/),
          "statements of merchants, closing": stated.closing,
          "settlement lines, not paid out": sum(lines.flatMap(({ state, net }) => (state === "paid_out" ? [] : net))),
        });
        agree("fees and tax on them", {
          "journal, fees": -booked(/^fees:|^fee-tax:/),
          "statements of merchants": stated.fees,
          "settlement lines, fees": sum(lines.map(({ fee }) => fee)),
        });
      },
    };
  },
};
