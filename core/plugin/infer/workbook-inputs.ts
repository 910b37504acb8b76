import { MergepayError } from "../../errors/errors.ts";
import type { InputSpec, ReadLimits } from "../../formats/contract.ts";
import { readRecords } from "../../formats/read.ts";
import { openPackage } from "../../formats/xlsx-package.ts";
import { listSheets } from "../../formats/xlsx-workbook.ts";
import { once } from "./encoding.ts";
import { keysAmong } from "./table-inputs.ts";

/** Sheets of a workbook that are looked at. */
const SHEETS_MAX = 20;
/** As many columns as a plugin may name. */
const COLUMNS_MAX = 100;
const NAME_CHARS = 128;

type Row = Readonly<Record<string, string>>;

/**
 * The ways in which a workbook may be read: each sheet as a table, each row for itself or grouped by a column. A sheet that is no table is
 * passed over, unless there is no other.
 * @throws what the reader throws for a workbook that is broken, or that has no sheet that is a table
 */
export async function workbookInputs(bytes: Uint8Array, limits: ReadLimits): Promise<InputSpec[]> {
  const { names, dates } = await listSheets(await openPackage(once(bytes), limits.fileBytes));
  const inputs: InputSpec[] = [];
  let failure: unknown;
  for (const [index, name] of names.slice(0, SHEETS_MAX).entries()) {
    const sheet = {
      format: "xlsx" as const,
      ...(index === 0 ? {} : { sheet: name }),
      ...(dates === 1900 ? {} : { dates }),
    };
    try {
      const rows = await rowsOf(bytes, { ...sheet, columns: [] }, limits);
      const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== "" && column.length <= NAME_CHARS);
      const named = { ...sheet, columns: columns.slice(0, COLUMNS_MAX) };
      const repeats = (column: string): boolean =>
        rows.some((row, at) => (row[column] ?? "") !== "" && row[column] === rows[at + 1]?.[column]);
      inputs.push(named, ...keysAmong(columns, repeats).map((groupBy) => ({ ...named, groupBy })));
    } catch (error) {
      if (!(error instanceof MergepayError) || !error.type.startsWith("FILE_")) throw error;
      failure = error;
    }
  }
  if (inputs.length === 0 && failure !== undefined) throw failure;
  return inputs;
}

async function rowsOf(bytes: Uint8Array, input: InputSpec, limits: ReadLimits): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRecords(once(bytes), input, limits))
    for (const raw of batch) if ("value" in raw) rows.push(...(raw.value as { readonly rows: readonly Row[] }).rows);
  return rows;
}
