import { MergepayError } from "../../errors/errors.ts";
import type { InputSpec, ReadLimits, SheetInput } from "../../formats/contract.ts";
import { readRecords } from "../../formats/read.ts";
import { firstRows } from "../../formats/xlsx.ts";
import { openPackage, type OfficePackage } from "../../formats/xlsx-package.ts";
import { listSheets } from "../../formats/xlsx-workbook.ts";
import { once } from "./encoding.ts";
import { keysAmong, titlesAbove } from "./table-inputs.ts";

/** Sheets of a workbook that are looked at. */
const SHEETS_MAX = 20;
/** As many columns as a plugin may name. */
const COLUMNS_MAX = 100;
const NAME_CHARS = 128;
/** So many rows may be titles and a header. */
const HEAD_ROWS = 20;

type Row = Readonly<Record<string, string>>;

/**
 * The ways in which a workbook may be read: each sheet as a table, each row for itself or grouped by a column. A sheet that is no table is
 * passed over, unless there is no other.
 * @throws what the reader throws for a workbook that is broken, or that has no sheet that is a table
 */
export async function workbookInputs(bytes: Uint8Array, limits: ReadLimits): Promise<InputSpec[]> {
  const office = await openPackage(once(bytes), limits.fileBytes);
  const { names, dates } = await listSheets(office);
  const inputs: InputSpec[] = [];
  let failure: unknown;
  for (const [index, name] of names.slice(0, SHEETS_MAX).entries()) {
    const sheet = {
      format: "xlsx" as const,
      ...(index === 0 ? {} : { sheet: name }),
      ...(dates === 1900 ? {} : { dates }),
    };
    try {
      const titled = await titlesOf(office, { ...sheet, columns: [] }, limits);
      const rows = await rowsOf(bytes, { ...sheet, ...titled }, limits);
      const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== "" && column.length <= NAME_CHARS);
      const named = { ...sheet, ...titled, columns: columns.slice(0, COLUMNS_MAX) };
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

/** How many rows stand above the header row, with the columns by which that is found. */
async function titlesOf(
  office: OfficePackage,
  input: SheetInput,
  limits: ReadLimits,
): Promise<Pick<SheetInput, "titleRows" | "columns">> {
  const filled = (await firstRows(office, input, limits, HEAD_ROWS))
    .slice(0, HEAD_ROWS)
    .map((cells) => cells.map((cell) => cell.trim()).filter((cell) => cell !== ""))
    .filter((cells) => cells.length > 0);
  const at = titlesAbove(filled.map((cells) => cells.length));
  return at > 0 ? { titleRows: at, columns: filled[at] ?? [] } : { columns: [] };
}

async function rowsOf(bytes: Uint8Array, input: InputSpec, limits: ReadLimits): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRecords(once(bytes), input, limits))
    for (const raw of batch) if ("value" in raw) rows.push(...(raw.value as { readonly rows: readonly Row[] }).rows);
  return rows;
}
