import { type Audited, AUDITS_PENDING, type Decision } from "../audit/outbox.ts";
import type { StoredEntry } from "../ledger/model.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import type { Fact, Outbox } from "../notify/outbox.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { Claim, Money } from "../../schemas/types.generated.ts";

/** A claim as stored. */
export interface StoredClaim extends Versioned, Omit<Claim, "id">, Outbox, Audited {
  /** `platform/merchant/currency`. */
  payee: string;
  /** The payee while it is owed, its own id afterwards: by the unique index a payee owes once at a time. */
  slot: string;
  /** What credits the merchant when the claim is closed, as it was right then. */
  credit?: StoredLine;
}

export const CLAIMS: CollectionSpec = {
  name: "claims",
  indexes: [
    { name: "slot", keys: ["slot"], unique: true },
    { name: "state", keys: ["state", "_id"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "due", keys: ["dueAt"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** What the merchant's platform is told. */
export const factOf = (
  type: "claim.opened" | "claim.ended",
  { _id: claimId, platform, merchant, state, owed, since }: StoredClaim,
): Fact => ({ type, platform, data: { claimId, merchant, state, owed, since } });

const factsOf = ({ state, owed, since, closing }: StoredClaim): NonNullable<Decision["after"]> => ({
  state,
  ...(closing === undefined ? {} : { closing: closing.how }),
  owed: `${owed.value} ${owed.currency}`,
  since,
});

export const seen = (claim: StoredClaim): Decision => ({
  what: "claim.owing",
  subject: claim._id,
  after: { ...factsOf(claim), platform: claim.platform, merchant: claim.merchant },
});

/** The decision that a change of a claim is; undefined when nothing is decided by it. */
export function decisionOf(
  claim: StoredClaim,
  change: Partial<StoredClaim>,
  gone: readonly "closing"[] = [],
): Decision | undefined {
  const changed: StoredClaim = { ...claim, ...change };
  for (const field of gone) delete changed[field];
  const what = changed.state === claim.state ? "closing" : changed.state;
  if (changed.state === claim.state && changed.closing === claim.closing) return undefined;
  return { what: `claim.${what}`, subject: claim._id, before: factsOf(claim), after: factsOf(changed) };
}

const tailOf = (id: string): string => id.slice(id.indexOf("_") + 1);

/** The line that credits what was closed. @param last the last line that took from the payee: whose order it names */
export function claimLine(claimId: string, amount: Money, at: string, last: StoredLine): StoredLine {
  const { paymentId, orderId, platform, merchant, orderNo } = last;
  return {
    _id: `stl_${tailOf(claimId)}_0001`,
    kind: "claim",
    of: last._id,
    reference: claimId,
    paymentId,
    orderId,
    platform,
    merchant,
    orderNo,
    gross: amount,
    fee: moneyOf(0n, amount.currency),
    net: amount,
    state: "payable",
    payableAt: at,
    createdAt: at,
  };
}

/** The entry of a claim that was closed: the merchant owes it no longer; the bank has it, or it is lost. */
export function claimEntry({ _id, platform, merchant, owed, closing, endedAt, updatedAt }: StoredClaim): StoredEntry {
  const amount = closing?.amount ?? owed;
  return {
    _id: `jrn_${tailOf(_id)}`,
    kind: "claim",
    reference: _id,
    lines: [
      { account: closing?.how === "settled" ? `bank:${closing.bank}` : "losses", amount },
      { account: `merchant:${platform}/${merchant}`, amount: moneyOf(-minorOfMoney(amount), amount.currency) },
    ],
    at: endedAt ?? updatedAt,
  };
}

/** The claim as its platform may see it: who decided is not its business. */
export function showToPlatform(stored: StoredClaim): Claim {
  const { closing: _closing, ...shown } = showClaim(stored);
  return shown;
}

export function showClaim(stored: StoredClaim): Claim {
  const { _id: id, platform, merchant, state, owed, since, claimAt, claimedAt, closing, endedAt, updatedAt } = stored;
  return {
    id,
    platform,
    merchant,
    state,
    owed,
    since,
    ...(claimAt === undefined ? {} : { claimAt }),
    ...(claimedAt === undefined ? {} : { claimedAt }),
    ...(closing === undefined ? {} : { closing }),
    ...(endedAt === undefined ? {} : { endedAt }),
    updatedAt,
  };
}
