import type { TableInput } from "../../formats/contract.ts";
import { wordsOf } from "./words.ts";

const DELIMITERS = [",", ";", "\t", "|"];
/** So many columns are tried as the one that tells which rows are one order. */
const KEYS_MAX = 4;

/** So many rows may be titles and a header. */
const HEAD_ROWS = 20;

/** So many rows are looked at for what they have in common. */
const ROWS_MAX = 10_000;

/** Where a table's header row is, and what its cells are cut by. */
interface Head {
  readonly delimiter: string;
  readonly titleRows: number;
  readonly header: string;
  /** How many cells of the header hold something. */
  readonly filled: number;
}

/**
 * The ways in which a text may be a table: the delimiter that its header has most of, and for each column that may hold the order's
 * number the rows grouped by it, besides each row for itself. None when there is no such header among its first rows.
 */
export function tableInputs(text: string): TableInput[] {
  const lines = text.split(/\r?\n/).filter((line) => /[\p{L}\p{N}]/u.test(line));
  const head = headOf(lines.slice(0, HEAD_ROWS));
  if (head === undefined || /[{}<>]/.test(head.header)) return [];
  const { delimiter, titleRows, header } = head;
  const rows = lines.slice(titleRows + 1, ROWS_MAX);
  const quoted = text.includes(`${delimiter}"`) || text.startsWith('"');
  const names = cellsOf(header, delimiter);
  const plain = delimiter === "\t" && !quoted;
  const named = names.filter((name) => name !== "");
  const base = {
    format: plain ? ("tsv" as const) : ("csv" as const),
    ...(plain || delimiter === "," ? {} : { delimiter }),
    ...(titleRows === 0 ? {} : { titleRows }),
    columns: titleRows === 0 ? named.slice(0, 1) : named,
  };
  const keys = keysAmong(names, (name) => repeats(rows, names.indexOf(name), delimiter));
  return [base, ...keys.map((groupBy) => ({ ...base, groupBy }))];
}

/** The header row by the delimiter that it has most of. */
function headOf(lines: readonly string[]): Head | undefined {
  const heads = DELIMITERS.flatMap((delimiter) => {
    const counts = lines.map((line) => cellsOf(line, delimiter).filter((cell) => cell !== "").length);
    const titleRows = titlesAbove(counts);
    const filled = counts[titleRows] ?? 0;
    return filled < 2 ? [] : [{ delimiter, titleRows, header: lines[titleRows] ?? "", filled }];
  });
  return heads.reduce<Head | undefined>(
    (most, each) => (most === undefined || each.filled > most.filled ? each : most),
    undefined,
  );
}

/**
 * How many rows stand above the header, by how many cells of each row hold something. The header is the first row with text in most of the
 * columns that the widest of the first rows has: titles are of one cell or two.
 */
export function titlesAbove(filled: readonly number[]): number {
  const widest = Math.max(...filled);
  const at = filled.findIndex((cells) => cells > 2 && cells * 2 > widest);
  return Math.max(at, 0);
}

/** The cells of a line: delimiters inside of quotes are text. */
function cellsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells = [""];
  let isQuoted = false;
  for (const char of line) {
    if (char === '"') isQuoted = !isQuoted;
    else if (char === delimiter && !isQuoted) cells.push("");
    else cells.push((cells.pop() ?? "") + char);
  }
  return cells.map((cell) => cell.trim());
}

/** The columns that may tell which rows are one order: by their names, and because neighbouring rows have the same there. */
export const keysAmong = (columns: readonly string[], repeats: (column: string) => boolean): string[] =>
  columns
    .filter((name) => /\b(?:order|trade|po|number|id|name)\b/.test(wordsOf(name)))
    .slice(0, KEYS_MAX * 4)
    .filter(repeats)
    .slice(0, KEYS_MAX);

/** Whether some neighbouring rows have the same in a column. */
function repeats(rows: readonly string[], column: number, delimiter: string): boolean {
  const cells = rows.map((line) => cellsOf(line, delimiter)[column] ?? "");
  return cells.some((cell, at) => cell !== "" && cell === cells[at + 1]);
}
