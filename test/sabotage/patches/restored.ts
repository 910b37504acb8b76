/** A store that was put back from a backup made wrong: it moves money before it is reconciled. */
import type { Patch } from "../contract.ts";

const RESTORED = "test/unit/restored/restored.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "a store that was put back takes payments at once",
    file: "core/restored/service.ts",
    from: "await assertFree();",
    to: "void assertFree;",
    red: [RESTORED],
  },
  {
    name: "jobs of a store that was put back move money at once",
    file: "core/core.ts",
    from: "(await restored.held()) ? 0 : run()",
    to: "run()",
    red: [RESTORED],
  },
  {
    name: "any statement frees a store that was put back",
    file: "core/restored/service.ts",
    from: ", from: { $gte: from }, since: { $lte: to }",
    to: "",
    red: [RESTORED],
  },
  {
    name: "a statement with what a store forgot does not hold it",
    file: "core/restored/service.ts",
    from: "OWN_INSTRUCTION.test(id)",
    to: "false",
    red: [RESTORED],
  },
  {
    name: "a slip in an operator's statement stops the house",
    file: "core/reconciliation/service.ts",
    from: "byBank: given === undefined",
    to: "byBank: true",
    red: [RESTORED],
  },
];
