/**
 * From a seed to a plan: operations, faults and time in an order by chance. Each seed has faults of its own choice, few or many; half of
 * them also have ways, which lead to what a row of steps by chance would hardly ever come to.
 */
import { seeded } from "../../support/seeded.ts";
import type { Plan, Random, Step, Way } from "./contract.ts";

export interface Choices {
  /** Operations by name, with how often each is chosen beside the others. */
  readonly ops: ReadonlyMap<string, { readonly weight: number }>;
  readonly faults: readonly string[];
  readonly ways: readonly PlannedWay[];
}

/** A way with its steps told apart, and the names of its faults in full. */
export interface PlannedWay {
  readonly steps: readonly (
    { readonly op: string } | { readonly fault: string; readonly within: number } | { readonly pass: number }
  )[];
  readonly faults: readonly string[];
}

const WAITS_MS = [1_000, 6_000, 40_000, 130_000, 1_000_000, 4_000_000, 90_000_000];
const SEED_BELOW = 2 ** 31;
/** In a run that has ways one begins at so many steps. */
const BETWEEN_WAYS = 10;
/** Calls that follow a step of a way: more than any job makes. */
const TO_THE_END = 1_000;

/** @throws Error for a step that is neither an operation nor a fault, and for a beginning of names that none has */
export function waysOf(ways: readonly Way[], ops: Choices["ops"], faults: readonly string[]): PlannedWay[] {
  const planned = (step: Way["steps"][number]): PlannedWay["steps"][number] => {
    if (typeof step === "number") return { pass: step };
    if (typeof step === "string" && ops.has(step)) return { op: step };
    const fault = typeof step === "string" ? { fault: step, within: 1 } : step;
    if (faults.includes(fault.fault)) return fault;
    throw new Error(`A way has ${fault.fault}, which is neither an operation nor a fault.`);
  };
  return ways.map(({ steps, faults: beginnings = [] }) => ({
    steps: steps.map(planned),
    faults: beginnings.flatMap((beginning) => {
      const named = faults.filter((fault) => fault.startsWith(beginning));
      if (named.length === 0) throw new Error(`No fault begins with ${beginning}.`);
      return named;
    }),
  }));
}

export function planOf(seed: number, steps: number, { ops, faults, ways }: Choices): Plan {
  const random = seeded(seed);
  const weighted = [...ops].flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
  const mine = faults.filter(() => random.below(3) > 0);
  const share = random.below(6);
  const nodes = 1 + random.below(3);
  const hasWays = ways.length > 0 && random.below(2) === 0;
  const planned: Step[] = [];
  while (planned.length < steps) {
    const way = hasWays && random.below(BETWEEN_WAYS) === 0 ? wayOf(random, random.pick(ways), nodes) : [];
    const fits = planned.length + way.length <= steps;
    planned.push(...(way.length > 0 && fits ? way : [stepOf(random, weighted, mine, share, nodes)]));
  }
  return { seed, nodes, steps: planned };
}

/** A way on one node, in two of three with a fault before one of its operations. */
function wayOf(random: Random, { steps, faults }: PlannedWay, nodes: number): Step[] {
  const node = random.below(nodes);
  const way = steps.map((step): Step => {
    if ("pass" in step) return step;
    const seed = random.below(SEED_BELOW);
    if ("op" in step) return { ...step, node, seed, run: TO_THE_END };
    return { fault: step.fault, node, seed, at: 1 + random.below(step.within) };
  });
  if (faults.length === 0 || random.below(3) === 0) return way;
  const fault = { fault: random.pick(faults), node, seed: random.below(SEED_BELOW), at: random.pick([1, 1, 2]) };
  return way.toSpliced(random.below(way.length), 0, fault);
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
