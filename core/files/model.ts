import { createHash } from "node:crypto";
import { type Audited, AUDITS_PENDING } from "../audit/outbox.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";
import type { Versioned } from "../versioned.ts";
import type { FileReport, RecordReject } from "../../schemas/types.generated.ts";

/** A file as stored: its report, and what processing needs. */
export interface StoredFile extends Versioned, Omit<FileReport, "id">, Outbox, Audited {
  /** How often reading was begun since it last got on; counted before reading. */
  tries: number;
  /** The frame was found whole. */
  checked: boolean;
  /** The version of the plugin by which the file was found to be what its manifest says. */
  verifiedBy?: string;
}

export const FILES: CollectionSpec = {
  name: "files",
  indexes: [
    { name: "due", keys: ["dueAt"] },
    { name: "platform", keys: ["platform", "_id"] },
    { name: "events", keys: ["eventsPending"] },
    AUDITS_PENDING,
  ],
};

/** A rejected record; `_id` orders them by their place in the file. */
export interface StoredReject extends Doc, RecordReject {}

export const REJECTS: CollectionSpec = { name: "rejects", indexes: [{ name: "file", keys: ["fileId", "_id"] }] };

/** The id that a file's bytes decide, for the platform that sent them and the merchant that they were sent for. */
export function fileIdOf(platform: string, merchant: string | null, sha256: string): string {
  const hash = createHash("sha256")
    .update(`${platform}\n${merchant ?? ""}\n${sha256}`)
    .digest("hex");
  return `file_${hash.slice(0, 40)}`;
}

/** @param part counts the rejects of one record: a record may hold several orders */
export const rejectId = (fileId: string, record: number, part: number): string =>
  `${fileId}:${String(record).padStart(12, "0")}:${String(part).padStart(4, "0")}`;

/** The report as its platform may see it. */
export function showFile(stored: StoredFile): FileReport {
  const {
    _id,
    version: _version,
    dueAt: _dueAt,
    tries: _tries,
    checked: _checked,
    verifiedBy: _verified,
    events: _events,
    eventsPending: _pending,
    eventCounts: _counts,
    audits: _audits,
    auditsPending: _auditsPending,
    ...report
  } = stored;
  return { id: _id, ...report };
}

export function showReject(stored: StoredReject): RecordReject {
  const { _id, ...reject } = stored;
  return reject;
}
