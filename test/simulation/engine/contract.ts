/** What the simulator and the nouns in `nouns/` say to each other. A new noun is one file there; nothing else is touched. */
import type { AccountKey } from "../../../core/accounts/vault.ts";
import type { Core } from "../../../core/core.ts";
import type { Deps } from "../../../core/deps.ts";
import type { ErrorCode } from "../../../core/errors/codes.ts";
import type { PostResult } from "../../../core/notify/webhooks.ts";
import type { StateTable } from "../../../core/states.ts";
import type { seeded } from "../../support/seeded.ts";
import type { Event } from "../../../schemas/types.generated.ts";
import type { Outside } from "../../support/house.ts";
import type { SimBank } from "./bank.ts";
import type { MemoryStore } from "./memory-store.ts";

export type Random = ReturnType<typeof seeded>;

/** A step of a run, as plain data: any list of steps is a run, so that steps can be left out to find out which matter. */
export type Step =
  /** Begins an operation on a node, then lets up to `run` calls of all nodes happen, in an order that `seed` decides. */
  | { readonly op: string; readonly node: number; readonly seed: number; readonly run: number }
  /** The fault strikes the node at the `at`th call (or bank instruction) from here that it can strike. */
  | { readonly fault: string; readonly node: number; readonly seed: number; readonly at: number }
  /** Time goes by, in milliseconds. */
  | { readonly pass: number };

/**
 * A way to a place that steps by chance hardly ever come to: what is done one after another on one node, each time until all that follows
 * has happened. Only operations, faults and time, as anywhere in a plan; whatever else is in the plan comes between.
 */
export interface Way {
  /** Names of operations and faults, how long time goes by, in milliseconds, and faults that strike at one of so many calls. */
  readonly steps: readonly (string | number | { readonly fault: string; readonly within: number })[];
  /** How the names of faults begin that may strike somewhere on it. */
  readonly faults?: readonly string[];
}

/** A run, whole: what a seed stands for, and what a replay file holds. */
export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly steps: readonly Step[];
}

/** A promise that was broken. `rule` is what stays the same while a failing run is made shorter. */
export class Broken extends Error {
  override readonly name = "Broken";
  readonly rule: string;
  constructor(rule: string, message: string, options?: ErrorOptions) {
    super(`${rule}: ${message}`, options);
    this.rule = rule;
  }
}

/** A node as an operation sees it. */
export interface OnNode {
  readonly core: Core;
  readonly services: Core["services"];
  readonly deps: Deps;
  readonly random: Random;
}

/** A webhook as it arrives at a platform's server. */
export interface Posted {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Op {
  /** How often it is chosen beside the others. */
  readonly weight: number;
  /** What its caller may be answered when nothing is wrong; the errors of a faulty store or bus are expected of all. */
  readonly expects?: readonly ErrorCode[];
  readonly run: (on: OnNode) => Promise<unknown>;
}

/** A state table and where its documents are. */
export interface WatchedTable {
  readonly noun: string;
  readonly collection: string;
  readonly table: StateTable<string>;
}

/** What a noun does and holds to in one run. */
export interface NounAtWork {
  readonly ops: Readonly<Record<string, Op>>;
  /** Answers to calls that leave the core. */
  readonly outside?: Outside;
  /** What platforms' servers do with a webhook. */
  readonly receive?: (posted: Posted) => PostResult;
  /** What they were told so far. */
  readonly told?: () => readonly Event[];
  /** Looks after every step. `atRest`: all faults are over and nothing is under way. Throws `Broken` or an assertion. */
  readonly audit?: (atRest: boolean) => void | Promise<void>;
}

export interface Noun {
  readonly name: string;
  readonly tables?: readonly WatchedTable[];
  /** By collection: fields of its documents that never change once they are written. Its documents are never removed. */
  readonly fixed?: Readonly<Record<string, readonly string[]>>;
  /** Faults that only this noun can suffer: names that it asks the world for by `struck`. */
  readonly faults?: readonly string[];
  readonly ways?: readonly Way[];
  /** Answers and counts, as the report has them, that many runs must come by as they must make each move: `mandates.charge: MANDATE_ENDED`. */
  readonly cases?: readonly string[];
  readonly open: (world: World) => NounAtWork | Promise<NounAtWork>;
}

export interface World {
  readonly store: MemoryStore;
  readonly bank: SimBank;
  /** True time, epoch milliseconds. Nodes may see another one. */
  readonly now: () => number;
  /** The keys that accounts are sealed under, the newest first; every node sees the same. */
  readonly keys: { all: readonly AccountKey[] };
  /** True when a fault of this name is due now; it is used up then. */
  readonly struck: (fault: string) => boolean;
  /** Chance that belongs to the run and not to a step. */
  readonly random: Random;
  /** Does something on the first node that lives, outside of faults: what must be there before a run begins. */
  readonly prepare: (act: (services: Core["services"]) => Promise<unknown>) => Promise<void>;
  /** How often nodes have sent this debit to the bank; a bus that doubles calls does not count. */
  readonly sent: (bankRequestId: string) => number;
  /** The events that platforms' servers have been told, as they came, doubled ones too. */
  readonly told: () => readonly Event[];
  /** Adds an amount, in minor units, to what the books say over all runs. */
  readonly tally: (book: string, minor: bigint) => void;
  /** Counts something for the distribution that is printed at the end. */
  readonly count: (what: string) => void;
}
