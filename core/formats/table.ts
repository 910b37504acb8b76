import { MergepayError } from "../errors/errors.ts";
import type { ReadLimits, RowsInput, TableInput } from "./contract.ts";
import { atStart, frameBroken, malformed, notRecognised, recordTooLarge } from "./faults.ts";
import type { Emit, Refusal, TextReader } from "./faults.ts";
import { createNeighbours } from "./table-groups.ts";
import { isBlankRow, isHeader, layoutOf, namesOf, type TableLayout } from "./table-layout.ts";
import { createTableScanner, type Row } from "./table-scan.ts";
import { createScattered } from "./table-scattered.ts";
import { createTableTotals, type TableTotals } from "./table-totals.ts";

/**
 * Reads CSV (RFC 4180) or TSV (cells as they stand, a quote is a character). The first row that is not blank and no title names the columns,
 * unless the table has no header. Cells are kept exactly, formulas too. A row with more or fewer cells than it should have refuses its
 * record: a group that lacks one of its rows would have a wrong total.
 */
export function createTableReader(input: TableInput, limits: ReadLimits, emit?: Emit): TextReader {
  const delimiter = delimiterOf(input);
  if (delimiter.length !== 1)
    throw new MergepayError("PLUGIN_SHAPE_INVALID", "input.delimiter must be a single character.", {
      field: "/input/delimiter",
    });
  const rows = createRowReader(input, limits, emit);
  const scanner = createTableScanner({
    delimiter,
    quotes: input.format === "csv",
    rowChars: limits.recordBytes,
    onRow: rows.onRow,
    broken: (reason, line) =>
      frameBroken(`The table is broken at line ${line}: ${reason}.`, { position: `line ${line}` }),
    ...(emit === undefined ? { keep: rows.needs } : {}),
  });
  return {
    write: (text) => scanner.write(text),
    end() {
      scanner.end();
      return rows.end();
    },
    ...(rows.more === undefined ? {} : { more: rows.more }),
  };
}

/** Makes records of the rows of a table, however they were cut. */
export interface RowReader extends Pick<TextReader, "end" | "more"> {
  readonly onRow: (row: Row) => void;
  /** Whether the text of a column is needed although no record is built. */
  readonly needs: (column: number) => boolean;
  /** How many cells a row that begins with these should have; undefined while the columns are not known, and for a row of no kind. */
  readonly widthOf: (cells: readonly string[]) => number | undefined;
  /** How many cells a row of the kind with the most has; undefined while the columns are not known. */
  readonly widest: () => number | undefined;
}

export function createRowReader(input: RowsInput, limits: ReadLimits, emit?: Emit): RowReader {
  let table: { readonly layout: TableLayout; readonly totals: TableTotals } | undefined;
  const groups = input.scattered === true ? createScattered(limits, emit) : createNeighbours(limits, emit);
  /** Rows that may still be titles above the header row. */
  let titles = input.titleRows ?? 0;
  if (input.header === false) begin(input.columns);

  function begin(names: readonly string[]): void {
    const layout = layoutOf(input, names);
    table = { layout, totals: createTableTotals(input, layout) };
  }

  function onRow(row: Row): void {
    if (table === undefined) {
      if (titles > 0 && !isHeader(row, input)) {
        if (!isBlankRow(row)) titles--;
        return;
      }
      const names = namesOf(row, input);
      if (names !== undefined) begin(names);
      return;
    }
    const { layout, totals } = table;
    const kind = kindOf(row.cells, layout);
    if (kind !== undefined && totals.control(kind, row)) return;
    const own = kind === undefined ? undefined : layout.details.get(kind);
    if (kind === undefined || own === undefined)
      throw frameBroken(`The table is broken at ${row.position}: the row is of no kind that the platform sends.`, {
        position: row.position,
      });
    const fault = faultOf(row, own.names.length, limits);
    totals.detail(kind, row, own, fault);
    groups.add(row, own, fault);
  }

  return {
    onRow,
    needs: (column) => table?.layout.needed.has(column) ?? true,
    widthOf: (cells) => table?.layout.widths.get(kindOf(cells, table.layout) ?? ""),
    widest: () => table?.layout.widest,
    end() {
      if (table === undefined) throw notRecognised("The file has no header row.");
      table.totals.end();
      return groups.end();
    },
    ...(groups.more === undefined ? {} : { more: groups.more }),
  };
}

/** The kind of a row; undefined when it is too short to say. */
const kindOf = (cells: readonly string[], { kindColumn }: TableLayout): string | undefined =>
  kindColumn < 0 ? "" : cells[kindColumn]?.trim();

export const delimiterOf = ({ format, delimiter = "," }: TableInput): string => (format === "tsv" ? "\t" : delimiter);

function faultOf(row: Row, columns: number, limits: ReadLimits): Refusal | undefined {
  if (row.tooLarge) return recordTooLarge(limits.recordBytes);
  if (row.count !== columns) return malformed(`${atStart(row.position)} has ${row.count} cells instead of ${columns}.`);
  if (row.fault !== undefined) return malformed(`${atStart(row.position)} ${row.fault}.`);
  return undefined;
}
