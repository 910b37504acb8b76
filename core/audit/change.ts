import type { Actor } from "./origin.ts";
import type { Decision } from "./outbox.ts";

/** A payment, refund or payout: what a bank is instructed by, and says the end of. */
interface Instructed {
  readonly _id: string;
  readonly state: string;
  readonly bank: string;
}

/** What the log says of one; `sends` is how often its instruction was sent. */
export type InstructedFacts = NonNullable<Decision["after"]> & {
  readonly needsReview?: boolean;
  readonly sends?: number;
};

/** The states that are the bank's word. */
const BY_BANK: ReadonlySet<string> = new Set(["succeeded", "failed"]);

/** The decision that a change is, and who decided unless it is who asks; undefined when nothing is decided by it. */
export function changeDecided<T extends Instructed>(
  noun: "payment" | "refund" | "payout",
  factsOf: (doc: T) => InstructedFacts,
  doc: T,
  change: Partial<T>,
): { decision: Decision; by?: Actor } | undefined {
  const changed = { ...doc, ...change };
  const [before, after] = [factsOf(doc), factsOf(changed)];
  const decision = (what: string): Decision => ({ what: `${noun}.${what}`, subject: doc._id, before, after });
  if (changed.state !== doc.state) {
    const by: Actor | undefined = BY_BANK.has(changed.state) ? { kind: "bank", id: doc.bank } : undefined;
    return { decision: decision(changed.state), ...(by === undefined ? {} : { by }) };
  }
  if (after.needsReview !== before.needsReview) return { decision: decision("review-asked") };
  if ((after.sends ?? 0) > (before.sends ?? 0)) return { decision: decision("sent-again") };
  return undefined;
}
