import type { ControlRow, RowsInput } from "./contract.ts";
import { frameBroken, notRecognised } from "./faults.ts";
import type { Row } from "./table-scan.ts";

/** Rows of one kind. */
export interface RowLayout {
  /** Names of the cells by position. */
  readonly names: readonly string[];
  /** Column of `groupBy`; -1 without. */
  readonly groupColumn: number;
  /** Where rows of one kind begin a record: whether these do. */
  readonly opens: boolean | undefined;
}

/** How the rows of a table are to be taken. */
export interface TableLayout {
  /** Names of the table's own columns. */
  readonly names: readonly string[];
  /** Column that tells the kind; -1 when all rows are of the kind `""`. */
  readonly kindColumn: number;
  /** Rows that records are made of, by kind. */
  readonly details: ReadonlyMap<string, RowLayout>;
  /** How many cells rows of each kind have. */
  readonly widths: ReadonlyMap<string, number>;
  /** The most of them. */
  readonly widest: number;
  /** Columns whose text is needed although no record is built. */
  readonly needed: ReadonlySet<number>;
}

const controlsOf = ({ kinds }: RowsInput): ControlRow[] =>
  [kinds?.header, kinds?.trailer].filter((row) => row !== undefined);

export function layoutOf(input: RowsInput, names: readonly string[]): TableLayout {
  const { kinds, groupBy } = input;
  const rowLayout = (is: string, own: readonly string[]): RowLayout => ({
    names: own,
    opens: kinds?.opens === undefined ? undefined : is === kinds.opens,
    groupColumn: groupBy === undefined ? -1 : own.indexOf(groupBy),
  });
  const kindColumn = kinds === undefined ? -1 : names.indexOf(kinds.column);
  const rows = kinds === undefined ? [{ is: "", columns: names }] : kinds.details;
  const details = new Map(rows.map(({ is, columns = names }) => [is, rowLayout(is, columns)]));
  const needed = new Set([kindColumn]);
  for (const layout of details.values()) {
    needed.add(layout.groupColumn);
    for (const control of controlsOf(input))
      for (const column of detailColumnsOf(control)) needed.add(layout.names.indexOf(column));
  }
  for (const control of controlsOf(input))
    for (const column of ownColumnsOf(control)) needed.add((control.columns ?? names).indexOf(column));
  const widths = [...rows, ...controlsOf(input)].map(({ is, columns = names }) => [is, columns.length] as const);
  return {
    names,
    kindColumn,
    details,
    widths: new Map(widths),
    widest: Math.max(...widths.map(([, width]) => width)),
    needed,
  };
}

const present = (names: readonly (string | undefined)[]): string[] => names.filter((name) => name !== undefined);

/** Columns of details that a control row is about. */
export const detailColumnsOf = ({ sums = [], currency }: ControlRow): string[] =>
  present([...sums.map(({ of }) => of), currency?.of]);

/** Columns of a control row that say something. */
export const ownColumnsOf = ({ sums = [], count, currency }: ControlRow): string[] =>
  present([...sums.map(({ column }) => column), count?.column, currency?.column]);

/** Columns that the table itself must have, as some rows have no names of their own. */
function requiredOf(input: RowsInput): string[] {
  const { kinds, groupBy, columns } = input;
  const controls = controlsOf(input);
  const details = kinds?.details ?? [{ is: "", columns: undefined }];
  const elsewhere = new Set(details.flatMap((detail) => detail.columns ?? []));
  const inDetails = [groupBy, ...controls.map(({ currency }) => currency?.of)];
  const inSome = controls.flatMap(detailColumnsOf).filter((name) => !elsewhere.has(name));
  return present([
    ...columns,
    kinds?.column,
    ...(details.some((detail) => detail.columns === undefined) ? [...inDetails, ...inSome] : []),
    ...controls.filter((control) => control.columns === undefined).flatMap(ownColumnsOf),
  ]);
}

/** Whether a row has all columns that its table must have, as a header row does. */
export function isHeader(row: Row, input: RowsInput): boolean {
  const names = new Set(row.cells.map((cell) => cell.trim()));
  return requiredOf(input).every((name) => names.has(name));
}

export const isBlankRow = ({ cells, tooLarge }: Row): boolean => cells.every((cell) => cell.trim() === "") && !tooLarge;

/**
 * The names of a table's columns by its header row; undefined when the row is blank.
 * @throws FILE_NOT_RECOGNISED when it lacks one, FILE_FRAME_BROKEN when it can't be read or has one twice
 */
export function namesOf(row: Row, input: RowsInput): readonly string[] | undefined {
  if (isBlankRow(row)) return undefined;
  const { position } = row;
  if (row.tooLarge || row.fault !== undefined) throw frameBroken("The header row can't be read.", { position });
  const names = row.cells.map((cell) => cell.trim());
  const missing = [...new Set(requiredOf(input))].filter((name) => !names.includes(name));
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
  return names;
}
