import { type Chained, type ChainSpec, UNSEALED } from "../chain/model.ts";
import type { CollectionSpec } from "../store/contract.ts";
import type { AuditEntry } from "../../schemas/types.generated.ts";

export interface StoredAudit extends Chained, Omit<AuditEntry, "id" | "position"> {}

export const AUDIT: CollectionSpec = {
  name: "audit",
  indexes: [UNSEALED, { name: "subject", keys: ["subject", "position"] }],
};

export const AUDIT_CHAIN: ChainSpec = {
  name: "audit",
  entries: AUDIT,
  blocks: { name: "audit-blocks", indexes: [] },
};

export const showAudit = ({ _id, ...entry }: StoredAudit): AuditEntry => ({ id: _id, ...entry });
