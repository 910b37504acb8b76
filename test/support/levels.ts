/** The levels of tests, the folders of test/ that hold specs, from fast to slow. test/run.ts runs them in this order. */
export const levels = [
  "tidy",
  "unit",
  "support",
  "contract",
  "conformance",
  "integration",
  "simulation",
  "e2e",
] as const satisfies readonly string[];

/** What `npm run check` runs. */
export const fastLevels: readonly string[] = ["tidy", "unit"];
