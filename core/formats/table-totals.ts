import { isZero, runningSum, type RunningSum } from "../money/decimal.ts";
import type { ControlRow, RowsInput } from "./contract.ts";
import { COUNT, frameBroken, TOTAL, type Refusal } from "./faults.ts";
import { flat } from "./held.ts";
import type { RowLayout, TableLayout } from "./table-layout.ts";
import type { Row } from "./table-scan.ts";

/** A file is in a few currencies; what tells more is no currency. */
const CURRENCIES_MAX = 500;
const CURRENCY_CHARS = 32;

/** Rows of one currency as they were counted, beside what a control row says of them. */
interface Tally {
  readonly counts: Map<string, number>;
  readonly sums: readonly RunningSum[];
  said: { readonly position: string; readonly count: string; readonly sums: readonly string[] } | undefined;
}

/** Rows about the file as a whole, held against all others. */
export interface TableTotals {
  /** A row that records are made of. */
  detail(kind: string, row: Row, layout: RowLayout, fault: Refusal | undefined): void;
  /** True when the row is one of these. @throws FILE_FRAME_BROKEN when it stands where none may */
  control(kind: string, row: Row): boolean;
  /** @throws FILE_FRAME_BROKEN when a total is not so, or missing */
  end(): void;
}

/** Verifies the header and trailer rows of a table. */
export function createTableTotals({ kinds }: RowsInput, { names }: TableLayout): TableTotals {
  const header = kinds?.header === undefined ? undefined : createControl(kinds.header, names, "header");
  const trailer = kinds?.trailer === undefined ? undefined : createControl(kinds.trailer, names, "trailer");
  const controls = [header, trailer].filter((control) => control !== undefined);
  let first = true;
  let over = false;

  return {
    detail(kind, row, layout, fault) {
      if (first && header !== undefined) throw header.missing(row.position);
      if (over) throw broken(row.position, "a row of data follows the trailer");
      for (const control of controls) control.detail(kind, row, layout, fault);
    },
    control(kind, row) {
      const isHeader = kind === kinds?.header?.is;
      const isTrailer = kind === kinds?.trailer?.is;
      if (!isHeader && !isTrailer) return false;
      if (row.fault !== undefined) throw broken(row.position, `it ${row.fault}`);
      if (isHeader && !first) throw broken(row.position, "a header row comes after other rows");
      first = false;
      over = isTrailer;
      for (const control of controls) control.counts(kind);
      (isHeader ? header : trailer)?.say(row);
      return true;
    },
    end() {
      for (const control of controls) control.end();
    },
  };
}

const broken = (position: string, reason: string, field?: string): Error =>
  frameBroken(`The table is broken at ${position}: ${reason}.`, {
    position,
    ...(field === undefined ? {} : { field }),
  });

function createControl(spec: ControlRow, tableNames: readonly string[], title: string) {
  const { sums = [], count, currency } = spec;
  const names = spec.columns ?? tableNames;
  const tallies = new Map<string, Tally>();
  /** Rows of the kinds of control rows, which are of no currency. */
  const others = new Map<string, number>();
  let lastPosition = "the end";
  let seen = false;

  function tallyOf(code: string, position: string): Tally {
    const there = tallies.get(code);
    if (there !== undefined) return there;
    if (code.length > CURRENCY_CHARS || tallies.size === CURRENCIES_MAX)
      throw broken(position, "the column of the currency holds something else", currency?.of);
    const made = { counts: new Map<string, number>(), sums: sums.map(runningSum), said: undefined };
    tallies.set(flat(code), made);
    return made;
  }

  function own(row: Row, column: string): string {
    const cell = row.cells[names.indexOf(column)];
    if (cell === undefined)
      throw broken(row.position, `the ${title} row lacks the cell ${JSON.stringify(column)}`, column);
    return cell.trim();
  }

  function compare({ counts, sums: counted, said }: Tally, code: string): void {
    const about = code === "" ? "" : ` in ${code}`;
    if (said === undefined) throw broken(lastPosition, `rows${about} have no ${title} row with their totals`);
    if (count !== undefined) {
      const of = count.of ?? [...counts.keys()];
      const found = of.reduce((sum, kind) => sum + (counts.get(kind) ?? others.get(kind) ?? 0), 0);
      if (BigInt(said.count) !== BigInt(found))
        throw broken(
          said.position,
          `the ${title} row counts ${said.count} rows${about}, there are ${found}`,
          count.column,
        );
    }
    for (const [index, { column, of }] of sums.entries()) {
      counted[index]?.minus(said.sums[index] ?? "0");
      if (!isZero(counted[index]?.text() ?? "0"))
        throw broken(
          said.position,
          `the ${title} row gives another sum of ${JSON.stringify(of)}${about} than the rows`,
          column,
        );
    }
  }

  return {
    missing: (position: string) => broken(position, `there is no ${title} row before it`),
    counts(kind: string) {
      others.set(kind, (others.get(kind) ?? 0) + 1);
    },
    detail(kind: string, row: Row, layout: RowLayout, fault: Refusal | undefined) {
      lastPosition = row.position;
      const needed = sums.length > 0 || currency !== undefined;
      if (needed && fault !== undefined)
        throw broken(row.position, `the totals of the file can't be verified. ${fault.reason.replace(/\.$/, "")}`);
      const cell = (column: string): string => row.cells[layout.names.indexOf(column)]?.trim() ?? "";
      const tally = tallyOf(currency === undefined ? "" : cell(currency.of), row.position);
      tally.counts.set(kind, (tally.counts.get(kind) ?? 0) + 1);
      for (const [index, { of }] of sums.entries()) {
        const text = cell(of);
        if (text === "") continue;
        if (!TOTAL.test(text))
          throw broken(
            row.position,
            `${JSON.stringify(of)} is not plain decimal text, so that its total can't be verified`,
            of,
          );
        tally.sums[index]?.plus(text);
      }
    },
    say(row: Row) {
      lastPosition = row.position;
      seen = true;
      const tally = tallyOf(currency === undefined ? "" : own(row, currency.column), row.position);
      if (tally.said !== undefined) throw broken(row.position, `there is a second ${title} row for the same rows`);
      const said = {
        position: row.position,
        count: count === undefined ? "0" : own(row, count.column),
        sums: sums.map(({ column }) => own(row, column)),
      };
      if (!COUNT.test(said.count))
        throw broken(row.position, `the ${title} row has no number for its count`, count?.column);
      const wrong = said.sums.findIndex((sum) => !TOTAL.test(sum));
      if (wrong >= 0)
        throw broken(row.position, `the ${title} row has no plain decimal text for its total`, sums[wrong]?.column);
      tally.said = said;
    },
    end() {
      if (!seen) throw broken(lastPosition, `there is no ${title} row`);
      for (const [code, tally] of tallies) compare(tally, code);
    },
  };
}
