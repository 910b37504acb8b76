/** Days of the journal closed wrong. */
import type { Patch } from "../contract.ts";

const DAYS = "test/unit/ledger/days.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "what is sealed behind a close is of the closed day",
    file: "core/ledger/day-model.ts",
    from: 'position: { $gt: "", $lt: beyond } };',
    to: 'position: { $gt: "" } };',
    red: [DAYS],
  },
  {
    name: "what comes late is of no day",
    file: "core/ledger/day-model.ts",
    from: "if (first) return;",
    to: "if (first || previousBlock) return;",
    red: [DAYS],
  },
  {
    name: "a day is closed before it is over",
    file: "core/ledger/days.ts",
    from: "if (startOf(dayAfter(date)) > stamp())",
    to: "if (startOf(date) > stamp())",
    red: [DAYS],
  },
  {
    name: "days are closed in any order",
    file: "core/ledger/days.ts",
    from: "if (last !== undefined && dayAfter(last._id) !== date)",
    to: "if (last !== undefined && last._id > date)",
    red: [DAYS],
  },
];
