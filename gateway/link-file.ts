import type { Linked, LinkImport, LinkReject } from "../core/actions.ts";
import type { Deps } from "../core/deps.ts";
import type { ReadLimits, TableInput } from "../core/formats/contract.ts";
import { checkFrame, readRecords } from "../core/formats/read.ts";
import { LINKS_PER_CALL } from "../core/links/service.ts";
import { compileSchema } from "../core/schema/validate.ts";
import { LINK_ROW } from "./http/schemas.ts";

const INPUT: TableInput = { format: "csv", columns: ["platform", "buyerId", "userId"] };

/** What became of a file of links. */
export interface LinkFileReport extends LinkImport {
  readonly lines: number;
  readonly rejected: number;
  /** `rejects` has the first of them only. */
  readonly more: boolean;
}

interface LinkFileDeps {
  readonly call: Deps["call"];
  readonly limits: ReadLimits;
}

/** Rejects that a report lists. */
const REJECTS_LISTED = 1000;

const fitsRow = compileSchema<Linked>(LINK_ROW);

/**
 * Makes the links of a CSV file with the columns platform, buyerId and userId: first its frame is read to the end, then each line is taken
 * or rejected by itself. Links that are there already stay.
 * @throws FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, FILE_NOT_RECOGNISED, FILE_EMPTY: nothing was taken then
 */
export async function importLinks(bytes: Uint8Array, { call, limits }: LinkFileDeps): Promise<LinkFileReport> {
  const open = async function* () {
    await Promise.resolve();
    yield bytes;
  };
  await checkFrame(open(), INPUT, limits);
  const report = { lines: 0, made: 0, known: 0, claimed: 0, rejected: 0, rejects: [] as LinkReject[] };
  let due: (Linked & { line: number })[] = [];

  const reject = (rejects: readonly LinkReject[]): void => {
    report.rejected += rejects.length;
    report.rejects.push(...rejects.slice(0, REJECTS_LISTED - report.rejects.length));
  };
  const flush = async (): Promise<void> => {
    if (due.length === 0) return;
    const done = await call("links.import", { links: due });
    due = [];
    report.made += done.made;
    report.known += done.known;
    report.claimed += done.claimed;
    reject(done.rejects);
  };

  for await (const raws of readRecords(open(), INPUT, limits)) {
    for (const raw of raws) {
      report.lines += 1;
      const line = Number.parseInt(raw.position.replace("line ", ""), 10);
      if ("refused" in raw) reject([{ line, ...raw.refused }]);
      else {
        const [row] = (raw.value as { rows: readonly unknown[] }).rows;
        if (fitsRow(row)) due.push({ ...row, line });
        else {
          const { field, reason } = fitsRow.fault();
          reject([{ line, code: "RECORD_INVALID", field: field.slice(1), reason: `${field.slice(1)} ${reason}.` }]);
        }
      }
      if (due.length === LINKS_PER_CALL) await flush();
    }
  }
  await flush();
  report.rejects.sort((a, b) => a.line - b.line);
  return { ...report, more: report.rejected > report.rejects.length };
}
