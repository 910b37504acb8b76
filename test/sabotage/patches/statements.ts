/** Statements of banks taken wrong. */
import type { Patch } from "../contract.ts";

const RECONCILIATION = "test/unit/reconciliation/reconciliation.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "a line of another amount ends what is unknown",
    file: "core/reconciliation/model.ts",
    from: "if (!same(found, ours.amount))",
    to: "if (false)",
    red: [RECONCILIATION],
  },
  {
    name: "an id on two lines of a statement ends by one of them",
    file: "core/reconciliation/service.ts",
    from: "ids.get(bankRequestId) === 1 &&",
    to: "true &&",
    red: [RECONCILIATION],
  },
  {
    name: "a line ends what it names by the booking of another instruction",
    file: "core/reconciliation/service.ts",
    from: "const owner = owners.get(bankReference)?.subject ?? ours.subject;",
    to: "const owner = ours.subject;",
    red: [RECONCILIATION],
  },
  {
    name: "a statement ends what a call is under way of",
    file: "core/bank/life.ts",
    from: 'new Set(["unknown", "requires_action"])',
    to: 'new Set(["unknown", "requires_action", "submitting"])',
    red: [RECONCILIATION],
  },
];
