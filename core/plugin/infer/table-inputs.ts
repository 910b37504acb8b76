import type { TableInput } from "../../formats/contract.ts";
import { wordsOf } from "./words.ts";

const DELIMITERS = [",", ";", "\t", "|"];
/** So many columns are tried as the one that tells which rows are one order. */
const KEYS_MAX = 4;

/**
 * The ways in which a text may be a table: the delimiter that its header has most of, and for each column that may hold the order's
 * number the rows grouped by it, besides each row for itself. None when the header has no delimiter.
 */
export function tableInputs(text: string): TableInput[] {
  const header = headerOf(text);
  const [delimiter, count] = DELIMITERS.map((each) => [each, header.split(each).length - 1] as const).reduce(
    (most, each) => (each[1] > most[1] ? each : most),
  );
  if (count === 0 || /[{}<>]/.test(header)) return [];
  const quoted = text.includes(`${delimiter}"`) || text.startsWith('"');
  const names = header.split(delimiter).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/s, "$1")
      .trim(),
  );
  const plain = delimiter === "\t" && !quoted;
  const base = {
    format: plain ? ("tsv" as const) : ("csv" as const),
    ...(plain || delimiter === "," ? {} : { delimiter }),
    columns: names.filter((name) => name !== "").slice(0, 1),
  };
  const keys = keysAmong(names, (name) => repeats(text, names.indexOf(name), delimiter));
  return [base, ...keys.map((groupBy) => ({ ...base, groupBy }))];
}

/** The columns that may tell which rows are one order: by their names, and because neighbouring rows have the same there. */
export const keysAmong = (columns: readonly string[], repeats: (column: string) => boolean): string[] =>
  columns
    .filter((name) => /\b(?:order|trade|po|number|id|name)\b/.test(wordsOf(name)))
    .slice(0, KEYS_MAX * 4)
    .filter(repeats)
    .slice(0, KEYS_MAX);

/** The first line that holds something. A header's names hold no line ends. */
const headerOf = (text: string): string => text.split(/\r?\n/).find((line) => line.trim() !== "") ?? "";

/** Whether some neighbouring lines have the same in a column; cells with delimiters in them are not looked at. */
function repeats(text: string, column: number, delimiter: string): boolean {
  const cells = text
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(delimiter)[column]?.trim() ?? "");
  return cells.some((cell, at) => cell !== "" && cell === cells[at + 1]);
}
