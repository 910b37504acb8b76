/** Amounts, splits, fees and the journal made wrong. */
import type { Patch } from "../contract.ts";

const MONEY = "test/unit/money/money.spec.ts";
const ALLOCATE = "test/unit/money/allocate.spec.ts";
const FEES = "test/unit/settlement/fees.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "percentages round half up",
    file: "core/money/allocate.ts",
    from: "Decimal.ROUND_HALF_EVEN",
    to: "Decimal.ROUND_HALF_UP",
    red: [ALLOCATE, FEES],
  },
  {
    name: "units that are left over are lost",
    file: "core/money/allocate.ts",
    from: "parts[index] = (parts[index] ?? 0n) + 1n;",
    to: "parts[index] = parts[index] ?? 0n;",
    red: [ALLOCATE],
  },
  {
    name: "left-over units go to the smallest remainders",
    file: "core/money/allocate.ts",
    from: "Number(b.rest - a.rest)",
    to: "Number(a.rest - b.rest)",
    red: [ALLOCATE],
  },
  {
    name: "more decimals than the currency has are cut",
    file: "core/money/money.ts",
    from: "if (decimals.length > exponent)",
    to: "if (decimals.length > exponent + 8)",
    red: [MONEY],
  },
  {
    name: "amounts may have a plus sign",
    file: "core/money/money.ts",
    from: "/^(-?)(0|",
    to: "/^([-+]?)(0|",
    red: [MONEY],
  },
  {
    name: "amounts of 10^15 minor units pass",
    file: "core/money/money.ts",
    from: "if (minor >= MINOR_LIMIT) refuse",
    to: "if (minor > MINOR_LIMIT) refuse",
    red: [MONEY],
  },
  {
    name: "a sum takes currencies as they come",
    file: "core/money/money.ts",
    from: "if (amount.currency !== first.currency)",
    to: "if (amount.currency === undefined)",
    red: [MONEY, "test/unit/merge-pay/pay.spec.ts"],
  },
  {
    name: "a fee is more than its order",
    file: "core/settlement/fees.ts",
    from: "return cut < minor ? cut : minor;",
    to: "return cut;",
    red: [FEES],
  },
  {
    name: "a fee is more than the most that its rule takes",
    file: "core/settlement/fees.ts",
    from: "max !== undefined && raised > max ? max : raised",
    to: "raised",
    red: [FEES, "test/unit/settlement/fee-rule.spec.ts"],
  },
  {
    name: "journal entries need not sum to zero",
    file: "core/ledger/model.ts",
    from: "if (!isBalanced(lines))",
    to: "if (lines.length === 0)",
    red: ["test/unit/ledger/chart.spec.ts"],
  },
  {
    name: "accounts that are not in the chart are booked on",
    file: "core/ledger/chart.ts",
    from: "if (row === undefined) return `the chart of accounts has no ${account}`;",
    to: "if (row === undefined) return undefined;",
    red: ["test/unit/ledger/chart.spec.ts"],
  },
  {
    name: "a block of the journal's chain does not hold the one before",
    file: "core/chain/model.ts",
    from: "canonicalJson({ chain, number, previous, sealedAt, entries })",
    to: "canonicalJson({ chain, number, sealedAt, entries, previous: previous.slice(0, 0) })",
    red: ["test/unit/chain/chain.spec.ts"],
  },
];
