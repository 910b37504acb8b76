import { bareObject } from "./bare.ts";
import type { ReadLimits } from "./contract.ts";
import { atStart, exceedsBytes, fieldTooLarge, malformed, recordTooLarge } from "./faults.ts";
import type { Emit, Refusal } from "./faults.ts";
import type { RowLayout } from "./table-layout.ts";
import type { Row } from "./table-scan.ts";

/** Makes records of rows. */
export interface TableGroups {
  /** @param fault what keeps the row, and so its record, from being taken */
  add(row: Row, layout: RowLayout, fault: Refusal | undefined): void;
  /** Gives the number of records. */
  end(): number;
  /** As in `TextReader`. */
  more?(): boolean;
}

export type TableRow = Record<string, string>;

/** Rows that are one record. */
interface Group {
  /** Undefined: a row of its own, or one too broken to tell its group. */
  readonly key: string | undefined;
  readonly position: string;
  rows: TableRow[];
  /** Characters of the rows, delimiters counted. */
  chars: number;
  refused: Refusal | undefined;
}

/** A record of each row, of neighbouring rows with the same key, or of a row that opens one and those behind it. */
export function createNeighbours(limits: ReadLimits, emit?: Emit): TableGroups {
  let group: Group | undefined;
  /** Set by a row that may have been part of the group after it. */
  let taint: Refusal | undefined;
  let records = 0;

  function flush(): void {
    if (group === undefined) return;
    const { position, rows, chars, refused } = group;
    group = undefined;
    emitRows({ record: records++, position, rows, chars, refused }, limits, emit);
  }

  function refuse(into: Group, refused: Refusal): void {
    into.refused ??= refused;
    into.rows = [];
  }

  function take(into: Group, row: Row, names: readonly string[]): void {
    if (emit === undefined || into.refused !== undefined) return;
    const value = rowOf(names, row.cells);
    // Hardly any row is so long that one of its cells could be too long.
    const tooLong = row.chars * 3 > limits.fieldBytes ? fieldFault(value, limits) : undefined;
    if (tooLong !== undefined) return refuse(into, tooLong);
    into.rows.push(value);
    into.chars += row.chars;
    if (into.chars > limits.recordBytes) refuse(into, recordTooLarge(limits.recordBytes));
  }

  /** Begins a record with the row, unless it belongs to the one that is open. */
  function openFor(position: string, key: string | undefined, opens: boolean | undefined): Group {
    const goes = opens === undefined ? key !== undefined && key === group?.key : !opens;
    if (group !== undefined && goes) return group;
    flush();
    const orphan =
      opens === false ? malformed(`${atStart(position)} belongs to no record: none is begun before it.`) : undefined;
    group = { key, position, rows: [], chars: 0, refused: key === undefined ? orphan : taint };
    if (key !== undefined) taint = undefined;
    return group;
  }

  return {
    add(row, { names, groupColumn, opens }, fault) {
      const key = groupColumn < 0 ? undefined : row.cells[groupColumn];
      if (groupColumn >= 0 && key === undefined && fault !== undefined) {
        // Nobody can say whether the row belongs to the group before or after it: neither is whole for certain.
        taint = fault;
        if (group !== undefined) return refuse(group, fault);
      }
      const into = openFor(row.position, key, opens);
      if (fault !== undefined) refuse(into, fault);
      else take(into, row, names);
    },
    end() {
      flush();
      return records;
    },
  };
}

interface RowsOfRecord {
  readonly record: number;
  readonly position: string;
  readonly rows: readonly TableRow[];
  readonly chars: number;
  readonly refused: Refusal | undefined;
}

/** Gives the rows of a record out, unless they are more than a record may be. */
export function emitRows(group: RowsOfRecord, limits: ReadLimits, emit?: Emit): void {
  if (emit === undefined) return;
  const { record, position, rows } = group;
  const tooLarge = group.chars * 3 > limits.recordBytes && sizeOf(rows) > limits.recordBytes;
  const refused = group.refused ?? (tooLarge ? recordTooLarge(limits.recordBytes) : undefined);
  if (refused !== undefined) return emit({ record, position, refused });
  const value = bareObject();
  value["rows"] = rows;
  emit({ record, position, value });
}

export function rowOf(names: readonly string[], cells: readonly string[]): TableRow {
  const value = bareObject<string>();
  for (let column = 0; column < names.length; column++) value[names[column] ?? ""] = cells[column] ?? "";
  return value;
}

export function fieldFault(row: TableRow, limits: ReadLimits): Refusal | undefined {
  for (const name of Object.keys(row))
    if (exceedsBytes(row[name] ?? "", limits.fieldBytes)) return fieldTooLarge(limits.fieldBytes, name);
  return undefined;
}

/** Bytes of the rows as text, with delimiters, without quotes and line ends. */
const sizeOf = (rows: readonly TableRow[]): number =>
  rows.reduce((sum, row) => sum + Buffer.byteLength(Object.values(row).join(",")), 0);
