import { widthsIn, type WidthOf } from "./byte-widths.ts";
import type { FixedColumn, FixedInput, ReadLimits, RowsInput } from "./contract.ts";
import type { Emit, TextReader } from "./faults.ts";
import { createLineScanner, type Line } from "./fixed-scan.ts";
import { createRowReader } from "./table.ts";

/** Lines of one kind. */
interface LineLayout {
  readonly columns: readonly FixedColumn[];
  readonly length: number;
}

type Trim = NonNullable<FixedInput["trim"]>;

/** Reads lines whose columns are told by their places: each is a row of a table without a header. */
export function createFixedReader(input: FixedInput, limits: ReadLimits, emit?: Emit): TextReader {
  const rows = createRowReader(tableOf(input), limits, emit);
  const layouts = layoutsOf(input);
  const kindOf = kindReader(input);

  function onLine(line: Line): void {
    const layout = layouts.get(kindOf(line) ?? "");
    // A line of no known kind has no columns; whoever takes its row says so.
    const cells = layout === undefined ? [] : cellsOf(line, layout.columns, input.trim);
    const count = layout?.columns.length ?? 0;
    rows.onRow({
      position: `line ${line.number}`,
      cells,
      count,
      chars: cells.reduce((sum, cell) => sum + cell.length, Math.max(count - 1, 0)),
      tooLarge: false,
      fault: layout === undefined ? undefined : (lengthFault(line, layout.length, input) ?? edgeFault(line, layout)),
    });
  }

  const scanner = createLineScanner(longestOf(layouts), onLine, widthOf(input));
  return {
    write: (text) => scanner.write(text),
    end() {
      scanner.end();
      return rows.end();
    },
  };
}

/** Whether the first line of a file is one that such a file begins with. */
export function fixedLooksLike(input: FixedInput, text: string): boolean {
  const { kinds } = input;
  const first = kinds?.header === undefined ? [...(kinds?.details ?? []), kinds?.trailer] : [kinds.header];
  const layouts = layoutsOf(input);
  const kindOf = kindReader(input);
  let looks: boolean | undefined;
  const onLine = (line: Line): void => {
    const kind = kindOf(line);
    looks ??= kinds === undefined ? line.length === layouts.get("")?.length : first.some((one) => one?.is === kind);
  };
  const scanner = createLineScanner(longestOf(layouts), onLine, widthOf(input));
  scanner.write(text);
  scanner.end();
  return looks === true;
}

const widthOf = ({ width, encoding = "utf-8" }: FixedInput): WidthOf | undefined =>
  width === "bytes" ? widthsIn(encoding) : undefined;

const kindColumnOf = ({ kinds, columns }: FixedInput): FixedColumn | undefined =>
  columns.find(({ name }) => name === kinds?.column);

/** The text that tells the kind of a line: blank without kinds, undefined in a line that is too short for it. */
function kindReader(input: FixedInput): (line: Line) => string | undefined {
  const column = kindColumnOf(input);
  if (column === undefined) return () => "";
  return (line) => (line.length < column.to ? undefined : line.cut(column.from, column.to).trim());
}

/** The columns of lines of a kind. The one that tells the kind is the first everywhere: rows are told apart by it. */
export function columnsOf(input: FixedInput, own: readonly FixedColumn[] = input.columns): readonly FixedColumn[] {
  const kind = kindColumnOf(input);
  return kind === undefined ? own : [kind, ...own.filter(({ name }) => name !== kind.name)];
}

function layoutsOf(input: FixedInput): Map<string, LineLayout> {
  const { kinds } = input;
  const all = kinds === undefined ? [{ is: "" }] : [...kinds.details, kinds.header, kinds.trailer];
  const layouts = new Map<string, LineLayout>();
  for (const kind of all) {
    if (kind === undefined) continue;
    const columns = columnsOf(input, "columns" in kind ? kind.columns : undefined);
    layouts.set(kind.is, { columns, length: input.length ?? Math.max(...columns.map(({ to }) => to)) });
  }
  return layouts;
}

function longestOf(layouts: ReadonlyMap<string, LineLayout>): number {
  const lengths = Array.from(layouts.values(), ({ length }) => length);
  return Math.max(...lengths);
}

/** The table that the lines are rows of. */
export function tableOf(input: FixedInput): RowsInput {
  const { kinds, groupBy } = input;
  const named = <K extends { readonly columns?: readonly FixedColumn[] }>({ columns, ...kind }: K) => ({
    ...kind,
    columns: columnsOf(input, columns).map(({ name }) => name),
  });
  return {
    header: false,
    columns: columnsOf(input).map(({ name }) => name),
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(kinds === undefined
      ? {}
      : {
          kinds: {
            column: kinds.column,
            details: kinds.details.map(named),
            ...(kinds.opens === undefined ? {} : { opens: kinds.opens }),
            ...(kinds.header === undefined ? {} : { header: named(kinds.header) }),
            ...(kinds.trailer === undefined ? {} : { trailer: named(kinds.trailer) }),
          },
        }),
  };
}

/** The texts of the columns, as far as the line goes: of a short one the last are missing, and none is a part of one. */
function cellsOf(line: Line, columns: readonly FixedColumn[], trim: Trim = "both"): string[] {
  const cells: string[] = [];
  for (const { from, to } of columns) {
    if (to > line.length) break;
    const text = line.cut(from, to);
    cells.push(trim === "none" ? text : trim === "end" ? text.trimEnd() : text.trim());
  }
  return cells;
}

function lengthFault(line: Line, length: number, { width = "characters" }: FixedInput): string | undefined {
  if (line.length === length) return undefined;
  return `has ${line.cutOff ? `more than ${length}` : line.length} ${width} instead of ${length}`;
}

/** A character that lies across the edge of a column is of neither side. */
function edgeFault(line: Line, { columns }: LineLayout): string | undefined {
  for (const { name, from, to } of columns) {
    const fault = line.faultIn?.(from, to);
    if (fault !== undefined) return `${fault}; the column ${JSON.stringify(name)} is bytes ${from} to ${to}`;
  }
  return undefined;
}
