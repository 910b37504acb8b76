import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

/** The one hold of a store. */
export const RESTORED = "restored";

/** A store that was put back from a backup: what was done since the backup is not in it, and nothing moves money until it is reconciled. */
export interface StoredHold extends Doc, Audited {
  open: boolean;
  /** The last booking that the store knows, and when it was found that the store lacks what came after. ISO 8601. */
  from: string;
  since: string;
  /** Banks whose statement of all of that time was held against the books. */
  banks: string[];
  endedAt?: string;
  /** Who ended it and why, in the operator's words. */
  ending?: string;
}

export const HOLDS: CollectionSpec = { name: "holds", indexes: [AUDITS_PENDING] };

/** Ids of instructions that Mergepay makes: a bank that booked one which is not in the store was instructed by a store that knew more. */
export const OWN_INSTRUCTION = /^(?:ded|rfd|out)_[0-9a-z]{26}$/;
