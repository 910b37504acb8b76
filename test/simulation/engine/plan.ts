/** From a seed to a plan: operations, faults and time in an order by chance. Each seed has faults of its own choice, few or many. */
import { seeded } from "../../support/seeded.ts";
import type { Plan, Random, Step } from "./contract.ts";

export interface Choices {
  /** Operations by name, with how often each is chosen beside the others. */
  readonly ops: ReadonlyMap<string, { readonly weight: number }>;
  readonly faults: readonly string[];
}

const WAITS_MS = [1_000, 6_000, 40_000, 130_000, 1_000_000, 4_000_000, 90_000_000];
const SEED_BELOW = 2 ** 31;

export function planOf(seed: number, steps: number, { ops, faults }: Choices): Plan {
  const random = seeded(seed);
  const weighted = [...ops].flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
  const mine = faults.filter(() => random.below(3) > 0);
  const share = random.below(6);
  const nodes = 1 + random.below(3);
  return {
    seed,
    nodes,
    steps: Array.from({ length: steps }, () => stepOf(random, weighted, mine, share, nodes)),
  };
}

function stepOf(random: Random, ops: readonly string[], faults: readonly string[], share: number, nodes: number): Step {
  const kind = random.below(12);
  const node = random.below(nodes);
  const seed = random.below(SEED_BELOW);
  if (kind < share && faults.length > 0)
    return { fault: random.pick(faults), node, seed, at: 1 + random.below(random.pick([1, 3, 12])) };
  if (kind < share + 2) return { pass: random.pick(WAITS_MS) };
  return { op: random.pick(ops), node, seed, run: random.pick([0, 1, 3, 8, 20, 60, 200]) };
}
