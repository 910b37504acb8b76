import { type Audited, AUDITS_PENDING, type Decision } from "../audit/outbox.ts";
import type { Fact, Outbox } from "../notify/outbox.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Claim } from "../../schemas/types.generated.ts";

/** A claim as stored. */
export interface StoredClaim extends Versioned, Omit<Claim, "id">, Outbox, Audited {
  /** `platform/merchant/currency`. */
  payee: string;
  /** The payee while it is owed, its own id afterwards: by the unique index a payee owes once at a time. */
  slot: string;
}

export const CLAIMS: CollectionSpec = {
  name: "claims",
  indexes: [
    { name: "slot", keys: ["slot"], unique: true },
    { name: "state", keys: ["state", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** What the merchant's platform is told. */
export const factOf = (
  type: "claim.opened" | "claim.ended",
  { _id: claimId, platform, merchant, owed, since }: StoredClaim,
): Fact => ({ type, platform, data: { claimId, merchant, owed, since } });

const factsOf = ({ state, owed, since }: StoredClaim): NonNullable<Decision["after"]> => ({
  state,
  owed: `${owed.value} ${owed.currency}`,
  since,
});

export const seen = (claim: StoredClaim): Decision => ({
  what: "claim.owing",
  subject: claim._id,
  after: { ...factsOf(claim), platform: claim.platform, merchant: claim.merchant },
});

/** The decision that a change of a claim is; undefined when nothing is decided by it. */
export function decisionOf(claim: StoredClaim, change: Partial<StoredClaim>): Decision | undefined {
  const changed = { ...claim, ...change };
  if (changed.state === claim.state) return undefined;
  return { what: `claim.${changed.state}`, subject: claim._id, before: factsOf(claim), after: factsOf(changed) };
}

export function showClaim(stored: StoredClaim): Claim {
  const { _id: id, platform, merchant, state, owed, since, claimAt, claimedAt, endedAt, updatedAt } = stored;
  return {
    id,
    platform,
    merchant,
    state,
    owed,
    since,
    ...(claimAt === undefined ? {} : { claimAt }),
    ...(claimedAt === undefined ? {} : { claimedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    updatedAt,
  };
}
