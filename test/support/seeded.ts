import { seededNumbers } from "../../core/plugin/sample-data.ts";

/** Randomness that a seed repeats. */
export function seeded(seed: number) {
  const below = seededNumbers(seed);
  return {
    below,
    pick<T>(choices: readonly T[]): T {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new Error("Nothing to pick from.");
      return choice;
    },
    bytes: (count: number): Uint8Array => Uint8Array.from({ length: count }, () => below(256)),
  };
}
