import { MergepayError } from "../errors/errors.ts";
import { bareObject } from "./bare.ts";
import type { ReadLimits, TableInput } from "./contract.ts";
import { exceedsBytes, fieldTooLarge, frameBroken, malformed, notRecognised, recordTooLarge } from "./faults.ts";
import type { Emit, Refusal, TextReader } from "./faults.ts";
import { createTableScanner, type Row } from "./table-scan.ts";

/** Neighbouring rows that are one record. */
interface Group {
  /** Undefined: a row too broken to tell its group. */
  readonly key: string | undefined;
  readonly line: number;
  rows: Record<string, string>[];
  /** Characters of the rows, delimiters counted. */
  chars: number;
  refused: Refusal | undefined;
}

interface Header {
  readonly names: readonly string[];
  /** Column of `groupBy`; -1 without. */
  readonly groupColumn: number;
}

/**
 * Reads CSV (RFC 4180) or TSV (cells as they stand, a quote is a character). The first row that is not blank names the columns.
 * Cells are kept exactly, formulas too. A row with more or fewer cells than the header refuses its record: a group that lacks
 * one of its rows would have a wrong total.
 */
export function createTableReader(input: TableInput, limits: ReadLimits, emit?: Emit): TextReader {
  const delimiter = input.format === "tsv" ? "\t" : (input.delimiter ?? ",");
  if (delimiter.length !== 1)
    throw new MergepayError("PLUGIN_SHAPE_INVALID", "input.delimiter must be a single character.", {
      field: "/input/delimiter",
    });
  const rows = createRowReader(input, limits, "line", emit);
  const scanner = createTableScanner({
    delimiter,
    quotes: input.format === "csv",
    rowChars: limits.recordBytes,
    onRow: (row) => rows.add(row),
    broken: (reason, line) =>
      frameBroken(`The table is broken at line ${line}: ${reason}.`, { position: `line ${line}` }),
    ...(emit === undefined
      ? { keep: (column: number) => rows.columns() === undefined || column === rows.groupColumn() }
      : {}),
  });

  return {
    write: (text) => scanner.write(text),
    end() {
      scanner.end();
      return rows.end();
    },
  };
}

/** Makes records of rows, whatever they are read from. */
export interface RowReader {
  add(row: Row): void;
  /** The number of records. */
  end(): number;
  /** How many columns the header has; undefined before it. */
  columns(): number | undefined;
  /** Column of `groupBy`; -1 without. */
  groupColumn(): number;
}

/** @param unit what the numbers of rows count: `line` of a text, `row` of a sheet */
export function createRowReader(
  input: Pick<TableInput, "columns" | "groupBy">,
  limits: ReadLimits,
  unit: "line" | "row",
  emit?: Emit,
): RowReader {
  let header: Header | undefined;
  let group: Group | undefined;
  /** Set by a row that may have been part of the group after it. */
  let taint: Refusal | undefined;
  let records = 0;

  function flush(): void {
    if (group === undefined) return;
    const done = group;
    group = undefined;
    const record = records++;
    if (emit === undefined) return;
    const position = `${unit} ${done.line}`;
    if (done.chars * 3 > limits.recordBytes && done.refused === undefined && sizeOf(done.rows) > limits.recordBytes)
      done.refused = recordTooLarge(limits.recordBytes);
    emit(done.refused ? { record, position, refused: done.refused } : { record, position, value: valueOf(done.rows) });
  }

  function refuse(into: Group, refused: Refusal): void {
    into.refused ??= refused;
    into.rows = [];
  }

  function add(into: Group, row: Row, fault: Refusal | undefined, names: readonly string[]): void {
    if (fault !== undefined) return refuse(into, fault);
    if (emit === undefined || into.refused !== undefined) return;
    const value = bareObject<string>();
    into.chars += names.length - 1;
    for (let column = 0; column < names.length; column++) {
      const name = names[column] ?? "";
      const cell = row.cells[column] ?? "";
      if (exceedsBytes(cell, limits.fieldBytes)) return refuse(into, fieldTooLarge(limits.fieldBytes, name));
      value[name] = cell;
      into.chars += cell.length;
    }
    into.rows.push(value);
    if (into.chars > limits.recordBytes) refuse(into, recordTooLarge(limits.recordBytes));
  }

  function onRow(row: Row): void {
    if (header === undefined) {
      header = headerOf(row, input, unit);
      return;
    }
    const { names, groupColumn } = header;
    const fault = faultOf(row, names.length, limits, unit);
    const key = groupColumn < 0 ? undefined : row.cells[groupColumn];
    if (groupColumn >= 0 && key === undefined && fault !== undefined) {
      // Nobody can say whether the row belongs to the group before or after it: neither is whole for certain.
      taint = fault;
      if (group !== undefined) return refuse(group, fault);
    }
    if (group === undefined || key === undefined || key !== group.key) {
      flush();
      group = { key, line: row.line, rows: [], chars: 0, refused: key === undefined ? undefined : taint };
      if (key !== undefined) taint = undefined;
    }
    add(group, row, fault, names);
  }

  return {
    add: onRow,
    columns: () => header?.names.length,
    groupColumn: () => header?.groupColumn ?? -1,
    end() {
      if (header === undefined) throw notRecognised("The file has no header row.");
      flush();
      return records;
    },
  };
}

function headerOf(row: Row, input: Pick<TableInput, "columns" | "groupBy">, unit: string): Header | undefined {
  if (row.cells.every((cell) => cell.trim() === "") && !row.tooLarge) return undefined;
  const position = `${unit} ${row.line}`;
  if (row.tooLarge || row.badQuote) throw frameBroken("The header row can't be read.", { position });
  const names = row.cells.map((cell) => cell.trim());
  const missing = [...input.columns, ...(input.groupBy === undefined ? [] : [input.groupBy])].filter(
    (name) => !names.includes(name),
  );
  if (missing.length > 0)
    throw notRecognised(`The header row lacks ${missing.map((name) => JSON.stringify(name)).join(", ")}.`, {
      position,
    });
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw frameBroken(`The header row has the column ${JSON.stringify(name.slice(0, 100))} twice.`, { position });
    seen.add(name);
  }
  return { names, groupColumn: input.groupBy === undefined ? -1 : names.indexOf(input.groupBy) };
}

function faultOf(row: Row, columns: number, limits: ReadLimits, unit: "line" | "row"): Refusal | undefined {
  if (row.tooLarge) return recordTooLarge(limits.recordBytes);
  const name = unit === "line" ? "Line" : "Row";
  if (row.count !== columns) return malformed(`${name} ${row.line} has ${row.count} cells, the header has ${columns}.`);
  if (row.badQuote) return malformed(`Line ${row.line} has a quote inside of a cell that is not quoted.`);
  return row.fault === undefined ? undefined : malformed(row.fault);
}

/** Bytes of the rows as text, with delimiters, without quotes and line ends. */
const sizeOf = (rows: readonly Record<string, string>[]): number =>
  rows.reduce((sum, row) => sum + Buffer.byteLength(Object.values(row).join(",")), 0);

function valueOf(rows: readonly Record<string, string>[]): unknown {
  const value = bareObject();
  value["rows"] = rows;
  return value;
}
