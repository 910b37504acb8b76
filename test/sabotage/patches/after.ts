/** What comes after a payment made wrong: refunds, payouts, decisions of operators. */
import type { Patch } from "../contract.ts";

const REFUNDS = "test/unit/refunds/refunds.spec.ts";
const PAYOUTS = "test/unit/payouts/payouts.spec.ts";
const SIMULATION = "test/simulation/simulator.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "less than nothing is given back",
    file: "core/refunds/allocation.ts",
    from: "if (total <= 0n || total > most) throw",
    to: "if (total > most) throw",
    red: ["test/unit/refunds/allocation.spec.ts", REFUNDS],
  },
  {
    name: "who asks for a refund approves it too",
    file: "core/refunds/service.ts",
    from: "if (refund.requestedBy === by) throw",
    to: 'if (by === "") throw',
    red: [REFUNDS],
  },
  {
    name: "a refund gives back of no debit",
    file: "core/refunds/service.ts",
    from: "debitRequestId: paid.bankRequestId,",
    to: "debitRequestId: paid._id,",
    red: [REFUNDS, SIMULATION],
  },
  {
    name: "who proposes the end of a payment approves it too",
    file: "core/merge-pay/review.ts",
    from: "if (proposal.by === by)",
    to: 'if (by === "")',
    red: ["test/unit/merge-pay/review.spec.ts"],
  },
  {
    name: "a payout goes out for lines that another one has",
    file: "core/payouts/carry.ts",
    from: "if (claimed.length !== payout.planned.length || sum !== minorOfMoney(payout.amount)) {",
    to: "if (claimed.length > payout.planned.length) {",
    red: [PAYOUTS, SIMULATION],
  },
  {
    name: "a payout goes out under a new id each time",
    file: "core/payouts/carry.ts",
    from: "const params = { bank: name, bankRequestId, accountToken",
    to: "const params = { bank: name, bankRequestId: `${bankRequestId}.${payout.instruction?.sends ?? 1}`, accountToken",
    red: [PAYOUTS, SIMULATION],
  },
];
