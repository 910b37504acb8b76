import { createHash } from "node:crypto";
import type { Call } from "../core/actions.ts";
import { MergepayError } from "../core/errors/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { StatementReport } from "../core/settlement/actions.ts";
import type { BlobStore } from "../core/store/contract.ts";
import { stageHashed } from "./intake.ts";

/** A statement of many pages takes a while, milliseconds. */
export const RECONCILE_MS = 110_000;

interface StatementIntake {
  readonly call: Call;
  readonly blobs: BlobStore;
  readonly limits: Pick<Limits, "statementBytes">;
}

interface BankFile {
  readonly bank: string;
  readonly zone?: string;
  readonly dryRun?: boolean;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Takes a bank's own file in. It is read to its end before any of it is kept, and kept before anything comes of it; a dry run keeps nothing.
 * @throws FILE_TOO_LARGE at one byte more than the limit, and what reading it says: STATEMENT_INVALID, STATEMENT_TOO_LARGE, FILE_...
 */
export async function takeStatement(
  { call, blobs, limits: { statementBytes } }: StatementIntake,
  { bank, zone, dryRun = false, bytes }: BankFile,
): Promise<StatementReport> {
  const tooLarge = () =>
    new MergepayError("FILE_TOO_LARGE", `A statement has at most ${statementBytes} bytes; ask for a shorter time.`);
  const { staged, sha256 } = await stageHashed(blobs, bytes, statementBytes, tooLarge);
  const statementId = `stm_${createHash("sha256")
    .update(JSON.stringify([bank, sha256]))
    .digest("hex")
    .slice(0, 26)}`;
  const of = { statementId, bank, ...(zone === undefined ? {} : { zone }) };
  const options = { timeoutMs: RECONCILE_MS };
  let kept = false;
  try {
    const foreseen = await call("reconciliation.importFile", { ...of, blobId: staged.id, dryRun: true }, options);
    if (dryRun) return foreseen;
    await staged.commit(statementId);
    kept = true;
    return await call("reconciliation.importFile", { ...of, blobId: statementId }, options);
  } finally {
    if (!kept) await staged.discard();
  }
}
