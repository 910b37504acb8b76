import type { RowReader } from "./table.ts";
import { createPartReader, unescaped, type PartReader } from "./xlsx-part.ts";
import type { SharedStrings } from "./xlsx-strings.ts";
import type { Attributes } from "./xml-scan.ts";

/** The most that the format has. */
const COLUMNS_MAX = 16_384;
/** A row of a few bytes becomes as many cells as the header has: more would make much of little. */
const HEADER_MAX = 1024;
const ROWS_MAX = 1_048_576;
const PLACE = /^([A-Z]{1,3})([1-9]\d{0,6})$/;

interface Options {
  readonly part: string;
  readonly strings: SharedStrings;
  readonly rowChars: number;
  /** Tells how many cells rows should have: empty ones at their ends are not there, and of what is too many only the number is kept. */
  readonly rows: Pick<RowReader, "onRow" | "widthOf" | "widest">;
}

interface OpenRow {
  readonly number: number;
  readonly cells: string[];
  count: number;
  size: number;
  fault: string | undefined;
  /** Columns that have been there. */
  column: number;
}

interface OpenCell {
  readonly column: number;
  readonly type: string;
  hasFormula: boolean;
  hasValue: boolean;
  value: string;
}

/** Reads the rows of a sheet. Rows without any text are left out; rows and cells must come in their order, as they do. */
export function createRowScanner({ part, strings, rowChars, rows }: Options): PartReader {
  let inData = false;
  let row: OpenRow | undefined;
  let cell: OpenCell | undefined;
  let lastRow = 0;
  /** Depth of the text that is being read, and of what is left out: how it is pronounced. */
  let inText = 0;
  let leftOut = 0;

  function openRow(attributes: Attributes): void {
    const said = attributes["r"];
    if (said !== undefined && !/^[1-9]\d{0,6}$/.test(said)) throw reader.broken("a row's number is none");
    const number = said === undefined ? lastRow + 1 : Number.parseInt(said, 10);
    if (number <= lastRow) throw reader.broken(`row ${number} comes behind row ${lastRow}`);
    if (number > ROWS_MAX) throw reader.broken(`there are more than ${ROWS_MAX} rows`);
    lastRow = number;
    row = { number, cells: [], count: 0, size: 0, fault: undefined, column: 0 };
  }

  function openCell(at: OpenRow, attributes: Attributes): void {
    const column = columnOf(at, attributes["r"]);
    if (column < at.column) throw reader.broken(`row ${at.number} has its cells out of order, or one of them twice`);
    if (column >= COLUMNS_MAX) throw reader.broken(`row ${at.number} has more than ${COLUMNS_MAX} columns`);
    at.column = column + 1;
    cell = { column, type: attributes["t"] ?? "n", hasFormula: false, hasValue: false, value: "" };
  }

  function columnOf(at: OpenRow, place: string | undefined): number {
    if (place === undefined) return at.column;
    const [, letters = "", number = ""] = PLACE.exec(place) ?? [];
    if (number !== `${at.number}`) throw reader.broken(`a cell of row ${at.number} says that it is somewhere else`);
    let column = 0;
    for (let index = 0; index < letters.length; index++) column = column * 26 + letters.charCodeAt(index) - 0x40;
    return column - 1;
  }

  function textOf(at: OpenRow, { type, value }: OpenCell): string {
    switch (type) {
      case "s": {
        if (value === "") return "";
        const place = value;
        const index = /^\d{1,9}$/.test(place) ? Number.parseInt(place, 10) : strings.count();
        if (index >= strings.count()) throw reader.broken(`a cell of row ${at.number} names a text that is not there`);
        return strings.at(index);
      }
      case "b":
        return value === "1" ? "TRUE" : value === "0" ? "FALSE" : value;
      case "str":
      case "inlineStr":
        return unescaped(value);
      case "n":
      case "d":
      case "e":
        return value;
      default:
        throw reader.broken(`a cell of row ${at.number} is of a type that there is not`);
    }
  }

  function closeCell(at: OpenRow, done: OpenCell): void {
    // A text may be a formula's result and empty; anything else was never worked out.
    if (done.hasFormula && done.value === "" && done.type !== "str")
      at.fault ??= "has a formula without its result; open the workbook and save it";
    const text = textOf(at, done);
    if (text === "") return;
    at.size += text.length;
    at.count = done.column + 1;
    if (at.size > rowChars || done.column >= (rows.widest() ?? COLUMNS_MAX)) return;
    while (at.cells.length < done.column) at.cells.push("");
    at.cells.push(text);
  }

  function closeRow({ number, cells, count, size, fault }: OpenRow): void {
    if (count === 0 && fault === undefined) return;
    if (rows.widest() === undefined && count > HEADER_MAX)
      throw reader.broken(`the header row has more than ${HEADER_MAX} columns`);
    const tooLarge = size > rowChars;
    const width = Math.max(rows.widthOf(cells) ?? 0, count);
    // Of a row that is too large nobody knows what is missing.
    if (!tooLarge) while (cells.length < width) cells.push("");
    rows.onRow({ position: `row ${number}`, cells, count: width, chars: size + width - 1, tooLarge, fault });
  }

  function aside(): void {
    if (inText !== 0) throw reader.broken(`a value of row ${lastRow} is interrupted by something that is not text`);
  }

  function openInCell(at: OpenCell, local: string, depth: number): void {
    aside();
    if (depth === 5 && local === "f") at.hasFormula = true;
    if (local === "rPh" && leftOut === 0) leftOut = depth;
    const isInline = at.type === "inlineStr";
    if (leftOut !== 0 || (isInline ? local !== "t" : local !== "v" || depth !== 5)) return;
    if (at.hasValue && !isInline) throw reader.broken("a cell has two values");
    at.hasValue = true;
    inText = depth;
  }

  const reader = createPartReader(part, "worksheet", {
    open(local, depth, attributes) {
      if (depth === 2) inData = local === "sheetData";
      else if (!inData) return;
      else if (depth === 3 && local === "row") openRow(attributes);
      else if (depth === 4 && local === "c" && row !== undefined) openCell(row, attributes);
      else if (cell !== undefined) openInCell(cell, local, depth);
    },
    close(_local, depth) {
      if (depth === inText) inText = 0;
      if (depth === leftOut) leftOut = 0;
      if (depth === 4 && row !== undefined && cell !== undefined) {
        closeCell(row, cell);
        cell = undefined;
      }
      if (depth === 3 && row !== undefined) {
        closeRow(row);
        row = undefined;
      }
    },
    text(text) {
      // What is beyond the row's limit is told by its length alone.
      if (inText !== 0 && cell !== undefined && cell.value.length <= rowChars) cell.value += text;
    },
    aside,
  });
  return reader;
}
