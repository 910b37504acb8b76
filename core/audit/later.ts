import type { Audit, Audited, Decision } from "./outbox.ts";

/** More than plugins change while a store is away; a limit all the same. */
const MOST = 10_000;

export interface AuditLater {
  /** Takes a decision down with the time and the place that it was made at. */
  note(decision: Decision): void;
  /** Writes what was noted; what can't be written now stays, and is written by a later call. */
  flush(): Promise<void>;
}

/**
 * For decisions about what has no document, such as a plugin's folder: they are noted, and written as soon as the store takes them. A node that dies before
 * that decides the same again when it starts.
 */
export function auditLater(audit: Audit, write: (docs: readonly Audited[]) => Promise<void>): AuditLater {
  const noted: Audited[] = [];
  return {
    note(decision) {
      if (noted.length < MOST) noted.push(audit(undefined, decision));
    },
    async flush() {
      const due = [...noted];
      if (due.length === 0) return;
      await write(due);
      noted.splice(0, due.length);
    },
  };
}
